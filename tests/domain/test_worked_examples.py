"""Worked examples by hand: who ends with how much, in fen, after each step."""

from datetime import datetime

import pytest

from chalicelib.domain import order as orders
from chalicelib.domain import redemption as redemptions
from chalicelib.domain import refund as refunds
from chalicelib.domain.card import CardState
from chalicelib.domain.refund import Cause, RefundState
from tests.domain.town import CONSUMER, EAST_8, OWNER, Town, asked, code_of, payment


@pytest.fixture
def town() -> Town:
    return Town()


def test_a_paid_card_has_1300_to_spend_and_1000_in_custody(town: Town) -> None:
    town.buy()
    assert town.money() == {"face": 130000, "custody": 100000, "card": 100000, "payable": 0, "in_transit": 0}


def test_a_redemption_of_130_releases_100_to_the_merchant_only_when_the_consumer_confirms(town: Town) -> None:
    town.buy()
    hold = town.hold(13000)
    assert town.money() == {"face": 130000, "custody": 100000, "card": 100000, "payable": 0, "in_transit": 0}
    assert town.card().available_fen == 117000
    posted = town.answer(redemptions.confirm, hold)
    assert town.money() == {
        "face": 117000,
        "custody": 100000,
        "card": 90000,
        "payable": 10000,
        "in_transit": 0,
    }
    assert (posted.amount_fen, posted.face_after_fen, posted.escrow_after_fen) == (10000, 117000, 90000)


def test_the_r8_example_releases_25_64_three_times_and_then_the_rest(town: Town) -> None:
    town.buy()
    released = [town.use(face).amount_fen for face in (3333, 3333, 3334, 120000)]
    assert released == [2564, 2564, 2564, 92308]
    assert town.money() == {"face": 0, "custody": 100000, "card": 0, "payable": 100000, "in_transit": 0}


def test_two_holds_release_by_the_order_of_consent_not_of_asking(town: Town) -> None:
    town.buy()
    first, second = town.hold(3333), town.hold(3334)
    assert town.answer(redemptions.confirm, second).amount_fen == 2565
    assert town.answer(redemptions.confirm, first).amount_fen == 2563
    assert town.money()["payable"] == 5128


@pytest.mark.parametrize(
    "verb, who", [(redemptions.decline, CONSUMER.principal_id), (redemptions.cancel, OWNER)]
)
def test_a_hold_that_is_declined_or_cancelled_gives_back_its_face_and_moves_no_fen(
    town: Town, verb: object, who: object
) -> None:
    town.buy()
    town.answer(verb, town.hold(13000), who)
    assert town.money() == {"face": 130000, "custody": 100000, "card": 100000, "payable": 0, "in_transit": 0}
    assert (town.card().available_fen, town.card().held_fen, town.card().holds) == (130000, 0, 0)


def test_the_whole_balance_can_be_used_at_once_and_the_next_fen_is_refused(town: Town) -> None:
    town.buy()
    assert town.use(130000).amount_fen == 100000
    assert code_of(lambda: town.hold(1)) == "insufficient_balance"


def test_an_unpaid_order_leaves_no_money_and_no_card(town: Town) -> None:
    town.place()
    town.do(orders.close(town.order(), town.now))
    assert town.card() is None


def test_a_payment_that_comes_after_the_order_was_closed_is_credited_all_the_same(town: Town) -> None:
    town.place()
    town.do(orders.close(town.order(), town.now))
    town.later(hours=2)
    paid = town.pay()
    assert (paid.state, paid.transfer.amount_fen) == ("paid", 100000)
    assert town.money() == {"face": 130000, "custody": 100000, "card": 100000, "payable": 0, "in_transit": 0}
    assert orders.close(town.order(), town.now).replayed


def test_a_payment_at_one_second_to_midnight_that_is_credited_after_it_has_the_providers_date_and_ours(
    town: Town,
) -> None:
    town.place()
    paid_at = datetime(2026, 3, 3, 23, 59, 59, tzinfo=EAST_8)
    now = datetime(2026, 3, 4, 0, 0, 1, tzinfo=EAST_8)
    paid = town.do(orders.credit(town.order(), payment(town.order(), paid_at), now))
    assert (paid.provider_date.isoformat(), paid.business_date.isoformat()) == ("2026-03-03", "2026-03-04")
    assert paid.transfer.business_date.isoformat() == "2026-03-04"


