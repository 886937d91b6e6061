"""WeChat Pay's refunds: taken once per number, never beyond what was paid, at most 50 within a year."""
import secrets
from datetime import datetime, timedelta

from flask import Flask

from infra.local.sandbox import checks
from infra.local.sandbox.books import Row
from infra.local.sandbox.clock import stamp
from infra.local.sandbox.door import Body, Declined, Door, Said
from infra.local.sandbox.wechat_messages import refund_answer
from infra.local.sandbox.wechat_orders import find as find_order
from infra.local.sandbox.world import World

REFUNDS = "/wechat-pay/v3/refund/domestic/refunds"
REFUNDS_PER_ORDER_MAX = 50
REFUND_DAYS_MAX = 365


def open_to(app: Flask, door: Door) -> None:
    door.open(app, "POST", REFUNDS, "refund", refund)
    door.open(app, "GET", f"{REFUNDS}/<refund_no>", "query_refund", query_refund)


def refund(world: World, body: Body) -> Said:
    refund_no = checks.text(body, "out_refund_no", 64, checks.REFUND_NO)
    order_no = checks.text(body, "out_trade_no", 32, checks.ORDER_NO)
    amount = checks.section(body, "amount")
    fen, total = checks.positive(amount, "refund"), checks.positive(amount, "total")
    notify_url = checks.url(body, "notify_url") if body.get("notify_url") else ""
    if amount.get("currency") != "CNY":
        raise checks.bad("amount.currency")
    same = checks.fingerprint(refund_no, order_no, fen, total)
    with world.books.transaction():
        order = find_order(world, order_no)
        if order is None or not order["paid_at"]:
            raise Declined(404, "RESOURCE_NOT_EXISTS", "订单不存在")
        taken = _find(world, refund_no)
        if taken is None:
            _check(world, order, fen, total)
            taken = _take(world, order, refund_no, same, fen, notify_url)
        elif taken["fingerprint"] != same:
            raise Declined(400, "INVALID_REQUEST", "退款单号已存在,参数与首次请求不一致")
    return Said(200, refund_answer(order, taken))


def query_refund(world: World, body: Body, refund_no: str) -> Said:
    taken = _find(world, refund_no)
    if taken is None:
        raise Declined(404, "RESOURCE_NOT_EXISTS", "退款单不存在")
    order = find_order(world, taken["order_no"])
    assert order is not None
    return Said(200, refund_answer(order, taken))


def _check(world: World, order: Row, fen: int, total: int) -> None:
    if total != order["fen"]:
        raise Declined(400, "INVALID_REQUEST", "订单金额与支付金额不一致")
    if world.clock.now() - datetime.fromisoformat(order["paid_at"]) > timedelta(days=REFUND_DAYS_MAX):
        raise Declined(400, "INVALID_REQUEST", "订单已超过可退款的最大期限")
    before = world.books.rows("select fen from refunds where order_no = ?", order["order_no"])
    if len(before) >= REFUNDS_PER_ORDER_MAX:
        raise Declined(400, "INVALID_REQUEST", "部分退款次数超限")
    if sum(row["fen"] for row in before) + fen > order["fen"]:
        raise Declined(400, "INVALID_REQUEST", "申请退款金额大于可退金额")


def _take(world: World, order: Row, refund_no: str, same: str, fen: int, notify_url: str) -> Row:
    now = world.clock.now()
    world.books.add(
        "refunds", refund_no=refund_no, fingerprint=same, order_no=order["order_no"],
        refund_id=f"5030{now:%Y%m%d}" + "".join(secrets.choice("0123456789") for _ in range(17)), fen=fen,
        notify_url=notify_url, state="PROCESSING", accepted_at=stamp(now), due=world.due(),
    )
    world.books.run("update orders set state = 'REFUND' where order_no = ?", order["order_no"])
    world.books.move(now, now.date(), "provider", "provider_refunds", fen, "refund", refund_no)
    taken = _find(world, refund_no)
    assert taken is not None
    return taken


def _find(world: World, refund_no: str) -> Row | None:
    return world.books.row("select * from refunds where refund_no = ?", refund_no)
