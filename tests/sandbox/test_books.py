"""The counterparts' books: every fen is somewhere, days are settled once, a restart forgets nothing."""
import json
from datetime import date, timedelta

import pytest

from chalicelib.gateways.custodian import PayoutStatus, Statement
from infra.local.sandbox.process import SandboxProcess
from infra.local.sandbox.testing import NOON, Town, eventually

DAY = date(2026, 11, 20)
SHOP, ACCOUNT = "宁波市鄞州明月理发店", "6222021203001234567"


def statement(town: Town, day: date) -> Statement:
    told = town.custodian().statement(day)
    assert isinstance(told, Statement)
    return told


def test_a_story_of_three_days_adds_up_for_everybody(own_town: Town) -> None:
    town = own_town
    town.control("POST", "companies", licence_no="92330212MA2AEXAM3N", name=SHOP)
    town.pay("ord_mei_1", 100_000)
    town.pay("ord_lan_1", 50_029, openid="o-lan")
    books = town.books()
    assert books["consumers"] == {"o-lan": -50_029, "o-mei": -100_000}
    assert books["provider"]["receivable_fen"] == 150_029 and books["custody_fen"] == 0

    town.move_to(NOON.replace(hour=0, minute=29) + timedelta(days=1))
    assert town.books()["custody_fen"] == 0
    town.move_to(NOON.replace(hour=0, minute=31) + timedelta(days=1))
    assert town.books()["custody_fen"] == 150_029

    town.custodian().submit("pay_1", SHOP, ACCOUNT, 10_000, "结算")
    paid = PayoutStatus("succeeded", DAY + timedelta(days=1), "")
    eventually(lambda: town.custodian().query("pay_1") == paid)
    town.wechat_pay().refund("ref_1", "ord_mei_1", 90_000, 100_000, "退款", town.listener.url)
    eventually(lambda: town.books()["provider"]["refunds_in_transit_fen"] == 0)
    books = town.books()
    assert books["consumers"]["o-mei"] == -10_000
    assert books["merchant_accounts"] == {ACCOUNT: 10_000}
    assert books["provider"] == {
        "paid_fen": 150_029, "refunded_fen": 90_000, "receivable_fen": -90_000, "refunds_in_transit_fen": 0,
    }

    town.move_to(NOON + timedelta(days=3))
    days = [statement(town, DAY + timedelta(days=offset)) for offset in range(3)]
    assert [(line.reference, line.amount_fen) for day in days for line in day.lines] == [
        ("WXP-20261120", 150_029), ("pay_1", -10_000), ("WXP-20261121", -90_000),
    ]
    assert [day.opening_fen for day in days[1:]] == [day.closing_fen for day in days[:-1]]
    books = town.books()
    assert books["custody_fen"] == 50_029 == days[2].closing_fen
    assert books["provider"]["receivable_fen"] == 0 and books["adds_up_to"] == 0


def test_a_day_whose_payments_were_all_refunded_has_no_line(own_town: Town) -> None:
    own_town.pay("ord_1234", 100)
    own_town.wechat_pay().refund("ref_1", "ord_1234", 100, 100, "退款", own_town.listener.url)
    own_town.move_to(NOON + timedelta(days=2))
    assert statement(own_town, DAY + timedelta(days=1)).lines == ()


def test_a_day_is_settled_once_however_often_the_clock_passes_it(own_town: Town) -> None:
    own_town.pay("ord_1234", 100)
    for days in (1, 0, 5, 1, 2):
        own_town.move_to(NOON + timedelta(days=days))
    assert [line.amount_fen for line in statement(own_town, DAY + timedelta(days=1)).lines] == [100]
    assert own_town.books()["custody_fen"] == 100


