"""WeChat Pay's trade bill of a day, type ALL: unpacks, checks and reads it, as a whole or not at all.

The file is CSV of WeChat's own kind: a header line, rows whose every field begins with a backtick (so that
`,`` and not the comma separates them), then a second header and one row of totals:

    交易时间,公众账号ID,...,费率备注
    `2026-11-20 10:00:01,`wx..,`19..,`0,`,`4200..,`ord_..,`openid,`JSAPI,`SUCCESS,`OTHERS,`CNY,`1000.00,...
    总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额
    `1,`1000.00,`0.00,`0.00,`0.00,`1000.00,`0.00

A bill that was cut off, or whose rows do not add up to its totals, is no bill: a reconciliation over half a
day would call every missing payment a difference.
"""

import hashlib
import zlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from chalicelib.gateways.fields import Malformed, fen_of

BEIJING = timezone(timedelta(hours=8))
BILL_BYTES_MAX = 64 * 1024 * 1024
COLUMNS = [
    "交易时间",
    "公众账号ID",
    "商户号",
    "特约商户号",
    "设备号",
    "微信订单号",
    "商户订单号",
    "用户标识",
    "交易类型",
    "交易状态",
    "付款银行",
    "货币种类",
    "应结订单金额",
    "代金券金额",
    "微信退款单号",
    "商户退款单号",
    "退款金额",
    "充值券退款金额",
    "退款类型",
    "退款状态",
    "商品名称",
    "商户数据包",
    "手续费",
    "费率",
    "订单金额",
    "申请退款金额",
    "费率备注",
]
TOTALS = ["总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额", "申请退款总金额"]
# The fee's total is left out: rows give fees with five decimals, totals with two, and no rule uses them.
SUMMED = {
    "应结订单总金额": "应结订单金额",
    "退款总金额": "退款金额",
    "充值券退款总金额": "充值券退款金额",
    "订单总金额": "订单金额",
    "申请退款总金额": "申请退款金额",
}

Row = dict[str, str]


@dataclass(frozen=True)
class BillLine:
    """`kind` is payment or refund; `amount_fen` > 0 for both; `at` is the pay-success or the
    refund-accepted time."""

    kind: str
    order_no: str
    refund_no: str | None
    transaction_id: str
    amount_fen: int
    at: datetime


@dataclass(frozen=True)
class Bill:
    """`text` is the uncompressed file; a day without any trade has an empty text and no lines."""

    text: str
    lines: tuple[BillLine, ...]


def unpack(packed: bytes, sha1: str) -> str:
    """The text of a gzipped bill whose uncompressed bytes have this SHA1 (hex)."""
    inflater = zlib.decompressobj(wbits=31)
    try:
        content = inflater.decompress(packed, BILL_BYTES_MAX)
    except zlib.error as error:
        raise Malformed("the bill cannot be unpacked") from error
    if not inflater.eof:
        raise Malformed("the bill is cut off or too long")
    if hashlib.sha1(content, usedforsecurity=False).hexdigest() != sha1.lower():
        raise Malformed("the bill does not have the hash that was announced")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Malformed("the bill is not UTF-8") from error


def read(text: str, day: date) -> Bill:
    lines = text.removeprefix("\ufeff").replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) < 3 or lines[0].split(",") != COLUMNS or lines[-2].split(",") != TOTALS:
        raise Malformed("the bill is not complete")
    rows = [_cells(line, COLUMNS) for line in lines[1:-2]]
    _check_totals(rows, _cells(lines[-1], TOTALS))
    # A failed refund is listed and counted in the totals, but it moved no money.
    moved = [row for row in rows if row["退款状态"] != "FAIL"]
    return Bill(text, tuple(_line(row, day) for row in moved))


def without_payers(text: str) -> str:
    """The file without the payers' ids at WeChat: beside order numbers they would name, for as long as the file is kept, people
    who have been erased here. WeChat gives the whole file again, for three months."""
    return "\n".join(_without_payer(line) for line in text.split("\n"))


def _without_payer(line: str) -> str:
    cells = line.split(",`")
    if not line.startswith("`") or len(cells) != len(COLUMNS):
        return line
    cells[COLUMNS.index("用户标识")] = ""
    return ",`".join(cells)


def _cells(line: str, columns: list[str]) -> Row:
    cells = line[1:].split(",`")
    if not line.startswith("`") or len(cells) != len(columns):
        raise Malformed("a row of the bill has the wrong number of fields")
    return {column: cell.strip() for column, cell in zip(columns, cells, strict=True)}


def _check_totals(rows: list[Row], totals: Row) -> None:
    if totals["总交易单数"] != str(len(rows)):
        raise Malformed("the bill has not as many rows as it says")
    for total, column in SUMMED.items():
        if sum(fen_of(row[column], column) for row in rows) != fen_of(totals[total], total):
            raise Malformed(f"the rows of the bill do not add up to its {total}")


def _line(row: Row, day: date) -> BillLine:
    if row["交易状态"] not in ("SUCCESS", "REFUND"):
        raise Malformed("the bill has a row of a kind we do not know")
    if row["货币种类"] != "CNY":
        raise Malformed("the bill has a row in another currency")
    is_refund = row["交易状态"] == "REFUND"
    amount_fen = fen_of(row["申请退款金额"] if is_refund else row["订单金额"], "amount")
    refund_no = row["商户退款单号"] if is_refund else None
    if amount_fen <= 0 or not row["商户订单号"] or not row["微信订单号"] or refund_no == "":
        raise Malformed("a row of the bill lacks its number or its amount")
    return BillLine(
        kind="refund" if is_refund else "payment",
        order_no=row["商户订单号"],
        refund_no=refund_no,
        transaction_id=row["微信订单号"],
        amount_fen=amount_fen,
        at=_instant(row["交易时间"], day),
    )


def _instant(text: str, day: date) -> datetime:
    try:
        at = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
    except ValueError as error:
        raise Malformed("a row of the bill has no time") from error
    if at.date() != day:
        raise Malformed("a row of the bill belongs to another day")
    return at
