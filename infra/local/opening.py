"""How a merchant comes onto the platform: an owner applies online, is sent back, is approved; a chain of stores, cards on the
shelf, a poster on the wall.
"""
import base64
import hashlib
from typing import Any

from infra.local.cast import ACCOUNT, COMPANY, Cast, require
from infra.local.client import Client

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

DISTRICTS = ("330212", "330203", "330205")
STORES = 20
APPROVE = {"decision": "approve", "reason": ""}


def application(play: Cast) -> str:
    """The owner, known to the platform by a login of the province's own app, saves the filing in two parts."""
    stage, owner = play.stage, play.owner
    stage.sandbox("POST", "companies", {**COMPANY, "established_on": "2019-05-06", "bank_account": ACCOUNT["number"]})
    person = {"channel": "zheliban", "subject": "zl-lin-0001", "name": "林晓", "mobile": "13800005678", "authlevel": "3"}
    code = stage.sandbox("POST", "login-codes", {**person, "idnum": FILING["legal_representative_id_no"]})["code"]
    play.applicant.token = play.applicant.post("/v1/sessions", {"channel": "zheliban", "code": code}, 201)["token"]
    registered = play.applicant.post("/v1/merchant-registrations", {"username": owner.username}, 201)
    owner.activate(registered["activation_code"])
    owner.log_in(stage.now())
    later = ("bank_account", "commitment_accepted")
    made = owner.post("/v1/merchant-applications", {name: FILING[name] for name in FILING if name not in later}, 201)
    path = f"/v1/merchant-applications/{made['application_id']}"
    refused = owner.expect(422, "POST", f"{path}/submit")
    missing = refused["facts"]["missing"]
    require("files.licence" in missing and refused["code"] == "application_incomplete", f"the application lacks {missing}")
    saved = owner.expect(200, "PATCH", path, {name: FILING[name] for name in later})
    require(saved["missing"] == ["files.licence"], f"the application lacks {saved['missing']}")
    hand_in(owner, path, "licence", LICENCE_PNG)
    owner.post(f"{path}/submit")
    play.facts |= {"merchant": registered["merchant_id"], "application": path}
    return f"owner registered, applied in parts ({len(missing)} missing, named), licence uploaded and verified"


def approval(play: Cast) -> str:
    """Sent back once, corrected, handed in again; two persons approve, and the owner is none of them."""
    path = play.facts["application"]
    for official in (play.filer, play.reviewer, play.regulator):
        official.log_in(play.stage.now())
    play.filer.post(f"{path}/review", {"decision": "reject", "reason": "街道与登记地址不符"})
    sent_back = play.owner.get(path)
    require(sent_back["state"] == "rejected" and sent_back["reason"] != "", f"not sent back: {sent_back['state']}")
    play.owner.expect(200, "PATCH", path, {"street": "首南街道"})
    play.owner.post(f"{path}/submit")
    play.reviewer.post(f"{path}/review", APPROVE)
    active = play.regulator.post(f"{path}/review", APPROVE)
    require(active["state"] == "active" and active["filing_no"], "the merchant has no filing number")
    play.facts["filing_no"] = active["filing_no"]
    return f"rejected with the reason, corrected, approved by two persons; filing no. {active['filing_no']}"


def hand_in(filer: Client, path: str, kind: str, content: bytes) -> None:
    """A paper: announced, put straight into the bucket, checked."""
    digest = hashlib.sha256(content).hexdigest()
    announced = {"kind": kind, "content_type": "image/png", "size_bytes": len(content), "sha256": digest}
    file = filer.post(f"{path}/files", announced, 201)
    filer.put(file["upload"], content)
    stored = filer.post(f"{path}/files/{file['file_id']}/complete")
    require(stored["state"] == "stored", f"the file is {stored['state']}")


def chain(play: Cast) -> str:
    """Twenty stores in three districts; the cashier is bound to the first."""
    merchant, owner = f"/v1/merchants/{play.facts['merchant']}", play.owner
    stores = [owner.post(f"{merchant}/stores", _store(number), 201) for number in range(STORES)]
    till = {"username": "chen.yi", "role": "cashier", "stores": [stores[0]["store_id"]]}
    invited = owner.post(f"{merchant}/staff", till, 201)
    play.cashier.activate(invited["activation_code"])
    play.cashier.log_in(play.stage.now())
    there = owner.get(f"{merchant}/stores?district={DISTRICTS[1]}")["data"]
    require(len(there) == len(stores[1::3]), f"{len(there)} stores in {DISTRICTS[1]}")
    play.facts["store"] = stores[0]
    return f"{len(stores)} stores in {len(DISTRICTS)} districts, a cashier bound to one of them"


def _store(number: int) -> dict[str, Any]:
    hours = ["09:00-21:00"] * 7
    name = "甬尚中山店" if number == 0 else f"甬尚{number + 1}号店"
    address = "宁波市鄞州区中山东路88号" if number == 0 else f"宁波市百丈路{number}号"
    return {"name": name, "district": DISTRICTS[number % 3], "address": address, "opening_hours": hours}


def shelf(play: Cast) -> str:
    """A card at once, and one that gives so much that a second person looks at it first."""
    merchant, owner = f"/v1/merchants/{play.facts['merchant']}", play.owner
    terms = {"name": "充1000得1300", "kind": "stored_value", "tiers": [{"price_fen": 100_000, "bonus_fen": 30_000}]}
    play.facts["product"] = owner.post(f"{merchant}/products", terms, 201)
    generous = {"name": "周年大充值", "kind": "stored_value", "tiers": [{"price_fen": 100_000, "bonus_fen": 60_000}]}
    waiting = owner.post(f"{merchant}/products", generous, 201)
    require(waiting["state"] == "proposed", f"a bonus of 60 % is {waiting['state']} at once")
    because = {"decision": "approve", "reason": "周年活动"}
    looked = play.reviewer.post(f"{merchant}/products/{waiting['product_id']}/review", because)
    require(looked["state"] == "on_sale", f"the approved product is {looked['state']}")
    return "a card of 1000 + 300 on sale; one of 1000 + 600 waited for a second person, who approved it"


def poster(play: Cast) -> str:
    """What hangs on the wall: the code as a picture, and the sheet, fetched from where the link leads."""
    store = play.facts["store"]
    svg = play.owner.get(f"/v1/store-codes/{store['code']}/qr.svg")
    require("<svg" in svg, "the store's QR is not an SVG")
    drawn = play.owner.post(f"/v1/merchants/{play.facts['merchant']}/stores/{store['store_id']}/posters", status=201)
    sheet = play.owner.fetch(drawn["url"])
    require(hashlib.sha256(sheet).hexdigest() == drawn["sha256"] and sheet.startswith(b"%PDF"), "the poster is another file")
    return f"signed QR of {len(svg)} bytes SVG; poster of {len(sheet)} bytes PDF opened from its link"
