"""An order: the purchase of one card. Its row is the transfer custody -> card once the provider's proof is in.

An order may be paid at the last second: a closed order whose money came in is still credited, never lost.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain import balance, bonus, chart, product
from chalicelib.domain.audit import Trace
from chalicelib.domain.bonus import Meter
from chalicelib.domain.business_day import business_date
from chalicelib.domain.card import Card
from chalicelib.domain.contract import Contract, contract_of
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.product import NEVER_SHOWN, Product, ProductState
from chalicelib.domain.refusals import Conflict, Refusal, Unprocessable, absent, key_reused
from chalicelib.domain.state import move
from chalicelib.domain.terms import ProductKind, Tier
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
    """`amount_fen` is the price and later the cash on the card. `terms_version` and `contract_hash`: the terms and the text that
    the consumer accepted (contract.py). `provider_date` is the provider's day of payment, by which its bill lists it;
    `business_date` is ours."""

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
    terms_version: int = 1
    contract_hash: str = ""
    state: OrderState = OrderState.CREATED
    transaction_id: str = ""
    provider_date: date | None = None
    resolved_at: datetime | None = None
    business_date: date | None = None
    seq: int | None = None
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
            prev_hash=GENESIS,
        )


@dataclass(frozen=True)
class Wish:
    """What a consumer wants to buy, with the identities the effect will have. `price_fen`: chooses the offer, None the first.
    `contract_hash`: digest of the contract that was read; may be "" for a product's first terms only. `alert_id`: if the
    breaker trips."""

    order_id: str
    card_id: str
    consumer_id: str
    contract_version: str
    provider: str
    fingerprint: str
    price_fen: int | None = None
    contract_hash: str = ""
    alert_id: str = ""


@dataclass(frozen=True)
class Market:
    """What an order is measured by, beside merchant and product. `template`: of the product's contract. `meters`: the product's
    bonus meters of today, None where nothing was counted yet. `escrow_fen`: in custody for the merchant's cards at the end of its
    latest folded day, asked only if it has a cap."""

    rules: Rules
    template: str
    meters: tuple[Meter | None, ...]
    escrow_fen: int = 0


@dataclass(frozen=True)
class Placing:
    """The order, or why there is none although something was written: the operation raises `refusal` after the commit."""

    order: Order | None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class ProvenPayment:
    """A payment of which the provider gave proof (a verified notice, or its answer to our query)."""

    order_id: str
    transaction_id: str
    amount_fen: int
    currency: str
    paid_at: datetime


def place(
    merchant: Merchant | None, sold: Product | None, earlier: Order | None, wish: Wish, market: Market | None, trace: Trace
) -> Decision[Placing]:
    """Order of refusals: key reused, product absent, merchant may not sell, product not on sale, kind not sold yet, no such
    offer, contract changed, balance cap, bonus cap of the day, bonus breaker. The breaker suspends the product and refuses."""
    if earlier is not None:
        if earlier.fingerprint != wish.fingerprint:
            raise key_reused()
        return Decision(Placing(earlier), replayed=True)
    if merchant is None or sold is None or market is None or sold.state in NEVER_SHOWN:
        raise absent("卡产品", "product")
    merchant.require_selling()
    if sold.state is not ProductState.ON_SALE:
        raise Conflict("product_not_on_sale", "该卡产品已停售", f"product {sold.product_id} is {sold.state}")
    if sold.terms.kind is not ProductKind.STORED_VALUE:
        raise Unprocessable("kind_not_sold_yet", "该类卡产品暂未开放购买", f"a {sold.terms.kind} card cannot be bought yet")
    tier = require_offer(sold, wish.price_fen)
    contract = contract_of(market.template, merchant, sold, tier, market.rules)
    _require_accepted(contract, wish)
    cap_fen = balance.cap_fen(merchant, market.rules, market.rules.day)
    balance.require_room(cap_fen, market.escrow_fen, tier.price_fen)
    order = _order(merchant, sold, tier, contract, wish, trace.at)
    if not tier.bonus_fen:
        return Decision(Placing(order), (create(order),))
    counted = _counted(sold, tier, market, wish, trace)
    if counted.tripped_fen:
        return _broken(merchant, sold, counted.tripped_fen, market.rules, wish, trace)
    return Decision(Placing(order), (create(order), *counted.puts))


def require_offer(sold: Product, price_fen: int | None) -> Tier:
    """The product's offer at this price; the first one without a price."""
    tier = sold.terms.offer(price_fen)
    if tier is None:
        prices = [one.price_fen for one in sold.terms.offers]
        raise Unprocessable(
            "tier_unknown",
            "该卡产品没有这个档位",
            f"the product is sold at {prices} fen, not at {price_fen}",
            param="price_fen",
            facts={"has_fen": price_fen, "prices_fen": prices},
        )
    return tier


