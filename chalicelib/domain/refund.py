"""Refunds of a stored-value card: a quote computed by law, then money back along the way it came.

With P paid, B given on top, U face value used (法释〔2025〕4号, with the rule numbers of the rule book):

    R1  Art. 14      within the cooling-off days, nothing consumed here before: P less the discounted price of what was used
    R2  Art. 18(2)   not the consumer's cause: P - P*U/(P+B), which is exactly what is in escrow
    R3  Art. 19, 20  the consumer's cause: max(0, P - U); the difference to escrow is released to the merchant

Refund states:

    requested -> in_transit -> instructed -> succeeded
        \\_ withdrawn        \\_____________\\___ rejected (the provider's definitive no: money back on the card)

Automatic ones start `in_transit`; one that gives nothing back goes from `requested` to `succeeded`.

`in_transit` is the recovery point: card -> refund_in_transit is posted and the external number (the refund's own id) is
committed before the provider is asked. Unknown stays where it is; no timer turns unknown into failed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain import chart
from chalicelib.domain.business_day import business_date
from chalicelib.domain.card import Card, CardState
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.refusals import Conflict, Unprocessable, absent, key_reused
from chalicelib.domain.state import move
from chalicelib.domain.transfer import Kind, Transfer


class Cause(StrEnum):
    MERCHANT = "merchant"
    NEUTRAL = "neutral"
    CONSUMER = "consumer"


class RefundState(StrEnum):
    REQUESTED = "requested"
    IN_TRANSIT = "in_transit"
    INSTRUCTED = "instructed"
    SUCCEEDED = "succeeded"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class RefundEvent(StrEnum):
    AGREE = "agree"
    INSTRUCT = "instruct"
    SUCCEED = "succeed"
    REJECT = "reject"
    WITHDRAW = "withdraw"


TRANSITIONS: Mapping[tuple[RefundState, RefundEvent], RefundState] = {
    (RefundState.REQUESTED, RefundEvent.AGREE): RefundState.IN_TRANSIT,
    (RefundState.REQUESTED, RefundEvent.SUCCEED): RefundState.SUCCEEDED,
    (RefundState.REQUESTED, RefundEvent.WITHDRAW): RefundState.WITHDRAWN,
    (RefundState.IN_TRANSIT, RefundEvent.INSTRUCT): RefundState.INSTRUCTED,
    (RefundState.IN_TRANSIT, RefundEvent.SUCCEED): RefundState.SUCCEEDED,
    (RefundState.IN_TRANSIT, RefundEvent.REJECT): RefundState.REJECTED,
    (RefundState.INSTRUCTED, RefundEvent.SUCCEED): RefundState.SUCCEEDED,
    (RefundState.INSTRUCTED, RefundEvent.REJECT): RefundState.REJECTED,
}


@dataclass(frozen=True)
class Line:
    """One step of the computation, as it is shown: what, how much, and the article it rests on."""

    text: str
    text_en: str
    amount_fen: int
    article: str


@dataclass(frozen=True)
class Quote:
    """`refund_fen` goes to the consumer, `release_fen` to the merchant; together they are the card's escrow."""

    rule: str
    refund_fen: int
    release_fen: int
    automatic: bool
    lines: tuple[Line, ...]
    due_on: date
    due_article: str


@dataclass(frozen=True)
class Reason:
    """`consumed_before`: whether this consumer had used this merchant's service before paying (Art. 14 item 1)."""

    cause: Cause
    no_reason: bool
    consumed_before: bool


