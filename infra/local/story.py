"""The whole story of a card, played over HTTP as its clients would: who did what, and who has how much after each step.

Two business days. Every amount that is checked here was computed by hand: a card "pay 1000, get 1300", 130.00 and 26.00 of
face value used, which release 100.00 and 20.00; the rest, 880.00, goes back to the consumer.
"""
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from infra.local import opening
from infra.local.cast import ACCOUNT, COMPANY, Cast, require


def scan(play: Cast, face_fen: int, custody_fen: int) -> dict[str, Any]:
    seen: dict[str, Any] = play.consumer.get(f"/v1/store-codes/{play.facts['store']['code']}")
    require(seen["balance_face_fen"] == face_fen, f"face balance {seen['balance_face_fen']}, not {face_fen}")
    require(seen["balance_custody_fen"] == custody_fen, f"custody {seen['balance_custody_fen']}, not {custody_fen}")
    return seen


def log_in(play: Cast) -> None:
    code = play.stage.sandbox("POST", "login-codes", {"openid": play.open_id})["code"]
    play.consumer.token = ""
    play.consumer.token = play.consumer.post("/v1/sessions", {"channel": "wechat", "code": code}, 201)["token"]


def lookup(play: Cast) -> str:
    log_in(play)
    play.stage.index_merchants()
    for typed in ("甬尚", "yongshang", "yongsang", "ysmf"):
        found = play.consumer.send("GET", f"/v1/merchants?q={_quoted(typed)}").json["data"]
        require(any(one["merchant_id"] == play.facts["merchant"] for one in found), f"{typed} finds no merchant")
    seen = scan(play, 0, 0)
    require(seen["licence_no"] == COMPANY["licence_no"] and len(seen["products"]) == 2, "no licence or product shown")
    return "logged in with WeChat; found by name, pinyin, a slip of it, initials; scanned: balance 0, product, licence"


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text)


def purchase(play: Cast) -> str:
    wish = {
        "product_id": play.facts["product"]["product_id"],
        "contract_version": play.facts["product"]["contract_version"],
        "payment_provider": "wechat_pay",
    }
    order = play.consumer.post("/v1/orders", wish, 201)
    body = {"payment_parameters": order["payment_parameters"], "openid": play.open_id}
    play.stage.sandbox("POST", "payments", body)
    path = f"/v1/orders/{order['order_id']}"
    play.stage.wait_for("the payment notice", lambda: play.consumer.get(path)["state"] == "paid")
    play.facts |= {"card": order["card_id"], "order": order["order_id"]}
    return "order, payment parameters, paid at WeChat Pay, signed notice taken: card active"


def balance(play: Cast) -> str:
    scan(play, 130_000, 100_000)
    return "scanned: 1300.00 to spend, 1000.00 in custody"


def redeem(play: Cast, amount_fen: int) -> dict[str, Any]:
    """Staff scan the consumer's dynamic code and ask."""
    shown = play.consumer.post(f"/v1/cards/{play.facts['card']}/payment-codes", status=201)
    asked = {
        "payment_code": shown["payment_code"],
        "store_id": play.facts["store"]["store_id"],
        "amount_fen": amount_fen,
    }
    made: dict[str, Any] = play.cashier.post("/v1/redemptions", asked, 201)
    return made


def redemption(play: Cast) -> str:
    asked = redeem(play, 13_000)
    done = play.consumer.post(f"/v1/redemptions/{asked['redemption_id']}/confirm")
    require(done["cash_fen"] == 10_000 and done["custody_after_fen"] == 90_000, f"released {done['cash_fen']}")
    return "staff scan the dynamic code, ask 130.00; consumer confirms: 100.00 released"


def more_redemptions(play: Cast) -> str:
    consumer = play.consumer
    own = {"store_code": play.facts["store"]["code"], "card_id": play.facts["card"], "amount_fen": 2_600}
    asked = consumer.post("/v1/redemptions", own, 201)
    path, key = f"/v1/redemptions/{asked['redemption_id']}/confirm", consumer.new_key()
    first = consumer.send("POST", path, key=key)
    again = consumer.send("POST", path, key=key)
    require(first.status == 200 and first.json["cash_fen"] == 2_000, f"not confirmed: {first.text}")
    require(again.text == first.text and again.headers.get("Idempotent-Replayed") == "true", "a repeat had another answer")
    declined = redeem(play, 5_000)
    consumer.post(f"/v1/redemptions/{declined['redemption_id']}/decline")
    late = redeem(play, 3_000)
    play.stage.advance(timedelta(minutes=6))
    problem = consumer.expect(409, "POST", f"/v1/redemptions/{late['redemption_id']}/confirm")
    require(problem["code"] == "redemption_expired", f"late consent: {problem}")
    play.stage.sweep()
    state = play.cashier.get(f"/v1/redemptions/{late['redemption_id']}")["state"]
    require(state == "expired", f"the late one is {state}")
    scan(play, 114_400, 88_000)
    return "26.00 by store code; 50.00 declined; 30.00 expired; a repeated consent: same answer"


