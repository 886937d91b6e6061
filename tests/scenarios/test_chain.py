"""A chain: twenty stores in three districts, a cashier at one of them, a move, a closing, and people who are out at once."""

from collections import Counter
from typing import Any

from chalicelib.domain.principal import Role
from tests.api.people import Person, activated
from tests.platform import Answer
from tests.town import Town

DISTRICTS = ("330203", "330205", "330212")
HOURS = ["09:00-21:30"] * 5 + ["09:00-24:00"] * 2


def done(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer.text
    return answer.json


def test_the_story_of_a_chain(town: Town) -> None:
    merchant = f"/v1/merchants/{town.merchant.merchant_id}"
    owner = town.tokens[Role.OWNER]
    stores = opened(town, merchant, owner)
    cashier = the_cashier_is_bound_to_one(town, merchant, owner, stores)
    one_moves_and_one_closes(town, merchant, owner, stores)
    sessions_end(town, cashier)
    the_cashier_leaves(town, merchant, owner, cashier)


def opened(town: Town, merchant: str, owner: str) -> list[str]:
    """One by one: the town's first store makes it twenty-one."""
    made = []
    for number in range(20):
        district = DISTRICTS[number % 3]
        body = {"name": f"{number + 1}号分店", "district": district, "address": f"{number + 1} 路 1 号", "opening_hours": HOURS}
        made.append(done(town.platform.post(f"{merchant}/stores", body, owner), 201)["store_id"])
    listed = done(town.platform.get(f"{merchant}/stores?limit=100"))["data"]
    assert Counter(store["district"] for store in listed) == {"330203": 7, "330205": 7, "330212": 6 + 1}
    first = done(town.platform.get(f"{merchant}/stores?limit=5&district=330205"))
    assert (len(first["data"]), first["has_more"]) == (5, True)
    rest = done(town.platform.get(f"{merchant}/stores?limit=5&district=330205&cursor={first['next_cursor']}"))
    assert (len(rest["data"]), rest["has_more"]) == (2, False)
    return made


def the_cashier_is_bound_to_one(town: Town, merchant: str, owner: str, stores: list[str]) -> Person:
    """Redeems there and nowhere else, until the owner says so."""
    invitation = {"username": "chen.yi", "role": "cashier", "stores": [stores[0]]}
    person = activated(town.platform, done(town.platform.post(f"{merchant}/staff", invitation, owner), 201))
    token = person.sign_in()
    asked = done(town.platform.post("/v1/redemptions", town.staff_body(store_id=stores[0]), token), 201)
    town.confirm(asked["redemption_id"])
    assert town.platform.post("/v1/redemptions", town.staff_body(store_id=stores[1]), token).code == "not_found"
    done(town.platform.call("PATCH", f"{merchant}/staff/{person.staff_id}", {"stores": stores[:2]}, token=owner))
    asked = done(town.platform.post("/v1/redemptions", town.staff_body(store_id=stores[1]), token), 201)
    done(town.platform.post(f"/v1/redemptions/{asked['redemption_id']}/cancel", token=token))
    return person


def one_moves_and_one_closes(town: Town, merchant: str, owner: str, stores: list[str]) -> None:
    """Announced today for a month from now; on the day nobody has to do anything."""
    there = {"district": "330212", "address": "首南中路 8 号", "on": "2026-12-21", "notice": "本店迁至首南中路 8 号"}
    end = {"on": "2026-12-21", "notice": "本店停业，余额可在其他分店使用或全额退款"}
    too_soon = town.platform.post(f"{merchant}/stores/{stores[4]}/close", end | {"on": "2026-12-01"}, owner)
    assert (too_soon.code, too_soon.json["facts"]["earliest"]) == ("notice_too_short", "2026-12-20")
    assert done(town.platform.post(f"{merchant}/stores/{stores[3]}/move", there, owner))["state"] == "moving"
    assert done(town.platform.post(f"{merchant}/stores/{stores[4]}/close", end, owner))["state"] == "closing"
    assert done(town.platform.get(merchant))["state"] == "active", "nineteen others stay"
    closing = done(town.platform.get(f"{merchant}/stores/{stores[4]}"))
    assert done(town.platform.get(f"/v1/store-codes/{closing['code']}"))["notice"]["text"] == end["notice"]

    town.platform.later(days=31)
    town.tokens[Role.OWNER] = town.platform.token(_sub(owner), Role.OWNER)
    town.tokens[Role.CONSUMER] = town.platform.token(town.consumer_id, Role.CONSUMER)
    moved = done(town.platform.get(f"{merchant}/stores/{stores[3]}"))
    assert (moved["state"], moved["district"], moved["address"]) == ("open", "330212", "首南中路 8 号")
    assert [store["store_id"] for store in done(town.platform.get(f"{merchant}/stores?state=closed"))["data"]] == [stores[4]]
    body = town.consumer_body(store_code=closing["code"])
    assert town.platform.post("/v1/redemptions", body, town.consumer).code == "store_closed"
    assert town.platform.post("/v1/redemptions", body | {"store_code": moved["code"]}, town.consumer).status == 201


def sessions_end(town: Town, cashier: Person) -> None:
    """A tablet was left in the taxi."""
    tablet, phone = cashier.sign_in(headers={"User-Agent": "tablet"}), cashier.sign_in(headers={"User-Agent": "phone"})
    lost = next(one for one in done(town.platform.get("/v1/sessions", phone))["data"] if one["user_agent"] == "tablet")
    done(town.platform.post(f"/v1/sessions/{lost['session_id']}/revoke", token=phone))
    assert town.platform.get("/v1/sessions", tablet).code == "token_invalid"
    assert town.platform.get("/v1/sessions", phone).status == 200


def the_cashier_leaves(town: Town, merchant: str, owner: str, cashier: Person) -> None:
    """Out at once, whatever the token says about its end."""
    token = cashier.sign_in()
    assert town.platform.get("/v1/sessions", token).status == 200
    person = f"{merchant}/staff/{cashier.staff_id}"
    done(town.platform.post(f"{person}/disable", token=town.tokens[Role.OWNER]))
    assert town.platform.get("/v1/sessions", token).code == "token_invalid"
    assert cashier.attempt().code == "wrong_credentials"
    assert done(town.platform.get(person, town.tokens[Role.OWNER]))["state"] == "disabled"


def _sub(token: str) -> str:
    from jwt import decode

    return str(decode(token, options={"verify_signature": False})["sub"])
