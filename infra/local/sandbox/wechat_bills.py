"""WeChat Pay's trade bill: CSV of a day, gzipped, with the SHA1 of the plain file, ready from 10:00 of the
next day.

A payment stands on the day of its success, a refund on the day it was accepted.
"""
import gzip
import hashlib
import secrets
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from flask import Flask, request

from infra.local.sandbox import checks
from infra.local.sandbox.clock import BEIJING, stamp
from infra.local.sandbox.differences import told_differently
from infra.local.sandbox.door import Body, Declined, Door, Said
from infra.local.sandbox.world import World

READY_AT = time_of_day(10, 0, tzinfo=BEIJING)
LINK_MINUTES = 5
HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,"
    "应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,"
    "手续费,费率,订单金额,申请退款金额,费率备注"
)
SUMMARY = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def open_to(app: Flask, door: Door) -> None:
    door.open(app, "GET", "/wechat-pay/v3/bill/tradebill", "bill", offer)
    door.open(app, "GET", "/wechat-pay/v3/billdownload/file", "bill_file", download)


def offer(world: World, body: Body) -> Said:
    day, now = checks.day(request.args.get("bill_date"), "bill_date"), world.clock.now()
    if (request.args.get("bill_type", "ALL"), request.args.get("tar_type")) != ("ALL", "GZIP"):
        raise checks.bad("bill_type")
    if now < datetime.combine(day + timedelta(days=1), READY_AT):
        raise Declined(400, "STATEMENT_CREATING", "账单生成中")
    rows = _rows(world, day)
    if not rows:
        raise Declined(400, "NO_STATEMENT_EXIST", "账单文件不存在")
    content, token = bill_text(world.credentials["wechat_pay"], rows).encode(), secrets.token_urlsafe(32)
    world.books.run("delete from bill_files where made_at < ?", stamp(now - timedelta(days=1)))
    world.books.add("bill_files", token=token, made_at=stamp(now), content=content)
    return Said(200, {
        "download_url": f"{request.host_url}wechat-pay/v3/billdownload/file?token={token}",
        "hash_type": "SHA1",
        "hash_value": hashlib.sha1(content, usedforsecurity=False).hexdigest(),
    })


def download(world: World, body: Body) -> Said:
    row = world.books.row("select * from bill_files where token = ?", request.args.get("token", ""))
    limit = timedelta(minutes=LINK_MINUTES)
    if row is None or world.clock.now() - datetime.fromisoformat(row["made_at"]) > limit:
        raise Declined(400, "INVALID_REQUEST", "下载链接已失效")
    return Said(200, content=gzip.compress(row["content"]), content_type="application/x-gzip")


def bill_text(given: dict[str, str], rows: list[dict[str, Any]]) -> str:
    """With the byte order mark and the line ends of WeChat's own files."""
    lines = [HEADER, *(_line(given, row) for row in rows), SUMMARY]
    paid = sum(row["fen"] for row in rows if row["kind"] == "payment")
    refunded = sum(row["fen"] for row in rows if row["kind"] == "refund")
    totals = [str(len(rows)), *map(checks.yuan, (paid, refunded, 0, 0, paid, refunded))]
    return "\ufeff" + "".join(f"{line}\r\n" for line in [*lines, _joined(totals)])


def _rows(world: World, day: date) -> list[dict[str, Any]]:
    """What the bill says of the day: what happened, and the differences that were planted."""
    payments = world.books.rows(
        "select 'payment' as kind, paid_at as at, fen, order_no, order_no as reference, transaction_id,"
        " openid, description, '' as refund_no, '' as refund_id, '' as refund_state from orders"
        " where substr(paid_at, 1, 10) = ?", day.isoformat(),
    )
    refunds = world.books.rows(
        "select 'refund' as kind, accepted_at as at, r.fen as fen, order_no, refund_no as reference,"
        " transaction_id, openid, description, refund_no, refund_id, r.state as refund_state"
        " from refunds r join orders using (order_no) where substr(accepted_at, 1, 10) = ?", day.isoformat(),
    )
    true = sorted((dict(row) for row in [*payments, *refunds]), key=lambda row: (row["at"], row["reference"]))
    return told_differently(world.books, "provider", day, true, _invented)


def _invented(day: date, reference: str, fen: int) -> dict[str, Any]:
    return {
        "kind": "payment", "at": f"{day.isoformat()}T12:00:00+08:00", "fen": fen, "order_no": reference,
        "reference": reference, "transaction_id": f"4200{day:%Y%m%d}9999999999999999", "openid": "unknown",
        "description": "", "refund_no": "", "refund_id": "", "refund_state": "",
    }


def _line(given: dict[str, str], row: dict[str, Any]) -> str:
    refund = row["kind"] == "refund"
    paid, refunded = (0, row["fen"]) if refund else (row["fen"], 0)
    at = datetime.fromisoformat(row["at"]).strftime("%Y-%m-%d %H:%M:%S")
    return _joined([
        at, given["appid"], given["mchid"], "0", "", row["transaction_id"], row["order_no"], row["openid"],
        "JSAPI", "REFUND" if refund else "SUCCESS", "OTHERS", "CNY", checks.yuan(paid), "0.00",
        row["refund_id"] or "0", row["refund_no"] or "0", checks.yuan(refunded), "0.00",
        "ORIGINAL" if refund else "", row["refund_state"], row["description"], "", "0.00000", "0.00%",
        checks.yuan(paid), checks.yuan(refunded), "",
    ])


def _joined(cells: list[str]) -> str:
    clean = (cell.replace("`", "").replace("\r", " ").replace("\n", " ") for cell in cells)
    return ",".join(f"`{cell}" for cell in clean)
