"""Refunds: the quote explained line by line, the request, the merchant's agreement."""

from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api.cards import CONSUMER
from chalicelib.api.customers import customer_view
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, CustomerView, Id, View, rfc3339
from chalicelib.domain.principal import MERCHANT_ROLES, Role
from chalicelib.domain.refund import Cause, Quote, Refund
from chalicelib.operations import refunds

routes = Blueprint(__name__)


class RefundBody(Body):
    """`no_reason`: within the cooling-off days; then the cause does not matter."""

    card_id: Id
    cause: Cause
    no_reason: Annotated[bool, Field(description="use the cooling-off right")] = False


class LineView(View):
    text: str
    text_en: str
    amount_fen: int
    article: str


class QuoteView(View):
    card_id: str
    rule: str
    refund_fen: int
    release_to_merchant_fen: int
    automatic: bool
    due_on: str
    due_article: str
    lines: list[LineView]


class RefundView(View):
    refund_id: str
    card_id: str
    merchant_id: str
    rule: str
    cause: str
    amount_fen: int
    release_to_merchant_fen: int
    state: str
    requested_at: str
    due_on: str
    resolved_at: str | None
    reason: str
    customer: CustomerView | None = None


def quote_view(card_id: str, quote: Quote) -> QuoteView:
    return QuoteView(
        card_id=card_id,
        rule=quote.rule,
        refund_fen=quote.refund_fen,
        release_to_merchant_fen=quote.release_fen,
        automatic=quote.automatic,
        due_on=quote.due_on.isoformat(),
        due_article=quote.due_article,
        lines=[
            LineView(text=line.text, text_en=line.text_en, amount_fen=line.amount_fen, article=line.article)
            for line in quote.lines
        ],
    )


def refund_view(refund: Refund, customer: CustomerView | None = None) -> RefundView:
    return RefundView(
        refund_id=refund.refund_id,
        card_id=refund.card_id,
        merchant_id=refund.merchant_id,
        rule=refund.rule,
        cause=refund.cause,
        amount_fen=refund.amount_fen,
        release_to_merchant_fen=refund.release_fen,
        state=refund.state,
        requested_at=rfc3339(refund.requested_at),
        due_on=refund.due_on.isoformat(),
        resolved_at=rfc3339(refund.resolved_at) if refund.resolved_at else None,
        reason=refund.reason,
        customer=customer,
    )


@endpoint(
    routes,
    "POST",
    "/v1/refund-quotes",
    "What the law gives back today, explained",
    who=CONSUMER,
    body=RefundBody,
    answer=QuoteView,
)
def quote(call: Call) -> Any:
    asked = call.body
    quoted = refunds.quote(asked.card_id, call.caller.principal_id, asked.cause, asked.no_reason, call.now)
    return quote_view(asked.card_id, quoted)


@endpoint(
    routes,
    "POST",
    "/v1/refunds",
    "Ask for a refund; automatic where the law needs nobody's consent",
    who=CONSUMER,
    body=RefundBody,
    answer=RefundView,
    status=201,
    key=True,
)
def create(call: Call) -> Any:
    asked = call.body
    done = refunds.request(asked.card_id, call.caller.principal_id, asked.cause, asked.no_reason, call.key, call.now)
    return Reply(refund_view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "GET",
    "/v1/refunds/{refund_id}",
    "A refund, for its consumer and the merchant",
    who=CONSUMER | MERCHANT_ROLES,
    answer=RefundView,
)
def show(call: Call, refund_id: str) -> Any:
    found = refunds.visible(refund_id, call.caller)
    return refund_view(found, customer_view(found.consumer_id, call.caller))


@endpoint(
    routes,
    "POST",
    "/v1/refunds/{refund_id}/agree",
    "The merchant agrees to the quoted refund",
    who=frozenset({Role.OWNER, Role.MANAGER}),
    answer=RefundView,
    key=True,
)
def agree(call: Call, refund_id: str) -> Any:
    done = refunds.agree(refund_id, call.caller, call.now)
    return Reply(refund_view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/refunds/{refund_id}/withdraw",
    "The consumer takes the request back while nobody has agreed",
    who=CONSUMER,
    answer=RefundView,
    key=True,
)
def withdraw(call: Call, refund_id: str) -> Any:
    done = refunds.withdraw(refund_id, call.caller.principal_id, call.now)
    return Reply(refund_view(done.answer), replayed=done.replayed)
