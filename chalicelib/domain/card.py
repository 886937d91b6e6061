"""A stored-value card: what was paid, what was given on top, what is used, held, released, refunded.

    face value      paid + bonus                           what the consumer may spend
    available face  paid + bonus - used - held
    escrow          paid - released - refunded             cash in custody for this card, and always the largest lawful refund

Release goes by cash ratio (R8; from 法释〔2025〕4号 Art. 18): of U face used so far, `paid * U / (paid + bonus)` has been
released in total. Each redemption releases the difference, so roundings never drift and the last use sweeps the rest.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain import chart
from chalicelib.domain.business_day import business_date
from chalicelib.domain.codes import CLOCK_SKEW
from chalicelib.domain.money import AMOUNT_MAX_FEN, share
from chalicelib.domain.refusals import Conflict
from chalicelib.domain.transfer import Kind, Transfer

CODES_REMEMBERED_MAX = 12
"""Payment codes seen within their lifetime. A card that shows more than this in a minute waits."""


class CardState(StrEnum):
    ACTIVE = "active"
    REFUNDING = "refunding"
    CLOSED = "closed"


@dataclass(frozen=True)
class UsedCode:
    nonce: str
    expires_at: datetime


@dataclass(frozen=True)
class Card:
    """`paid_fen`, `released_fen`, `refunded_fen` are cash; `bonus_fen`, `used_fen`, `held_fen` are face value.

    `merchant_name` and `product_name` are as they were when the card was sold. `length` and `head_hash` are the chain's.
    """

    card_id: str
    holder_id: str
    merchant_id: str
    merchant_name: str
    product_id: str
    product_name: str
    contract_version: str
    paid_fen: int
    bonus_fen: int
    activated_at: datetime
    state: CardState = CardState.ACTIVE
    used_fen: int = 0
    first_used_at: datetime | None = None
    held_fen: int = 0
    holds: int = 0
    released_fen: int = 0
    refunded_fen: int = 0
    used_codes: tuple[UsedCode, ...] = ()
    length: int = 0
    head_hash: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        assert 0 < self.paid_fen <= AMOUNT_MAX_FEN
        assert 0 <= self.bonus_fen <= AMOUNT_MAX_FEN
        assert self.used_fen >= 0
        assert self.held_fen >= 0
        assert self.holds >= 0
        assert (self.holds == 0) == (self.held_fen == 0)
        assert self.available_fen >= 0
        assert self.released_fen >= 0
        assert self.refunded_fen >= 0
        assert self.escrow_fen >= 0

    @property
    def face_fen(self) -> int:
        """Face value not yet used; what is held is still in it."""
        return 0 if self.state is CardState.CLOSED else self.paid_fen + self.bonus_fen - self.used_fen

    @property
    def available_fen(self) -> int:
        return self.face_fen - self.held_fen

    @property
    def escrow_fen(self) -> int:
        return self.paid_fen - self.released_fen - self.refunded_fen

    @property
    def account(self) -> str:
        return chart.card(self.card_id)

    def cash_of_next(self, face_fen: int) -> int:
        """Cash that using `face_fen` more would release now."""
        return share(self.paid_fen, self.used_fen + face_fen, self.paid_fen + self.bonus_fen) - self.released_fen

    def held(self, face_fen: int) -> "Card":
        return replace(self, held_fen=self.held_fen + face_fen, holds=self.holds + 1, version=self.version + 1)

    def unheld(self, face_fen: int) -> "Card":
        return replace(self, held_fen=self.held_fen - face_fen, holds=self.holds - 1, version=self.version + 1)

    def chained(self, transfer: Transfer) -> "Card":
        assert transfer.seq == self.length + 1
        assert transfer.prev_hash == self.head_hash
        return replace(self, length=transfer.seq, head_hash=transfer.hash)

    def next_transfer(
        self, transfer_id: str, kind: Kind, debit: str, credit: str, amount_fen: int, now: datetime, face_fen: int = 0
    ) -> Transfer:
        """The next link of this card's chain, dated by the server's clock."""
        return Transfer(
            transfer_id=transfer_id,
            kind=kind,
            debit=debit,
            credit=credit,
            amount_fen=amount_fen,
            face_fen=face_fen,
            business_date=business_date(now),
            posted_at=now,
            seq=self.length + 1,
            prev_hash=self.head_hash,
        )

    def with_code_used(self, nonce: str, expires_at: datetime, now: datetime) -> "Card":
        """Remember a payment code until nobody would take it any more; a second use is refused (T2)."""
        alive = tuple(code for code in self.used_codes if code.expires_at + CLOCK_SKEW >= now)
        if any(code.nonce == nonce for code in alive):
            raise Conflict(
                "payment_code_used", "付款码已被使用，请刷新后重试", "this payment code has been used, show a fresh one"
            )
        if len(alive) >= CODES_REMEMBERED_MAX:
            raise Conflict("too_many_codes", "付款码使用过于频繁，请一分钟后重试", "too many payment codes within a minute")
        return replace(self, used_codes=(*alive, UsedCode(nonce, expires_at)))

    def require_active(self) -> None:
        if self.state is not CardState.ACTIVE:
            raise Conflict(
                f"card_{self.state}",
                f"卡当前状态为 {self.state}",
                f"card {self.card_id} is {self.state}",
                facts={"state": str(self.state)},
            )
