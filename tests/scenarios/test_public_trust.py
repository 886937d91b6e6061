"""What anyone can find out before paying: the licence on the wall, what others reported, the law of the place."""

from dataclasses import replace
from typing import Any

from chalicelib.domain.application import LicenceClaim
from chalicelib.domain.principal import Role
from tests.api.test_tip_offs import told
from tests.town import Town

HERS, UNKNOWN = "91330212MA2AF3C43F", "91330212MA2AY4CL15"


def test_a_shop_that_is_not_connected_is_grey_and_can_be_wished_for(town: Town) -> None:
    seen = look(town, UNKNOWN)
    assert (seen["colour"], seen["merchant_id"]) == ("grey", None)
    assert seen["invite"] is not None
    wish = {"name": "东门口理发店", "licence_no": UNKNOWN, "district": "330212"}
    for token in (town.consumer, town.stranger):
        assert town.platform.post("/v1/merchant-nominations", wish, token).status == 201
    (wanted,) = town.platform.get("/v1/merchant-nominations?district=330212", town.tokens[Role.OPERATOR]).json["data"]
    assert (wanted["name"], wanted["wanted_by"]) == ("东门口理发店", 2)


def test_who_is_asked_to_pay_past_the_platform_says_so_and_the_next_one_sees_a_colour(town: Town) -> None:
    connect(town)
    assert look(town, HERS)["colour"] == "green"
    case = told(town, town.stranger).json
    seen = look(town, HERS)
    assert (seen["colour"], seen["complaints"]["open"]) == ("yellow", 1)
    regulator = town.tokens[Role.REGULATOR]
    (alert,) = town.platform.get("/v1/alerts", regulator).json["data"]
    assert (alert["kind"], alert["merchant_id"]) == ("off_platform", town.merchant.merchant_id)
    answer = {"outcome": "unfounded", "reason": "已核实，系误会"}
    assert town.platform.post(f"/v1/tip-offs/{case['tip_off_id']}/resolve", answer, regulator).status == 200
    assert town.platform.post(f"/v1/alerts/{alert['alert_id']}/close", {"reason": "已核实"}, regulator).status == 200
    seen = look(town, HERS)
    assert (seen["colour"], seen["complaints"]) == ("green", {"open": 0, "resolved_in_time": 1, "resolved_late": 0})


def test_the_law_of_a_place_is_there_for_anyone_with_its_articles(town: Town) -> None:
    days = {district: rule(town, district, "cooling_off_days") for district in ("330212", "110101", "320102")}
    assert {district: figure["value"] for district, figure in days.items()} == {"330212": 7, "110101": 7, "320102": 15}
    assert rule(town, "110101", "cooling_off_unused_only")["value"] is True
    due = rule(town, "330212", "refund_due_days")
    assert (due["value"], "第11条" in due["article"]) == (5, True)


def look(town: Town, licence_no: str) -> Any:
    return town.platform.get(f"/v1/licences/{licence_no}").json


def connect(town: Town) -> None:
    """The town's merchant under a licence with a right check digit."""
    town.platform.put(replace(town.merchant, licence_no=HERS), LicenceClaim(HERS, town.merchant.merchant_id))


def rule(town: Town, district: str, name: str) -> Any:
    figures = town.platform.get(f"/v1/jurisdictions/{district}?on=2026-11-20").json["rules"]
    return next(figure for figure in figures if figure["name"] == name)
