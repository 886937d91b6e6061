"""Tip-offs: a consumer tells the authority of a merchant. No view but the consumer's own is told apart by who reported."""

from datetime import date
from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cursors
from chalicelib.api.alerts import DistrictOrOwn, GivenReason, district_of, page_of_cases
from chalicelib.api.applications import REVIEWERS
from chalicelib.api.cards import CONSUMER
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, Id, ListView, View, rfc3339
from chalicelib.api.reports import REGULATOR
from chalicelib.domain.business_day import business_date
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.principal import Role
from chalicelib.domain.tip_off import Finding, TipOff, TipOffKind, TipOffState
from chalicelib.operations import tip_offs

routes = Blueprint(__name__)


class TipOffBody(Body):
    """`store_id`: empty for the merchant as a whole. `happened_on`: YYYY-MM-DD."""

    merchant_id: Id
    store_id: Annotated[str, Field(max_length=80, pattern=r"^(sto_[0-9A-Z]+)?$")] = ""
    kind: TipOffKind
    what_happened: Annotated[str, Field(min_length=1, max_length=500)]
    happened_on: date


class TipOffView(View):
    """`due_on`: until when the regulator has to answer, by `due_article`. `outcome`: pending, confirmed or unfounded."""

    tip_off_id: str
    merchant_id: str
    store_id: str
    district: str
    kind: TipOffKind
    what_happened: str
    happened_on: str
    reported_at: str
    due_on: str
    due_article: str
    state: TipOffState
    outcome: Finding
    resolved_at: str | None
    reason: str


class TipOffsQuery(cursors.Page):
    """For officials; a consumer gets all of their own, and neither field."""

    state: TipOffState = TipOffState.OPEN
    district: DistrictOrOwn = ""


class Resolution(Body):
    outcome: Literal[Finding.CONFIRMED, Finding.UNFOUNDED]
    reason: GivenReason


def tip_off_view(made: TipOff) -> TipOffView:
    return TipOffView(
        tip_off_id=made.tip_off_id,
        merchant_id=made.merchant_id,
        store_id=made.store_id,
        district=made.district,
        kind=made.kind,
        what_happened=made.what_happened,
        happened_on=made.happened_on.isoformat(),
        reported_at=rfc3339(made.reported_at),
        due_on=made.due_on.isoformat(),
        due_article=rules_on(made.district, business_date(made.reported_at)).complaint_answer_article,
        state=made.state,
        outcome=made.finding,
        resolved_at=rfc3339(made.resolved_at) if made.resolved_at else None,
        reason=made.reason,
    )


@endpoint(
    routes,
    "POST",
    "/v1/tip-offs",
    "Report that a merchant asked for payment off the platform, or refused a card; once per kind and day",
    who=CONSUMER,
    body=TipOffBody,
    answer=TipOffView,
    status=201,
    key=True,
)
def create(call: Call) -> Any:
    asked = call.body
    done = tip_offs.report(
        asked.merchant_id, asked.store_id, asked.kind, asked.what_happened, asked.happened_on, call.caller, call.trace
    )
    return Reply(tip_off_view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "GET",
    "/v1/tip-offs",
    "My tip-offs, latest first; for officials those of a district, oldest first",
    who=CONSUMER | REVIEWERS,
    query=TipOffsQuery,
    answer=ListView[TipOffView],
)
def index(call: Call) -> Any:
    if call.caller.role is Role.CONSUMER:
        found, following = _own(call.caller.principal_id, call.query)
    else:
        district = district_of(call.caller, call.query.district)
        found, following = page_of_cases(f"tip_offs#{call.query.state}#{district}", call.query)
    data = [tip_off_view(one) for one in found]
    return ListView[TipOffView](data=data, has_more=following is not None, next_cursor=following)


def _own(consumer_id: str, asked: cursors.Page) -> tuple[list[TipOff], str | None]:
    scope = f"{consumer_id}/tip_offs"
    through = cursors.unseal(scope, asked.cursor) if asked.cursor else ""
    found, following = tip_offs.own(consumer_id, asked.limit, through)
    return found, cursors.seal(scope, following) if following else None


@endpoint(
    routes,
    "POST",
    "/v1/tip-offs/{tip_off_id}/resolve",
    "Say what the authority found, with the reason",
    who=REGULATOR,
    body=Resolution,
    answer=TipOffView,
    key=True,
)
def resolve(call: Call, tip_off_id: str) -> Any:
    done = tip_offs.resolve(tip_off_id, call.body.outcome, call.body.reason, call.caller, call.trace)
    return Reply(tip_off_view(done.answer), replayed=done.replayed)
