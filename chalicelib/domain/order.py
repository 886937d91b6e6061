"""An order: the purchase of one card. Its row is the transfer custody -> card once the provider's proof is in.

An order may be paid at the last second: a closed order whose money came in is still credited, never lost.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain import chart
from chalicelib.domain.business_day import business_date
from chalicelib.domain.card import Card
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.product import Product, ProductState
from chalicelib.domain.refusals import Conflict, Unprocessable, absent, key_reused
from chalicelib.domain.state import move
from chalicelib.domain.transfer import GENESIS, Kind, Transfer

PAY_WITHIN = timedelta(minutes=30)


class OrderState(StrEnum):
    CREATED = "created"
    PAID = "paid"
    CLOSED = "closed"


class OrderEvent(StrEnum):
    PAY = "pay"
    CLOSE = "close"


TRANSITIONS: Mapping[tuple[OrderState, OrderEvent], OrderState] = {
    (OrderState.CREATED, OrderEvent.PAY): OrderState.PAID,
    (OrderState.CREATED, OrderEvent.CLOSE): OrderState.CLOSED,
    (OrderState.CLOSED, OrderEvent.PAY): OrderState.PAID,
}


@dataclass(frozen=True)
class Order:
    """`amount_fen` is the price and later the cash on the card. `provider_date` is the provider's day of payment, by which
    its bill lists it; `business_date` is ours."""

    order_id: str
    card_id: str
    consumer_id: str
    merchant_id: str
    merchant_name: str
    product_id: str
    product_name: str
    amount_fen: int
    bonus_fen: int
    contract_version: str
    provider: str
    created_at: datetime
    expires_at: datetime
    fingerprint: str
    state: OrderState = OrderState.CREATED
    transaction_id: str = ""
    provider_date: date | None = None
    resolved_at: datetime | None = None
    business_date: date | None = None
    seq: int | None = None
    prev_hash: str = ""
    hash: str = ""
    version: int = 1

    @property
    def transfer(self) -> Transfer:
        assert self.state is OrderState.PAID
        assert self.seq is not None
        assert self.resolved_at is not None
        return Transfer(
            transfer_id=self.order_id,
            kind=Kind.PURCHASE,
            debit=chart.CUSTODY,
            credit=chart.card(self.card_id),
            amount_fen=self.amount_fen,
            face_fen=0,
            business_date=business_date(self.resolved_at),
            posted_at=self.resolved_at,
            seq=self.seq,
            prev_hash=self.prev_hash,
        )


@dataclass(frozen=True)
class Wish:
    """What a consumer wants to buy, with the identities the effect will have."""

    order_id: str
    card_id: str
    consumer_id: str
    contract_version: str
    provider: str
    fingerprint: str


@dataclass(frozen=True)
class ProvenPayment:
    """A payment of which the provider gave proof (a verified notice, or its answer to our query)."""

    order_id: str
    transaction_id: str
    amount_fen: int
    currency: str
    paid_at: datetime


def place(
    merchant: Merchant | None, product: Product | None, earlier: Order | None, wish: Wish, now: datetime
) -> Decision[Order]:
    """Order of refusals: key reused, product absent, merchant may not sell, product not on sale, contract changed."""
    if earlier is not None:
        if earlier.fingerprint != wish.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    if merchant is None or product is None:
        raise absent("卡产品", "product")
    merchant.require_selling()
    if product.state is not ProductState.ON_SALE:
        raise Conflict("product_not_on_sale", "该卡产品已停售", f"product {product.product_id} is {product.state}")
    if wish.contract_version != product.contract_version:
        raise Unprocessable(
            "contract_changed",
            f"合同版本已更新为 {product.contract_version}，请重新阅读并同意",
            f"the contract is at version {product.contract_version}, not {wish.contract_version}",
            param="contract_version",
            facts={"has": wish.contract_version, "needs": product.contract_version},
        )
    order = Order(
        order_id=wish.order_id,
        card_id=wish.card_id,
        consumer_id=wish.consumer_id,
        merchant_id=merchant.merchant_id,
        merchant_name=merchant.name,
        product_id=product.product_id,
        product_name=product.name,
        amount_fen=product.price_fen,
        bonus_fen=product.bonus_fen,
        contract_version=product.contract_version,
        provider=wish.provider,
        created_at=now,
        expires_at=now + PAY_WITHIN,
        fingerprint=wish.fingerprint,
    )
    return Decision(order, (create(order),))


def credit(order: Order | None, payment: ProvenPayment, now: datetime) -> Decision[Order]:
    """Turn proven money into an active card. The same payment again answers with the paid order.

    Order of refusals: order absent, other currency, other amount, paid by another transaction.
    """
    if order is None or order.order_id != payment.order_id:
        raise absent("订单", "order")
    if payment.currency != "CNY" or payment.amount_fen != order.amount_fen:
        raise Unprocessable(
            "payment_mismatch",
            f"支付金额不符：收到 {payment.amount_fen} 分，订单 {order.amount_fen} 分",
            f"order {order.order_id} is {order.amount_fen} fen CNY, the payment {payment.amount_fen} fen {payment.currency[:8]}",
            facts={"has_fen": payment.amount_fen, "needs_fen": order.amount_fen},
        )
    if order.state is OrderState.PAID:
        if order.transaction_id != payment.transaction_id:
            raise Conflict(
                "order_paid_otherwise", "订单已由另一笔支付完成", f"order {order.order_id} was paid by another transaction"
            )
        return Decision(order, replayed=True)
    state = move(TRANSITIONS, "order", "订单", order.state, OrderEvent.PAY)
    paid = replace(
        order,
        state=state,
        transaction_id=payment.transaction_id,
        provider_date=business_date(payment.paid_at),
        resolved_at=now,
        business_date=business_date(now),
        seq=1,
        prev_hash=GENESIS,
        version=order.version + 1,
    )
    paid = replace(paid, hash=paid.transfer.hash)
    return Decision(paid, (change(order, paid), create(_card(paid, now))))


def _card(paid: Order, now: datetime) -> Card:
    return Card(
        card_id=paid.card_id,
        holder_id=paid.consumer_id,
        merchant_id=paid.merchant_id,
        merchant_name=paid.merchant_name,
        product_id=paid.product_id,
        product_name=paid.product_name,
        contract_version=paid.contract_version,
        paid_fen=paid.amount_fen,
        bonus_fen=paid.bonus_fen,
        activated_at=now,
        length=1,
        head_hash=paid.hash,
    )


def close(order: Order, now: datetime) -> Decision[Order]:
    """The provider says definitely: not paid, and nobody can pay it any more."""
    if order.state is not OrderState.CREATED:
        return Decision(order, replayed=True)
    state = move(TRANSITIONS, "order", "订单", order.state, OrderEvent.CLOSE)
    closed = replace(order, state=state, resolved_at=now, version=order.version + 1)
    return Decision(closed, (change(order, closed),))
