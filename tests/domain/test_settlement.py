"""Folds and payouts with plain values: who is owed how much, and who ends with how much."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import chart, merkle, payout, settlement
from chalicelib.domain.payout import TRANSITIONS, Payout, PayoutEvent, PayoutState
from chalicelib.domain.refusals import Conflict
from chalicelib.domain.settlement import FoldOutcome, MerchantDay, Payable, Posting
from chalicelib.domain.transfer import GENESIS, Kind, Transfer
from tests.domain.town import MERCHANT, NOON, code_of

DAY = date(2026, 3, 3)
NEXT = DAY + timedelta(days=1)
NIGHT = NOON + timedelta(hours=15)


def posting(own: str, kind: Kind, fen: int, face: int = 0, bonus: int = 0, day: date = DAY) -> Posting:
    at = datetime.combine(day, NOON.timetz())
    moved = Transfer(own, kind, "a", "b", fen, face, day, at, 1, GENESIS)
    return Posting(moved, moved.hash, bonus)


SALE = posting("ord_1", Kind.PURCHASE, 100000, bonus=30000)
USE = posting("red_1", Kind.REDEMPTION, 10000, face=13000)


def folded(
    entries: list[Posting], payable: Payable | None = None, day: date = DAY
) -> tuple[MerchantDay, Payable]:
    decision = settlement.fold("mch_1", day, entries, payable, None, NIGHT)
    return decision.puts[0].value, decision.puts[1].value


def owed(fen: int = 10000) -> Payable:
    return Payable("mch_1", accrued_fen=fen, folded_through=DAY)


def decided(payable: Payable | None = None) -> tuple[Payout, Payable]:
    made = payout.decide(MERCHANT, payable or owed(), None, DAY, "pay_1", NIGHT)
    return made.puts[0].value, made.puts[1].value


def told(before: Payout, *steps: Any) -> Payout:
    for step in steps:
        before = step(before).answer
    return before


def submitted(before: Payout) -> Any:
    return payout.submit(before, NIGHT)


def test_a_card_of_1000_with_130_used_owes_the_merchant_100_and_keeps_900() -> None:
    day, payable = folded([SALE, USE])
    assert (day.escrow_fen, day.accrued_fen, day.opening_escrow_fen) == (90000, 10000, 0)
    assert (day.purchases, day.bonus_fen, day.max_card_fen, day.deepest_discount_bp) == (
        1,
        30000,
        100000,
        2307,
    )
    assert payable.payable_fen == 10000
    assert payable.folded_through == DAY


def test_a_refund_leaves_the_cards_and_waits_until_it_is_paid() -> None:
    _, payable = folded([SALE, USE])
    day, payable = folded([posting("ref_1", Kind.REFUND, 90000, day=NEXT)], payable, NEXT)
    assert (day.escrow_fen, day.refunds_open_fen, payable.payable_fen) == (0, 90000, 10000)
    third = NEXT + timedelta(days=1)
    day, payable = folded([posting("ref_1.paid", Kind.REFUND_PAID, 90000, day=third)], payable, third)
    assert (day.escrow_fen, day.refunds_open_fen, day.opening_escrow_fen) == (0, 0, 0)


def test_a_refund_that_came_back_is_the_cards_again() -> None:
    day, _ = folded(
        [SALE, posting("r", Kind.REFUND, 90000), posting("r.returned", Kind.REFUND_RETURNED, 90000)]
    )
    assert (day.escrow_fen, day.refunds_open_fen) == (100000, 0)


def test_the_same_day_again_is_a_repetition_and_writes_nothing() -> None:
    day, payable = folded([SALE, USE])
    again = settlement.fold("mch_1", DAY, [USE, SALE], payable, day, NIGHT + timedelta(hours=1))
    assert again.answer.outcome is FoldOutcome.REPEATED
    assert again.puts == ()


@pytest.mark.parametrize("entries", [[SALE], [SALE, USE, posting("late", Kind.REDEMPTION, 1, 1)], []])
def test_a_folded_day_that_is_not_the_same_any_more_is_named_and_not_touched(entries: list[Posting]) -> None:
    day, payable = folded([SALE, USE])
    again = settlement.fold("mch_1", DAY, entries, payable, day, NIGHT)
    assert again.answer.outcome is FoldOutcome.LATE_ENTRIES
    assert again.puts == ()


def test_an_altered_transfer_is_refused() -> None:
    altered = replace(USE, hash="0" * 64)
    assert code_of(lambda: settlement.fold("mch_1", DAY, [altered], None, None, NIGHT)) == "transfer_altered"


def test_days_are_folded_one_after_the_other() -> None:
    _, payable = folded([SALE])
    assert settlement.next_day(None, DAY, NEXT) == DAY
    assert settlement.next_day(payable, DAY, NEXT + timedelta(days=3)) == NEXT
    assert settlement.next_day(payable, DAY, DAY) == DAY
    with pytest.raises(AssertionError):
        folded([], payable, NEXT + timedelta(days=1))


@given(
    st.lists(
        st.tuples(st.sampled_from([Kind.PURCHASE, Kind.REDEMPTION, Kind.RELEASE]), st.integers(1, 10**6)),
        max_size=20,
    ),
    st.randoms(),
)
def test_sums_are_kept_and_the_order_of_entries_makes_no_difference(
    moves: list[tuple[Kind, int]], random: Any
) -> None:
    opening = MerchantDay("mch_1", DAY, NIGHT, merkle.EMPTY, escrow_fen=10**9)
    entries = [posting(f"t{number}", kind, fen, face=1) for number, (kind, fen) in enumerate(moves)]
    shuffled = list(entries)
    random.shuffle(shuffled)
    day = settlement.summed(entries, opening)
    assert settlement.summed(shuffled, opening) == day
    assert day.escrow_fen + day.accrued_fen + day.refunds_open_fen == 10**9 + day.purchase_fen
    assert day.opening_escrow_fen == 10**9


def test_a_seal_covers_every_merchant_and_says_when_a_day_has_changed() -> None:
    day, _ = folded([SALE, USE])
    other = replace(day, merchant_id="mch_2", root=merkle.EMPTY, transfers=0)
    sealed = settlement.seal(DAY, [day, other], None, NIGHT).answer
    assert (sealed.merchants, sealed.transfers) == (2, 2)
    assert settlement.seal(DAY, [other, day], sealed, NIGHT + timedelta(days=1)).replayed
    with pytest.raises(Conflict, match="seal_differs"):
        settlement.seal(DAY, [day], sealed, NIGHT)


def test_a_payout_takes_all_that_is_payable_and_names_the_account_of_that_moment() -> None:
    made, payable = decided()
    assert (made.amount_fen, made.payee_name, made.payee_account) == (
        10000,
        MERCHANT.account_name,
        MERCHANT.account_number,
    )
    assert (payable.payable_fen, payable.in_transit_fen) == (0, 10000)
    assert made.moves == ((chart.payable("mch_1"), chart.PAYOUT_IN_TRANSIT, 10000),)


def test_nothing_payable_means_no_payout_and_a_decided_one_is_never_decided_twice() -> None:
    assert payout.decide(MERCHANT, owed(0), None, DAY, "pay_1", NIGHT).answer is None
    assert payout.decide(MERCHANT, None, None, DAY, "pay_1", NIGHT).answer is None
    made, payable = decided()
    assert payout.decide(MERCHANT, replace(payable, accrued_fen=50000), made, DAY, "pay_1", NIGHT).replayed


def test_posting_pays_out_once() -> None:
    made, payable = decided()
    done = payout.post(told(made, submitted, payout.accept), payable, NEXT, NIGHT)
    after = done.puts[1].value
    assert (done.answer.bank_date, after.in_transit_fen, after.paid_out_fen, after.payable_fen) == (
        NEXT,
        0,
        10000,
        0,
    )
    assert done.answer.moves[-1] == (chart.PAYOUT_IN_TRANSIT, chart.CUSTODY, 10000)
    assert payout.post(done.answer, after, NEXT, NIGHT).replayed


def test_voiding_gives_the_money_back_and_neither_end_leads_to_the_other() -> None:
    made, payable = decided()
    voided = payout.void(made, payable, "closed", NIGHT)
    assert voided.puts[1].value.payable_fen == 10000
    assert code_of(lambda: payout.post(voided.answer, voided.puts[1].value, NEXT, NIGHT)) == "payout_voided"
    posted = payout.post(made, payable, NEXT, NIGHT)
    assert code_of(lambda: payout.void(posted.answer, posted.puts[1].value, "x", NIGHT)) == "payout_posted"


def test_only_a_first_refusal_voids_at_once() -> None:
    made, payable = decided()
    assert payout.refuse(told(made, submitted), payable, "no", NIGHT).answer.state is PayoutState.VOIDED
    second = payout.refuse(told(made, submitted, submitted), payable, "no", NIGHT).answer
    assert (second.state, second.refusal) == (PayoutState.DECIDED, "no")
    assert payout.never_seen(second, payable, NIGHT + timedelta(minutes=14)).answer.open
    assert (
        payout.never_seen(second, payable, NIGHT + timedelta(minutes=15)).answer.state is PayoutState.VOIDED
    )


def test_a_number_the_bank_does_not_know_is_no_end_without_a_refusal() -> None:
    made, payable = decided()
    unknown = told(made, submitted)
    assert payout.never_seen(unknown, payable, NIGHT + timedelta(days=9)).answer is unknown


def test_every_edge_that_is_not_in_the_table_is_refused_or_repeats() -> None:
    made, payable = decided()
    ends = {
        PayoutEvent.POST: payout.post(made, payable, NEXT, NIGHT),
        PayoutEvent.VOID: payout.void(made, payable, "x", NIGHT),
    }
    for event, done in ends.items():
        assert TRANSITIONS[PayoutState.DECIDED, event] is done.answer.state
        assert payout.submit(done.answer, NIGHT).replayed
        assert payout.accept(done.answer).replayed
    assert {state for state, _ in TRANSITIONS} == {PayoutState.DECIDED, PayoutState.INSTRUCTED}
