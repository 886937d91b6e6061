"""The ledger's side of a day's reconciliation, gathered from its own rows.

The provider dates a movement by its clock, we by ours, and a proof may come later than midnight: so the days on both sides are
read, and a line of the bill that they do not explain is looked up by its number.
"""
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from chalicelib import ids
from chalicelib.domain import settlement
from chalicelib.domain.business_day import business_date
from chalicelib.domain.matching import Base, Kind, LedgerDay, Line, net
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.payout import Payout
from chalicelib.domain.refund import PostedTransfer, Refund, RefundState
from chalicelib.domain.settlement import FoldOutcome, MerchantDay
from chalicelib.domain.transfer import Kind as TransferKind
from chalicelib.store import reads, tables

LOOKUPS_MAX = 500
EARLIER_BILLS_MAX = 7
ONE_DAY = timedelta(days=1)

MOVED = (RefundState.IN_TRANSIT, RefundState.INSTRUCTED, RefundState.SUCCEEDED)

BillOf = Callable[[date], Sequence[Line]]
"""The archived lines of an earlier bill; none where there is no bill."""


@dataclass(frozen=True)
class _Posted:
    """What the ledger posted around the day, by business date."""

    by_day: dict[date, list[Any]]

    def orders(self, provider_date: date) -> list[Order]:
        rows = (row for day in self.by_day.values() for row in day)
        return [row for row in rows if isinstance(row, Order) and row.provider_date == provider_date]

    def refund_ids(self) -> list[str]:
        rows = (row for day in self.by_day.values() for row in day if isinstance(row, PostedTransfer))
        kinds = (TransferKind.REFUND, TransferKind.REFUND_PAID)
        return sorted({row.transfer.transfer_id.partition(".")[0] for row in rows if row.transfer.kind in kinds})

    def sum_of(self, day: date, kind: TransferKind) -> int:
        transfers = (row.transfer for row in self.by_day[day])
        return sum(moved.amount_fen for moved in transfers if moved.kind is kind)


def gather(
    day: date, merchants: Iterable[Merchant], bill: Sequence[Line], base: Base, bill_of: BillOf, now: datetime
) -> LedgerDay:
    """`merchants`: all that existed by the end of the day."""
    merchants = list(merchants)
    first = day - ONE_DAY if base.business_date == day - ONE_DAY else day - 2 * ONE_DAY
    posted = _posted(merchants, first, day + ONE_DAY)
    refunds = [refund for refund in map(_refund, posted.refund_ids()) if refund is not None]
    lines = _lines(posted.orders(day), _dated(refunds, day, bill, bill_of))
    lines += _looked_up(day, bill, {(line.kind, line.reference) for line in lines})
    days = [(merchant.merchant_id, reads.get(MerchantDay, merchant.merchant_id, day)) for merchant in merchants]
    folded = [(merchant_id, one) for merchant_id, one in days if one is not None]
    return LedgerDay(
        provider_lines=tuple(lines),
        net_before_fen=_net_before(day, base, posted, refunds, bill_of),
        payouts=tuple(_payout_line(payout) for payout in reads.listed(tables.paid_on(day))),
        held_fen=sum(one.escrow_fen + one.accrued_fen + one.refunds_open_fen for _, one in folded),
        purchase_fen=posted.sum_of(day, TransferKind.PURCHASE),
        refund_paid_fen=posted.sum_of(day, TransferKind.REFUND_PAID),
        not_folded=tuple(merchant_id for merchant_id, one in days if one is None),
        fold_differs=tuple(merchant_id for merchant_id, one in folded if _differs(one, posted, now)),
    )


def _posted(merchants: list[Merchant], first: date, last: date) -> _Posted:
    days = [first + number * ONE_DAY for number in range((last - first).days + 1)]
    return _Posted({day: [row for one in merchants for row in reads.day_of(one.merchant_id, day)] for day in days})


def _differs(folded: MerchantDay, posted: _Posted, now: datetime) -> bool:
    rows = (row for row in posted.by_day[folded.business_date] if row.merchant_id == folded.merchant_id)
    again = settlement.fold(
        folded.merchant_id, folded.business_date, map(settlement.posting, rows), None, folded, now
    )
    return again.answer.outcome is FoldOutcome.LATE_ENTRIES


def _lines(orders: Iterable[Order], refunds: Iterable[Refund]) -> list[Line]:
    return [_order_line(order) for order in orders] + [_refund_line(refund) for refund in refunds]


def _order_line(order: Order) -> Line:
    return Line(Kind.PAYMENT, order.order_id, order.amount_fen, order.transaction_id)


def _refund_line(refund: Refund) -> Line:
    return Line(Kind.REFUND, refund.refund_id, refund.amount_fen)


def _payout_line(payout: Payout) -> Line:
    return Line(Kind.BANK, payout.payout_id, -payout.amount_fen)


def _dated(refunds: list[Refund], day: date, bill: Sequence[Line], bill_of: BillOf) -> list[Refund]:
    """Refunds that belong to the day. We may have heard of an acceptance later than the provider's bill dates it."""
    listed = {line.reference for line in bill if line.kind is Kind.REFUND}
    ours = [one for one in refunds if one.provider_date == day and one.state in MOVED]
    return [one for one in ours if one.refund_id in listed or not _in_an_earlier_bill(one, day, bill_of)]


def _in_an_earlier_bill(refund: Refund, day: date, bill_of: BillOf) -> bool:
    since = max(business_date(refund.requested_at), day - EARLIER_BILLS_MAX * ONE_DAY)
    days = (since + number * ONE_DAY for number in range((day - since).days))
    return any(line.reference == refund.refund_id for one in days for line in bill_of(one))


def _looked_up(day: date, bill: Sequence[Line], known: set[tuple[Kind, str]]) -> list[Line]:
    """What the bill names and the days around it do not: by number, wherever it was posted."""
    missing = sorted({(line.kind, line.reference) for line in bill} - known)[:LOOKUPS_MAX]
    found: list[Line] = []
    for kind, reference in missing:
        if kind is Kind.PAYMENT:
            order = reads.get(Order, ids.renamed("crd", reference))
            if order is not None and order.order_id == reference and _paid_on(order, day):
                found.append(_order_line(order))
        else:
            refund = _refund(reference)
            if refund is not None and refund.state in MOVED and (refund.provider_date or day) >= day:
                found.append(_refund_line(refund))
    return found


def _paid_on(order: Order, day: date) -> bool:
    return order.state is OrderState.PAID and order.provider_date == day


def _refund(refund_id: str) -> Refund | None:
    return reads.get(Refund, ids.owner_of("crd", refund_id), refund_id)


def _net_before(day: date, base: Base, posted: _Posted, refunds: list[Refund], bill_of: BillOf) -> int:
    """What the provider had to pay in on this day: the net of the day before."""
    before = day - ONE_DAY
    if base.business_date == before:
        return base.receivable_fen
    return net(_lines(posted.orders(before), _dated(refunds, before, (), bill_of)))