def test_a_refund_by_the_merchants_cause_gives_back_all_that_is_in_escrow(town: Town) -> None:
    town.buy()
    town.use(52000)
    town.later(days=8)
    refund = town.ask_refund("ref_1_a", Cause.MERCHANT)
    assert (refund.state, refund.amount_fen, refund.release_fen) == (RefundState.REQUESTED, 60000, 0)
    assert town.money() == {
        "face": 78000,
        "custody": 100000,
        "card": 60000,
        "payable": 40000,
        "in_transit": 0,
    }
    town.do(refunds.agree(*town.refund("ref_1_a"), town.now))
    assert town.money() == {
        "face": 78000,
        "custody": 100000,
        "card": 0,
        "payable": 40000,
        "in_transit": 60000,
    }
    town.do(refunds.instruct(town.refund("ref_1_a")[0], "wx-9", town.now))
    assert town.money()["in_transit"] == 60000
    town.do(refunds.succeed(*town.refund("ref_1_a"), "wx-9", 60000, town.now))
    assert town.money() == {"face": 0, "custody": 40000, "card": 0, "payable": 40000, "in_transit": 0}
    assert town.card().state is CardState.CLOSED


def test_a_refund_by_the_consumers_cause_gives_480_back_and_120_more_to_the_merchant(town: Town) -> None:
    town.buy()
    town.use(52000)
    town.later(days=8)
    refund = town.ask_refund("ref_1_a", Cause.CONSUMER)
    assert (refund.amount_fen, refund.release_fen) == (48000, 12000)
    town.do(refunds.agree(*town.refund("ref_1_a"), town.now))
    assert town.money() == {
        "face": 78000,
        "custody": 100000,
        "card": 12000,
        "payable": 40000,
        "in_transit": 48000,
    }
    town.do(refunds.succeed(*town.refund("ref_1_a"), "wx-9", 48000, town.now))
    assert town.money() == {"face": 0, "custody": 52000, "card": 0, "payable": 52000, "in_transit": 0}


def test_a_refund_that_leaves_the_consumer_nothing_closes_the_card_and_the_rest_is_the_merchants(
    town: Town,
) -> None:
    town.buy()
    town.use(117000)
    town.later(days=8)
    refund = town.ask_refund("ref_1_a", Cause.CONSUMER)
    assert (refund.amount_fen, refund.release_fen) == (0, 10000)
    ended = town.do(refunds.agree(*town.refund("ref_1_a"), town.now))
    assert ended.state is RefundState.SUCCEEDED
    assert town.money() == {"face": 0, "custody": 100000, "card": 0, "payable": 100000, "in_transit": 0}


def test_a_refund_that_the_provider_refuses_puts_the_money_back_on_a_card_that_works_again(
    town: Town,
) -> None:
    town.buy()
    town.use(52000)
    town.later(days=8)
    town.ask_refund("ref_1_a", Cause.CONSUMER)
    town.do(refunds.agree(*town.refund("ref_1_a"), town.now))
    town.do(refunds.reject(*town.refund("ref_1_a"), "CLOSED", town.now))
    assert town.money() == {
        "face": 78000,
        "custody": 100000,
        "card": 60000,
        "payable": 40000,
        "in_transit": 0,
    }
    assert town.use(13000).amount_fen == 10000
    again = town.ask_refund("ref_1_b", Cause.NEUTRAL)
    assert again.amount_fen == 50000
    town.do(refunds.agree(*town.refund("ref_1_b"), town.now))
    town.do(refunds.succeed(*town.refund("ref_1_b"), "wx-10", 50000, town.now))
    assert town.money() == {"face": 0, "custody": 50000, "card": 0, "payable": 50000, "in_transit": 0}


def test_a_refund_within_the_cooling_off_days_moves_at_once_without_the_merchant(town: Town) -> None:
    town.buy()
    town.use(13000)
    refund = town.ask_refund("ref_1_a", Cause.CONSUMER, no_reason=True)
    assert (refund.state, refund.rule, refund.amount_fen) == (RefundState.IN_TRANSIT, "R1", 90000)
    assert town.money() == {
        "face": 117000,
        "custody": 100000,
        "card": 0,
        "payable": 10000,
        "in_transit": 90000,
    }


def test_a_request_from_ningbo_of_3_march_is_due_on_8_march(town: Town) -> None:
    town.buy()
    assert town.quote(Cause.NEUTRAL).due_on.isoformat() == "2026-03-08"