def _require_accepted(contract: Contract, wish: Wish) -> None:
    """The version of a template does not change with the terms: who buys revised terms says by the digest which."""
    unread = not wish.contract_hash and contract.terms_version == 1
    if wish.contract_version == contract.version and (unread or wish.contract_hash == contract.digest):
        return
    named = "contract_version" if wish.contract_version != contract.version else "contract_hash"
    raise Unprocessable(
        "contract_changed",
        f"合同已更新（版本 {contract.version}，条款第 {contract.terms_version} 版），请重新阅读并同意",
        f"the contract is at version {contract.version}, terms {contract.terms_version}: read it again",
        param=named,
        facts={"has": getattr(wish, named), "needs": contract.version if named == "contract_version" else contract.digest},
    )


def _order(merchant: Merchant, sold: Product, tier: Tier, contract: Contract, wish: Wish, now: datetime) -> Order:
    return Order(
        order_id=wish.order_id,
        card_id=wish.card_id,
        consumer_id=wish.consumer_id,
        merchant_id=merchant.merchant_id,
        merchant_name=merchant.name,
        product_id=sold.product_id,
        product_name=sold.name,
        amount_fen=tier.price_fen,
        bonus_fen=tier.bonus_fen,
        contract_version=contract.version,
        provider=wish.provider,
        created_at=now,
        expires_at=now + PAY_WITHIN,
        fingerprint=wish.fingerprint,
        terms_version=contract.terms_version,
        contract_hash=contract.digest,
    )


def _counted(sold: Product, tier: Tier, market: Market, wish: Wish, trace: Trace) -> bonus.Count:
    blanks = bonus.blank(sold.merchant_id, sold.product_id, business_date(trace.at))
    caps = bonus.caps_of(sold.terms, market.rules)
    first = zlib.crc32(wish.order_id.encode()) % bonus.SHARDS
    return bonus.count(blanks, market.meters, caps, tier.bonus_fen, first, trace.at)


def _broken(
    merchant: Merchant, sold: Product, minute_fen: int, rules: Rules, wish: Wish, trace: Trace
) -> Decision[Placing]:
    cap_fen = bonus.caps_of(sold.terms, rules).minute_fen
    refusal = Conflict(
        "bonus_breaker",
        "该卡产品赠送异常，已自动暂停销售，等待人工处理",
        f"product {sold.product_id} would have given {minute_fen} fen of bonus within a minute, at most {cap_fen}: suspended",
        facts={"has_fen": minute_fen, "max_fen": cap_fen},
    )
    puts = product.suspend(sold, merchant, wish.alert_id, minute_fen, cap_fen, trace)
    return Decision(Placing(None, refusal), puts)


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


def close(order: Order, now: datetime, meters: Sequence[Meter | None] = ()) -> Decision[Order]:
    """The provider says definitely: not paid, and nobody can pay it any more. `meters`: of the product on the day of the order,
    which gets back what the order had counted. One that is paid after all is not counted a second time."""
    if order.state is not OrderState.CREATED:
        return Decision(order, replayed=True)
    state = move(TRANSITIONS, "order", "订单", order.state, OrderEvent.CLOSE)
    closed = replace(order, state=state, resolved_at=now, version=order.version + 1)
    returned: tuple[Put, ...] = bonus.give_back(meters, order.bonus_fen)
    return Decision(closed, (change(order, closed), *returned))
