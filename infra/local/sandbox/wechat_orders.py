"""WeChat Pay's orders: prepay, query, close; and the person who pays in the WeChat app."""
import secrets
from datetime import datetime, timedelta

from flask import Flask, request

from infra.local.sandbox import checks
from infra.local.sandbox.books import Row
from infra.local.sandbox.clock import stamp
from infra.local.sandbox.door import Body, Declined, Door, Said
from infra.local.sandbox.wechat_messages import payment_resource
from infra.local.sandbox.world import World

ORDERS = "/wechat-pay/v3/pay/transactions"
PREPAY_HOURS = 2
DESCRIPTION_CHARS_MAX = 127


def open_to(app: Flask, door: Door) -> None:
    door.open(app, "POST", f"{ORDERS}/jsapi", "prepay", prepay)
    door.open(app, "GET", f"{ORDERS}/out-trade-no/<order_no>", "query", query)
    door.open(app, "POST", f"{ORDERS}/out-trade-no/<order_no>/close", "close", close)


def prepay(world: World, body: Body) -> Said:
    given, now = world.credentials["wechat_pay"], world.clock.now()
    if (body.get("appid"), body.get("mchid")) != (given["appid"], given["mchid"]):
        raise Declined(400, "APPID_MCHID_NOT_MATCH", "appid 和 mchid 不匹配")
    order_no = checks.text(body, "out_trade_no", 32, checks.ORDER_NO)
    amount, openid = checks.section(body, "amount"), checks.text(checks.section(body, "payer"), "openid", 128)
    if amount.get("currency", "CNY") != "CNY":
        raise checks.bad("amount.currency")
    fen, notify_url = checks.positive(amount, "total"), checks.url(body, "notify_url")
    description = checks.text(body, "description", DESCRIPTION_CHARS_MAX)
    expires_at = checks.instant(body, "time_expire") if body.get("time_expire") else now + timedelta(days=7)
    if expires_at <= now:
        raise checks.bad("time_expire")
    same = checks.fingerprint(order_no, fen, openid, description, notify_url)
    with world.books.transaction():
        order = find(world, order_no)
        if order:
            return Said(200, {"prepay_id": _again(world, order, same)})
        prepay_id = _new_prepay_id(now)
        world.books.add(
            "orders", order_no=order_no, fingerprint=same, openid=openid, fen=fen, description=description,
            notify_url=notify_url, prepay_id=prepay_id, prepared_at=stamp(now), expires_at=stamp(expires_at),
            state="NOTPAY",
        )
    return Said(200, {"prepay_id": prepay_id})


def query(world: World, body: Body, order_no: str) -> Said:
    given = world.credentials["wechat_pay"]
    if request.args.get("mchid") != given["mchid"]:
        raise checks.bad("mchid")
    order = find(world, order_no)
    if order is None:
        raise Declined(404, "ORDER_NOT_EXIST", "订单不存在")
    return Said(200, payment_resource(given["appid"], given["mchid"], order))


def close(world: World, body: Body, order_no: str) -> Said:
    if body.get("mchid") != world.credentials["wechat_pay"]["mchid"]:
        raise checks.bad("mchid")
    with world.books.transaction():
        order = find(world, order_no)
        if order is None:
            raise Declined(404, "ORDER_NOT_EXIST", "订单不存在")
        if order["paid_at"]:
            raise Declined(400, "ORDERPAID", "订单已支付")
        world.books.run("update orders set state = 'CLOSED' where order_no = ?", order_no)
    return Said(204)


def pay(world: World, parameters: dict[str, str], openid: str) -> Row:
    """The person confirms in the WeChat app. The notice is posted in the same transaction as the payment."""
    given, now = world.credentials["wechat_pay"], world.clock.now()
    if parameters["app_id"] != given["appid"] or parameters["sign_type"] != "RSA":
        raise Declined(400, "PARAM_ERROR", "appId or signType is not ours")
    if not world.seal.is_pay_sign(parameters):
        raise Declined(400, "SIGN_ERROR", "支付验证签名失败")
    prepay_id = parameters["package"].removeprefix("prepay_id=")
    with world.books.transaction():
        found = world.books.row("select order_no, prepared_at from orders where prepay_id = ?", prepay_id)
        order = find(world, found["order_no"]) if found else None
        if order is None or order["openid"] != openid:
            raise Declined(404, "ORDER_NOT_EXIST", "no such prepay_id for this person")
        if order["state"] != "NOTPAY":
            raise Declined(409, "ORDERPAID" if order["paid_at"] else "ORDER_CLOSED", "该订单不能支付")
        if now - datetime.fromisoformat(order["prepared_at"]) > timedelta(hours=PREPAY_HOURS):
            raise Declined(409, "PREPAY_EXPIRED", "prepay_id 已过期")
        return _mark_paid(world, order, now)


def find(world: World, order_no: str) -> Row | None:
    """The order as of now: one that nobody paid in time is closed."""
    world.books.run(
        "update orders set state = 'CLOSED' where order_no = ? and state = 'NOTPAY' and expires_at <= ?",
        order_no, stamp(world.clock.now()),
    )
    return world.books.row("select * from orders where order_no = ?", order_no)


def _mark_paid(world: World, order: Row, now: datetime) -> Row:
    given = world.credentials["wechat_pay"]
    transaction_id = f"4200{now:%Y%m%d}" + "".join(secrets.choice("0123456789") for _ in range(16))
    world.books.run(
        "update orders set state = 'SUCCESS', transaction_id = ?, paid_at = ? where order_no = ?",
        transaction_id, stamp(now), order["order_no"],
    )
    world.books.move(now, now.date(), f"consumer:{order['openid']}", "provider", order["fen"], "payment",
                     order["order_no"])
    paid = find(world, order["order_no"])
    assert paid is not None
    resource = payment_resource(given["appid"], given["mchid"], paid)
    world.courier.post(paid["notify_url"], "TRANSACTION.SUCCESS", "transaction", resource)
    return paid


def _again(world: World, order: Row, same: str) -> str:
    """A repeated prepay: the same parameters give the same prepay_id, a fresh one when two hours have
    passed."""
    if order["paid_at"]:
        raise Declined(400, "ORDERPAID", "订单已支付")
    if order["fingerprint"] != same:
        raise Declined(403, "OUT_TRADE_NO_USED", "商户订单号重复,参数与首次请求不一致")
    if order["state"] == "CLOSED":
        raise Declined(400, "ORDER_CLOSED", "订单已关闭")
    now = world.clock.now()
    if now - datetime.fromisoformat(order["prepared_at"]) <= timedelta(hours=PREPAY_HOURS):
        return str(order["prepay_id"])
    prepay_id = _new_prepay_id(now)
    world.books.run("update orders set prepay_id = ?, prepared_at = ? where order_no = ?",
                    prepay_id, stamp(now), order["order_no"])
    return prepay_id


def _new_prepay_id(now: datetime) -> str:
    return f"wx{now:%d%H%M%S}" + secrets.token_hex(13)
