"""The regulator's daily report of a district: one row per merchant, no consumer in it.

The bytes are a function of closed books alone: no clock, no random, keys sorted. Composing again gives the same file.

    made -> acknowledged      the regulator's receipt names this file
       \\_-> refused          the regulator's definitive no, for a person to look at
"""
import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.reconciliation import ReconciledDay
from chalicelib.domain.refusals import Conflict
from chalicelib.domain.settlement import MerchantDay, Seal
from chalicelib.domain.state import move

DAILY = "daily"


class ReportState(StrEnum):
    MADE = "made"
    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"


class ReportEvent(StrEnum):
    ACKNOWLEDGE = "acknowledge"
    REFUSE = "refuse"


TRANSITIONS: Mapping[tuple[ReportState, ReportEvent], ReportState] = {
    (ReportState.MADE, ReportEvent.ACKNOWLEDGE): ReportState.ACKNOWLEDGED,
    (ReportState.MADE, ReportEvent.REFUSE): ReportState.REFUSED,
}


@dataclass(frozen=True)
class Row:
    """A merchant's day as the regulator reads it. Amounts are fen; `prepaid_` is cash in custody for the merchant's cards.

    `deepest_discount_bp`: the largest bonus of a card sold that day, in hundredths of a percent of its face value.
    """

    merchant_id: str
    merchant_name: str
    licence_no: str
    filing_no: str
    industry: str
    cards_issued: int
    cash_in_fen: int
    bonus_given_fen: int
    max_single_card_fen: int
    deepest_discount_bp: int
    redemptions: int
    redeemed_face_fen: int
    redeemed_cash_fen: int
    released_otherwise_fen: int
    refunds: int
    refunded_cash_fen: int
    prepaid_opening_fen: int
    prepaid_closing_fen: int
    refunds_in_transit_fen: int
    transfers: int
    merkle_root: str


@dataclass(frozen=True)
class Files:
    """The same rows twice: `content` (JSON) is what is pushed, `table` (CSV) is for people."""

    content: bytes
    table: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class Report:
    """`key` and `table_key` are where the files lie in the archive; `sha256` is of the file under `key`."""

    report_id: str
    district: str
    business_date: date
    merchants: int
    sha256: str
    key: str
    table_key: str
    made_at: datetime
    state: ReportState = ReportState.MADE
    receipt_no: str = ""
    resolved_at: datetime | None = None
    reason: str = ""
    version: int = 1


def row(merchant: Merchant, day: MerchantDay) -> Row:
    assert day.merchant_id == merchant.merchant_id
    return Row(
        merchant_id=merchant.merchant_id,
        merchant_name=merchant.name,
        licence_no=merchant.licence_no,
        filing_no=merchant.filing_no,
        industry=str(merchant.industry),
        cards_issued=day.purchases,
        cash_in_fen=day.purchase_fen,
        bonus_given_fen=day.bonus_fen,
        max_single_card_fen=day.max_card_fen,
        deepest_discount_bp=day.deepest_discount_bp,
        redemptions=day.redemptions,
        redeemed_face_fen=day.redeemed_face_fen,
        redeemed_cash_fen=day.redeemed_fen,
        released_otherwise_fen=day.released_fen,
        refunds=day.refunds,
        refunded_cash_fen=day.refund_fen - day.refund_returned_fen,
        prepaid_opening_fen=day.opening_escrow_fen,
        prepaid_closing_fen=day.escrow_fen,
        refunds_in_transit_fen=day.refunds_open_fen,
        transfers=day.transfers,
        merkle_root=day.root,
    )


def compose(district: str, day: date, rows: Sequence[Row], seal: Seal, reconciled: ReconciledDay | None) -> Files:
    """`reconciled`: the day's three-way result, if there is one yet. The order of `rows` makes no difference."""
    assert seal.business_date == day
    ordered = sorted(rows, key=lambda one: one.merchant_id)
    document = {
        "schema": "daily/1",
        "kind": DAILY,
        "district": district,
        "business_date": day.isoformat(),
        "currency": "CNY",
        "totals": _totals(ordered),
        "custody": None if reconciled is None else _custody(reconciled),
        "seal": {"merkle_root": seal.root, "merchants": seal.merchants, "transfers": seal.transfers},
        "merchants": [asdict(one) for one in ordered],
    }
    text = json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) + "\n"
    return Files(text.encode(), _table(day, district, ordered))


def _totals(rows: Sequence[Row]) -> dict[str, int]:
    names = [name for name in Row.__annotations__ if name.endswith("_fen") and not name.startswith("max_")]
    counts = ("cards_issued", "redemptions", "refunds", "transfers")
    return {name: sum(getattr(one, name) for one in rows) for name in (*names, *counts)}


def _custody(reconciled: ReconciledDay) -> dict[str, object]:
    """Of the whole platform: custody is one account."""
    return {
        "state": str(reconciled.state),
        "differences": reconciled.differences,
        "bank_closing_fen": reconciled.totals.bank_closing_fen,
        "provider_receivable_fen": reconciled.totals.receivable_fen,
        "ledger_fen": reconciled.totals.ledger_custody_fen,
        "difference_fen": reconciled.totals.difference_fen,
    }


def _table(day: date, district: str, rows: Sequence[Row]) -> bytes:
    """CSV with a byte order mark, as spreadsheet programs want it; no cell of it is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    names = list(Row.__annotations__)
    writer.writerow(["business_date", "district", *names])
    for one in rows:
        writer.writerow([day.isoformat(), _cell(district), *(_cell(getattr(one, name)) for name in names)])
    return text.getvalue().encode("utf-8-sig")


def _cell(value: str | int) -> str:
    """Text that a spreadsheet would run is shown as text instead."""
    if isinstance(value, int):
        return str(value)
    return f"'{value}" if value[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else value


def make(earlier: Report | None, report: Report) -> Decision[Report]:
    """One report per district and day. One that was made and not yet taken stays as it is, and is pushed again.

    Conflict `report_differs` when the regulator has taken or refused one with other content.
    """
    if earlier is None:
        return Decision(report, (create(report),))
    if earlier.sha256 != report.sha256 and earlier.state is not ReportState.MADE:
        raise Conflict(
            "report_differs",
            f"{report.district} {report.business_date} 的日报已生成，内容不同",
            f"report {earlier.report_id} was made before with another content",
        )
    return Decision(earlier, replayed=True)


def acknowledge(report: Report, receipt_no: str, at: datetime) -> Decision[Report]:
    """`at`: the time on the regulator's receipt."""
    if report.state is ReportState.ACKNOWLEDGED:
        return Decision(report, replayed=True)
    state = move(TRANSITIONS, "report", "报告", report.state, ReportEvent.ACKNOWLEDGE)
    after = replace(report, state=state, receipt_no=receipt_no, resolved_at=at, version=report.version + 1)
    return Decision(after, (change(report, after),))


def refuse(report: Report, reason: str, now: datetime) -> Decision[Report]:
    if report.state is ReportState.REFUSED:
        return Decision(report, replayed=True)
    state = move(TRANSITIONS, "report", "报告", report.state, ReportEvent.REFUSE)
    after = replace(report, state=state, reason=reason, resolved_at=now, version=report.version + 1)
    return Decision(after, (change(report, after),))
