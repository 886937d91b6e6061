"""The business registry: licences by their unified social credit code."""
import json

from flask import Flask

from infra.local.sandbox import checks
from infra.local.sandbox.door import Body, Declined, Door, Said
from infra.local.sandbox.world import World

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
LEGAL_FORMS = ("enterprise", "individual_business")
STATUSES = ("normal", "abnormal", "deregistering", "deregistered", "revoked")


def open_to(app: Flask, door: Door) -> None:
    door.open(app, "GET", "/registry/v1/licences/<licence_no>", "lookup", lookup)


def lookup(world: World, body: Body, licence_no: str) -> Said:
    row = world.books.row("select body from companies where licence_no = ?", licence_no)
    if row is None:
        raise Declined(404, "licence_not_found")
    return Said(200, json.loads(row["body"]))


def register(world: World, asked: Body) -> Body:
    """Enters a company, or changes what is entered. With `bank_account` the bank opens that account in its
    name."""
    licence_no, name = checks.text(asked, "licence_no", 18), checks.text(asked, "name", 120)
    if not is_credit_code(licence_no):
        raise checks.bad("licence_no: wrong check digit")
    licence = {
        "licence_no": licence_no,
        "name": name,
        "legal_form": asked.get("legal_form", "enterprise"),
        "status": asked.get("status", "normal"),
        "established_on": checks.day(asked.get("established_on", "2018-01-01"), "established_on").isoformat(),
        "valid_until": asked.get("valid_until"),
        "scope": asked.get("scope", ""),
        "legal_representative": asked.get("legal_representative", "陈建国"),
        "address": asked.get("address", ""),
    }
    if licence["legal_form"] not in LEGAL_FORMS or licence["status"] not in STATUSES:
        raise checks.bad("legal_form, status")
    if licence["valid_until"] is not None:
        checks.day(licence["valid_until"], "valid_until")
    with world.books.transaction():
        world.books.run("insert or replace into companies (licence_no, name, body) values (?, ?, ?)",
                        licence_no, name, json.dumps(licence, ensure_ascii=False))
        if asked.get("bank_account"):
            world.books.run("insert or replace into payees (account, name) values (?, ?)",
                            checks.text(asked, "bank_account", 40), name)
    return licence


def is_credit_code(code: str) -> bool:
    """GB 32100-2015: 18 characters, the last one a check character over the others."""
    if len(code) != 18 or any(letter not in ALPHABET for letter in code):
        return False
    total = sum(ALPHABET.index(letter) * weight for letter, weight in zip(code, WEIGHTS, strict=False))
    return ALPHABET[-total % 31] == code[-1]
