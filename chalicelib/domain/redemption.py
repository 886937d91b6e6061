"""Redemption (核销): the consumer's consent turns a hold on the card into money for the merchant.

The redemption row is the transfer's row. While `pending` it reserves face value and moves nothing; the holder's consent
posts it (card -> payable), in the same write that moves the card. Nothing else is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain import chart
from chalicelib.domain.business_day import business_date
from chalicelib.domain.card import Card
from chalicelib.domain.codes import require_fresh
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import Conflict, Unprocessable, absent, key_reused
from chalicelib.domain.state import move
from chalicelib.domain.transfer import Kind, Transfer

CONSENT_WITHIN = timedelta(minutes=5)
HOLDS_MAX = 5
"""Open holds on one card. More than this is somebody asking again and again."""


class RedemptionState(StrEnum):
    PENDING = "pending"
    POSTED = "posted"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class RedemptionEvent(StrEnum):
    CONFIRM = "confirm"
    DECLINE = "decline"
    CANCEL = "cancel"
    EXPIRE = "expire"


TRANSITIONS: Mapping[tuple[RedemptionState, RedemptionEvent], RedemptionState] = {
    (RedemptionState.PENDING, RedemptionEvent.CONFIRM): RedemptionState.POSTED,
    (RedemptionState.PENDING, RedemptionEvent.DECLINE): RedemptionState.DECLINED,
    (RedemptionState.PENDING, RedemptionEvent.CANCEL): RedemptionState.CANCELLED,
    (RedemptionState.PENDING, RedemptionEvent.EXPIRE): RedemptionState.EXPIRED,
}


@dataclass(frozen=True)
class Redemption:
    """`face_fen` is what the consumer is asked for. `amount_fen` is the cash released, set when posted; so are the
    `_after` balances, which make a card's history readable without recomputing it."""

    redemption_id: str
    card_id: str
    merchant_id: str
    store_id: str
    consumer_id: str
    face_fen: int
    opened_by: str
    opened_at: datetime
    expires_at: datetime
    fingerprint: str
    state: RedemptionState = RedemptionState.PENDING
    resolved_at: datetime | None = None
    amount_fen: int = 0
    face_after_fen: int = 0
    escrow_after_fen: int = 0
    business_date: date | None = None
    seq: int | None = None
    prev_hash: str = ""
    hash: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        assert type(self.face_fen) is int
        assert self.face_fen > 0

    @property
    def transfer(self) -> Transfer:
        """The posted transfer that this row is."""
        assert self.state is RedemptionState.POSTED
        assert self.seq is not None
        assert self.resolved_at is not None
        return Transfer(
            transfer_id=self.redemption_id,
            kind=Kind.REDEMPTION,
            debit=chart.card(self.card_id),
            credit=chart.payable(self.merchant_id),
            amount_fen=self.amount_fen,
            face_fen=self.face_fen,
            business_date=business_date(self.resolved_at),
            posted_at=self.resolved_at,
            seq=self.seq,
            prev_hash=self.prev_hash,
        )


@dataclass(frozen=True)
class Ask:
    """What staff or the consumer asks for. `code_nonce`, `code_expires_at`: of the payment code, if one was shown."""

    redemption_id: str
    store_id: str
    face_fen: int
    fingerprint: str
    code_nonce: str | None = None
    code_expires_at: datetime | None = None


def open_redemption(
    card: Card | None, earlier: Redemption | None, ask: Ask, principal: Principal, merchant_id: str, now: datetime
) -> Decision[Redemption]:
    """Hold `ask.face_fen` on the card until the holder decides.

    Order of refusals: key reused, card absent (also: of another merchant, not the asker's, not the staff's store), code expired,
    code used, too many codes, card not active, too many holds, balance too small.
    """
    if earlier is not None:
        if earlier.fingerprint != ask.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    if card is None or card.merchant_id != merchant_id:
        raise absent("卡", "card")
    if not _may_ask(card, ask, principal):
        raise absent("卡", "card")
    after = card
    if ask.code_nonce is not None:
        assert ask.code_expires_at is not None
        require_fresh(ask.code_expires_at, now)
        after = card.with_code_used(ask.code_nonce, ask.code_expires_at, now)
    card.require_active()
    _require_room(card, ask.face_fen)
    redemption = Redemption(
        redemption_id=ask.redemption_id,
        card_id=card.card_id,
        merchant_id=card.merchant_id,
        store_id=ask.store_id,
        consumer_id=card.holder_id,
        face_fen=ask.face_fen,
        opened_by=principal.principal_id,
        opened_at=now,
        expires_at=now + CONSENT_WITHIN,
        fingerprint=ask.fingerprint,
    )
    return Decision(redemption, (create(redemption), change(card, after.held(ask.face_fen))))


