"""Reads the fields of a counterpart's JSON: each has one type, and whatever else stands there makes the
answer malformed.

Fields we do not know are ignored: counterparts add some without telling.
"""
import json
from datetime import date, datetime
from typing import Any

from chalicelib.domain.money import yuan_to_fen

TEXT_CHARS_MAX = 4096

Fields = dict[str, Any]


class Malformed(ValueError):
    """The text names the field; it never leaves the gateways."""


def document(body: bytes | str) -> Fields:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Malformed("the answer is not JSON") from error
    if not isinstance(data, dict):
        raise Malformed("the answer is not a JSON object")
    return data


def section(data: Fields, name: str) -> Fields:
    value = data.get(name)
    if not isinstance(value, dict):
        raise Malformed(f"{name} is not an object")
    return value


def rows(data: Fields, name: str) -> list[Fields]:
    value = data.get(name)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise Malformed(f"{name} is not a list of objects")
    return value


def text(data: Fields, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value or len(value) > TEXT_CHARS_MAX:
        raise Malformed(f"{name} is not a text")
    return value


def bounded(data: Fields, name: str, chars_max: int) -> str:
    value = text(data, name)
    if len(value) > chars_max:
        raise Malformed(f"{name} is longer than {chars_max} characters")
    return value


def text_or_none(data: Fields, name: str) -> str | None:
    return text(data, name) if data.get(name) else None


def integer(data: Fields, name: str) -> int:
    value = data.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise Malformed(f"{name} is not an integer")
    return value


def instant(data: Fields, name: str) -> datetime:
    """A time with its offset; one without is malformed, as nobody can say which day it belongs to."""
    try:
        value = datetime.fromisoformat(text(data, name))
    except ValueError as error:
        raise Malformed(f"{name} is not a time") from error
    if value.tzinfo is None:
        raise Malformed(f"{name} has no offset")
    return value


def day(data: Fields, name: str) -> date:
    try:
        return date.fromisoformat(text(data, name))
    except ValueError as error:
        raise Malformed(f"{name} is not a date") from error


def day_or_none(data: Fields, name: str) -> date | None:
    return day(data, name) if data.get(name) else None


def fen(data: Fields, name: str) -> int:
    """Yuan text with two decimals -> fen."""
    return fen_of(text(data, name), name)


def fen_of(yuan: str, name: str) -> int:
    try:
        return yuan_to_fen(yuan)
    except ValueError as error:
        raise Malformed(f"{name} is not an amount in yuan") from error


def one_of(data: Fields, name: str, allowed: frozenset[str]) -> str:
    value = text(data, name)
    if value not in allowed:
        raise Malformed(f"{name} is none of the known words")
    return value
