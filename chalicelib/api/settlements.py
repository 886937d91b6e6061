"""A merchant's daily statements: what was earned on a day, and what became of the payout."""
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from chalice.app import Blueprint

from chalicelib import ids
from chalicelib.api import cursors
from chalicelib.api.http import Call, endpoint
from chalicelib.api.models import ListView, View
from chalicelib.domain.merchant import BankAccount
from chalicelib.domain.payout import Payout
from chalicelib.domain.principal import Role
from chalicelib.domain.refusals import Absent, absent
from chalicelib.domain.settlement import MerchantDay
from chalicelib.store import reads

routes = Blueprint(__name__)

MERCHANT = frozenset({Role.OWNER, Role.MANAGER})


class PayoutView(View):
    """`state`: decided, instructed, posted or voided; a voided amount is payable again and part of a later payout."""

    payout_id: str
    amount_fen: int
    state: str
    payee_account: str
    bank_date: str | None
    reason: str


class SettlementView(View):
    """`earned_fen`: cash released to the merchant that day; `custody_fen`: cash in custody for its cards at the end of it."""

    settlement_id: str
    business_date: str
    purchases: int
    purchase_fen: int
    bonus_fen: int
    redemptions: int
    redeemed_face_fen: int
    redeemed_fen: int
    releases: int
    released_fen: int
    refunds: int
    refund_fen: int
    earned_fen: int
    custody_fen: int
    transfers: int
    merkle_root: str
    payout: PayoutView | None


def payout_view(payout: Payout) -> PayoutView:
    return PayoutView(
        payout_id=payout.payout_id,
        amount_fen=payout.amount_fen,
        state=payout.state,
        payee_account=BankAccount(payout.payee_name, payout.payee_account, "").masked,
        bank_date=payout.bank_date.isoformat() if payout.bank_date else None,
        reason=payout.reason,
    )


def settlement_view(day: MerchantDay, payout: Payout | None) -> SettlementView:
    return SettlementView(
        settlement_id=f"set_{ids.part_of(day.merchant_id)}{day.business_date:%Y%m%d}",
        business_date=day.business_date.isoformat(),
        purchases=day.purchases,
        purchase_fen=day.purchase_fen,
        bonus_fen=day.bonus_fen,
        redemptions=day.redemptions,
        redeemed_face_fen=day.redeemed_face_fen,
        redeemed_fen=day.redeemed_fen,
        releases=day.releases,
        released_fen=day.released_fen,
        refunds=day.refunds,
        refund_fen=day.refund_fen - day.refund_returned_fen,
        earned_fen=day.earned_fen,
        custody_fen=day.escrow_fen,
        transfers=day.transfers,
        merkle_root=day.root,
        payout=payout_view(payout) if payout else None,
    )


@endpoint(
    routes,
    "GET",
    "/v1/settlements",
    "The merchant's daily statements, latest first",
    who=MERCHANT,
    query=cursors.Page,
    answer=ListView[SettlementView],
)
def index(call: Call) -> Any:
    merchant_id, asked = call.caller.organisation_id, call.query
    through = f"day#{cursors.unseal(_scope(merchant_id), asked.cursor)}" if asked.cursor else ""
    found = reads.newest(MerchantDay, merchant_id, "day#", asked.limit + 1, through)
    days, more = found[: asked.limit], len(found) > asked.limit
    following = (days[-1].business_date - timedelta(days=1)).isoformat() if more else ""
    return ListView[SettlementView](
        data=[settlement_view(day, payout) for day, payout in zip(days, _payouts(days), strict=True)],
        has_more=more,
        next_cursor=cursors.seal(_scope(merchant_id), following) if more else None,
    )


@endpoint(
    routes, "GET", "/v1/settlements/{settlement_id}", "One daily statement", who=MERCHANT, answer=SettlementView
)
def show(call: Call, settlement_id: str) -> Any:
    merchant_id = ids.owner_of("mch", settlement_id)
    own = ids.part_of(merchant_id)
    if not settlement_id.startswith("set_") or merchant_id != call.caller.organisation_id:
        raise _absent()
    try:
        day = date.fromisoformat(ids.part_of(settlement_id).removeprefix(own))
    except ValueError:
        raise _absent() from None
    found, payout = reads.get_together((MerchantDay, (merchant_id, day)), (Payout, (merchant_id, day)))
    if found is None:
        raise _absent()
    return settlement_view(found, payout)


def _payouts(days: Sequence[MerchantDay]) -> list[Any]:
    if not days:
        return []
    return reads.get_together(*((Payout, (day.merchant_id, day.business_date)) for day in days))


def _scope(merchant_id: str) -> str:
    return f"settlements#{merchant_id}"


def _absent() -> Absent:
    return absent("结算单", "settlement")
