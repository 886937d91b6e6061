"""Nominations over HTTP: one person counts once, five a day, and nobody learns who."""

from dataclasses import replace
from typing import Any

from chalicelib.domain.application import LicenceClaim
from chalicelib.domain.consumer import Channel, Proof
from chalicelib.domain.principal import Role
from tests.api.days import tomorrow
from tests.platform import DISTRICT, Answer
from tests.town import Town, registered

PATH = "/v1/merchant-nominations"
LICENCE_NO = "91330212MA2AF3C43F"


def wish(town: Town, token: str = "", **other: Any) -> Answer:
    return town.platform.post(PATH, {"name": "甬尚美发", "district": DISTRICT} | other, token or town.consumer)


def wanted(town: Town, role: Role = Role.OPERATOR, query: str = f"?district={DISTRICT}") -> list[tuple[str, int]]:
    answer = town.platform.get(f"{PATH}{query}", town.tokens[role])
    assert answer.status == 200, answer.text
    return [(one["name"], one["wanted_by"]) for one in answer.json["data"]]


def test_the_most_wanted_come_first_and_each_person_counts_once(town: Town) -> None:
    wish(town, name="月湖面馆")
    first = wish(town)
    assert (first.status, first.replayed) == (201, False)
    again = wish(town, name=" 甬尚 美发", note="真的")
    assert (again.status, again.replayed, again.json) == (201, True, first.json)
    wish(town, town.stranger)
    assert wanted(town) == [("甬尚美发", 2), ("月湖面馆", 1)]
    assert wanted(town, Role.REGULATOR, "") == wanted(town)


def test_a_licence_number_says_which_merchant_is_meant_whatever_its_name(town: Town) -> None:
    wish(town, licence_no=LICENCE_NO, name="甬尚美发有限公司")
    wish(town, town.stranger, licence_no=LICENCE_NO, name="甬尚")
    assert wanted(town) == [("甬尚美发有限公司", 2)]


def test_no_list_names_a_consumer(town: Town) -> None:
    wish(town, note="我家楼下")
    text = town.platform.get(f"{PATH}?district={DISTRICT}", town.tokens[Role.OPERATOR]).text
    assert town.consumer_id not in text
    assert "我家楼下" not in text


def test_a_person_may_nominate_five_a_day(town: Town) -> None:
    for number in range(5):
        assert wish(town, name=f"店{number}").status == 201
    before = town.platform.dump()
    refused = wish(town, name="店5")
    assert (refused.status, refused.code) == (409, "too_many_nominations")
    assert town.platform.dump() == before
    assert wish(town, name="店4").replayed, "a repetition is none more"
    assert wish(town, town.stranger, name="店5").status == 201
    tomorrow(town)
    assert wish(town, name="店5").status == 201


def test_a_merchant_that_is_here_already_is_said_to_be(town: Town) -> None:
    merchant = replace(town.merchant, licence_no=LICENCE_NO)
    town.platform.put(merchant, LicenceClaim(LICENCE_NO, merchant.merchant_id))
    refused = wish(town, licence_no=LICENCE_NO)
    assert (refused.code, refused.json["facts"]) == ("nominee_connected", {"merchant_id": merchant.merchant_id})


def test_a_licence_number_with_a_wrong_check_digit_is_refused(town: Town) -> None:
    refused = wish(town, licence_no="91330212MA2AF3C43G")
    assert (refused.status, refused.code, refused.json["param"]) == (400, "request_invalid", "licence_no")


def test_a_long_list_comes_in_pages(town: Town) -> None:
    guests = [registered(town.platform, Proof(Channel.WECHAT, f"o-guest-{number}")) for number in range(3)]
    people = [town.platform.token(guest.consumer_id, Role.CONSUMER) for guest in guests]
    for number, name in enumerate(("甲", "乙", "丙")):
        for token in people[number:]:
            wish(town, token, name=name)
    token, seen, path = town.tokens[Role.OPERATOR], [], f"{PATH}?district={DISTRICT}&limit=2"
    for _ in range(2):
        page = town.platform.get(path, token).json
        seen += [one["name"] for one in page["data"]]
        path = f"{PATH}?district={DISTRICT}&limit=2&cursor={page['next_cursor']}"
    assert (seen, page["has_more"]) == (["甲", "乙", "丙"], False)


def test_another_districts_list_is_not_a_regulators(town: Town) -> None:
    assert town.platform.get(f"{PATH}?district=330203", town.tokens[Role.REGULATOR]).code == "district_not_yours"
    assert town.platform.get(PATH, town.tokens[Role.OPERATOR]).code == "district_required"
