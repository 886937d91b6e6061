"""The three-way result of a business day, with every difference by its name."""
from datetime import date
from typing import Any

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models import View, rfc3339
from chalicelib.domain.principal import Role
from chalicelib.domain.reconciliation import Difference, ReconciledDay
from chalicelib.domain.refusals import Absent, absent
from chalicelib.operations import reconciliation
from chalicelib.store import reads

routes = Blueprint(__name__)

WATCHERS = frozenset({Role.CUSTODIAN, Role.OPERATOR, Role.REGULATOR})


class DifferenceView(View):
    """`ledger_fen` is what we say, `other_fen` what the provider or the bank says; 0 where a side has no such line."""

    reason: str
    reference: str
    ledger_fen: int
    other_fen: int
    state: str
    found_at: str
    resolved_at: str | None


class ReconciliationView(View):
    """`difference_fen` = bank closing less what the bank ought to hold; 0 on an agreed day."""

    business_date: str
    state: str
    matched_at: str
    open_differences: int
    provider_paid_fen: int
    provider_refunded_fen: int
    ledger_paid_fen: int
    ledger_refunded_fen: int
    bank_opening_fen: int
    bank_closing_fen: int
    payouts_fen: int
    provider_receivable_fen: int
    ledger_custody_fen: int
    expected_bank_fen: int
    difference_fen: int
    differences: list[DifferenceView]


def difference_view(one: Difference) -> DifferenceView:
    return DifferenceView(
        reason=one.reason,
        reference=one.reference,
        ledger_fen=one.ledger_fen,
        other_fen=one.other_fen,
        state=one.state,
        found_at=rfc3339(one.found_at),
        resolved_at=rfc3339(one.resolved_at) if one.resolved_at else None,
    )


def reconciliation_view(day: ReconciledDay, differences: list[Difference]) -> ReconciliationView:
    totals = day.totals
    return ReconciliationView(
        business_date=day.business_date.isoformat(),
        state=day.state,
        matched_at=rfc3339(day.matched_at),
        open_differences=day.differences,
        provider_paid_fen=totals.provider_paid_fen,
        provider_refunded_fen=totals.provider_refunded_fen,
        ledger_paid_fen=totals.ledger_paid_fen,
        ledger_refunded_fen=totals.ledger_refunded_fen,
        bank_opening_fen=totals.bank_opening_fen,
        bank_closing_fen=totals.bank_closing_fen,
        payouts_fen=totals.payouts_fen,
        provider_receivable_fen=totals.receivable_fen,
        ledger_custody_fen=totals.ledger_custody_fen,
        expected_bank_fen=totals.expected_bank_fen,
        difference_fen=totals.difference_fen,
        differences=[difference_view(one) for one in differences],
    )


@endpoint(
    routes,
    "GET",
    "/v1/reconciliations/{date}",
    "Provider, bank and ledger of a business day, and what differs",
    who=WATCHERS,
    answer=ReconciliationView,
)
def show(call: Call, **path: str) -> Any:
    day = reads.get(ReconciledDay, _date_in(path["date"]))
    if day is None:
        raise _absent()
    return reconciliation_view(day, reconciliation.differences_of(day.business_date))


def _date_in(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _absent() from None


def _absent() -> Absent:
    return absent("对账结果", "reconciliation")
