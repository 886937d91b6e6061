"""Alerts of a district: listed for its regulator and for operators, closed by a person with a reason."""

from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cursors
from chalicelib.api.applications import REVIEWERS
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, ListView, View, rfc3339
from chalicelib.domain.alert import Alert, AlertState
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import BadRequest, Forbidden
from chalicelib.operations import alerts
from chalicelib.store import reads

routes = Blueprint(__name__)

DistrictOrOwn = Annotated[
    str, Field(pattern=r"^([0-9]{6})?$", description="GB/T 2260 code; a regulator may leave it out, an operator may not")
]
GivenReason = Annotated[str, Field(min_length=1, max_length=500)]


class AlertsQuery(cursors.Page):
    state: AlertState = AlertState.OPEN
    district: DistrictOrOwn = ""


class AlertView(View):
    """`detail` (zh-CN) and `detail_en`: what was seen. `closed_by`, `reason`: empty while it is open."""

    alert_id: str
    merchant_id: str
    district: str
    kind: str
    detail: str
    detail_en: str
    raised_at: str
    state: AlertState
    closed_by: str
    reason: str


class Closing(Body):
    reason: GivenReason


def alert_view(alert: Alert) -> AlertView:
    return AlertView(
        alert_id=alert.alert_id,
        merchant_id=alert.merchant_id,
        district=alert.district,
        kind=alert.kind,
        detail=alert.detail,
        detail_en=alert.detail_en,
        raised_at=rfc3339(alert.raised_at),
        state=alert.state,
        closed_by=alert.closed_by,
        reason=alert.reason,
    )


def district_of(caller: Principal, asked: str) -> str:
    """The district whose list an official gets: a regulator their own, an operator the one they name."""
    if caller.role is not Role.OPERATOR:
        if asked not in ("", caller.district):
            raise Forbidden("district_not_yours", "只能查看本辖区", "this is not your district")
        return caller.district
    if not asked:
        raise BadRequest("district_required", "请指定行政区划代码", "an operator names a district", param="district")
    return asked


def page_of_cases(key: str, asked: cursors.Page) -> tuple[list[Any], str | None]:
    """A page of the cases that are listed under a key, and the cursor of the next one."""
    after = cursors.unseal(key, asked.cursor) if asked.cursor else ""
    found = reads.cases(key, asked.limit + 1, after)
    if len(found) <= asked.limit:
        return found, None
    page = found[: asked.limit]
    return page, cursors.seal(key, reads.position_of(page[-1]))


@endpoint(
    routes,
    "GET",
    "/v1/alerts",
    "Alerts of a district, oldest first",
    who=REVIEWERS,
    query=AlertsQuery,
    answer=ListView[AlertView],
)
def index(call: Call) -> Any:
    district = district_of(call.caller, call.query.district)
    found, following = page_of_cases(f"alerts#{call.query.state}#{district}", call.query)
    data = [alert_view(alert) for alert in found]
    return ListView[AlertView](data=data, has_more=following is not None, next_cursor=following)


@endpoint(
    routes,
    "POST",
    "/v1/alerts/{alert_id}/close",
    "Close an alert, with the reason",
    who=REVIEWERS,
    body=Closing,
    answer=AlertView,
    key=True,
)
def close(call: Call, alert_id: str) -> Any:
    done = alerts.close(alert_id, call.body.reason, call.caller, call.trace)
    return Reply(alert_view(done.answer), replayed=done.replayed)
