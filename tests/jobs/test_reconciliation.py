from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.domain import refund as refunds
from chalicelib.domain.decision import Decision, change
from chalicelib.domain.order import Order, ProvenPayment, credit
from chalicelib.domain.reconciliation import DayState, DifferenceState, ReconciledDay
from chalicelib.domain.refund import Refund, RefundState
from chalicelib.gateways.custodian import StatementLine
from chalicelib.gateways.wechat_pay import BillLine
from chalicelib.jobs import reconciliation as job
from chalicelib.jobs import tasks
from chalicelib.operations import reconciliation, settlement
from chalicelib.store import reads
from tests.domain import town as sample
from tests.jobs import machine
from tests.jobs.counterparts import Archive, Bank, Provider
from tests.jobs.town import DAY, MORNING, NEXT, NIGHT, NOON, Town

ONE_DAY = timedelta(days=1)


class Books:
    """The platform with its counterparts, kept as true as the tests leave them."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.merchant_id = town.merchant()
        self.bank, self.provider, self.archive = Bank(), Provider(), Archive()

    def buy(self, own: str, fen: int = 100000, at: datetime = NOON, paid_at: datetime | None = None) -> Order:
        order = self.town.buy(self.merchant_id, own, fen, at=at, paid_at=paid_at)
        self.provider.paid(order.order_id, fen, paid_at or at, order.transaction_id)
        return order

    def end(self, day: date) -> None:
        """What happens in the night after `day`: the provider pays in, the merchant is paid out."""
        night = NIGHT + (day - DAY)
        if self.provider.net(day):
            self.bank.book(day + ONE_DAY, reconciliation.settled_reference(day), self.provider.net(day))
        self.bank.today = day + ONE_DAY
        settlement.fold(self.merchant_id, day, night)
        if settlement.decide(self.merchant_id, day, night) is not None:
            settlement.instruct(self.merchant_id, day, night, self.bank)  # type: ignore[arg-type]
            settlement.ask(self.merchant_id, day, night, self.bank)  # type: ignore[arg-type]

    def match(self, day: date) -> dict[str, Any]:
        self.town.set_clock(MORNING + (day - DAY))
        table = job.table(self.provider, self.bank, self.archive)  # type: ignore[arg-type]
        ended: dict[str, Any] = machine.run(
            machine.load("reconciliation"),
            {"business_date": day.isoformat()},
            lambda asked: tasks.run("reconciliation", table, asked),
        )
        return ended

    def open(self, day: date) -> list[tuple[str, str, int, int]]:
        found = reconciliation.differences_of(day)
        return [(one.reason, one.reference, one.ledger_fen, one.other_fen) for one in found if one.state is DifferenceState.OPEN]


@pytest.fixture
def books(town: Town) -> Books:
    return Books(town)


def two_days(books: Books) -> Order:
    """Day one: a card of 1000.00, 130.00 used. Night: 1000.00 comes in, 100.00 goes out. Day two: nothing."""
    order = books.buy("one")
    books.town.redeem(order.card_id, "one", 13000)
    books.end(DAY)
    books.match(DAY)
    books.end(NEXT)
    return order


def day(of: date) -> ReconciledDay:
    found = reads.get(ReconciledDay, of)
    assert found is not None
    return found


def test_three_books_that_tell_one_story_agree_to_the_fen(books: Books) -> None:
    two_days(books)
    assert books.match(NEXT)["outcome"] == "agreed"
    assert day(DAY).totals.receivable_fen == 100000
    assert day(DAY).totals.ledger_custody_fen == 100000
    assert day(NEXT).totals.bank_closing_fen == 90000
    assert day(NEXT).totals.ledger_custody_fen == 90000
    assert day(NEXT).totals.difference_fen == 0


def test_an_agreed_day_run_again_with_the_same_books_is_the_same_row(books: Books) -> None:
    two_days(books)
    first = day(DAY)
    assert books.match(DAY)["outcome"] == "agreed"
    assert day(DAY) == first


def test_documents_are_archived_as_they_came(books: Books) -> None:
    two_days(books)
    assert books.archive.files[f"bills/wechat-pay/{DAY}.csv"] == b"as it came"
    assert books.archive.files[f"statements/{DAY}.json"] == b"as it came"


def test_documents_that_are_not_ready_end_the_run_without_a_result(books: Books) -> None:
    books.buy("one")
    books.end(DAY)
    books.provider.ready = False
    assert books.match(DAY)["days"] == [{"business_date": DAY.isoformat(), "outcome": "not_ready"}]
    books.provider.ready, books.bank.ready = True, False
    assert books.match(DAY)["outcome"] == "incomplete"
    assert reads.get(ReconciledDay, DAY) is None


def test_a_provider_that_does_not_answer_is_not_a_difference(books: Books) -> None:
    books.buy("one")
    books.end(DAY)
    books.provider.deaf = True
    assert books.match(DAY)["outcome"] == "incomplete"
    books.provider.deaf = False
    assert books.match(DAY)["outcome"] == "agreed"


PLANTED = {
    "a bill line that never happened": ("provider_only", "ord_X", 0, 700),
    "a payment missing in the bill": ("ledger_only", "ONE", 100000, 0),
    "another amount in the bill": ("amount_differs", "ONE", 100000, 99999),
    "a payment listed twice": ("duplicate_provider_line", "ONE", 0, 100000),
    "another transaction under the order's number": ("transaction_differs", "ONE", 100000, 100000),
}


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_difference_of_the_provider_is_found_named_and_healed(books: Books, kind: str) -> None:
    order = books.buy("one")
    books.end(DAY)
    true = list(books.provider.bills[DAY])
    told = {
        "a bill line that never happened": [*true, BillLine("payment", "ord_X", None, "tx", 700, NOON)],
        "a payment missing in the bill": [],
        "another amount in the bill": [replace(true[0], amount_fen=99999)],
        "a payment listed twice": [true[0], true[0]],
        "another transaction under the order's number": [replace(true[0], transaction_id="other")],
    }
    books.provider.bills[DAY] = told[kind]
    assert books.match(DAY)["outcome"] == "differs"
    reason, reference, ledger_fen, other_fen = PLANTED[kind]
    assert books.open(DAY) == [(reason, reference.replace("ONE", order.order_id), ledger_fen, other_fen)]
    assert day(DAY).state is DayState.DIFFERS
    books.provider.bills[DAY] = true
    assert books.match(DAY)["outcome"] == "agreed"
    assert books.open(DAY) == []
    assert [one.state for one in reconciliation.differences_of(DAY)] == [DifferenceState.RESOLVED]


BANKS = ["a line of nobody", "a payout missing", "another amount of the provider's settlement", "a payout twice"]


@pytest.mark.parametrize("kind", BANKS)
def test_a_planted_difference_of_the_bank_is_found_alone(books: Books, kind: str) -> None:
    two_days(books)
    true = list(books.bank.lines[NEXT])
    came, went = (next(line for line in true if (line.amount_fen > 0) is credit) for credit in (True, False))
    told, reason, reference, amounts = {
        "a line of nobody": ([*true, StatementLine("X-1", -50, "other", "")], "bank_only", "X-1", (0, -50)),
        "a payout missing": ([came], "bank_missing", went.reference, (-10000, 0)),
        "another amount of the provider's settlement": (
            [replace(came, amount_fen=99000), went], "bank_amount_differs", came.reference, (100000, 99000),
        ),
        "a payout twice": ([came, went, went], "duplicate_bank_line", went.reference, (0, -10000)),
    }[kind]
    books.bank.lines[NEXT] = told
    assert books.match(NEXT)["outcome"] == "differs"
    assert books.open(NEXT) == [(reason, reference, *amounts)]
    books.bank.lines[NEXT] = true
    assert books.match(NEXT)["outcome"] == "agreed"


def test_a_day_cannot_agree_while_the_day_before_differs_and_nothing_else_is_invented(books: Books) -> None:
    two_days(books)
    true = list(books.bank.lines[NEXT])
    books.bank.lines[NEXT] = [*true, StatementLine("X-1", -50, "other", "")]
    books.match(NEXT)
    third = NEXT + ONE_DAY
    books.end(third)
    assert books.match(third)["outcome"] == "differs"
    assert [reason for reason, *_ in books.open(third)] == ["previous_day_open"]
    books.bank.lines[NEXT] = true
    assert books.match(NEXT)["outcome"] == "agreed"
    assert books.match(third)["outcome"] == "agreed"


def test_a_bank_that_opens_with_another_balance_is_named(books: Books) -> None:
    books.bank.book(DAY - ONE_DAY, "before", 123)
    books.buy("one")
    books.end(DAY)
    books.match(DAY)
    assert books.open(DAY) == [("opening_differs", "opening", 0, 123)]


def test_a_payment_before_midnight_that_we_credited_after_it_belongs_to_the_providers_day(books: Books) -> None:
    late = NOON.replace(hour=23, minute=59, second=58)
    books.buy("one", at=late + timedelta(seconds=5), paid_at=late)
    books.end(DAY)
    books.end(NEXT)
    assert books.match(DAY)["outcome"] == "agreed"
    assert day(DAY).totals.purchases_between_fen == 100000
    assert books.match(NEXT)["outcome"] == "agreed"
    assert day(NEXT).totals.purchases_between_fen == 0


def test_a_payment_that_we_credited_days_later_is_found_by_its_number(books: Books) -> None:
    order = books.town.order(books.merchant_id, "one")
    books.provider.paid(order.order_id, 100000, NOON, "tx-one")
    books.end(DAY)
    assert books.match(DAY)["outcome"] == "differs"
    assert books.open(DAY)[0][0] == "provider_only"
    books.town.commit(credit(order, ProvenPayment(order.order_id, "tx-one", 100000, "CNY", NOON), NOON + timedelta(days=3)))
    assert books.match(DAY)["outcome"] == "agreed"


def test_a_day_that_is_not_folded_cannot_agree(books: Books) -> None:
    books.buy("one")
    assert books.match(DAY)["outcome"] == "differs"
    assert books.open(DAY) == [("day_not_folded", books.merchant_id, 0, 0)]
    books.end(DAY)
    assert books.match(DAY)["outcome"] == "agreed"


def test_a_transfer_that_came_after_the_fold_is_named(books: Books) -> None:
    books.buy("one")
    books.end(DAY)
    books.buy("late")
    books.match(DAY)
    assert books.open(DAY) == [("fold_differs", books.merchant_id, 0, 0)]


def refund_of(books: Books, order: Order, at: datetime) -> Refund:
    card = books.town.card(order.card_id)
    refund_id = ids.derived_within("ref", card.card_id, "r")
    asked = sample.asked(refund_id, card.card_id, refunds.Cause.MERCHANT, at, consumer_id=card.holder_id)
    quoted = refunds.Quote("R1", card.escrow_fen, 0, True, (), at.date(), "")
    done: Refund = books.town.commit(refunds.request(card, order.order_id, None, asked, quoted, at))
    return done


def test_a_refund_on_its_way_over_midnight_is_in_exactly_one_place_each_day(books: Books) -> None:
    order = two_days(books)
    assert books.match(NEXT)["outcome"] == "agreed"
    third, fourth = NEXT + ONE_DAY, NEXT + 2 * ONE_DAY
    asked_at = NOON + timedelta(days=2)
    refund = refund_of(books, order, asked_at)
    refund = books.town.commit(refunds.instruct(refund, "wx-1", asked_at))
    books.provider.refunded(refund.refund_id, order.order_id, 90000, asked_at)
    books.end(third)
    assert books.match(third)["outcome"] == "agreed"
    assert day(third).totals.refunds_between_fen == 90000
    paid = refunds.succeed(refund, books.town.card(order.card_id), "wx-1", 90000, asked_at + ONE_DAY)
    books.town.commit(paid)
    books.end(fourth)
    assert books.match(fourth)["outcome"] == "agreed"
    assert day(fourth).totals.bank_closing_fen == 0
    assert day(fourth).totals.ledger_custody_fen == 0


def test_a_refund_whose_acceptance_we_learnt_a_day_late_is_the_bills_day_alone(books: Books) -> None:
    order = two_days(books)
    books.match(NEXT)
    third, fourth = NEXT + ONE_DAY, NEXT + 2 * ONE_DAY
    asked_at = NOON + timedelta(days=2)
    refund = refund_of(books, order, asked_at)
    assert refund.state is RefundState.IN_TRANSIT
    books.provider.refunded(refund.refund_id, order.order_id, 90000, asked_at)
    books.end(third)
    assert books.match(third)["outcome"] == "agreed"
    late = asked_at + ONE_DAY
    told = books.town.commit(refunds.instruct(refund, "wx-1", late))
    books.town.commit(refunds.succeed(told, books.town.card(order.card_id), "wx-1", 90000, late))
    books.end(fourth)
    assert books.match(fourth)["outcome"] == "agreed"


def test_the_schedule_takes_up_every_day_after_the_last_agreed_one(books: Books) -> None:
    two_days(books)
    now = MORNING + 3 * ONE_DAY
    days = reconciliation.days_to_match(None, now)
    assert days == [NEXT, NEXT + ONE_DAY, NEXT + 2 * ONE_DAY]
    assert reconciliation.days_to_match(now.date(), now) == []


def test_many_differences_are_kept_in_several_transactions(books: Books) -> None:
    books.end(DAY)
    books.provider.bills[DAY] = [BillLine("payment", f"ord_{number:03d}", None, "tx", 100, NOON) for number in range(45)]
    books.match(DAY)
    assert len(books.open(DAY)) == 45
    books.provider.bills[DAY] = []
    assert books.match(DAY)["outcome"] == "agreed"


def test_an_order_with_another_date_at_the_provider_is_not_taken_for_a_match(books: Books) -> None:
    order = books.buy("one")
    wrong = replace(order, provider_date=DAY - ONE_DAY, version=order.version + 1)
    books.town.commit(Decision(wrong, (change(order, wrong),)))
    books.end(DAY)
    books.match(DAY)
    assert ("provider_only", order.order_id, 0, 100000) in books.open(DAY)
