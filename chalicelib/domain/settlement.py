"""Settlement: a merchant's posted transfers of a business day become one row, and what it is owed grows by it.

    accrued      all cash ever released to the merchant, as far as days are folded
    payable      accrued - in transit - paid out        what is owed and not yet on its way

`Payable` is written by the fold and by payouts (payout.py), never by a redemption. Days are folded in order and once; a day
that is not any more what it was when folded is said to be so, and changed by nobody.
"""
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain import merkle
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.order import Order
from chalicelib.domain.redemption import Redemption
from chalicelib.domain.refund import PostedTransfer
from chalicelib.domain.refusals import Conflict
from chalicelib.domain.transfer import Kind, Transfer


@dataclass(frozen=True)
class Posting:
    """A posted transfer as the fold reads it. `bonus_fen`: given on top by a purchase."""

    transfer: Transfer
    hash: str
    bonus_fen: int = 0


def posting(row: Order | Redemption | PostedTransfer) -> Posting:
    return Posting(row.transfer, row.hash, row.bonus_fen if isinstance(row, Order) else 0)


@dataclass(frozen=True)
class MerchantDay:
    """What happened at one merchant on one business day, and what it left behind.

    `root` seals the day's transfers. `escrow_fen`, `accrued_fen` and `refunds_open_fen` are at the end of the day: cash on the
    merchant's cards, cash ever released to it, cash on its way back to consumers. `deepest_discount_bp`: the largest
    bonus of a sold card as hundredths of a percent of its face value.
    """

    merchant_id: str
    business_date: date
    folded_at: datetime
    root: str
    transfers: int = 0
    purchases: int = 0
    purchase_fen: int = 0
    bonus_fen: int = 0
    max_card_fen: int = 0
    deepest_discount_bp: int = 0
    redemptions: int = 0
    redeemed_face_fen: int = 0
    redeemed_fen: int = 0
    releases: int = 0
    released_fen: int = 0
    refunds: int = 0
    refund_fen: int = 0
    refunds_returned: int = 0
    refund_returned_fen: int = 0
    refunds_paid: int = 0
    refund_paid_fen: int = 0
    escrow_fen: int = 0
    accrued_fen: int = 0
    refunds_open_fen: int = 0
    version: int = 1

    def __post_init__(self) -> None:
        assert self.escrow_fen >= 0
        assert self.accrued_fen >= 0
        assert self.refunds_open_fen >= 0

    @property
    def earned_fen(self) -> int:
        return self.redeemed_fen + self.released_fen

    @property
    def opening_escrow_fen(self) -> int:
        out_fen = self.earned_fen + self.refund_fen - self.refund_returned_fen
        return self.escrow_fen - self.purchase_fen + out_fen


@dataclass(frozen=True)
class Payable:
    """What the platform owes a merchant, and the running balances of its cards at the end of `folded_through`."""

    merchant_id: str
    accrued_fen: int = 0
    in_transit_fen: int = 0
    paid_out_fen: int = 0
    escrow_fen: int = 0
    refunds_open_fen: int = 0
    folded_through: date | None = None
    version: int = 1

    def __post_init__(self) -> None:
        assert self.in_transit_fen >= 0
        assert self.paid_out_fen >= 0
        assert self.payable_fen >= 0

    @property
    def payable_fen(self) -> int:
        return self.accrued_fen - self.in_transit_fen - self.paid_out_fen


class FoldOutcome(StrEnum):
    """`late_entries`: the day was folded before, and is not what it was. Nothing is changed; a person has to look."""

    FOLDED = "folded"
    REPEATED = "repeated"
    LATE_ENTRIES = "late_entries"


@dataclass(frozen=True)
class Fold:
    outcome: FoldOutcome
    day: MerchantDay


def next_day(payable: Payable | None, since: date, day: date) -> date:
    """The first day up to `day` that is not folded yet (`since`: the merchant's first day); `day` if all are."""
    if payable is None or payable.folded_through is None:
        return min(since, day)
    return min(payable.folded_through + timedelta(days=1), day)


def fold(
    merchant_id: str, day: date, postings: Iterable[Posting], payable: Payable | None, earlier: MerchantDay | None, now: datetime
) -> Decision[Fold]:
    """One row for the day, and the merchant's accrued total, in one write. The same day again is compared, never added again.

    Days are folded without a gap: `day` follows `payable.folded_through`, or it is there as `earlier`.
    """
    entries = tuple(postings)
    _require_intact(entries)
    if earlier is not None:
        again = summed(entries, _opening_of(earlier))
        same = replace(again, folded_at=earlier.folded_at, version=earlier.version) == earlier
        return Decision(Fold(FoldOutcome.REPEATED if same else FoldOutcome.LATE_ENTRIES, earlier), replayed=True)
    before = payable or Payable(merchant_id)
    opening = MerchantDay(
        merchant_id, day, now, merkle.EMPTY,
        escrow_fen=before.escrow_fen, accrued_fen=before.accrued_fen, refunds_open_fen=before.refunds_open_fen,
    )
    folded = summed(entries, opening)
    assert before.folded_through is None or day == before.folded_through + timedelta(days=1)
    after = replace(
        before,
        accrued_fen=folded.accrued_fen,
        escrow_fen=folded.escrow_fen,
        refunds_open_fen=folded.refunds_open_fen,
        folded_through=day,
        version=before.version + 1 if payable else 1,
    )
    return Decision(Fold(FoldOutcome.FOLDED, folded), (create(folded), change(payable, after) if payable else create(after)))