def quote(card: Card, reason: Reason, rules: Rules, now: datetime) -> Quote:
    """What the law gives back today, by the rule that is best for the consumer. The card is left alone.

    Within the cooling-off days no cause is asked for. Whether partial use ends that right is a rule of the district; how it is
    priced where it does not, the law leaves open: a parameter of the rules says it.
    """
    last_day = business_date(card.activated_at) + timedelta(days=rules.cooling_off_days)
    used = rules.cooling_off_unused_only and card.used_fen > 0
    if business_date(now) <= last_day and not reason.consumed_before and not used:
        at_list = rules.cooling_used_pricing == "list"
        refund_fen = max(0, card.paid_fen - card.used_fen) if at_list else card.escrow_fen
        return _quoted(card, "R1", refund_fen, True, rules.cooling_off_article, rules, now)
    if reason.no_reason:
        raise Unprocessable(
            "cooling_off_over",
            f"无理由退款期为付款后 {rules.cooling_off_days} 日，至 {last_day} 止，且此前未在该商户消费"
            f"{'、卡未使用' if used else ''}",
            f"the cooling-off time of {rules.cooling_off_days} days ended on {last_day}, or the service was known before paying"
            f"{', or the card has been used' if used else ''}",
            facts={"last_day": last_day.isoformat(), "consumed_before": reason.consumed_before, "used": used},
        )
    if reason.cause is Cause.CONSUMER:
        refund_fen = max(0, card.paid_fen - card.used_fen)
        return _quoted(card, "R3", refund_fen, False, "法释〔2025〕4号 第19、20条", rules, now)
    return _quoted(card, "R2", card.escrow_fen, False, "法释〔2025〕4号 第18条第2项", rules, now)


def _quoted(card: Card, rule: str, refund_fen: int, automatic: bool, article: str, rules: Rules, now: datetime) -> Quote:
    assert 0 <= refund_fen <= card.escrow_fen
    used_at_price = card.paid_fen - refund_fen
    cooling_off = rule == "R1"
    lines = (
        Line("已付本金", "principal paid", card.paid_fen, "法释〔2025〕4号 第15条"),
        Line("减：已使用部分的价款", "less the price of what was used", -used_at_price, article),
        Line("应退金额（赠送金额不折现）", "to be refunded (bonus is never cash)", refund_fen, article),
    )
    return Quote(
        rule=rule,
        refund_fen=refund_fen,
        release_fen=card.escrow_fen - refund_fen,
        automatic=automatic,
        lines=lines,
        due_on=business_date(now) + timedelta(days=rules.cooling_off_refund_due_days if cooling_off else rules.refund_due_days),
        due_article=rules.article("cooling_off_refund_due_days" if cooling_off else "refund_due_days"),
    )


@dataclass(frozen=True)
class Refund:
    """`provider_date`: the day on which the provider accepted it, by which its bill lists it. `submissions` counts how often
    the provider was (or may have been) told, each counted before the call; `submitted_at` is the last time."""

    refund_id: str
    card_id: str
    order_id: str
    consumer_id: str
    merchant_id: str
    cause: Cause
    rule: str
    amount_fen: int
    release_fen: int
    total_fen: int
    due_on: date
    requested_at: datetime
    fingerprint: str
    state: RefundState
    submissions: int = 0
    submitted_at: datetime | None = None
    provider_date: date | None = None
    provider_refund_id: str = ""
    resolved_at: datetime | None = None
    reason: str = ""
    version: int = 1


@dataclass(frozen=True)
class PostedTransfer:
    """A posted transfer that has a row of its own (redemptions and orders are their own rows)."""

    card_id: str
    merchant_id: str
    transfer: Transfer
    hash: str
    version: int = 1


def request(
    card: Card | None, order_id: str, earlier: Refund | None, asked: Refund, quoted: Quote | None, now: datetime
) -> Decision[Refund]:
    """Lock the card; where the law gives the money back without anyone's consent, move it at once.

    Order of refusals: key reused, card absent, card not active, open holds, nothing to refund, paid too long ago.
    """
    if earlier is not None:
        if earlier.fingerprint != asked.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    if card is None or card.holder_id != asked.consumer_id or quoted is None:
        raise absent("卡", "card")
    require_refundable(card, now)
    assert quoted.refund_fen + quoted.release_fen == card.escrow_fen
    refund = replace(
        asked,
        order_id=order_id,
        merchant_id=card.merchant_id,
        rule=quoted.rule,
        amount_fen=quoted.refund_fen,
        release_fen=quoted.release_fen,
        total_fen=card.paid_fen,
        due_on=quoted.due_on,
    )
    locked = replace(card, state=CardState.REFUNDING)
    if not quoted.automatic:
        return Decision(refund, (create(refund), change(card, replace(locked, version=card.version + 1))))
    moved, transfers = _moved_out(locked, refund, now)
    started = replace(refund, state=RefundState.IN_TRANSIT)
    if started.amount_fen == 0:
        started = replace(started, state=RefundState.SUCCEEDED, resolved_at=now)
    return Decision(started, (create(started), change(card, moved), *transfers))


