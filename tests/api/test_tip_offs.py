"""Tip-offs over HTTP: a consumer tells the authority; the merchant sees nothing, and nobody sees who told."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.domain.alert import Alert
from chalicelib.domain.application import LicenceClaim
from chalicelib.domain.audit import Trace
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.tip_off import TipOffKind
from chalicelib.operations import tip_offs
from chalicelib.store import reads, writes
from tests.api.days import tomorrow
from tests.api.test_alerts import regulator_elsewhere
from tests.platform import DISTRICT, Answer
from tests.town import Town

PATH = "/v1/tip-offs"


def told(town: Town, token: str = "", **other: Any) -> Answer:
    body = {
        "merchant_id": town.merchant.merchant_id,
        "store_id": town.store.store_id,
        "kind": "off_platform_payment",
        "what_happened": "店员要我直接转账",
        "happened_on": "2026-11-19",
    }
    return town.platform.post(PATH, body | other, token or town.consumer)


def alerts(town: Town) -> list[Alert]:
    return reads.cases(f"alerts#open#{DISTRICT}")


def listed(town: Town, token: str, query: str = "") -> list[dict[str, Any]]:
    answer = town.platform.get(f"{PATH}{query}", token)
    assert answer.status == 200, answer.text
    data: list[dict[str, Any]] = answer.json["data"]
    return data


def test_a_report_is_a_case_with_a_due_date_and_raises_an_alert(town: Town) -> None:
    made = told(town)
    assert (made.status, made.json["state"], made.json["outcome"]) == (201, "open", "pending")
    assert (made.json["due_on"], made.json["district"]) == ("2026-11-27", DISTRICT)
    assert "第14条" in made.json["due_article"]
    (alert,) = alerts(town)
    assert (alert.kind, alert.merchant_id) == ("off_platform", town.merchant.merchant_id)
    assert town.platform.get(f"/v1/merchants/{town.merchant.merchant_id}").json["colour"] == "yellow"


def test_the_same_report_of_the_day_is_answered_with_what_is_there(town: Town) -> None:
    first = told(town)
    before = town.platform.dump()
    again = told(town, what_happened="还是转账")
    assert (again.replayed, again.json) == (True, first.json)
    assert town.platform.dump() == before
    tomorrow(town)
    assert not told(town).replayed, "the next day is another case"
    assert len(alerts(town)) == 2


def test_the_consumer_sees_the_own_ones_latest_first_and_the_regulator_those_of_the_district(town: Town) -> None:
    mine, theirs = told(town).json, told(town, town.stranger).json
    tomorrow(town)
    later = told(town, kind="other").json
    assert listed(town, town.consumer) == [later, mine]
    assert listed(town, town.stranger) == [theirs]
    assert {one["tip_off_id"] for one in listed(town, town.tokens[Role.REGULATOR])} == {
        one["tip_off_id"] for one in (mine, theirs, later)
    }
    assert len(listed(town, town.tokens[Role.OPERATOR], f"?district={DISTRICT}")) == 3
    assert listed(town, regulator_elsewhere(town)) == []


def test_nobody_learns_who_told(town: Town) -> None:
    told(town)
    for token, query in ((town.tokens[Role.REGULATOR], ""), (town.tokens[Role.OPERATOR], f"?district={DISTRICT}")):
        assert town.consumer_id not in town.platform.get(f"{PATH}{query}", token).text
        assert town.consumer_id not in town.platform.get(f"/v1/alerts{query}", token).text
    for role in (Role.OWNER, Role.MANAGER, Role.CASHIER, Role.CUSTODIAN):
        assert town.platform.get(PATH, town.tokens[role]).code == "role_not_allowed"


def test_the_id_of_a_tip_off_cannot_be_made_from_a_consumers_id(town: Town) -> None:
    made = told(town).json["tip_off_id"]
    guessed = ids.derived_within_on(
        "tip", town.merchant.merchant_id, town.platform.now().date(), town.consumer_id, "off_platform_payment"
    )
    assert made != guessed
    assert made[:38] == guessed[:38]


def test_pages_of_the_own_list_have_everything_once(town: Town) -> None:
    wanted = [told(town, kind=kind).json["tip_off_id"] for kind in ("off_platform_payment", "refused_redemption", "other")]
    page = town.platform.get(f"{PATH}?limit=2", town.consumer).json
    rest = town.platform.get(f"{PATH}?limit=2&cursor={page['next_cursor']}", town.consumer).json
    assert sorted(one["tip_off_id"] for one in page["data"] + rest["data"]) == sorted(wanted)
    assert (page["has_more"], rest["has_more"]) == (True, False)
    assert town.platform.get(f"{PATH}?limit=2&cursor={page['next_cursor']}", town.stranger).code == "cursor_invalid"


def test_the_regulator_answers_and_the_consumer_reads_it(town: Town) -> None:
    path = f"{PATH}/{told(town).json['tip_off_id']}/resolve"
    answer = {"outcome": "unfounded", "reason": "系误会"}
    before = town.platform.dump()
    assert town.platform.post(path, answer, regulator_elsewhere(town)).code == "not_found"
    assert town.platform.post(path, {"outcome": "pending", "reason": "x"}, town.tokens[Role.REGULATOR]).code == "request_invalid"
    assert len(town.platform.dump()) == len(before) + 2, "the regulator of elsewhere with a session, and nothing more"
    resolved = town.platform.post(path, answer, town.tokens[Role.REGULATOR])
    assert (resolved.status, resolved.json["state"]) == (200, "resolved")
    assert town.platform.post(path, answer, town.tokens[Role.REGULATOR]).replayed
    other = answer | {"outcome": "confirmed"}
    assert town.platform.post(path, other, town.tokens[Role.REGULATOR]).code == "tip_off_resolved"
    (mine,) = listed(town, town.consumer)
    assert (mine["outcome"], mine["reason"]) == ("unfounded", "系误会")
    assert listed(town, town.tokens[Role.REGULATOR]) == []
    assert len(listed(town, town.tokens[Role.REGULATOR], "?state=resolved")) == 1


def test_a_refusal_leaves_everything_as_it_was(town: Town) -> None:
    before = town.platform.dump()
    for other, code in (
        ({"merchant_id": ids.random_id("mch")}, "not_found"),
        ({"store_id": town.rival_store.store_id}, "not_found"),
        ({"happened_on": "2026-11-21"}, "date_out_of_range"),
        ({"happened_on": "yesterday"}, "request_invalid"),
        ({"what_happened": "长" * 501}, "request_invalid"),
        ({"kind": "gossip"}, "request_invalid"),
    ):
        assert told(town, **other).code == code
    assert town.platform.dump() == before


def test_a_person_may_report_five_times_a_day(town: Town) -> None:
    kinds = ("off_platform_payment", "refused_redemption", "other")
    for merchant in (town.merchant, town.rival):
        for kind in kinds if merchant is town.merchant else kinds[:2]:
            assert told(town, merchant_id=merchant.merchant_id, store_id="", kind=kind).status == 201
    refused = told(town, merchant_id=town.rival.merchant_id, store_id="", kind="other")
    assert (refused.status, refused.code) == (409, "too_many_tip_offs")


def test_of_two_first_reports_at_once_each_has_a_case_and_they_share_one_alert(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other consumer's report commits between this one's read and its write."""
    commit = writes.commit
    tried: list[list[str]] = []

    def second_in_line(decision: Any) -> None:
        tried.append([type(put.value).__name__ for put in decision.puts])
        if len(tried) == 1:
            monkeypatch.setattr(writes, "commit", commit)
            other = Principal(Role.CONSUMER, town.stranger_id)
            trace = Trace(ids.random_id("aud"), "-", other.principal_id, other.role, town.platform.now())
            kind, today = TipOffKind.OFF_PLATFORM_PAYMENT, town.platform.now().date()
            tip_offs.report(town.merchant.merchant_id, "", kind, "我也是", today, other, trace)
            monkeypatch.setattr(writes, "commit", second_in_line)
        commit(decision)

    monkeypatch.setattr(writes, "commit", second_in_line)
    assert told(town).status == 201
    assert tried == [["TipOff", "OwnTipOff", "Quota", "Alert"], ["TipOff", "OwnTipOff", "Quota"]]
    assert len(listed(town, town.tokens[Role.REGULATOR])) == 2
    assert len(alerts(town)) == 1


def test_complaints_are_counted_for_everybody_who_looks_the_licence_up(town: Town) -> None:
    number = "91330212MA2AF3C43F"
    town.platform.put(replace(town.merchant, licence_no=number), LicenceClaim(number, town.merchant.merchant_id))
    for who in (town.consumer, town.stranger):
        told(town, who)
    told(town, kind="other")
    cases = listed(town, town.tokens[Role.REGULATOR])
    regulator = town.tokens[Role.REGULATOR]
    resolve = {"outcome": "confirmed", "reason": "属实"}
    assert town.platform.post(f"{PATH}/{cases[0]['tip_off_id']}/resolve", resolve, regulator).status == 200
    tomorrow(town, hours=8 * 24)
    regulator = town.tokens[Role.REGULATOR]
    assert town.platform.post(f"{PATH}/{cases[1]['tip_off_id']}/resolve", resolve, regulator).status == 200
    found = town.platform.get(f"/v1/licences/{number}").json
    assert found["complaints"] == {"open": 1, "resolved_in_time": 1, "resolved_late": 1}
