"""What WeChat Pay tells about a payment and about a refund, read out of its answers and its notices."""
from dataclasses import dataclass
from datetime import datetime

from chalicelib.gateways import fields

PAID_STATES = frozenset({"SUCCESS", "REFUND"})
REFUND_STATES = {"PROCESSING": "processing", "SUCCESS": "success", "CLOSED": "closed", "ABNORMAL": "abnormal"}


@dataclass(frozen=True)
class PaymentParameters:
    """What the mini-program hands to `wx.requestPayment`."""
    time_stamp: str
    nonce_str: str
    package: str
    sign_type: str
    pay_sign: str
    app_id: str


@dataclass(frozen=True)
class Payment:
    """`state` is WeChat's word: SUCCESS, REFUND (paid, and refunded since), NOTPAY, CLOSED, USERPAYING,
    PAYERROR, REVOKED.

    Only the first two were paid: then `transaction_id` and `paid_at` are there; else they are "" and None.
    Whether order, amount, mchid and appid are the ones we asked for is for the caller to compare.
    """
    order_no: str
    transaction_id: str
    amount_fen: int
    currency: str
    mchid: str
    appid: str
    paid_at: datetime | None
    state: str


@dataclass(frozen=True)
class RefundStatus:
    """`state` is processing, success, closed (no money moved, final) or abnormal (the money waits at
    WeChat)."""
    refund_no: str
    provider_refund_id: str
    state: str
    amount_fen: int
    succeeded_at: datetime | None


@dataclass(frozen=True)
class PaymentNotice:
    payment: Payment
    notice_id: str


@dataclass(frozen=True)
class RefundNotice:
    refund: RefundStatus
    order_no: str
    transaction_id: str
    mchid: str
    total_fen: int
    notice_id: str


def payment(data: fields.Fields) -> Payment:
    state = fields.text(data, "trade_state")
    paid = state in PAID_STATES
    amount = fields.section(data, "amount") if paid or data.get("amount") else {}
    return Payment(
        order_no=fields.text(data, "out_trade_no"),
        transaction_id=fields.text(data, "transaction_id") if paid else "",
        amount_fen=fields.integer(amount, "total") if paid or "total" in amount else 0,
        currency=fields.text(amount, "currency") if paid else "CNY",
        mchid=fields.text(data, "mchid"),
        appid=fields.text(data, "appid"),
        paid_at=fields.instant(data, "success_time") if paid else None,
        state=state,
    )


def refund(data: fields.Fields, state_field: str) -> RefundStatus:
    """`state_field`: an answer says `status`, a notice says `refund_status`."""
    state = REFUND_STATES[fields.one_of(data, state_field, frozenset(REFUND_STATES))]
    return RefundStatus(
        refund_no=fields.text(data, "out_refund_no"),
        provider_refund_id=fields.text(data, "refund_id"),
        state=state,
        amount_fen=fields.integer(fields.section(data, "amount"), "refund"),
        succeeded_at=fields.instant(data, "success_time") if state == "success" else None,
    )


def notice(notice_id: str, original_type: str, data: fields.Fields) -> PaymentNotice | RefundNotice:
    if original_type == "transaction":
        return PaymentNotice(payment(data), notice_id)
    if original_type != "refund":
        raise fields.Malformed("a notice of an unknown kind")
    return RefundNotice(
        refund=refund(data, "refund_status"),
        order_no=fields.text(data, "out_trade_no"),
        transaction_id=fields.text(data, "transaction_id"),
        mchid=fields.text(data, "mchid"),
        total_fen=fields.integer(fields.section(data, "amount"), "total"),
        notice_id=notice_id,
    )
