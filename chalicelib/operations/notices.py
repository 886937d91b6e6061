"""What the payment provider tells us by itself. Verified first; anything doubtful is refused and nothing is written."""
from collections.abc import Mapping
from datetime import datetime

from chalicelib import config, ids
from chalicelib.domain.order import ProvenPayment
from chalicelib.domain.refusals import BadRequest
from chalicelib.gateways import wechat_pay
from chalicelib.gateways.outcomes import NoticeRefused
from chalicelib.gateways.wechat_facts import Payment
from chalicelib.gateways.wechat_pay import PaymentNotice, WechatPay
from chalicelib.operations import orders, refunds


def take(headers: Mapping[str, str], body: bytes, now: datetime, pay: WechatPay | None = None) -> None:
    """Raises BadRequest for a notice that must not be believed, and the domain's refusals for one that does not fit."""
    try:
        notice = (pay or wechat_pay.connect()).read_notice(headers, body, now)
    except NoticeRefused as refused:
        raise BadRequest("notice_refused", "通知未通过验证", f"the notice was refused: {refused.reason}") from refused
    if isinstance(notice, PaymentNotice):
        payment = proven(notice.payment)
        if payment is not None:
            orders.credit_proven(payment, now)
    else:
        _require(notice.mchid == config.counterparts()["wechat_pay"]["mchid"])
        _require(notice.order_no == ids.renamed("ord", ids.owner_of("crd", notice.refund.refund_no)))
        refunds.learn(notice.refund, now)


def proven(payment: Payment) -> ProvenPayment | None:
    """Money that has come in for us and is there, or None. One that was given back at the provider already (REFUND) is no
    money for a card; reconciliation names it."""
    if payment.state != "SUCCESS":
        return None
    ours = config.counterparts()["wechat_pay"]
    _require(payment.mchid == ours["mchid"])
    _require(payment.appid == ours["appid"])
    _require(payment.paid_at is not None)
    assert payment.paid_at is not None
    return ProvenPayment(payment.order_no, payment.transaction_id, payment.amount_fen, payment.currency, payment.paid_at)


def _require(ours: bool) -> None:
    if not ours:
        raise BadRequest("notice_refused", "通知与本平台不符", "what the provider tells does not belong to this platform")
