from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from chalicelib.gateways.custodian import Accepted, PayoutStatus, Statement
from chalicelib.gateways.outcomes import NotReady, Refused, Unknown
from infra.local.sandbox.testing import NOON, Town, eventually, number

DAY = date(2026, 11, 20)
NEXT_DAY = DAY + timedelta(days=1)
SHOP, ACCOUNT = "宁波市鄞州明月理发店", "6222021203001234567"


@pytest.fixture(scope="module")
def bank_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """A custody account with 1000.00 in it: paid on DAY, settled on NEXT_DAY, and it is noon of NEXT_DAY."""
    town = Town.start(tmp_path_factory.mktemp("bank"))
    town.control("POST", "companies", licence_no="92330212MA2AEXAM3N", name=SHOP, bank_account=ACCOUNT)
    town.pay("ord_first", 100_000)
    town.move_to(NOON + timedelta(days=1))
    yield town
    town.stop()


@pytest.fixture
def bank(bank_town: Town) -> Iterator[Town]:
    yield bank_town
    bank_town.control("DELETE", "faults")


def pay_out(town: Town, instruction_no: str, fen: int, name: str = SHOP, account: str = ACCOUNT) -> object:
    return town.custodian().submit(instruction_no, name, account, fen, "结算 2026-11-20")


def final(town: Town, instruction_no: str) -> PayoutStatus:
    def look() -> PayoutStatus | None:
        status = town.custodian().query(instruction_no)
        assert isinstance(status, PayoutStatus)
        return None if status.state == "processing" else status

    return eventually(look)


def test_an_instruction_is_accepted_at_once_and_paid_later(bank: Town) -> None:
    instruction_no = number("pay")
    before = bank.books()
    assert pay_out(bank, instruction_no, 1_000) == Accepted()
    assert final(bank, instruction_no) == PayoutStatus("succeeded", NEXT_DAY, "")
    after = bank.books()
    assert after["custody_fen"] == before["custody_fen"] - 1_000
    assert after["merchant_accounts"][ACCOUNT] == before["merchant_accounts"].get(ACCOUNT, 0) + 1_000


def test_the_same_instruction_again_pays_once(bank: Town) -> None:
    instruction_no = number("pay")
    before = bank.books()["custody_fen"]
    bank.fault("custodian", "submit", "drop")
    assert isinstance(pay_out(bank, instruction_no, 2_000), Unknown)
    bank.fault("custodian", "submit", "repeat")
    assert pay_out(bank, instruction_no, 2_000) == Accepted()
    assert final(bank, instruction_no).state == "succeeded"
    assert pay_out(bank, instruction_no, 2_000) == Accepted()
    assert bank.books()["custody_fen"] == before - 2_000


def test_an_instruction_number_cannot_be_given_to_another_payout(bank: Town) -> None:
    instruction_no = number("pay")
    pay_out(bank, instruction_no, 100)
    again = pay_out(bank, instruction_no, 101)
    assert isinstance(again, Refused) and again.code == "instruction_conflict"
    final(bank, instruction_no)


def test_an_instruction_that_never_arrived_is_not_found(bank: Town) -> None:
    instruction_no = number("pay")
    bank.fault("custodian", "submit", "drop", phase="before")
    assert isinstance(pay_out(bank, instruction_no, 100), Unknown)
    assert bank.custodian().query(instruction_no) == PayoutStatus("not_found", None, "")


@pytest.mark.parametrize(
    ("fen", "name", "account", "reason"),
    [
        (90_000_000, SHOP, ACCOUNT, "insufficient_balance"),
        (100, "另一家店", ACCOUNT, "payee_name_mismatch"),
        (100, "没有登记的店", "6222029999999999999", "payee_unknown"),
    ],
)
def test_a_payout_that_cannot_be_made_fails_with_its_reason(
    bank: Town, fen: int, name: str, account: str, reason: str
) -> None:
    instruction_no = number("pay")
    before = bank.books()["custody_fen"]
    assert pay_out(bank, instruction_no, fen, name, account) == Accepted()
    assert final(bank, instruction_no) == PayoutStatus("failed", None, reason)
    assert bank.books()["custody_fen"] == before


