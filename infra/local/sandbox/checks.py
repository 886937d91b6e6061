"""Reads what a request says; anything of the wrong shape is declined as a bad parameter."""
import hashlib
import json
import re
from datetime import date, datetime
from typing import Any

from infra.local.sandbox.door import Body, Declined

ORDER_NO = re.compile(r"[0-9A-Za-z_\-|*]{6,32}", re.ASCII)
REFUND_NO = re.compile(r"[0-9A-Za-z_\-|*@]{1,64}", re.ASCII)
YUAN = re.compile(r"(\d{1,12})\.(\d{2})", re.ASCII)


def bad(name: str) -> Declined:
    return Declined(400, "PARAM_ERROR", f"参数错误: {name}")


def text(body: Body, name: str, chars_max: int, pattern: re.Pattern[str] | None = None) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= chars_max:
        raise bad(name)
    if pattern and not pattern.fullmatch(value):
        raise bad(name)
    return value


def section(body: Body, name: str) -> Body:
    value = body.get(name)
    if not isinstance(value, dict):
        raise bad(name)
    return value


def positive(body: Body, name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise bad(name)
    return value


def url(body: Body, name: str) -> str:
    value = text(body, name, 256)
    if not value.startswith(("http://", "https://")) or "?" in value:
        raise bad(name)
    return value


def instant(body: Body, name: str) -> datetime:
    try:
        value = datetime.fromisoformat(text(body, name, 40))
    except ValueError as error:
        raise bad(name) from error
    if value.tzinfo is None:
        raise bad(name)
    return value


def day(value: str | None, name: str) -> date:
    try:
        return date.fromisoformat(value or "")
    except ValueError as error:
        raise bad(name) from error


def fen(body: Body, name: str) -> int:
    """Yuan text -> fen; more than nothing."""
    found = YUAN.fullmatch(text(body, name, 16))
    if not found or found[0].strip("0.") == "":
        raise bad(name)
    return int(found[1]) * 100 + int(found[2])


def yuan(fen_amount: int) -> str:
    sign = "-" if fen_amount < 0 else ""
    return f"{sign}{abs(fen_amount) // 100}.{abs(fen_amount) % 100:02d}"


def fingerprint(*parts: Any) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