ORIGINAL_ROUTE_DAYS_MAX = 365


def require_refundable(card: Card, now: datetime) -> None:
    card.require_active()
    if card.holds:
        raise Conflict(
            "card_has_holds",
            f"有 {card.holds} 笔待确认的核销，请先确认或拒绝",
            f"card {card.card_id} has {card.holds} redemptions waiting for consent",
            facts={"has": card.holds, "needs": 0},
        )
    if card.escrow_fen == 0:
        raise Unprocessable("nothing_to_refund", "没有可退金额", f"card {card.card_id} has nothing in custody")
    if now - card.activated_at > timedelta(days=ORIGINAL_ROUTE_DAYS_MAX):
        raise Unprocessable(
            "original_route_closed",
            "付款已超过 365 天，无法原路退回，请联系平台办理同名账户退款",
            f"the payment is older than {ORIGINAL_ROUTE_DAYS_MAX} days, the provider can't send it back the way it came",
        )


def agree(refund: Refund, card: Card, now: datetime) -> Decision[Refund]:
    """The merchant agrees to what was quoted. Where that is nothing, the refund ends here."""
    if refund.state in (RefundState.IN_TRANSIT, RefundState.INSTRUCTED, RefundState.SUCCEEDED):
        return Decision(refund, replayed=True)
    event = RefundEvent.AGREE if refund.amount_fen else RefundEvent.SUCCEED
    state = move(TRANSITIONS, "refund", "退款", refund.state, event)
    moved, transfers = _moved_out(card, refund, now)
    after = replace(refund, state=state, version=refund.version + 1)
    if state is RefundState.SUCCEEDED:
        after = replace(after, resolved_at=now)
    return Decision(after, (change(refund, after), change(card, moved), *transfers))


def withdraw(refund: Refund, card: Card, now: datetime) -> Decision[Refund]:
    """The consumer takes a request back that nobody has agreed to: the card can be used again."""
    if refund.state is RefundState.WITHDRAWN:
        return Decision(refund, replayed=True)
    state = move(TRANSITIONS, "refund", "退款", refund.state, RefundEvent.WITHDRAW)
    after = replace(refund, state=state, resolved_at=now, version=refund.version + 1)
    usable = replace(card, state=CardState.ACTIVE, version=card.version + 1)
    return Decision(after, (change(refund, after), change(card, usable)))


def _moved_out(card: Card, refund: Refund, now: datetime) -> tuple[Card, tuple[Put, ...]]:
    """Card -> refund in transit. Where the law leaves the consumer nothing, the card ends here and the rest is the merchant's."""
    if refund.amount_fen == 0:
        return _closed(card, refund, now)
    transfer = card.next_transfer(refund.refund_id, Kind.REFUND, card.account, chart.REFUND_IN_TRANSIT, refund.amount_fen, now)
    after = replace(card.chained(transfer), refunded_fen=card.refunded_fen + refund.amount_fen, version=card.version + 1)
    return after, (_posted(card, transfer),)


def _closed(card: Card, refund: Refund, now: datetime) -> tuple[Card, tuple[Put, ...]]:
    """The card's end; the merchant's part of a consumer-fault refund is released in the same write."""
    after = card
    puts: tuple[Put, ...] = ()
    if refund.release_fen:
        transfer = card.next_transfer(
            f"{refund.refund_id}.release", Kind.RELEASE, card.account, chart.payable(card.merchant_id), refund.release_fen, now
        )
        after = replace(card.chained(transfer), released_fen=card.released_fen + refund.release_fen)
        puts = (_posted(card, transfer),)
    assert after.escrow_fen == 0
    return replace(after, state=CardState.CLOSED, version=after.version + 1), puts


def _posted(card: Card, transfer: Transfer) -> Put:
    return create(PostedTransfer(card.card_id, card.merchant_id, transfer, transfer.hash))