def test_a_restart_keeps_the_books_the_keys_and_the_clock(own_town: Town) -> None:
    town = own_town
    town.listener.answers[:] = [500] * 3
    town.pay("ord_1234", 100)
    town.wechat_pay().refund("ref_1", "ord_1234", 40, 100, "退款", "")
    eventually(lambda: town.books()["provider"]["refunds_in_transit_fen"] == 0)
    eventually(lambda: town.control("GET", "notices")["data"][0]["attempts"] == 1)
    before, given, now = town.books(), town.sandbox.credentials(), town.clock.now()

    town.sandbox.process.kill()
    town.sandbox.process.wait()
    town.sandbox = SandboxProcess.start(town.sandbox.state, town.sandbox.state.parent / "clock.json")

    assert {**town.books(), "now": ""} == {**before, "now": ""}
    assert town.sandbox.credentials() == given
    assert town.clock.now() - now < timedelta(minutes=1)
    assert "ORDERPAID" in repr(town.prepay("ord_1234", 100))
    town.listener.answers.clear()
    town.control("POST", "clock", advance_seconds=16)
    eventually(lambda: town.control("GET", "notices")["data"][0]["state"] == "delivered")


def test_the_clock_is_one_number_in_a_file_that_everybody_reads(own_town: Town) -> None:
    moved = own_town.control("POST", "clock", to="2027-02-17T00:00:00+08:00")["now"]
    assert moved.startswith("2027-02-17T00:00:0")
    own_town.control("POST", "clock", advance_seconds=-60)
    assert own_town.clock.now().isoformat().startswith("2027-02-16T23:59:0")
    told = own_town.control("GET", "clock")
    kept = json.loads((own_town.sandbox.state.parent / "clock.json").read_text())
    assert isinstance(kept, int) and told["offset_seconds"] == kept


@pytest.mark.parametrize(
    "body", [{}, {"to": "noon"}, {"to": "2027-02-17T00:00:00"}, {"advance_seconds": "1"}]
)
def test_a_clock_is_not_moved_to_nowhere(town: Town, body: dict[str, object]) -> None:
    with pytest.raises(RuntimeError, match="400"):
        town.control("POST", "clock", **body)


@pytest.mark.parametrize(
    "fault",
    [
        {"counterpart": "nobody", "operation": "query", "kind": "drop"},
        {"counterpart": "custodian", "operation": "prepay", "kind": "drop"},
        {"counterpart": "custodian", "operation": "query", "kind": "explode"},
        {"counterpart": "custodian", "operation": "query", "kind": "lie"},
        {"counterpart": "custodian", "operation": "query", "kind": "drop", "times": "many"},
        {"counterpart": ["custodian"], "kind": "drop"},
    ],
)
def test_a_fault_that_does_not_exist_is_not_planted(town: Town, fault: dict[str, object]) -> None:
    with pytest.raises(RuntimeError, match="400"):
        town.control("POST", "faults", **fault)


@pytest.mark.parametrize(
    "difference",
    [
        {"side": "moon", "kind": "extra_line", "business_date": "2026-11-20", "amount_fen": 1},
        {"side": "bank", "kind": "extra_line", "business_date": "2026-11-20", "amount_fen": 0},
        {"side": "bank", "kind": "extra_line", "business_date": "soon", "amount_fen": 1},
        {"side": "provider", "kind": "extra_line", "business_date": "2026-11-20", "amount_fen": -1},
        {"side": "bank", "kind": "missing_line", "business_date": "2026-11-20"},
    ],
)
def test_a_difference_that_makes_no_sense_is_not_planted(town: Town, difference: dict[str, object]) -> None:
    with pytest.raises(RuntimeError, match="400"):
        town.control("POST", "differences", **difference)


def test_faults_are_used_up_and_can_be_cleared(town: Town) -> None:
    town.fault("custodian", "query", "error", times=2)
    outcomes = [type(town.custodian().query("pay_nobody")).__name__ for _ in range(3)]
    assert outcomes == ["Unknown", "Unknown", "PayoutStatus"]
    town.fault("custodian", "*", "error", times=100)
    town.control("DELETE", "faults")
    assert isinstance(town.custodian().query("pay_nobody"), PayoutStatus)
