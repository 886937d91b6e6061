"""The regulator's daily report: compose it from closed books, keep the files and their row, push it, keep the receipt."""
import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from urllib.parse import quote

from chalicelib import ids
from chalicelib.domain import report as rules
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal
from chalicelib.domain.reconciliation import ReconciledDay
from chalicelib.domain.refusals import Conflict, absent
from chalicelib.domain.report import DAILY, Files, Report, ReportState
from chalicelib.domain.settlement import MerchantDay, Seal
from chalicelib.gateways import objects, regulator
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.regulator import Regulator
from chalicelib.operations.attempts import commit
from chalicelib.operations.reconciliation import Archive
from chalicelib.operations.settlement import merchants_of
from chalicelib.store import reads

UNKNOWN = "unknown"


def report_id(district: str, day: date) -> str:
    """Its date stands in it, so that a regulator's report is found without an index."""
    return f"rpt_{day:%Y%m%d}{ids.part_of(ids.derived('rpt', DAILY, district, day.isoformat()))}"


def districts_of(day: date) -> list[str]:
    return sorted({merchant.district for merchant in merchants_of(day)})


def make(district: str, day: date, now: datetime, archive: Archive | None = None) -> Report:
    """Files first, their row last: a row never names a file that is not there.

    Conflicts: `day_not_sealed` (settlement has not ended), `report_differs`.
    """
    merchants = [merchant for merchant in merchants_of(day) if merchant.district == district]
    files = _compose(district, day, merchants)
    folder = f"reports/{DAILY}/{quote(district, safe='')}"
    report = Report(
        report_id=report_id(district, day),
        district=district,
        business_date=day,
        merchants=len(merchants),
        sha256=files.sha256,
        key=f"{folder}/{day}.json",
        table_key=f"{folder}/{day}.csv",
        made_at=now,
    )
    earlier = reads.get(Report, district, day)
    known = rules.make(earlier, report)
    if known.replayed and known.answer.sha256 != report.sha256:
        return known.answer
    _keep(report, files, archive or objects.connect())
    return commit(lambda: rules.make(reads.get(Report, district, day), report)).answer


def _keep(report: Report, files: Files, archive: Archive) -> None:
    for key, content, kind in (
        (report.key, files.content, "application/json"),
        (report.table_key, files.table, "text/csv; charset=utf-8"),
    ):
        if archive.get(key) != content:
            archive.put(key, content, kind)


def _compose(district: str, day: date, merchants: Sequence[Merchant]) -> Files:
    seal = reads.get(Seal, day)
    days = [reads.get(MerchantDay, merchant.merchant_id, day) for merchant in merchants]
    if seal is None or any(one is None for one in days):
        raise Conflict("day_not_sealed", f"{day} 尚未封账", f"{day} is not settled yet")
    rows = [rules.row(merchant, one) for merchant, one in zip(merchants, days, strict=True) if one is not None]
    return rules.compose(district, day, rows, seal, reads.get(ReconciledDay, day))


def push(
    district: str, day: date, now: datetime, platform: Regulator | None = None, archive: Archive | None = None
) -> str:
    """acknowledged, refused or unknown. The same report again gets the same receipt."""
    report = _report(district, day)
    if report.state is not ReportState.MADE:
        return str(report.state)
    content = content_of(report, archive)
    outcome = (platform or regulator.connect()).push(report.report_id, DAILY, district, day, content)
    if isinstance(outcome, Unknown):
        return UNKNOWN
    if isinstance(outcome, Refused):
        code = outcome.code
        return str(commit(lambda: rules.refuse(_report(district, day), code, now)).answer.state)
    receipt = outcome
    return str(commit(lambda: rules.acknowledge(_report(district, day), receipt.receipt_no, receipt.at)).answer.state)


def content_of(report: Report, archive: Archive | None = None) -> bytes:
    """The file as it was made. Conflict `report_altered` when the archive has another one, or none."""
    content = (archive or objects.connect()).get(report.key)
    if content is None or hashlib.sha256(content).hexdigest() != report.sha256:
        raise Conflict("report_altered", "归档的报告与摘要不符", f"the archived file of {report.report_id} is not what was made")
    return content


def visible(report_no: str, principal: Principal) -> Report:
    """A regulator sees the reports of their own district; all others are absent."""
    try:
        day = date.fromisoformat(ids.part_of(report_no)[:8])
    except ValueError:
        raise absent("报告", "report") from None
    found = reads.get(Report, principal.district, day) if principal.district else None
    if found is None or found.report_id != report_no:
        raise absent("报告", "report")
    return found


def _report(district: str, day: date) -> Report:
    report = reads.get(Report, district, day)
    if report is None:
        raise absent("报告", "report")
    return report
