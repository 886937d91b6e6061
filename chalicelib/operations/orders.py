"""Buying a card: order -> payment parameters -> proof of payment -> active card."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib import config, ids, sealing
from chalicelib.domain import balance, bonus
from chalicelib.domain import consumer as persons
from chalicelib.domain import order as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.bonus import Meter
from chalicelib.domain.business_day import business_date
from chalicelib.domain.consumer import Channel, Consumer, LinkedIdentity
from chalicelib.domain.decision import Decision
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.order import Market, Order, OrderState, ProvenPayment, Wish
from chalicelib.domain.product import Product
from chalicelib.domain.refusals import CounterpartUnknown, Unprocessable, absent
from chalicelib.domain.settlement import MerchantDay
from chalicelib.gateways import wechat_pay
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.wechat_pay import PaymentParameters, WechatPay
from chalicelib.operations import contracts
from chalicelib.operations.attempts import Done, commit
from chalicelib.operations.channels import field_of
from chalicelib.store import reads

PAYER_CHANNEL = Channel.WECHAT
NOTICES_PATH = "/v1/notifications/wechat-pay"


@dataclass(frozen=True)
class Asked:
    """What a client asks for. `price_fen`: which offer, None the first; `contract_hash`: "" if it does not say what it read."""

    product_id: str
    contract_version: str
    price_fen: int | None = None
    contract_hash: str = ""


@dataclass(frozen=True)
class Placed:
    """`parameters` is None once the order needs no payment any more."""

    order: Order
    parameters: PaymentParameters | None
    replayed: bool


def place(
    consumer_id: str, asked: Asked, key: str, trace: Trace, pay: WechatPay | None = None
) -> Placed:
    """The order is committed before the provider hears its number; asking again asks the provider again under the same one.
    When the breaker trips, its decision is committed before it refuses."""
    wish = _wish(consumer_id, asked, key)
    merchant_id = ids.owner_of("mch", asked.product_id)
    blanks = bonus.blank(merchant_id, asked.product_id, business_date(trace.at))
    meters = [(Meter, (merchant_id, asked.product_id, one.business_date, one.shard)) for one in blanks]

    def decide() -> Decision[rules.Placing]:
        buyer, linked = _payer(consumer_id)
        merchant, product, *found = reads.get_together(
            (Merchant, (merchant_id,)), (Product, (merchant_id, asked.product_id)), *meters
        )
        market = _market(merchant, product, found, trace.at) if merchant and product else None
        wished = replace(wish, alert_id=_alert_id(merchant_id, wish, product))
        placed = rules.place(merchant, product, reads.get(Order, wish.card_id), wished, market, trace)
        if not placed.replayed:
            persons.payer(linked, PAYER_CHANNEL)
        return persons.bought(buyer, placed)

    done = commit(decide)
    order = done.answer.order
    if order is None:
        assert done.answer.refusal is not None
        raise done.answer.refusal
    if order.state is not OrderState.CREATED:
        return Placed(order, None, done.replayed)
    return Placed(order, _prepay(order, pay or wechat_pay.connect()), done.replayed)


def _wish(consumer_id: str, asked: Asked, key: str) -> Wish:
    own_part = ids.derived("ord", consumer_id, "order", key)
    said = (asked.product_id, asked.contract_version)
    chosen = () if asked.price_fen is None and not asked.contract_hash else (str(asked.price_fen), asked.contract_hash)
    return Wish(
        order_id=own_part,
        card_id=ids.renamed("crd", own_part),
        consumer_id=consumer_id,
        contract_version=asked.contract_version,
        provider="wechat_pay",
        fingerprint=ids.fingerprint(*said, *chosen),
        price_fen=asked.price_fen,
        contract_hash=asked.contract_hash,
    )


def _alert_id(merchant_id: str, wish: Wish, product: Product | None) -> str:
    """A breaker that trips again on the same order, after a person let the product go on, is another alert."""
    return ids.derived_within("alt", merchant_id, wish.order_id, "bonus_breaker", str(product.version if product else 0))


def _market(merchant: Merchant, product: Product, meters: list[Meter | None], now: datetime) -> Market:
    """A merchant with a balance cap costs one read more: its latest folded day."""
    law = rules_on(merchant.district, business_date(now))
    escrow_fen = 0
    if balance.cap_fen(merchant, law, law.day) is not None:
        escrow_fen = sum(day.escrow_fen for day in reads.newest(MerchantDay, merchant.merchant_id, "day#", 1))
    return Market(law, contracts.of_product(product), tuple(meters), escrow_fen)


def _payer(consumer_id: str) -> tuple[Consumer, LinkedIdentity | None]:
    consumer, linked = reads.get_together((Consumer, (consumer_id,)), (LinkedIdentity, (consumer_id, PAYER_CHANNEL)))
    return persons.require_present(consumer), linked


def _prepay(order: Order, pay: WechatPay) -> PaymentParameters:
    """Who pays is read again after the order is written: nobody who ended or unlinked in the meantime gets parameters."""
    consumer, linked = _payer(order.consumer_id)
    sealed = persons.payer(linked, PAYER_CHANNEL).sealed_subject
    outcome = pay.prepay(
        order.order_id,
        order.amount_fen,
        f"{order.merchant_name} {order.product_name}"[:40],
        sealing.unseal(consumer.consumer_id, consumer.wrapped_key, field_of(PAYER_CHANNEL), sealed),
        config.settings().public_url + NOTICES_PATH,
        order.expires_at,
    )
    if isinstance(outcome, Unknown):
        raise CounterpartUnknown(
            "payment_provider_unknown",
            "支付渠道暂无响应，请用同一请求重试",
            "the payment provider gave no answer, send the same request again",
        )
    if isinstance(outcome, Refused):
        raise Unprocessable("payment_refused", "支付渠道拒绝了该订单", f"the payment provider refused the order: {outcome.code}")
    return outcome


def credit_proven(payment: ProvenPayment, now: datetime) -> Done[Order]:
    """Turn a proven payment into an active card; once, however often it is told."""
    card_id = ids.renamed("crd", payment.order_id)
    return commit(lambda: rules.credit(reads.get(Order, card_id), payment, now))


def close(card_id: str, now: datetime) -> Done[Order]:
    """The provider has said definitely that nobody paid or can pay."""

    def decide() -> Decision[Order]:
        order = reads.get(Order, card_id)
        if order is None:
            raise absent("订单", "order")
        return rules.close(order, now, _meters_of(order))

    return commit(decide)


def _meters_of(order: Order) -> list[Meter | None]:
    """Of the product on the day of the order; none for an order that counted nothing."""
    if not order.bonus_fen:
        return []
    blanks = bonus.blank(order.merchant_id, order.product_id, business_date(order.created_at))
    return reads.get_together(
        *((Meter, (one.merchant_id, one.product_id, one.business_date, one.shard)) for one in blanks)
    )


def own(order_id: str, consumer_id: str) -> Order:
    order = reads.get(Order, ids.renamed("crd", order_id))
    if order is None or order.consumer_id != consumer_id or order.order_id != order_id:
        raise absent("订单", "order")
    return order