def _may_ask(card: Card, ask: Ask, principal: Principal) -> bool:
    if principal.role is Role.CONSUMER:
        return principal.principal_id == card.holder_id
    return principal.works_at(card.merchant_id, ask.store_id)


def _require_room(card: Card, face_fen: int) -> None:
    if card.holds >= HOLDS_MAX:
        raise Conflict(
            "too_many_holds",
            f"这张卡有 {card.holds} 笔待确认的核销，请先处理",
            f"card {card.card_id} has {card.holds} redemptions waiting for consent, at most {HOLDS_MAX}",
            facts={"has": card.holds, "max": HOLDS_MAX},
        )
    if face_fen > card.available_fen:
        raise Unprocessable(
            "insufficient_balance",
            f"余额不足：可用 {card.available_fen} 分，需要 {face_fen} 分",
            f"card {card.card_id} has {card.available_fen} fen available, needs {face_fen}",
            param="amount_fen",
            facts={"has_fen": card.available_fen, "needs_fen": face_fen},
        )


def confirm(redemption: Redemption | None, card: Card | None, consumer_id: str, now: datetime) -> Decision[Redemption]:
    """The holder's consent: post the transfer. Confirming again answers with what was posted.

    Order of refusals: absent (also: somebody else's), not pending, too late.
    """
    if redemption is None or card is None or redemption.consumer_id != consumer_id:
        raise absent("核销", "redemption")
    if redemption.state is RedemptionState.POSTED:
        return Decision(redemption, replayed=True)
    state = move(TRANSITIONS, "redemption", "核销", redemption.state, RedemptionEvent.CONFIRM)
    if now >= redemption.expires_at:
        raise Conflict(
            "redemption_expired", "核销请求已过期，未扣款", f"redemption {redemption.redemption_id} has expired, nothing was paid"
        )
    transfer = card.next_transfer(
        redemption.redemption_id,
        Kind.REDEMPTION,
        debit=card.account,
        credit=chart.payable(card.merchant_id),
        amount_fen=card.cash_of_next(redemption.face_fen),
        now=now,
        face_fen=redemption.face_fen,
    )
    after = spent(card, transfer)
    posted = replace(
        redemption,
        state=state,
        resolved_at=now,
        amount_fen=transfer.amount_fen,
        face_after_fen=after.face_fen,
        escrow_after_fen=after.escrow_fen,
        business_date=transfer.business_date,
        seq=transfer.seq,
        prev_hash=transfer.prev_hash,
        hash=transfer.hash,
        version=redemption.version + 1,
    )
    assert posted.transfer == transfer
    return Decision(posted, (change(redemption, posted), change(card, after)))


def spent(card: Card, transfer: Transfer) -> Card:
    """The card after a held amount was posted."""
    after = card.unheld(transfer.face_fen)
    return replace(
        after,
        used_fen=card.used_fen + transfer.face_fen,
        first_used_at=card.first_used_at or transfer.posted_at,
        released_fen=card.released_fen + transfer.amount_fen,
        length=transfer.seq,
        head_hash=transfer.hash,
    )


def decline(redemption: Redemption | None, card: Card | None, consumer_id: str, now: datetime) -> Decision[Redemption]:
    """The holder says no: the hold is voided."""
    if redemption is None or card is None or redemption.consumer_id != consumer_id:
        raise absent("核销", "redemption")
    return _release_hold(redemption, card, RedemptionEvent.DECLINE, now)


def cancel(redemption: Redemption | None, card: Card | None, principal: Principal, now: datetime) -> Decision[Redemption]:
    """The store takes its request back: the hold is voided."""
    if redemption is None or card is None or not principal.works_at(redemption.merchant_id, redemption.store_id):
        raise absent("核销", "redemption")
    return _release_hold(redemption, card, RedemptionEvent.CANCEL, now)


def expire(redemption: Redemption | None, card: Card | None, now: datetime) -> Decision[Redemption]:
    """Nobody decided in time. Asked too early, or after another end, it changes nothing."""
    assert redemption is not None
    assert card is not None
    if redemption.state is not RedemptionState.PENDING or now < redemption.expires_at:
        return Decision(redemption, replayed=True)
    return _release_hold(redemption, card, RedemptionEvent.EXPIRE, now)


def _release_hold(redemption: Redemption, card: Card, event: RedemptionEvent, now: datetime) -> Decision[Redemption]:
    if redemption.state is TRANSITIONS[RedemptionState.PENDING, event]:
        return Decision(redemption, replayed=True)
    state = move(TRANSITIONS, "redemption", "核销", redemption.state, event)
    ended = replace(redemption, state=state, resolved_at=now, version=redemption.version + 1)
    puts: tuple[Put, ...] = (change(redemption, ended), change(card, card.unheld(redemption.face_fen)))
    return Decision(ended, puts)
