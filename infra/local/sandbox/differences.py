"""Differences planted in what a counterpart tells about a day; its books stay true, and taking the
difference away heals the telling.

    extra_line     a line of `amount_fen` that never happened, under `reference` (made up when not given)
    missing_line   the line with `reference` is left out; without a reference the first line of `amount_fen`
    wrong_amount   the line with `reference` (or the day's first) says `amount_fen` instead of its own
"""
from collections.abc import Callable
from datetime import date
from typing import Any

from infra.local.sandbox import checks
from infra.local.sandbox.books import Books, Row
from infra.local.sandbox.door import Body

SIDES = ("bank", "provider")
KINDS = ("extra_line", "missing_line", "wrong_amount")

Line = dict[str, Any]


def plant(books: Books, asked: Body) -> int:
    side, kind = asked.get("side"), asked.get("kind")
    if side not in SIDES or kind not in KINDS:
        raise checks.bad("side, kind")
    day, amount = checks.day(asked.get("business_date"), "business_date"), asked.get("amount_fen")
    if kind != "missing_line" and (not isinstance(amount, int) or isinstance(amount, bool) or amount == 0):
        raise checks.bad("amount_fen")
    if kind == "missing_line" and not amount and not asked.get("reference"):
        raise checks.bad("reference")
    if side == "provider" and (amount or 1) < 0:
        raise checks.bad("amount_fen")
    with books.transaction():
        books.add("differences", side=side, kind=kind, business_date=day.isoformat(), amount_fen=amount,
                  reference=asked.get("reference") or "")
        return books.number("select max(id) from differences")


def told_differently(
    books: Books, side: str, day: date, true: list[Line], invent: Callable[[date, str, int], Line]
) -> list[Line]:
    told = list(true)
    planted = books.rows(
        "select * from differences where side = ? and business_date = ? order by id", side, day.isoformat()
    )
    for row in planted:
        if row["kind"] == "extra_line":
            reference = row["reference"] or f"PLANTED-{row['id']}"
            told.append(invent(day, reference, row["amount_fen"]))
            continue
        place = next((index for index, line in enumerate(told) if _is_meant(row, line)), None)
        if place is None:
            continue
        if row["kind"] == "missing_line":
            del told[place]
        else:
            told[place] = {**told[place], "fen": row["amount_fen"]}
    return told


def _is_meant(row: Row, line: Line) -> bool:
    if row["reference"]:
        return bool(line["reference"] == row["reference"])
    return row["kind"] == "wrong_amount" or bool(line["fen"] == row["amount_fen"])
