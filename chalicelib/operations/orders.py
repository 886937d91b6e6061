"""Buying a card: order -> payment parameters -> proof of payment -> active card."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import config, ids, sealing
from chalicelib.domain import consumer as persons
from chalicelib.domain import order as rules
from chalicelib.domain.consumer import Channel, Consumer, LinkedIdentity
from chalicelib.domain.decision import Decision
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.order import Order, OrderState, ProvenPayment, Wish
from chalicelib.domain.product import Product
from chalicelib.domain.refusals import CounterpartUnknown, Unprocessable, absent
from chalicelib.gateways import wechat_pay
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.wechat_pay import PaymentParameters, WechatPay
from chalicelib.operations.attempts import Done, commit
from chalicelib.operations.channels import field_of
from chalicelib.store import reads

PAYER_CHANNEL = Channel.WECHAT
NOTICES_PATH = "/v1/notifications/wechat-pay"


@dataclass(frozen=True)
class Placed:
    """`parameters` is None once the order needs no payment any more."""

    order: Order
    parameters: PaymentParameters | None
    replayed: bool


def place(
    consumer_id: str, product_id: str, contract_version: str, key: str, now: datetime, pay: WechatPay | None = None
) -> Placed:
    """The order is committed before the provider hears its number; asking again asks the provider again under the same one."""
    own_part = ids.derived("ord", consumer_id, "order", key)
    wish = Wish(
        order_id=own_part,
        card_id=ids.renamed("crd", own_part),
        consumer_id=consumer_id,
        contract_version=contract_version,
        provider="wechat_pay",
        fingerprint=ids.fingerprint(product_id, contract_version),
    )
    merchant_id = ids.owner_of("mch", product_id)

    def decide() -> Decision[Order]:
        buyer, linked = _payer(consumer_id)
        merchant, product = reads.get_together((Merchant, (merchant_id,)), (Product, (merchant_id, product_id)))
        placed = rules.place(merchant, product, reads.get(Order, wish.card_id), wish, now)
        if not placed.replayed:
            persons.payer(linked, PAYER_CHANNEL)
        return persons.bought(buyer, placed)

    done = commit(decide)
    if done.answer.state is not OrderState.CREATED:
        return Placed(done.answer, None, done.replayed)
    return Placed(done.answer, _prepay(done.answer, pay or wechat_pay.connect()), done.replayed)


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
        return rules.close(order, now)

    return commit(decide)


def own(order_id: str, consumer_id: str) -> Order:
    order = reads.get(Order, ids.renamed("crd", order_id))
    if order is None or order.consumer_id != consumer_id or order.order_id != order_id:
        raise absent("订单", "order")
    return order
