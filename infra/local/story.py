"""The whole life of a card, played over HTTP as its clients would: who did what, and who has how much after each step.

Two business days. Every amount that is checked here was computed by hand: a card "pay 1000, get 1300", 130.00 and 26.00 of
face value used, which release 100.00 and 20.00; the rest, 880.00, goes back to the consumer.
"""
import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from infra.local.client import Client, StaffClient, StepFailed
from infra.local.stage import Stage
from infra.officials import Official

COMPANY = {
    "name": "宁波甬尚美发有限公司",
    "licence_no": "91330212MA2AF3C43F",
    "legal_form": "enterprise",
    "legal_representative": "林晓",
    "address": "宁波市鄞州区中山东路88号",
}
ACCOUNT = {"name": COMPANY["name"], "number": "3301040160001234567", "bank": "宁波银行"}
PASSWORD = "yong-shang-2026-mei"


@dataclass
class Cast:
    """Everybody in the story, and what they have learnt so far."""

    stage: Stage
    first_day: date
    filer: StaffClient
    reviewer: StaffClient
    regulator: StaffClient
    owner: StaffClient
    cashier: StaffClient
    consumer: Client
    open_id: str = "o-zhao-0001"
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def people(self) -> tuple[Client, ...]:
        return (self.filer, self.reviewer, self.regulator, self.owner, self.cashier, self.consumer)


def cast(stage: Stage, first_day: date, officials: dict[str, Official]) -> Cast:
    def staff(name: str, username: str, password: str, secret: str = "") -> StaffClient:
        return StaffClient(stage.url, name, username=username, password=password, totp_secret=secret)

    def official(name: str, role: str) -> StaffClient:
        person = officials[role]
        return staff(name, person.username, person.password, person.totp_secret)

    return Cast(
        stage,
        first_day,
        official("operator-wang", "filer"),
        official("operator-li", "reviewer"),
        official("regulator-zhou", "regulator"),
        staff("owner-lin", "lin.xiao", PASSWORD),
        staff("cashier-chen", "chen.yi", PASSWORD),
        Client(stage.url, "consumer-zhao"),
    )


FILING = {
    **COMPANY,
    "issuer_type": "other",
    "legal_representative_id_no": "330212198001011238",
    "industry": "beauty",
    "registered_capital_fen": 50_000_000,
    "established_on": "2019-05-06",
    "premises": "owned",
    "district": "330212",
    "street": "百丈街道",
    "contact_name": "林晓",
    "contact_phone": "0574-87654321",
    "sector_authority": "宁波市鄞州区商务局",
    "store_count": 1,
    "issue_starts_on": "2026-12-01",
    "last_year_revenue_fen": 300_000_000,
    "last_year_card_sales_fen": 0,
    "year_end_prepaid_fen": 0,
    "fund_mode": "custody",
    "commitment_accepted": True,
    "bank_account": ACCOUNT,
}
LICENCE_PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")
"""A picture of one white point; the licence of somebody who needs no more."""


def require(holds: bool, what: str) -> None:
    if not holds:
        raise StepFailed(what)


def application(play: Cast) -> str:
    stage, filer = play.stage, play.filer
    stage.sandbox("POST", "companies", {**COMPANY, "established_on": "2019-05-06", "bank_account": ACCOUNT["number"]})
    for person in (filer, play.reviewer, play.regulator):
        person.log_in(stage.now())
    made = filer.post("/v1/merchant-applications", FILING, 201)
    path = f"/v1/merchant-applications/{made['application_id']}"
    require(made["missing"] == ["files.licence"], f"the application lacks {made['missing']}")
    hand_in(filer, path, "licence", LICENCE_PNG)
    filer.post(f"{path}/submit")
    approve = {"decision": "approve", "reason": ""}
    play.reviewer.post(f"{path}/review", approve)
    active = play.regulator.post(f"{path}/review", approve)
    require(active["state"] == "active" and active["filing_no"], "the merchant has no filing number")
    play.facts |= {"merchant": made["merchant_id"], "filing_no": active["filing_no"]}
    return f"application filed, licence verified, approved twice; filing no. {active['filing_no']}"


def hand_in(filer: Client, path: str, kind: str, content: bytes) -> None:
    """A paper: announced, put straight into the bucket, checked."""
    digest = hashlib.sha256(content).hexdigest()
    announced = {"kind": kind, "content_type": "image/png", "size_bytes": len(content), "sha256": digest}
    file = filer.post(f"{path}/files", announced, 201)
    filer.put(file["upload"], content)
    stored = filer.post(f"{path}/files/{file['file_id']}/complete")
    require(stored["state"] == "stored", f"the file is {stored['state']}")


def shelf(play: Cast) -> str:
    merchant = f"/v1/merchants/{play.facts['merchant']}"
    invited = play.filer.post(f"{merchant}/staff", {"username": "lin.xiao", "role": "owner"}, 201)
    play.owner.activate(invited["activation_code"])
    play.owner.log_in(play.stage.now())
    address = "宁波市鄞州区中山东路88号"
    store = play.owner.post(f"{merchant}/stores", {"name": "甬尚中山店", "district": "330212", "address": address}, 201)
    terms = {"name": "充1000得1300", "kind": "stored_value", "tiers": [{"price_fen": 100_000, "bonus_fen": 30_000}]}
    product = play.owner.post(f"{merchant}/products", terms, 201)
    till = {"username": "chen.yi", "role": "cashier", "stores": [store["store_id"]]}
    invited = play.owner.post(f"{merchant}/staff", till, 201)
    play.cashier.activate(invited["activation_code"])
    play.cashier.log_in(play.stage.now())
    svg = play.owner.get(f"/v1/store-codes/{store['code']}/qr.svg")
    require("<svg" in svg, "the store's QR is not an SVG")
    poster = play.owner.post(f"{merchant}/stores/{store['store_id']}/posters", status=201)
    play.facts |= {"store": store, "product": product}
    return f"store, card product, cashier; QR {len(svg)} bytes SVG, poster {poster['size_bytes']} bytes PDF"


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
    for typed in ("甬尚", "yongshang", "ysmf"):
        found = play.consumer.send("GET", f"/v1/merchants?q={_quoted(typed)}").json["data"]
        require(any(one["merchant_id"] == play.facts["merchant"] for one in found), f"{typed} finds no merchant")
    seen = scan(play, 0, 0)
    require(seen["licence_no"] == COMPANY["licence_no"] and len(seen["products"]) == 1, "no licence or product shown")
    return "logged in with WeChat; found by name, pinyin, initials; scanned: balance 0, product, licence"


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
    ("operator, regulator", application),
    ("owner", shelf),
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
