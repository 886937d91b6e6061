"""Buying a card."""
from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cursors
from chalicelib.api.cards import CONSUMER
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, Fen, Id, ListView, View, rfc3339
from chalicelib.domain.contract import DIGEST_CHARS
from chalicelib.domain.order import Order
from chalicelib.gateways.wechat_pay import PaymentParameters
from chalicelib.operations import orders
from chalicelib.store import reads

routes = Blueprint(__name__)


class OrderBody(Body):
    """`contract_version`: the contract that the consumer has read and accepts; with `contract_hash` this very text. `price_fen`:
    which of the product's offers, the first one if absent."""

    product_id: Id
    contract_version: Annotated[str, Field(min_length=1, max_length=20)]
    payment_provider: Literal["wechat_pay"]
    price_fen: Fen | None = None
    contract_hash: Annotated[str, Field(pattern=rf"^([A-Za-z0-9_-]{{{DIGEST_CHARS}}})?$")] = ""


class PaymentParametersView(View):
    """What the mini-program hands to wx.requestPayment."""

    app_id: str
    time_stamp: str
    nonce_str: str
    package: str
    sign_type: str
    pay_sign: str


class OrderView(View):
    order_id: str
    card_id: str
    merchant_id: str
    product_id: str
    amount_fen: int
    bonus_fen: int
    contract_version: str
    contract_hash: str
    terms_version: int
    state: str
    created_at: str
    expires_at: str
    payment_parameters: PaymentParametersView | None = None


def order_view(order: Order, parameters: PaymentParameters | None = None) -> OrderView:
    return OrderView(
        order_id=order.order_id,
        card_id=order.card_id,
        merchant_id=order.merchant_id,
        product_id=order.product_id,
        amount_fen=order.amount_fen,
        bonus_fen=order.bonus_fen,
        contract_version=order.contract_version,
        contract_hash=order.contract_hash,
        terms_version=order.terms_version,
        state=order.state,
        created_at=rfc3339(order.created_at),
        expires_at=rfc3339(order.expires_at),
        payment_parameters=_parameters_view(parameters) if parameters else None,
    )


def _parameters_view(parameters: PaymentParameters) -> PaymentParametersView:
    return PaymentParametersView(
        app_id=parameters.app_id,
        time_stamp=parameters.time_stamp,
        nonce_str=parameters.nonce_str,
        package=parameters.package,
        sign_type=parameters.sign_type,
        pay_sign=parameters.pay_sign,
    )


@endpoint(
    routes,
    "POST",
    "/v1/orders",
    "Buy a card: answers with the payment parameters",
    who=CONSUMER,
    body=OrderBody,
    answer=OrderView,
    status=201,
    key=True,
)
def create(call: Call) -> Any:
    body = call.body
    asked = orders.Asked(body.product_id, body.contract_version, body.price_fen, body.contract_hash)
    placed = orders.place(call.caller.principal_id, asked, call.key, call.trace)
    return Reply(order_view(placed.order, placed.parameters), replayed=placed.replayed)


@endpoint(routes, "GET", "/v1/orders", "My orders", who=CONSUMER, query=cursors.Page, answer=ListView[OrderView])
def index(call: Call) -> Any:
    asked, own_id = call.query, call.caller.principal_id
    merchant_id, _, card_id = cursors.unseal(f"orders/{own_id}", asked.cursor).partition("/") if asked.cursor else ("", "", "")
    found = reads.orders_page(own_id, asked.limit + 1, (merchant_id, card_id) if card_id else None)
    page = found[: asked.limit]
    more = len(found) > asked.limit
    next_cursor = cursor_after(page[-1]) if more else None
    return ListView[OrderView](data=[order_view(order) for order in page], has_more=more, next_cursor=next_cursor)


def cursor_after(order: Order) -> str:
    return cursors.seal(f"orders/{order.consumer_id}", f"{order.merchant_id}/{order.card_id}")


@endpoint(routes, "GET", "/v1/orders/{order_id}", "One of my orders", who=CONSUMER, answer=OrderView)
def show(call: Call, order_id: str) -> Any:
    return order_view(orders.own(order_id, call.caller.principal_id))
