"""Alerts over HTTP: a district's own list, in pages, closed by a person with a reason."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib import ids
from chalicelib.domain.alert import Alert, AlertKind
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.principal import Role
from chalicelib.domain.staff import Staff
from chalicelib.store import reads
from tests.platform import DISTRICT
from tests.town import Town

ELSEWHERE = "330203"


def raised(town: Town, ordinal: int = 0, district: str = DISTRICT) -> Alert:
    merchant_id = town.merchant.merchant_id
    at = town.platform.now() + timedelta(seconds=ordinal)
    alert_id = ids.derived_within_on("alt", merchant_id, at.date(), district, str(ordinal))
    alert = Alert(alert_id, merchant_id, district, AlertKind.LICENCE, "有变化", "a change", at)
    town.platform.put(alert)
    return alert


def regulator_elsewhere(town: Town) -> str:
    staff = Staff(
        "stf_elsewhere", "elsewhere", "platform", Role.REGULATOR, (), ELSEWHERE, town.platform.now(), "", "f", state="active"
    )
    town.platform.put(staff)
    return town.platform.token(staff.staff_id, Role.REGULATOR)


def test_a_regulator_sees_the_alerts_of_the_own_district_oldest_first(town: Town) -> None:
    raised(town, district=ELSEWHERE)
    mine = [raised(town, ordinal) for ordinal in (2, 1)][::-1]
    token = town.tokens[Role.REGULATOR]
    for path in ("/v1/alerts", f"/v1/alerts?district={DISTRICT}"):
        listed = town.platform.get(path, token).json
        assert [one["alert_id"] for one in listed["data"]] == [alert.alert_id for alert in mine]
    answer = town.platform.get(f"/v1/alerts?district={ELSEWHERE}", token)
    assert (answer.status, answer.code) == (403, "district_not_yours")


def test_an_operator_names_the_district(town: Town) -> None:
    alert = raised(town, district=ELSEWHERE)
    token = town.tokens[Role.OPERATOR]
    assert town.platform.get("/v1/alerts", token).code == "district_required"
    (one,) = town.platform.get(f"/v1/alerts?district={ELSEWHERE}", token).json["data"]
    assert (one["alert_id"], one["kind"], one["detail_en"], one["state"]) == (alert.alert_id, "licence", "a change", "open")


def test_a_long_list_comes_in_pages_and_a_cursor_is_good_for_its_own_list_only(town: Town) -> None:
    wanted = [raised(town, ordinal).alert_id for ordinal in range(5)]
    token, seen, path = town.tokens[Role.REGULATOR], [], "/v1/alerts?limit=2"
    while path:
        page = town.platform.get(path, token).json
        seen += [one["alert_id"] for one in page["data"]]
        path = f"/v1/alerts?limit=2&cursor={page['next_cursor']}" if page["has_more"] else ""
    assert seen == wanted
    cursor = town.platform.get("/v1/alerts?limit=2", token).json["next_cursor"]
    assert town.platform.get(f"/v1/alerts?state=closed&cursor={cursor}", token).code == "cursor_invalid"


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.REGULATOR])
def test_an_alert_is_closed_with_a_reason_and_then_listed_as_closed(town: Town, role: Role) -> None:
    alert, token = raised(town), town.tokens[role]
    path = f"/v1/alerts/{alert.alert_id}/close"
    assert town.platform.post(path, {"reason": " "}, token).code == "request_invalid"
    closed = town.platform.post(path, {"reason": "已电话核实"}, token)
    assert (closed.status, closed.json["state"], closed.json["reason"]) == (200, "closed", "已电话核实")
    assert town.platform.post(path, {"reason": "已电话核实"}, token).replayed
    for state, wanted in (("open", []), ("closed", [alert.alert_id])):
        found = town.platform.get(f"/v1/alerts?district={DISTRICT}&state={state}", token).json
        assert [one["alert_id"] for one in found["data"]] == wanted
    (entry,) = reads.owned(AuditEntry, alert.alert_id, "20")
    assert (entry.action, entry.role, entry.reason) == ("alert.close", role, "已电话核实")


def test_of_two_who_close_the_second_learns_that_it_is_closed(town: Town) -> None:
    path = f"/v1/alerts/{raised(town).alert_id}/close"
    assert town.platform.post(path, {"reason": "one"}, town.tokens[Role.REGULATOR]).status == 200
    assert town.platform.post(path, {"reason": "two"}, town.tokens[Role.OPERATOR]).code == "alert_closed"


def test_an_alert_of_another_district_is_absent_and_stays_open(town: Town) -> None:
    alert = raised(town)
    token = regulator_elsewhere(town)
    before = town.platform.dump()
    foreign = town.platform.post(f"/v1/alerts/{alert.alert_id}/close", {"reason": "x"}, token)
    missing = town.platform.post(f"/v1/alerts/alt_{'0' * 60}/close", {"reason": "x"}, token)
    assert (foreign.status, foreign.text) == (404, missing.text)
    assert town.platform.dump() == before


def test_another_case_of_the_merchant_is_no_alert(town: Town) -> None:
    alert = raised(town)
    other = replace(alert, alert_id=alert.alert_id.replace("alt_", "tip_"))
    answer = town.platform.post(f"/v1/alerts/{other.alert_id}/close", {"reason": "x"}, town.tokens[Role.OPERATOR])
    assert answer.code == "not_found"
