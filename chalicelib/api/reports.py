"""The regulator's reports: the list of their own district, and the file as it was made."""
from datetime import date
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, ListView, View, rfc3339
from chalicelib.domain.principal import Role
from chalicelib.domain.refusals import BadRequest
from chalicelib.domain.report import DAILY, Report
from chalicelib.operations import reporting
from chalicelib.store import reads

routes = Blueprint(__name__)

REGULATOR = frozenset({Role.REGULATOR})
DAYS_MAX = 92


class Range(Body):
    """Business dates, both included."""

    since: Annotated[date, Field(alias="from", description="YYYY-MM-DD")]
    until: Annotated[date, Field(alias="to", description="YYYY-MM-DD")]


class ReportView(View):
    """`sha256`: of the file under `/content`. `state`: made, acknowledged or refused by the regulator's platform."""

    report_id: str
    kind: str
    district: str
    business_date: str
    merchants: int
    sha256: str
    state: str
    receipt_no: str
    made_at: str


def report_view(report: Report) -> ReportView:
    return ReportView(
        report_id=report.report_id,
        kind=DAILY,
        district=report.district,
        business_date=report.business_date.isoformat(),
        merchants=report.merchants,
        sha256=report.sha256,
        state=report.state,
        receipt_no=report.receipt_no,
        made_at=rfc3339(report.made_at),
    )


@endpoint(
    routes,
    "GET",
    "/v1/reports",
    "Reports of the regulator's district, latest first",
    who=REGULATOR,
    query=Range,
    answer=ListView[ReportView],
)
def index(call: Call) -> Any:
    asked = call.query
    if not 0 <= (asked.until - asked.since).days < DAYS_MAX:
        raise BadRequest(
            "range_invalid", f"日期范围须为 1 至 {DAYS_MAX} 天", f"from..to has to be 1 to {DAYS_MAX} days", param="to"
        )
    found = reads.newest(
        Report, f"reports#{call.caller.district}", f"day#{asked.since}", DAYS_MAX, through=f"day#{asked.until}"
    )
    return ListView[ReportView](data=[report_view(report) for report in found])


@endpoint(
    routes,
    "GET",
    "/v1/reports/{report_id}/content",
    "The report's file, byte for byte as it was made",
    who=REGULATOR,
    answer=None,
)
def content(call: Call, report_id: str) -> Any:
    report = reporting.visible(report_id, call.caller)
    return Reply(reporting.content_of(report).decode())
