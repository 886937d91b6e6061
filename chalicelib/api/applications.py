"""Merchant applications: filed in parts, submitted, reviewed by two persons."""

from datetime import datetime
from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cursors
from chalicelib.api.filings import FilingParts, FilingView, fields_of
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, ListView, View, rfc3339
from chalicelib.domain.application import Application, ApplicationState
from chalicelib.domain.business_day import business_date
from chalicelib.domain.filing import missing
from chalicelib.domain.principal import Role
from chalicelib.domain.review import confusable_with
from chalicelib.operations import applications

routes = Blueprint(__name__)

FILERS = frozenset({Role.OWNER, Role.OPERATOR})
REVIEWERS = frozenset({Role.OPERATOR, Role.REGULATOR})


class Review(Body):
    """`confusable_accepted`: the operator has seen whose name this one resembles, and says in `reason` why it may be."""

    decision: Literal["approve", "reject"]
    reason: Annotated[str, Field(max_length=500)] = ""
    confusable_accepted: bool = False


class ApplicationLine(View):
    """An application as lists show it. `due_on`: decided by then, after that it is overdue."""

    application_id: str
    merchant_id: str
    state: ApplicationState
    name: str
    licence_no: str
    district: str
    filed_at: str
    submitted_at: str | None
    due_on: str
    overdue: bool
    rejections: int
    filing_no: str


class ApplicationView(FilingView):
    """`missing`: names of the fields, and `files.<kind>`, without which it cannot be submitted. `reason`: of the rejection that
    stands. `name_confusable_with`: the merchant of the district whose name is easily taken for this one."""

    application_id: str
    merchant_id: str
    state: ApplicationState
    missing: list[str]
    filed_at: str
    submitted_at: str | None
    due_on: str
    overdue: bool
    licence_checked_at: str | None
    reason: str
    last_reason: str
    rejections: int
    file_count: int
    name_confusable_with: str | None
    filing_no: str


class Query(cursors.Page):
    """Without a state: what waits for an operator; for an owner, the own one in any state."""

    state: ApplicationState | None = None


def _at(moment: datetime | None) -> str | None:
    return rfc3339(moment) if moment else None


def line(made: Application, now: datetime) -> ApplicationLine:
    return ApplicationLine(
        application_id=made.application_id,
        merchant_id=made.merchant_id,
        state=made.state,
        name=made.filing.name,
        licence_no=made.filing.licence_no,
        district=made.filing.district,
        filed_at=rfc3339(made.filed_at),
        submitted_at=_at(made.submitted_at),
        due_on=made.due_on.isoformat(),
        overdue=made.overdue(business_date(now)),
        rejections=made.rejections,
        filing_no=made.filing_no,
    )


def view(made: Application, call: Call) -> ApplicationView:
    return ApplicationView(
        **fields_of(made, call.caller),
        application_id=made.application_id,
        merchant_id=made.merchant_id,
        state=made.state,
        missing=list(missing(made.filing, made.file_kinds)),
        filed_at=rfc3339(made.filed_at),
        submitted_at=_at(made.submitted_at),
        due_on=made.due_on.isoformat(),
        overdue=made.overdue(business_date(call.now)),
        licence_checked_at=_at(made.licence_checked_at),
        reason=made.reason,
        last_reason=made.last_reason,
        rejections=made.rejections,
        file_count=made.file_count,
        name_confusable_with=confusable_with(made, applications.name_claim(made)) or None,
        filing_no=made.filing_no,
    )


@endpoint(
    routes,
    "POST",
    "/v1/merchant-applications",
    "Begin an application, as the owner or on a merchant's behalf; a draft may be nearly empty",
    who=FILERS,
    body=FilingParts,
    answer=ApplicationView,
    status=201,
    key=True,
)
def create(call: Call) -> Any:
    done = applications.draft(call.body.parts(), call.caller, call.key, call.trace)
    return Reply(view(done.answer, call), replayed=done.replayed)


@endpoint(
    routes,
    "GET",
    "/v1/merchant-applications",
    "Applications in a state, oldest first",
    who=FILERS | REVIEWERS,
    query=Query,
    answer=ListView[ApplicationLine],
)
def index(call: Call) -> Any:
    asked, who = call.query, call.caller
    if who.role is Role.OWNER:
        return ListView[ApplicationLine](data=[line(made, call.now) for made in applications.own(who, asked.state)])
    state = asked.state or ApplicationState.SUBMITTED
    scope = f"applications/{state}/{who.role}/{who.district}"
    after = cursors.unseal(scope, asked.cursor) if asked.cursor else ""
    found, position = applications.page_of(state, who, asked.limit, after)
    cursor = cursors.seal(scope, position) if position else None
    page = [line(made, call.now) for made in found]
    return ListView[ApplicationLine](data=page, has_more=cursor is not None, next_cursor=cursor)


@endpoint(
    routes,
    "GET",
    "/v1/merchant-applications/{application_id}",
    "One application, with what it still lacks",
    who=FILERS | REVIEWERS,
    answer=ApplicationView,
)
def show(call: Call, application_id: str) -> Any:
    return view(applications.visible(application_id, call.caller), call)


@endpoint(
    routes,
    "PATCH",
    "/v1/merchant-applications/{application_id}",
    "Save more parts of a draft, or correct what was rejected; null clears a field",
    who=FILERS,
    body=FilingParts,
    answer=ApplicationView,
)
def save(call: Call, application_id: str) -> Any:
    done = applications.save(application_id, call.body.parts(), call.caller, call.trace)
    return Reply(view(done.answer, call), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/merchant-applications/{application_id}/submit",
    "Verify the licence at the registry and submit",
    who=FILERS,
    answer=ApplicationView,
    key=True,
)
def submit(call: Call, application_id: str) -> Any:
    done = applications.submit(application_id, call.caller, call.trace)
    return Reply(view(done.answer, call), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/merchant-applications/{application_id}/review",
    "Approve or reject; two different persons",
    who=REVIEWERS,
    body=Review,
    answer=ApplicationView,
    key=True,
)
def review(call: Call, application_id: str) -> Any:
    asked = call.body
    if asked.decision == "approve":
        done = applications.approve(application_id, asked.reason, asked.confusable_accepted, call.caller, call.trace)
    else:
        done = applications.reject(application_id, asked.reason, call.caller, call.trace)
    return Reply(view(done.answer, call), replayed=done.replayed)
