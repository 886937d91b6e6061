"""The custodian bank: takes payout instructions, executes them a moment later, and makes a statement for
each day.

A statement is ready from 06:00 of the next day. With a planted difference its own arithmetic stays right:
the bank is wrong about a line, and carries the wrong amount on.
"""
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from flask import Flask, request

from infra.local.sandbox import checks
from infra.local.sandbox.backoffice import catch_up
from infra.local.sandbox.clock import BEIJING
from infra.local.sandbox.differences import told_differently
from infra.local.sandbox.door import Body, Declined, Door, Said
from infra.local.sandbox.world import World

READY_AT = time_of_day(6, 0, tzinfo=BEIJING)


def open_to(app: Flask, door: Door) -> None:
    door.open(app, "POST", "/custodian/v1/instructions", "submit", submit)
    door.open(app, "GET", "/custodian/v1/instructions/<instruction_no>", "query", query)
    door.open(app, "GET", "/custodian/v1/statements/<day>", "statement", statement)


def submit(world: World, body: Body) -> Said:
    instruction_no = checks.text(body, "instruction_no", 64, checks.REFUND_NO)
    name, account = checks.text(body, "payee_name", 120), checks.text(body, "payee_account", 40)
    if body.get("payer_account") != world.credentials["custodian"]["custody_account"]:
        raise Declined(422, "unknown_payer_account")
    if body.get("currency") != "CNY":
        raise Declined(422, "unknown_currency")
    fen, remark = checks.fen(body, "amount"), str(body.get("remark") or "")[:200]
    same = checks.fingerprint(instruction_no, name, account, fen, remark)
    with world.books.transaction():
        known = world.books.row("select * from instructions where instruction_no = ?", instruction_no)
        if known and known["fingerprint"] != same:
            raise Declined(409, "instruction_conflict", "this number was given to another instruction")
        if not known:
            world.books.add(
                "instructions", instruction_no=instruction_no, fingerprint=same, payee_name=name,
                payee_account=account, fen=fen, remark=remark, state="processing", due=world.due(),
                value_date="", reason="",
            )
    return Said(202, {"instruction_no": instruction_no, "state": "accepted"})


def query(world: World, body: Body, instruction_no: str) -> Said:
    catch_up(world)
    row = world.books.row("select * from instructions where instruction_no = ?", instruction_no)
    if row is None:
        raise Declined(404, "instruction_not_found")
    return Said(200, {
        "instruction_no": instruction_no, "state": row["state"], "amount": checks.yuan(row["fen"]),
        "payee_account": row["payee_account"], "value_date": row["value_date"] or None,
        "reason": row["reason"],
    })


def statement(world: World, body: Body, day: str) -> Said:
    asked, account = checks.day(day, "day"), world.credentials["custodian"]["custody_account"]
    if request.args.get("account") != account:
        raise Declined(404, "account_not_found")
    if world.clock.now() < datetime.combine(asked + timedelta(days=1), READY_AT):
        raise Declined(404, "statement_not_ready")
    catch_up(world)
    lines = _lines(world, asked)
    opening = _opening(world, asked)
    return Said(200, {
        "account": account, "date": asked.isoformat(), "currency": "CNY", "opening": checks.yuan(opening),
        "closing": checks.yuan(opening + sum(line["fen"] for line in lines)),
        "entries": [
            {"reference": line["reference"], "amount": checks.yuan(line["fen"]), "kind": line["kind"],
             "counterparty": line["counterparty"], "at": line["at"]}
            for line in lines
        ],
    })


def _lines(world: World, day: date) -> list[dict[str, Any]]:
    true = [dict(row) for row in world.books.rows(
        "select at, kind, reference, counterparty, case target when 'custody' then fen else -fen end as fen"
        " from journal where day = ? and 'custody' in (source, target) order by at, id", day.isoformat(),
    )]
    return told_differently(world.books, "bank", day, true, _invented)


def _opening(world: World, day: date) -> int:
    """All that the bank has told about the days before, planted differences included."""
    true = world.books.number(
        "select sum(case target when 'custody' then fen else -fen end) from journal"
        " where day < ? and 'custody' in (source, target)", day.isoformat(),
    )
    wrong_days = world.books.rows(
        "select distinct business_date as day from differences where side = 'bank' and business_date < ?",
        day.isoformat(),
    )
    for row in wrong_days:
        told = sum(line["fen"] for line in _lines(world, date.fromisoformat(row["day"])))
        true += told - world.books.number(
            "select sum(case target when 'custody' then fen else -fen end) from journal"
            " where day = ? and 'custody' in (source, target)", row["day"],
        )
    return true


def _invented(day: date, reference: str, fen: int) -> dict[str, Any]:
    return {"at": f"{day.isoformat()}T12:00:00+08:00", "kind": "other", "reference": reference,
            "counterparty": "unknown", "fen": fen}
