"""A refund's money under way at the provider: one number, and a no that counts only when nothing can have been taken."""
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.refund import NEVER_TAKEN_AFTER, Cause, Refund, RefundState
from chalicelib.domain.refusals import Refusal
from chalicelib.gateways.outcomes import NotFound, Refused, Unknown
from chalicelib.gateways.wechat_pay import RefundStatus
from chalicelib.operations import refunds
from chalicelib.store import reads
from tests.jobs.town import NOON, Town

NO = Refused("INVALID_REQUEST", "no")
LATER = NOON + NEVER_TAKEN_AFTER + timedelta(seconds=1)


@dataclass
class Script:
    """A provider that answers as it is told; `sent` holds the number and fen of each refund it was asked for."""

    to_refund: list[Any]
    to_query: Any = field(default_factory=NotFound)
    sent: list[tuple[str, int]] = field(default_factory=list)

    def refund(self, refund_no: str, order_no: str, fen: int, total_fen: int, reason: str, notify_url: str) -> Any:
        self.sent.append((refund_no, fen))
        said = self.to_refund.pop(0)
        return said(refund_no, fen) if callable(said) else said

    def query_refund(self, refund_no: str) -> Any:
        return self.to_query


def taken(refund_no: str, fen: int) -> RefundStatus:
    return RefundStatus(refund_no, f"wx-{refund_no}", "processing", fen, None)


def asked(town: Town, script: Any) -> Refund:
    merchant = town.merchant()
    card_id = town.buy(merchant, "A" * 26).card_id
    done = refunds.request(card_id, town.card(card_id).holder_id, Cause.NEUTRAL, True, "key-00000001", NOON, script)
    return done.answer


def pursued(town: Town, refund: Refund, script: Any, at: Any) -> Refund:
    return refunds.pursue(refund.card_id, refund.refund_id, at, script)


def test_a_no_after_a_lost_answer_does_not_put_the_money_back_on_the_card(town: Town) -> None:
    script = Script([Unknown("lost"), NO])
    refund = asked(town, script)
    again = pursued(town, refund, script, NOON + timedelta(minutes=2))
    assert again.state is RefundState.IN_TRANSIT
    assert town.card(refund.card_id).escrow_fen == 0


def test_a_number_that_the_provider_knows_is_not_sent_again(town: Town) -> None:
    script = Script([Unknown("lost")])
    refund = asked(town, script)
    script.to_query = taken(refund.refund_id, 100_000)
    assert pursued(town, refund, script, LATER).state is RefundState.INSTRUCTED
    assert len(script.sent) == 1


def test_nothing_is_sent_again_while_the_provider_does_not_say_whether_it_knows(town: Town) -> None:
    script = Script([Unknown("lost")], to_query=Unknown("lost"))
    refund = asked(town, script)
    assert pursued(town, refund, script, LATER).state is RefundState.IN_TRANSIT
    assert len(script.sent) == 1


def test_a_no_to_the_very_first_submission_gives_the_card_its_money_back_at_once(town: Town) -> None:
    refund = asked(town, Script([NO]))
    assert refund.state is RefundState.REJECTED
    assert town.card(refund.card_id).escrow_fen == 100_000


def test_an_old_request_that_is_sent_for_the_first_time_today_is_still_under_way_after_a_lost_answer(town: Town) -> None:
    """What counts is when the provider was told last, not when the consumer asked."""
    script = Script([Unknown("lost"), Unknown("lost again"), NO])
    refund = asked(town, script)
    pursued(town, refund, script, NOON + timedelta(days=3))
    again = pursued(town, refund, script, NOON + timedelta(days=3, seconds=5))
    assert again.state is RefundState.IN_TRANSIT
    assert town.card(refund.card_id).escrow_fen == 0


def test_a_no_long_after_the_last_unknown_about_a_number_nobody_knows_gives_the_card_its_money_back(town: Town) -> None:
    script = Script([Unknown("lost"), NO])
    refund = asked(town, script)
    rejected = pursued(town, refund, script, LATER)
    assert rejected.state is RefundState.REJECTED
    card = town.card(refund.card_id)
    assert (card.state, card.escrow_fen) == ("active", 100_000)


def test_an_accepted_refund_that_the_provider_forgot_is_sent_again_under_the_same_number(town: Town) -> None:
    script = Script([taken, taken])
    refund = asked(town, script)
    assert refund.state is RefundState.INSTRUCTED
    pursued(town, refund, script, LATER)
    assert script.sent == [(refund.refund_id, 100_000)] * 2


def test_too_often_and_no_funds_are_asked_again_and_never_reject(town: Town) -> None:
    busy: list[Callable[..., Any] | Refused] = [Refused("FREQUENCY_LIMITED", ""), Refused("NOT_ENOUGH", ""), taken]
    script = Script(list(busy))
    refund = asked(town, script)
    for minutes in (20, 40):
        refund = pursued(town, refund, script, NOON + timedelta(minutes=minutes))
    assert refund.state is RefundState.INSTRUCTED


def test_what_was_used_after_paying_for_this_card_was_not_known_before(town: Town) -> None:
    """法释〔2025〕4号 Art. 14: only what was consumed before the payment takes the cooling-off right away."""
    merchant = town.merchant()
    used = town.buy(merchant, "used").card_id
    fresh = town.buy(merchant, "fresh", at=NOON + timedelta(minutes=1)).card_id
    town.redeem(used, "one", 13_000, at=NOON + timedelta(minutes=2))
    later = town.buy(merchant, "later", at=NOON + timedelta(minutes=3)).card_id
    holder = town.card(fresh).holder_id
    assert refunds.quote(fresh, holder, Cause.NEUTRAL, True, LATER).rule == "R1"
    with pytest.raises(Refusal, match="cooling_off_over"):
        refunds.quote(later, holder, Cause.NEUTRAL, True, LATER)


@dataclass
class Slow(Script):
    """While the first submission waits for its answer, a second request loads, tells, and is refused."""

    meanwhile: Callable[[], Any] | None = None

    def refund(self, refund_no: str, order_no: str, fen: int, total_fen: int, reason: str, notify_url: str) -> Any:
        if self.meanwhile is not None:
            begin, self.meanwhile = self.meanwhile, None
            begin()
        return super().refund(refund_no, order_no, fen, total_fen, reason, notify_url)


def test_of_two_that_tell_the_provider_at_once_the_second_does_not_believe_a_no(town: Town) -> None:
    """The second has loaded the refund before the first wrote down that it tells: what counts is the row its own write meets."""
    script = Slow([NO, Unknown("lost")])
    merchant = town.merchant()
    card_id = town.buy(merchant, "A").card_id
    loaded: list[Refund] = []

    def second() -> None:
        """As it was loaded before the first submission."""
        refund_id = next(number for number in _refund_ids(card_id))
        present = reads.get(Refund, card_id, refund_id)
        assert present is not None
        stale = replace(present, submissions=0, submitted_at=None)
        loaded.append(refunds._send(stale, script, NOON + timedelta(seconds=1)))  # type: ignore[arg-type]

    script.meanwhile = second
    refunds.request(card_id, town.card(card_id).holder_id, Cause.NEUTRAL, True, "key-00000001", NOON, script)
    assert loaded[0].state is RefundState.IN_TRANSIT
    assert town.card(card_id).escrow_fen == 0


def _refund_ids(card_id: str) -> list[str]:
    return [refund.refund_id for refund in reads.owned(Refund, card_id, "ref_")]