@pytest.mark.parametrize(
    "after, refusal",
    [
        ({"days": 7, "hours": 11, "minutes": 59, "seconds": 59}, ""),
        ({"days": 7, "hours": 12}, "cooling_off_over"),
    ],
    ids=["day 7 at 23:59:59", "day 8 at 00:00:00"],
)
def test_the_day_of_payment_is_not_counted_and_day_seven_ends_at_midnight(
    town: Town, after: dict[str, float], refusal: str
) -> None:
    town.buy()
    town.later(**after)
    assert code_of(lambda: town.quote(Cause.CONSUMER, no_reason=True)) == refusal


def test_who_knew_the_service_before_has_no_cooling_off_but_may_agree_with_the_merchant(town: Town) -> None:
    """Vector D1, matrix row 20."""
    town.buy()
    assert (
        code_of(lambda: town.quote(Cause.CONSUMER, no_reason=True, consumed_before=True))
        == "cooling_off_over"
    )
    quoted = town.quote(Cause.CONSUMER, consumed_before=True)
    assert (quoted.rule, quoted.refund_fen, quoted.automatic) == ("R3", 100000, False)


@pytest.mark.parametrize("days", [0, 8])
def test_a_quote_says_its_sum_line_by_line(town: Town, days: int) -> None:
    town.buy()
    town.use(52000)
    town.later(days=days)
    for cause in Cause:
        quoted = town.quote(cause)
        assert quoted.rule == ("R1" if days == 0 else {"consumer": "R3"}.get(cause, "R2"))
        paid, used, left = (line.amount_fen for line in quoted.lines)
        assert (paid + used, left) == (left, quoted.refund_fen)
        assert quoted.refund_fen + quoted.release_fen == town.card().escrow_fen
        assert all(line.article and line.text and line.text_en for line in quoted.lines)


@pytest.mark.parametrize("no_reason", [True, False])
@pytest.mark.parametrize("cause", list(Cause))
def test_within_the_cooling_off_days_the_rule_that_is_best_for_the_consumer_wins(
    town: Town, cause: Cause, no_reason: bool
) -> None:
    """R1: "best rule for the consumer among applicable ones wins"; matrix row 1 says "any cause" on day 3."""
    town.buy()
    town.use(13000)
    town.later(days=5)
    quoted = town.quote(cause, no_reason=no_reason)
    assert (quoted.rule, quoted.refund_fen, quoted.automatic) == ("R1", 90000, True)
    refund = town.ask_refund("ref_1_a", cause, no_reason=no_reason)
    assert (refund.state, refund.rule, refund.cause) == (RefundState.IN_TRANSIT, "R1", cause)


@pytest.mark.parametrize(
    "cause, rule, refund_fen",
    [(Cause.CONSUMER, "R3", 87000), (Cause.MERCHANT, "R2", 90000), (Cause.NEUTRAL, "R2", 90000)],
)
@pytest.mark.parametrize("before", [True, False], ids=["known before", "day 8"])
def test_after_the_cooling_off_days_or_with_the_service_known_before_the_cause_decides(
    town: Town, cause: Cause, rule: str, refund_fen: int, before: bool
) -> None:
    town.buy()
    town.use(13000)
    if not before:
        town.later(days=7)
        assert town.quote(cause).rule == "R1"
        town.later(days=1)
    quoted = town.quote(cause, consumed_before=before)
    assert (quoted.rule, quoted.refund_fen, quoted.automatic) == (rule, refund_fen, False)
    refund = town.ask_refund("ref_1_a", cause, consumed_before=before)
    assert (refund.state, refund.rule) == (RefundState.REQUESTED, rule)


def test_priced_at_list_what_was_used_in_the_cooling_off_days_costs_its_face(town: Town) -> None:
    """cooling_used_pricing = "list": 130 used, 870 back, and the 30 between go to the merchant with the proof."""
    town.pricing = "list"
    town.buy()
    town.use(13000)
    town.later(days=3)
    refund = town.ask_refund("ref_1_a", Cause.NEUTRAL)
    assert (refund.state, refund.rule) == (RefundState.IN_TRANSIT, "R1")
    assert town.money() == {
        "face": 117000,
        "custody": 100000,
        "card": 3000,
        "payable": 10000,
        "in_transit": 87000,
    }
    town.do(refunds.succeed(*town.refund("ref_1_a"), "wx-9", 87000, town.now))
    assert town.money() == {"face": 0, "custody": 13000, "card": 0, "payable": 13000, "in_transit": 0}