NEVER_TAKEN_AFTER = timedelta(minutes=15)
"""Longer than any call to the provider can be on its way."""


@dataclass(frozen=True)
class Submission:
    """`doubtful`: an earlier submission may still be on its way, so that a no to this one proves nothing."""

    refund: Refund
    doubtful: bool


def submit(refund: Refund, now: datetime) -> Decision[Submission]:
    """The provider is about to be told, and that is written down first. The doubt is decided on the very row that the write is
    conditioned on: of two that tell at once, the second knows of the first."""
    if refund.state not in (RefundState.IN_TRANSIT, RefundState.INSTRUCTED):
        return Decision(Submission(refund, doubtful=True), replayed=True)
    doubtful = refund.submitted_at is not None and now - refund.submitted_at < NEVER_TAKEN_AFTER
    after = replace(refund, submissions=refund.submissions + 1, submitted_at=now, version=refund.version + 1)
    return Decision(Submission(after, doubtful), (change(refund, after),))


def instruct(refund: Refund, provider_refund_id: str, now: datetime) -> Decision[Refund]:
    """The provider has accepted it under our number."""
    if refund.state in (RefundState.INSTRUCTED, RefundState.SUCCEEDED):
        return Decision(refund, replayed=True)
    state = move(TRANSITIONS, "refund", "退款", refund.state, RefundEvent.INSTRUCT)
    after = replace(
        refund,
        state=state,
        provider_refund_id=provider_refund_id,
        provider_date=business_date(now),
        version=refund.version + 1,
    )
    return Decision(after, (change(refund, after),))


def succeed(
    refund: Refund | None, card: Card | None, provider_refund_id: str, amount_fen: int, now: datetime
) -> Decision[Refund]:
    """The provider's proof that the money is back with the consumer: the card is closed.

    Order of refusals: absent, other amount, no such edge.
    """
    if refund is None or card is None:
        raise absent("退款", "refund")
    if amount_fen != refund.amount_fen:
        raise Unprocessable(
            "refund_mismatch",
            "退款金额不符",
            f"refund {refund.refund_id} is {refund.amount_fen} fen, the provider says {amount_fen}",
            facts={"has_fen": amount_fen, "needs_fen": refund.amount_fen},
        )
    if refund.state is RefundState.SUCCEEDED:
        return Decision(refund, replayed=True)
    if refund.state is RefundState.REQUESTED:
        raise Conflict(
            "refund_requested", "退款尚未同意，渠道不应已退", f"refund {refund.refund_id} was not agreed to, nothing was sent"
        )
    state = move(TRANSITIONS, "refund", "退款", refund.state, RefundEvent.SUCCEED)
    transfer = card.next_transfer(
        f"{refund.refund_id}.paid", Kind.REFUND_PAID, chart.REFUND_IN_TRANSIT, chart.CUSTODY, refund.amount_fen, now
    )
    closed, releases = _closed(card.chained(transfer), refund, now)
    after = replace(
        refund,
        state=state,
        provider_refund_id=provider_refund_id or refund.provider_refund_id,
        provider_date=refund.provider_date or business_date(now),
        resolved_at=now,
        version=refund.version + 1,
    )
    return Decision(after, (change(refund, after), change(card, closed), _posted(card, transfer), *releases))


def reject(refund: Refund, card: Card, reason: str, now: datetime) -> Decision[Refund]:
    """The provider's definitive no: the money is the card's again, and the card can be used."""
    if refund.state is RefundState.REJECTED:
        return Decision(refund, replayed=True)
    state = move(TRANSITIONS, "refund", "退款", refund.state, RefundEvent.REJECT)
    transfer = card.next_transfer(
        f"{refund.refund_id}.returned", Kind.REFUND_RETURNED, chart.REFUND_IN_TRANSIT, card.account, refund.amount_fen, now
    )
    back = replace(
        card.chained(transfer),
        state=CardState.ACTIVE,
        refunded_fen=card.refunded_fen - refund.amount_fen,
        version=card.version + 1,
    )
    after = replace(refund, state=state, reason=reason, resolved_at=now, version=refund.version + 1)
    return Decision(after, (change(refund, after), change(card, back), _posted(card, transfer)))
