"""What happens outside of anybody's API, on request: plain JSON, unsigned, for the story and for tests.

    GET  clock                         POST clock {advance_seconds} or {to}
    POST login-codes {openid, unionid?}                 what wx.login gives
    POST login-codes {channel, subject, ...}            what unionpay, zheliban, yongpai give; the rest by channel:
                                                        zheliban {name, mobile, idnum, idtype, authlevel},
                                                        yongpai {phone_number, phone_number_verified}
    POST payments {payment_parameters, openid}          a person pays in the WeChat app
    POST companies {licence_no, name, ..., bank_account?}
    POST faults {counterpart, operation, kind, times, ...}          DELETE faults
    GET, POST differences {side, kind, business_date, amount_fen, reference?}     DELETE differences/{id}
    GET  notices                       POST notices/{id}/again
    GET  books                         GET  reports/{id}
"""
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, jsonify, request

from infra.local.sandbox import channel_codes, checks, differences, registry, wechat_login, wechat_orders
from infra.local.sandbox.backoffice import catch_up
from infra.local.sandbox.clock import stamp
from infra.local.sandbox.door import Body, Declined
from infra.local.sandbox.world import World

# What our API calls them, and what the mini-program's wx.requestPayment calls them.
PARAMETERS = {
    "app_id": "appId", "time_stamp": "timeStamp", "nonce_str": "nonceStr", "package": "package",
    "sign_type": "signType", "pay_sign": "paySign",
}

View = Callable[..., Any]


def open_to(app: Flask, world: World) -> None:
    def route(method: str, rule: str, view: View) -> None:
        def serve(**named: str) -> Response:
            body = request.get_json(silent=True) if method == "POST" else {}
            if not isinstance(body, dict):
                body = {}
            return jsonify(view(world, body, **named))

        app.add_url_rule(f"/control/{rule}", f"control.{method}.{rule}", serve, methods=[method])

    route("GET", "clock", read_clock)
    route("POST", "clock", move_clock)
    route("POST", "login-codes", make_login_code)
    route("POST", "payments", pay)
    route("POST", "companies", lambda world, body: registry.register(world, body))
    route("POST", "faults", plant_fault)
    route("DELETE", "faults", clear_faults)
    route("GET", "differences", list_differences)
    route("POST", "differences", lambda world, body: {"id": differences.plant(world.books, body)})
    route("DELETE", "differences/<number>", heal_difference)
    route("GET", "notices", list_notices)
    route("POST", "notices/<notice_id>/again", send_again)
    route("GET", "books", read_books)
    route("GET", "reports/<path:report_id>", read_report)
    app.register_error_handler(Declined, _declined)


def _declined(error: Exception) -> tuple[Response, int]:
    assert isinstance(error, Declined)
    return jsonify(error.said.data), error.said.status


def read_clock(world: World, body: Body) -> Body:
    return {"now": world.clock.now().isoformat(), "offset_seconds": world.clock.offset_seconds()}


def move_clock(world: World, body: Body) -> Body:
    seconds = body.get("advance_seconds")
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        now = world.clock.advance(seconds)
    else:
        now = world.clock.move_to(checks.instant(body, "to"))
    catch_up(world)
    return {"now": now.isoformat()}


def make_login_code(world: World, body: Body) -> Body:
    if body.get("channel", "wechat") != "wechat":
        return {"code": channel_codes.give(world, body)}
    unionid = checks.text(body, "unionid", 64) if body.get("unionid") else None
    return {"code": wechat_login.new_code(world, checks.text(body, "openid", 128), unionid)}


def pay(world: World, body: Body) -> Body:
    given = checks.section(body, "payment_parameters")
    named = {name: given.get(name, given.get(camel)) for name, camel in PARAMETERS.items()}
    parameters = {name: checks.text(named, name, 1024) for name in PARAMETERS}
    order = wechat_orders.pay(world, parameters, checks.text(body, "openid", 128))
    return {name: order[name] for name in ("order_no", "transaction_id", "paid_at")}


def plant_fault(world: World, body: Body) -> Body:
    try:
        world.faults.plant(body)
    except (TypeError, ValueError) as error:
        raise Declined(400, "PARAM_ERROR", str(error)) from error
    return {"planted": True}


def clear_faults(world: World, body: Body) -> Body:
    world.faults.clear()
    return {"cleared": True}


def list_differences(world: World, body: Body) -> Body:
    return {"data": [dict(row) for row in world.books.rows("select * from differences order by id")]}


def heal_difference(world: World, body: Body, number: str) -> Body:
    if not world.books.run("delete from differences where id = ?", number):
        raise Declined(404, "difference_not_found")
    return {"healed": True}


def list_notices(world: World, body: Body) -> Body:
    found = world.books.rows("select id, url, event, attempts, next_at, state from notices order by rowid")
    return {"data": [dict(row) for row in found]}


def send_again(world: World, body: Body, notice_id: str) -> Body:
    if not world.courier.again(notice_id):
        raise Declined(404, "notice_not_found")
    return {"sent": True}


def read_books(world: World, body: Body) -> Body:
    """Fen, everywhere. `adds_up_to` is the sum over all accounts of the sandbox, and 0."""
    catch_up(world)
    with world.books.transaction():
        balances = world.books.balances("")
        reports = world.books.rows(
            "select report_id, kind, district, business_date, sha256, receipt_no, received_at from reports"
            " order by rowid"
        )
        moved = {
            kind: world.books.number("select sum(fen) from journal where kind = ?", kind)
            for kind in ("payment", "refund")
        }
        return {
            "now": stamp(world.clock.now()),
            "custody_fen": balances.get("custody", 0),
            "merchant_accounts": world.books.balances("merchant:"),
            "consumers": world.books.balances("consumer:"),
            "provider": {
                "paid_fen": moved["payment"],
                "refunded_fen": moved["refund"],
                "receivable_fen": balances.get("provider", 0),
                "refunds_in_transit_fen": balances.get("provider_refunds", 0),
            },
            "reports": [dict(row) for row in reports],
            "adds_up_to": sum(balances.values()),
        }


def read_report(world: World, body: Body, report_id: str) -> Body:
    row = world.books.row("select content from reports where report_id = ?", report_id)
    if row is None:
        raise Declined(404, "report_not_found")
    return {"report_id": report_id, "content": row["content"].decode(errors="replace")}