def _require_intact(entries: tuple[Posting, ...]) -> None:
    for entry in entries:
        if entry.hash != entry.transfer.hash:
            raise Conflict(
                "transfer_altered",
                f"转账 {entry.transfer.transfer_id} 与其哈希不符",
                f"transfer {entry.transfer.transfer_id} is not what was posted",
            )


def _opening_of(day: MerchantDay) -> MerchantDay:
    """The state that this day began with."""
    return MerchantDay(
        day.merchant_id,
        day.business_date,
        day.folded_at,
        merkle.EMPTY,
        escrow_fen=day.opening_escrow_fen,
        accrued_fen=day.accrued_fen - day.earned_fen,
        refunds_open_fen=day.refunds_open_fen - day.refund_fen + day.refund_returned_fen + day.refund_paid_fen,
    )


def summed(entries: Iterable[Posting], opening: MerchantDay) -> MerchantDay:
    """Counts and sums of a day, whatever the order of its entries."""
    given = tuple(entries)
    assert all(entry.transfer.business_date == opening.business_date for entry in given)

    def fen(kind: Kind) -> int:
        return sum(entry.transfer.amount_fen for entry in given if entry.transfer.kind is kind)

    def count(kind: Kind) -> int:
        return sum(entry.transfer.kind is kind for entry in given)

    sold = [entry for entry in given if entry.transfer.kind is Kind.PURCHASE]
    earned = fen(Kind.REDEMPTION) + fen(Kind.RELEASE)
    back = fen(Kind.REFUND) - fen(Kind.REFUND_RETURNED)
    return replace(
        opening,
        root=merkle.root(entry.hash for entry in given),
        transfers=len(given),
        purchases=len(sold),
        purchase_fen=fen(Kind.PURCHASE),
        bonus_fen=sum(entry.bonus_fen for entry in sold),
        max_card_fen=max((entry.transfer.amount_fen for entry in sold), default=0),
        deepest_discount_bp=max((_discount_bp(entry) for entry in sold), default=0),
        redemptions=count(Kind.REDEMPTION),
        redeemed_face_fen=sum(entry.transfer.face_fen for entry in given if entry.transfer.kind is Kind.REDEMPTION),
        redeemed_fen=fen(Kind.REDEMPTION),
        releases=count(Kind.RELEASE),
        released_fen=fen(Kind.RELEASE),
        refunds=count(Kind.REFUND),
        refund_fen=fen(Kind.REFUND),
        refunds_returned=count(Kind.REFUND_RETURNED),
        refund_returned_fen=fen(Kind.REFUND_RETURNED),
        refunds_paid=count(Kind.REFUND_PAID),
        refund_paid_fen=fen(Kind.REFUND_PAID),
        escrow_fen=opening.escrow_fen + fen(Kind.PURCHASE) - earned - back,
        accrued_fen=opening.accrued_fen + earned,
        refunds_open_fen=opening.refunds_open_fen + back - fen(Kind.REFUND_PAID),
    )


def _discount_bp(sold: Posting) -> int:
    return sold.bonus_fen * 10_000 // (sold.transfer.amount_fen + sold.bonus_fen)


@dataclass(frozen=True)
class Seal:
    """A business day of the whole platform: one root over the merchants' roots, and what was summed."""

    business_date: date
    root: str
    merchants: int
    transfers: int
    purchase_fen: int
    redeemed_fen: int
    released_fen: int
    refund_fen: int
    sealed_at: datetime
    version: int = 1


def seal(day: date, days: Iterable[MerchantDay], earlier: Seal | None, now: datetime) -> Decision[Seal]:
    """Conflict `seal_differs` when the day was sealed before and is not the same any more."""
    given = tuple(days)
    assert all(one.business_date == day for one in given)
    made = Seal(
        business_date=day,
        root=merkle.root(leaf_of(one) for one in given),
        merchants=len(given),
        transfers=sum(one.transfers for one in given),
        purchase_fen=sum(one.purchase_fen for one in given),
        redeemed_fen=sum(one.redeemed_fen for one in given),
        released_fen=sum(one.released_fen for one in given),
        refund_fen=sum(one.refund_fen for one in given),
        sealed_at=now,
    )
    if earlier is None:
        return Decision(made, (create(made),))
    if replace(made, sealed_at=earlier.sealed_at) != earlier:
        raise Conflict("seal_differs", f"{day} 已封账，内容与当时不符", f"{day} was sealed with another content")
    return Decision(earlier, replayed=True)


def leaf_of(day: MerchantDay) -> str:
    """A merchant's leaf in the platform's tree: its id is hashed with its root, so that equal days differ."""
    return hashlib.sha256(f"{day.merchant_id}\n{day.business_date.isoformat()}\n{day.root}".encode("ascii")).hexdigest()