def settlement(play: Cast) -> str:
    play.stage.move_to(play.first_day + timedelta(days=1), 3)
    output = play.stage.run("settlement", play.first_day)
    books = play.stage.sandbox("GET", "books")
    paid = books["merchant_accounts"].get(ACCOUNT["number"], 0)
    require(paid == 12_000, f"the merchant's bank account has {paid}: {output}")
    play.owner.log_in(play.stage.now())
    statements = play.owner.get("/v1/settlements")["data"]
    require(len(statements) == 1 and statements[0]["payout"]["state"] == "posted", f"statements: {statements}")
    return "settlement of day 1: folded, bank instructed, posted: 120.00 paid out, day sealed"


def reconciliation(play: Cast) -> str:
    stage, day = play.stage, play.first_day
    stage.move_to(day + timedelta(days=1), 10, 40)
    planted = {"side": "provider", "kind": "extra_line", "business_date": day.isoformat(), "amount_fen": 6_666}
    number = stage.sandbox("POST", "differences", planted)["id"]
    play.reviewer.log_in(stage.now())
    stage.run("reconciliation", day)
    found = play.reviewer.get(f"/v1/reconciliations/{day}")
    named = [one for one in found["differences"] if one["state"] == "open"]
    require(found["state"] == "differs" and len(named) == 1, f"the planted difference was not found alone: {found}")
    stage.sandbox("DELETE", f"differences/{number}")
    stage.run("reconciliation", day)
    agreed = play.reviewer.get(f"/v1/reconciliations/{day}")
    require(agreed["state"] == "agreed", f"day 1 does not agree: {agreed}")
    return f"day 1: planted 66.66 found as {named[0]['reason']}; healed: bill, bank and ledger agree"


def report(play: Cast) -> str:
    stage, day = play.stage, play.first_day
    stage.move_to(day + timedelta(days=1), 11, 30)
    stage.run("reporting", day)
    play.regulator.log_in(stage.now())
    reports = play.regulator.get(f"/v1/reports?from={day}&to={day}")["data"]
    require(len(reports) == 1 and reports[0]["state"] == "acknowledged", f"reports: {reports}")
    content = play.regulator.expect(200, "GET", f"/v1/reports/{reports[0]['report_id']}/content")
    require(content["business_date"] == day.isoformat(), "the report is of another day")
    received = stage.sandbox("GET", "books")["reports"]
    require(any(one["report_id"] == reports[0]["report_id"] for one in received), "the regulator has no report")
    return f"daily report made, archived, pushed (receipt {reports[0]['receipt_no']}), fetched by the regulator"


def refund(play: Cast) -> str:
    log_in(play)
    wish = {"card_id": play.facts["card"], "cause": "neutral", "no_reason": True}
    quote = play.consumer.post("/v1/refund-quotes", wish)
    require(quote["refund_fen"] == 88_000 and quote["rule"] == "R1", f"quoted {quote}")
    asked = play.consumer.post("/v1/refunds", wish, 201)
    path = f"/v1/refunds/{asked['refund_id']}"
    play.stage.wait_for("the refund", lambda: play.consumer.get(path)["state"] == "succeeded")
    card = play.consumer.get(f"/v1/cards/{play.facts['card']}")
    require(card["state"] == "closed" and card["custody_fen"] == 0, f"the card is {card}")
    books = play.stage.sandbox("GET", "books")
    require(books["consumers"][play.open_id] == -12_000, f"the consumer's wallet: {books['consumers']}")
    return "quote by law (R1, cooling-off), refund of 880.00, money back at WeChat; card closed"


def second_day(play: Cast) -> str:
    stage, day = play.stage, play.first_day + timedelta(days=1)
    stage.move_to(day + timedelta(days=1), 10, 40)
    stage.run("settlement", day)
    stage.run("reconciliation", day)
    play.reviewer.log_in(stage.now())
    agreed = play.reviewer.get(f"/v1/reconciliations/{day}")
    require(agreed["state"] == "agreed", f"day 2 does not agree: {agreed}")
    return "day 2 (payout, refund, provider's settlement at the bank) reconciled: agrees to the fen"


STEPS: tuple[tuple[str, Callable[[Cast], str]], ...] = (
    ("owner", opening.application),
    ("operator, regulator", opening.approval),
    ("owner", opening.chain),
    ("owner, operator", opening.shelf),
    ("owner", opening.poster),
    ("consumer", lookup),
    ("consumer, WeChat Pay", purchase),
    ("consumer", balance),
    ("staff, consumer", redemption),
    ("consumer, staff", more_redemptions),
    ("clock, custodian", settlement),
    ("clock, operator", reconciliation),
    ("clock, regulator", report),
    ("consumer", refund),
    ("clock", second_day),
)


def steps(play: Cast) -> Iterator[tuple[int, str, Callable[[Cast], str]]]:
    for number, (who, step) in enumerate(STEPS, start=1):
        yield number, who, step