def test_priced_at_list_a_card_used_for_more_than_was_paid_ends_at_once_with_nothing_back(town: Town) -> None:
    town.pricing = "list"
    town.buy()
    town.use(117000)
    refund = town.ask_refund("ref_1_a", Cause.CONSUMER, no_reason=True)
    assert (refund.state, refund.amount_fen, refund.resolved_at) == (RefundState.SUCCEEDED, 0, town.now)
    assert town.card().state is CardState.CLOSED
    assert town.money() == {"face": 0, "custody": 100000, "card": 0, "payable": 100000, "in_transit": 0}


def test_a_consumer_who_takes_the_request_back_has_the_card_as_it_was_and_may_ask_again(town: Town) -> None:
    town.buy()
    town.use(52000)
    town.later(days=8)
    before = {"face": 78000, "custody": 100000, "card": 60000, "payable": 40000, "in_transit": 0}
    town.ask_refund("ref_1_a", Cause.CONSUMER)
    assert (town.money(), town.card().state) == (before, CardState.REFUNDING)
    assert code_of(lambda: town.hold(13000)) == "card_refunding"
    withdrawn = town.do(refunds.withdraw(*town.refund("ref_1_a"), town.now))
    assert (withdrawn.state, withdrawn.resolved_at) == (RefundState.WITHDRAWN, town.now)
    assert (town.money(), town.card().state) == (before, CardState.ACTIVE)
    assert town.use(13000).amount_fen == 10000
    assert code_of(lambda: town.do(refunds.agree(*town.refund("ref_1_a"), town.now))) == "refund_withdrawn"
    again = town.ask_refund("ref_1_b", Cause.MERCHANT)
    assert (again.state, again.amount_fen) == (RefundState.REQUESTED, 50000)


def test_a_late_repetition_of_a_withdrawal_does_not_unlock_the_card_for_the_next_refund(town: Town) -> None:
    town.buy()
    town.later(days=8)
    town.ask_refund("ref_1_a", Cause.NEUTRAL)
    town.do(refunds.withdraw(*town.refund("ref_1_a"), town.now))
    town.ask_refund("ref_1_b", Cause.NEUTRAL)
    before = town.rows.image()
    assert refunds.withdraw(*town.refund("ref_1_a"), town.now).replayed
    assert (town.rows.image(), town.card().state) == (before, CardState.REFUNDING)


@pytest.mark.parametrize("first", ["agree", "withdraw"])
def test_of_a_consent_and_a_withdrawal_at_once_only_one_counts(town: Town, first: str) -> None:
    town.buy()
    town.later(days=8)
    town.ask_refund("ref_1_a", Cause.NEUTRAL)
    refund, card = town.refund("ref_1_a")
    decided = {verb: getattr(refunds, verb)(refund, card, town.now) for verb in ("agree", "withdraw")}
    town.do(decided.pop(first))
    before = town.rows.image()
    assert code_of(lambda: town.do(decided.popitem()[1])) == "contention"
    assert town.rows.image() == before


@pytest.mark.parametrize("days", [0, 8], ids=["automatic", "by agreement"])
def test_a_quote_of_yesterdays_card_cannot_be_asked_for_today(town: Town, days: int) -> None:
    """A quote is of one state of the card. An old one would promise more than there is and lock the card for ever."""
    card = town.buy()
    town.later(days=days)
    old = town.quote(Cause.NEUTRAL)
    town.use(13000)
    ask = asked("ref_1_a", card.card_id, Cause.NEUTRAL, town.now)
    with pytest.raises((AssertionError, refunds.Conflict)):
        refunds.request(town.card(), "ord_1", None, ask, old, town.now)


def test_a_closed_card_has_nothing_available(town: Town) -> None:
    town.buy()
    town.use(13000)
    town.ask_refund("ref_1_a", Cause.CONSUMER, no_reason=True)
    assert (town.card().face_fen, town.card().available_fen) == (117000, 117000)
    town.do(refunds.succeed(*town.refund("ref_1_a"), "wx-9", 90000, town.now))
    assert (town.card().face_fen, town.card().available_fen, town.card().escrow_fen) == (0, 0, 0)
    assert code_of(lambda: town.hold(1)) == "card_closed"
