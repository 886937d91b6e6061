"""Cases: alerts and tip-offs are closed once, by those they are for; a person nominates and reports only so often; the colour."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.domain import alert as alerts
from chalicelib.domain import nomination as nominations
from chalicelib.domain import tip_off as tip_offs
from chalicelib.domain.alert import Alert, AlertKind, AlertState
from chalicelib.domain.colour import REPORTS_COUNT_FOR, Colour, colour_of
from chalicelib.domain.merchant import StopReason
from chalicelib.domain.nomination import NOMINATIONS_PER_DAY, Nomination, Nominee
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.quota import Quota
from chalicelib.domain.store import Store
from chalicelib.domain.tip_off import ALERT_KIND, TIP_OFFS_PER_DAY, Finding, Known, TipOff, TipOffKind, counted
from tests.domain.town import MERCHANT, NOON, code_of, trace

HERE = MERCHANT.district
OPERATOR = Principal(Role.OPERATOR, "stf_operator")
REGULATOR = Principal(Role.REGULATOR, "stf_regulator", district=HERE)
ELSEWHERE = Principal(Role.REGULATOR, "stf_elsewhere", district="海曙区")
ALERT = Alert("alt_1", "mch_1", HERE, AlertKind.LICENCE, "有变化", "a change", NOON)
STORE = Store("sto_1", "mch_1", "一号店", HERE, "中山东路", NOON, "f")
TODAY = NOON.date()
TIP_OFF = TipOff(
    "tip_1", "mch_1", "", "sto_1", "con_1", TipOffKind.OFF_PLATFORM_PAYMENT, "转账给老板", TODAY, NOON, TODAY + timedelta(days=7)
)
FRESH = Quota("con_1", "tip_off", TODAY)
IDS = ("alt_a", "alt_b")
KNOWN = Known(MERCHANT, STORE, None, None, (None, None))


def reported(known: Known = KNOWN, **other: Any) -> Any:
    return tip_offs.report(known, replace(TIP_OFF, **other), FRESH, IDS)


def kinds(decision: Any) -> list[str]:
    return [type(put.value).__name__ for put in decision.puts]


@pytest.mark.parametrize("closer", [OPERATOR, REGULATOR], ids=["operator", "regulator"])
def test_an_alert_is_closed_by_an_operator_or_the_regulator_of_its_district_and_audited(closer: Principal) -> None:
    decision = alerts.close(ALERT, closer, "已核实", trace())
    closed, entry = (put.value for put in decision.puts)
    assert (closed.state, closed.closed_by, closed.reason) == (AlertState.CLOSED, closer.principal_id, "已核实")
    assert (entry.object_id, entry.action, entry.after, entry.reason) == ("alt_1", "alert.close", "closed", "已核实")
    assert alerts.close(closed, closer, "已核实", trace()).replayed


def test_closing_an_alert_is_refused_in_the_stated_order() -> None:
    closed = alerts.close(ALERT, OPERATOR, "x", trace()).answer
    assert code_of(lambda: alerts.close(None, OPERATOR, "x", trace())) == "not_found"
    assert code_of(lambda: alerts.close(closed, ELSEWHERE, "x", trace())) == "not_found"
    assert code_of(lambda: alerts.close(closed, REGULATOR, "x", trace())) == "alert_closed"


def test_a_report_makes_a_case_an_alert_and_counts_for_the_day() -> None:
    decision = reported()
    assert kinds(decision) == ["TipOff", "OwnTipOff", "Quota", "Alert"]
    case, _, quota, alert = (put.value for put in decision.puts)
    assert (case.district, case.state, case.finding) == (HERE, "open", "pending")
    assert quota.used == 1
    assert (alert.alert_id, alert.kind, alert.merchant_id) == ("alt_a", AlertKind.OFF_PLATFORM, "mch_1")


def test_an_alert_tells_nothing_of_the_consumer() -> None:
    alert = reported().puts[3].value
    assert "con_1" not in repr(alert)
    assert TIP_OFF.what_happened not in repr(alert)


def test_a_second_report_of_the_day_adds_its_own_case_and_touches_no_shared_row() -> None:
    open_alert = replace(ALERT, alert_id="alt_a", kind=AlertKind.OFF_PLATFORM)
    assert kinds(reported(replace(KNOWN, alerts=(open_alert, None)))) == ["TipOff", "OwnTipOff", "Quota"]


def test_a_report_after_the_alert_was_closed_raises_the_next_one_up_to_the_last() -> None:
    closed = replace(ALERT, state=AlertState.CLOSED)
    assert reported(replace(KNOWN, alerts=(closed, None))).puts[3].value.alert_id == "alt_b"
    assert kinds(reported(replace(KNOWN, alerts=(closed, closed)))) == ["TipOff", "OwnTipOff", "Quota"]


def test_a_complaint_is_an_alert_of_another_kind() -> None:
    assert set(ALERT_KIND) == set(TipOffKind)
    assert reported(kind=TipOffKind.REFUSED_REDEMPTION).puts[3].value.kind is AlertKind.COMPLAINT


def test_a_report_is_refused_in_the_stated_order() -> None:
    used_up = Quota("con_1", "tip_off", TODAY, TIP_OFFS_PER_DAY, version=5)
    tomorrow = TODAY + timedelta(days=1)
    cases: list[tuple[Known, date, str]] = [
        (Known(None, None, None, used_up, (None, None)), tomorrow, "not_found"),
        (Known(MERCHANT, None, None, used_up, (None, None)), tomorrow, "not_found"),
        (Known(MERCHANT, STORE, None, used_up, (None, None)), tomorrow, "date_out_of_range"),
        (Known(MERCHANT, STORE, None, used_up, (None, None)), TODAY, "too_many_tip_offs"),
        (Known(MERCHANT, STORE, None, replace(used_up, used=4), (None, None)), TODAY, ""),
    ]
    for known, happened_on, code in cases:
        assert code_of(lambda known=known, day=happened_on: reported(known, happened_on=day)) == code
    assert reported(Known(None, None, TIP_OFF, used_up, (None, None))).replayed


def test_three_years_back_is_the_earliest_day() -> None:
    assert reported(happened_on=TODAY - tip_offs.HAPPENED_WITHIN)
    assert code_of(lambda: reported(happened_on=TODAY - tip_offs.HAPPENED_WITHIN - timedelta(days=1))) == "date_out_of_range"


def test_the_regulator_of_the_district_resolves_a_tip_off_once() -> None:
    case = reported().answer
    decision = tip_offs.resolve(case, Finding.CONFIRMED, "属实", REGULATOR, trace())
    after, entry = (put.value for put in decision.puts)
    assert (after.state, after.finding, after.resolved_by, after.resolved_at) == ("resolved", "confirmed", "stf_regulator", NOON)
    assert (entry.action, entry.reason) == ("tip_off.resolve", "属实")
    assert tip_offs.resolve(after, Finding.CONFIRMED, "属实", REGULATOR, trace()).replayed
    assert code_of(lambda: tip_offs.resolve(after, Finding.UNFOUNDED, "x", REGULATOR, trace())) == "tip_off_resolved"
    assert code_of(lambda: tip_offs.resolve(after, Finding.CONFIRMED, "x", ELSEWHERE, trace())) == "not_found"
    assert code_of(lambda: tip_offs.resolve(None, Finding.CONFIRMED, "x", REGULATOR, trace())) == "not_found"


def test_an_answer_on_the_due_day_is_in_time_and_one_a_day_later_is_not() -> None:
    in_time = replace(TIP_OFF, resolved_at=NOON + timedelta(days=7))
    late = replace(TIP_OFF, resolved_at=NOON + timedelta(days=8))
    assert vars(counted([TIP_OFF, in_time, in_time, late])) == {"open": 1, "resolved_in_time": 2, "resolved_late": 1}


WISH = Nomination("nom_1", "con_1", "nee_1", "甬江美发", "", "330212", "", "", NOON)
WISHES = Quota("con_1", "nomination", TODAY)


def test_a_nomination_counts_one_person_and_a_repetition_counts_nobody() -> None:
    first = nominations.nominate(None, None, None, WISH, WISHES, "")
    nominee = first.puts[1].value
    assert (kinds(first), nominee.wanted_by) == (["Nomination", "Nominee", "Quota"], 1)
    second = nominations.nominate(None, nominee, None, replace(WISH, nominated_at=NOON + timedelta(days=1)), WISHES, "")
    assert isinstance(second.puts[1].value, Nominee)
    assert (second.puts[1].value.wanted_by, second.puts[1].value.first_at) == (2, NOON)
    assert nominations.nominate(WISH, nominee, None, WISH, WISHES, "mch_1").replayed


def test_a_nomination_is_refused_when_connected_and_then_when_too_many() -> None:
    used_up = replace(WISHES, used=NOMINATIONS_PER_DAY)
    assert code_of(lambda: nominations.nominate(None, None, used_up, WISH, WISHES, "mch_1")) == "nominee_connected"
    assert code_of(lambda: nominations.nominate(None, None, used_up, WISH, WISHES, "")) == "too_many_nominations"


def test_green_needs_no_reason_and_every_other_colour_has_one() -> None:
    closed = replace(ALERT, state=AlertState.CLOSED)
    stopped = MERCHANT.stopped(StopReason.ORDER, NOON)
    seen = {
        Colour.GREEN: colour_of(MERCHANT, [closed], [], NOON),
        Colour.YELLOW: colour_of(MERCHANT, [ALERT], [TIP_OFF], NOON),
        Colour.RED: colour_of(stopped, [ALERT], [TIP_OFF], NOON),
    }
    assert {colour: found.colour for colour, found in seen.items()} == {colour: colour for colour in seen}
    codes = {colour: [reason.code for reason in found.reasons] for colour, found in seen.items()}
    assert codes == {Colour.GREEN: [], Colour.YELLOW: ["alert_licence", "off_platform_reports"], Colour.RED: ["order"]}


def test_every_kind_of_alert_has_words_for_consumers() -> None:
    for kind in AlertKind:
        (reason,) = colour_of(MERCHANT, [replace(ALERT, kind=kind)], [], NOON).reasons
        assert reason.since == TODAY


@pytest.mark.parametrize(
    "other, colour",
    [
        ({"reported_at": NOON - REPORTS_COUNT_FOR + timedelta(seconds=1)}, Colour.YELLOW),
        ({"reported_at": NOON - REPORTS_COUNT_FOR}, Colour.GREEN),
        ({"finding": Finding.CONFIRMED}, Colour.YELLOW),
        ({"finding": Finding.UNFOUNDED}, Colour.GREEN),
        ({"kind": TipOffKind.OTHER}, Colour.GREEN),
    ],
    ids=["recent", "old", "confirmed", "unfounded", "another kind"],
)
def test_a_report_of_payment_off_the_platform_is_yellow_for_thirty_days(other: dict[str, Any], colour: Colour) -> None:
    assert colour_of(MERCHANT, [], [replace(TIP_OFF, **other)], NOON).colour is colour