@pytest.mark.parametrize("fen", [0, -100])
def test_a_payout_of_nothing_is_refused(bank: Town, fen: int) -> None:
    assert isinstance(pay_out(bank, number("pay"), fen), Refused)


def test_another_custody_account_is_refused(bank: Town) -> None:
    outcome = bank.custodian(custody_account="0001").submit(number("pay"), SHOP, ACCOUNT, 1, "")
    assert isinstance(outcome, Refused) and outcome.code == "unknown_payer_account"


def test_an_answer_about_another_instruction_is_unknown(bank: Town) -> None:
    instruction_no = number("pay")
    pay_out(bank, instruction_no, 100)
    bank.fault("custodian", "query", "lie", field="instruction_no", value="pay_other")
    assert isinstance(bank.custodian().query(instruction_no), Unknown)
    bank.fault("custodian", "query", "lie", field="state", value="perhaps")
    assert isinstance(bank.custodian().query(instruction_no), Unknown)
    final(bank, instruction_no)


def test_the_statement_shows_the_providers_settlement_of_the_day_before(bank_town: Town) -> None:
    later = NOON + timedelta(days=2)
    assert bank_town.custodian().statement(NEXT_DAY) == NotReady()
    bank_town.move_to(later)
    first, second = (bank_town.custodian().statement(day) for day in (DAY, NEXT_DAY))
    assert isinstance(first, Statement) and isinstance(second, Statement)
    assert (first.opening_fen, first.closing_fen, first.lines) == (0, 0, ())
    settled = second.lines[0]
    assert settled.reference == "WXP-20261120"
    assert (settled.amount_fen, settled.kind) == (100_000, "provider_settlement")
    payouts = second.lines[1:]
    assert payouts and all(line.kind == "payout" and line.amount_fen < 0 for line in payouts)
    assert all(line.counterparty == SHOP for line in payouts)
    assert second.opening_fen + sum(line.amount_fen for line in second.lines) == second.closing_fen
    assert second.closing_fen == bank_town.books()["custody_fen"]
    assert "WXP-20261120" in second.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("closing", "0.01"), ("opening", "-5.00"), ("closing", 12), ("date", "2026-11-18"), ("account", "1"),
        ("currency", "USD"), ("entries", {}), ("entries", [{"reference": "x"}]),
        ("entries", [{"reference": "x", "amount": "1.005", "kind": "payout"}]),
    ],
)
def test_a_statement_that_does_not_hold_together_is_unknown(bank: Town, field: str, value: object) -> None:
    bank.fault("custodian", "statement", "lie", field=field, value=value)
    assert isinstance(bank.custodian().statement(DAY), Unknown)


def test_a_planted_difference_keeps_the_statements_own_arithmetic(bank: Town) -> None:
    bank.move_to(NOON + timedelta(days=3))
    true = bank.custodian().statement(NEXT_DAY)
    assert isinstance(true, Statement)
    made = bank.control(
        "POST", "differences", side="bank", kind="extra_line", business_date=NEXT_DAY.isoformat(),
        amount_fen=-4_200, reference="X-1",
    )
    wrong, after = (bank.custodian().statement(NEXT_DAY + timedelta(days=days)) for days in (0, 1))
    assert isinstance(wrong, Statement) and isinstance(after, Statement)
    assert set(wrong.lines) - set(true.lines) == {line for line in wrong.lines if line.reference == "X-1"}
    assert wrong.closing_fen == true.closing_fen - 4_200 == after.opening_fen
    bank.control("DELETE", f"differences/{made['id']}")
    assert bank.custodian().statement(NEXT_DAY) == true


def test_a_missing_and_a_wrong_line_are_told_and_healed(bank: Town) -> None:
    bank.move_to(NOON + timedelta(days=3))
    for kind, told_fen in (("missing_line", 0), ("wrong_amount", 99_999)):
        made = bank.control(
            "POST", "differences", side="bank", kind=kind, business_date=NEXT_DAY.isoformat(),
            amount_fen=99_999, reference="WXP-20261120",
        )
        statement = bank.custodian().statement(NEXT_DAY)
        assert isinstance(statement, Statement)
        told = [line.amount_fen for line in statement.lines if line.reference == "WXP-20261120"]
        assert sum(told) == told_fen
        bank.control("DELETE", f"differences/{made['id']}")
