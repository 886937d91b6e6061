"""WeChat Pay's JSON for a payment and for a refund, in answers and in notices."""
from typing import Any

from infra.local.sandbox.books import Row

STATE_TEXTS = {"SUCCESS": "支付成功", "NOTPAY": "订单未支付", "CLOSED": "订单已关闭", "REFUND": "转入退款"}


def payment_resource(appid: str, mchid: str, order: Row) -> dict[str, Any]:
    told: dict[str, Any] = {
        "amount": {"payer_currency": "CNY", "total": order["fen"]},
        "appid": appid,
        "mchid": mchid,
        "out_trade_no": order["order_no"],
        "promotion_detail": [],
        "trade_state": order["state"],
        "trade_state_desc": STATE_TEXTS[order["state"]],
    }
    if not order["paid_at"]:
        return told
    return {
        **told,
        "amount": {
            "currency": "CNY", "payer_currency": "CNY", "payer_total": order["fen"], "total": order["fen"],
        },
        "attach": "",
        "bank_type": "OTHERS",
        "payer": {"openid": order["openid"]},
        "success_time": order["paid_at"],
        "trade_type": "JSAPI",
        "transaction_id": order["transaction_id"],
    }


def refund_answer(order: Row, refund: Row) -> dict[str, Any]:
    fen, total = refund["fen"], order["fen"]
    told = {
        "refund_id": refund["refund_id"],
        "out_refund_no": refund["refund_no"],
        "transaction_id": order["transaction_id"],
        "out_trade_no": order["order_no"],
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": refund["accepted_at"],
        "status": refund["state"],
        "funds_account": "UNSETTLED",
        "amount": {
            "total": total, "refund": fen, "from": [], "payer_total": total, "payer_refund": fen,
            "settlement_refund": fen, "settlement_total": total, "discount_refund": 0, "currency": "CNY",
        },
        "promotion_detail": [],
    }
    return {**told, "success_time": refund["succeeded_at"]} if refund["succeeded_at"] else told


def refund_resource(mchid: str, order: Row, refund: Row) -> dict[str, Any]:
    fen, total = refund["fen"], order["fen"]
    return {
        "mchid": mchid,
        "out_trade_no": order["order_no"],
        "transaction_id": order["transaction_id"],
        "out_refund_no": refund["refund_no"],
        "refund_id": refund["refund_id"],
        "refund_status": refund["state"],
        "success_time": refund["succeeded_at"],
        "user_received_account": "支付用户零钱",
        "amount": {"total": total, "refund": fen, "payer_total": total, "payer_refund": fen},
    }
