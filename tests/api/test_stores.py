"""Stores over HTTP: opened, changed, listed, moved and closed; what a closed one refuses; bodies that do not hold."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Role
from chalicelib.domain.store import STORES_MAX, Store
from chalicelib.store import reads
from tests.platform import DISTRICT, FRIDAY, Answer
from tests.town import Town

HOURS = ["09:00-21:00"] * 6 + [""]
NEW = {"name": "二号店", "district": DISTRICT, "address": "江东 2 号", "phone": "0574-87654321", "opening_hours": HOURS}
IN_TIME = (FRIDAY + timedelta(days=30)).isoformat()
CLOSE = {"on": IN_TIME, "notice": "停业通知，余额可退"}
MOVE = {"district": "330203", "address": "海曙 3 号", "on": IN_TIME, "notice": "迁址通知"}


@pytest.fixture
def stores(town: Town) -> str:
    return f"/v1/merchants/{town.merchant.merchant_id}/stores"


def own(town: Town) -> str:
    return f"/v1/merchants/{town.merchant.merchant_id}/stores/{town.store.store_id}"


def done(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer.text
    return answer.json


def owner(town: Town) -> str:
    return town.tokens[Role.OWNER]


def merchant(town: Town) -> Merchant:
    found = reads.get(Merchant, town.merchant.merchant_id)
    assert found is not None
    return found


def test_a_store_is_opened_with_phone_and_hours_and_seen_by_anyone(town: Town, stores: str) -> None:
    made = done(town.platform.post(stores, NEW, owner(town), key="key-opening"), 201)
    assert town.platform.post(stores, NEW, owner(town), key="key-opening").replayed
    seen = done(town.platform.get(f"{stores}/{made['store_id']}"))
    assert seen == made
    assert {name: seen[name] for name in NEW} == NEW
    assert (seen["state"], seen["notice"], seen["closed_on"]) == ("open", None, None)


WRONG: dict[str, dict[str, Any]] = {
    "six days": {"opening_hours": HOURS[:6]},
    "end before start": {"opening_hours": ["21:00-09:00", *HOURS[1:]]},
    "no time": {"opening_hours": ["all day", *HOURS[1:]]},
    "a number": {"opening_hours": [9, *HOURS[1:]]},
    "a phone of letters": {"phone": "call me"},
    "a district of letters": {"district": "Yinzhou"},
    "an unknown field": {"state": "closed"},
    "a name of nothing": {"name": " "},
    "a long address": {"address": "江" * 201},
}


@pytest.mark.parametrize("what", WRONG)
def test_a_store_that_does_not_hold_is_not_opened(town: Town, stores: str, what: str) -> None:
    before = town.platform.dump()
    assert town.platform.post(stores, NEW | WRONG[what], owner(town)).code == "request_invalid"
    assert town.platform.dump() == before


def test_only_what_is_given_changes(town: Town) -> None:
    changed = done(town.platform.call("PATCH", own(town), {"phone": "0574-1234567"}, token=owner(town)))
    assert (changed["phone"], changed["name"]) == ("0574-1234567", town.store.name)
    assert done(town.platform.call("PATCH", own(town), {"phone": ""}, token=owner(town)))["phone"] == ""
    assert town.platform.call("PATCH", own(town), {}, token=owner(town)).replayed
    assert town.platform.call("PATCH", own(town), {"address": "elsewhere"}, token=owner(town)).code == "request_invalid"
    manager = town.tokens[Role.MANAGER]
    assert done(town.platform.call("PATCH", own(town), {"opening_hours": HOURS}, token=manager))["opening_hours"] == HOURS
    assert town.platform.call("PATCH", own(town), {"name": "x"}, token=manager).code == "field_not_yours_to_change"


DAYS = ["2026-12-19", "2026-11-20", "2029-01-01", "2026-02-30", "20261220", "2026-12-20T00:00:00", "2026-W52-7", 1_800_000_000]


@pytest.mark.parametrize("on", [*DAYS, None, ""])
def test_a_notice_needs_a_real_day_that_is_far_enough(town: Town, on: Any) -> None:
    expected = {"2026-12-19": "notice_too_short", "2026-11-20": "notice_too_short", "2029-01-01": "notice_too_long"}
    before = town.platform.dump()
    for path, body in (("close", CLOSE), ("move", MOVE)):
        code = town.platform.post(f"{own(town)}/{path}", body | {"on": on}, owner(town)).code
        assert code == expected.get(on, "request_invalid")
    assert town.platform.dump() == before


def test_a_moving_store_shows_its_notice_and_is_at_the_new_address_on_the_day(town: Town, stores: str) -> None:
    moving = done(town.platform.post(f"{own(town)}/move", MOVE, owner(town), key="key-moving"))
    notice = {"kind": "moving", "text": "迁址通知", "on": IN_TIME, "district": "330203", "address": "海曙 3 号"}
    assert (moving["state"], moving["address"], moving["notice"]) == ("moving", town.store.address, notice)
    assert town.platform.post(f"{own(town)}/move", MOVE, owner(town), key="key-moving").replayed
    assert town.platform.get(f"/v1/store-codes/{town.store_code}").json["notice"] == notice
    assert "迁至 海曙 3 号" in town.platform.get(f"/m/{town.store_code}").text
    assert done(town.platform.get(f"{stores}?district=330203"))["data"] == []
    town.platform.later(days=29, hours=11, minutes=59)
    assert done(town.platform.get(own(town)))["state"] == "moving"
    town.platform.later(minutes=1)
    there = done(town.platform.get(own(town)))
    assert (there["state"], there["district"], there["address"], there["notice"]) == ("open", "330203", "海曙 3 号", None)
    assert [one["store_id"] for one in done(town.platform.get(f"{stores}?district=330203&state=open"))["data"]] == [
        town.store.store_id
    ]
    scanned = town.platform.get(f"/v1/store-codes/{town.store_code}").json
    assert (scanned["address"], scanned["notice"]) == ("海曙 3 号", None)


def test_the_last_stores_closing_stops_sales_at_once_and_its_withdrawal_lets_them_go_on(town: Town, stores: str) -> None:
    second = done(town.platform.post(stores, NEW, owner(town)), 201)
    done(town.platform.post(f"{stores}/{second['store_id']}/close", CLOSE, owner(town)))
    assert merchant(town).stops == ()
    order = {"product_id": town.product.product_id, "contract_version": town.product.contract_version}
    order |= {"payment_provider": "wechat_pay"}
    done(town.platform.post(f"{own(town)}/close", CLOSE, owner(town), key="key-closing"))
    assert merchant(town).stops == ("closing",)
    assert town.platform.post("/v1/orders", order, town.stranger).code == "sales_stopped"
    page = town.platform.get(f"/m/{town.store_code}").text
    assert f"本店将于 {IN_TIME} 停业" in page
    assert "停业通知，余额可退" in page
    assert town.platform.post(f"{own(town)}/close", CLOSE, owner(town), key="key-closing").replayed
    assert town.platform.post(f"{own(town)}/close", CLOSE, owner(town)).code == "store_closing"
    done(town.platform.post(f"{own(town)}/withdraw-notice", token=owner(town), key="key-staying"))
    assert town.platform.post(f"{own(town)}/withdraw-notice", token=owner(town), key="key-staying").replayed
    assert town.platform.post(f"{own(town)}/withdraw-notice", token=owner(town)).code == "store_open"
    assert merchant(town).stops == ()
    assert town.platform.post("/v1/orders", order, town.stranger).code != "sales_stopped"


def test_a_notice_is_text_on_the_page_and_nothing_else(town: Town) -> None:
    done(town.platform.post(f"{own(town)}/close", CLOSE | {"notice": "<script>alert(1)</script>$code"}, owner(town)))
    page = town.platform.get(f"/m/{town.store_code}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;$code" in page
    assert "<script" not in page


def test_nothing_is_redeemed_at_a_closed_store_and_its_code_says_so(town: Town) -> None:
    done(town.platform.post(f"{own(town)}/close", CLOSE, owner(town)))
    town.platform.later(days=29)
    town.after_the_cooling_off_days()  # noon of day 37
    before = town.platform.dump()
    for path in (f"/v1/store-codes/{town.store_code}", f"/v1/store-codes/{town.store_code}/qr.svg"):
        refused = town.platform.get(path)
        assert (refused.status, refused.code, refused.json["facts"]) == (409, "store_closed", {"since": IN_TIME})
    page = town.platform.get(f"/m/{town.store_code}")
    assert (page.status, "停业" in page.text) == (409, True)
    assert town.platform.post("/v1/redemptions", town.consumer_body(), town.consumer).code == "store_closed"
    for token in (town.cashier, town.tokens[Role.MANAGER], owner(town)):
        assert town.platform.post("/v1/redemptions", town.staff_body(), token).code == "store_closed"
    for method, path, body in (("PATCH", "", {"phone": ""}), ("POST", "/move", MOVE | {"on": "2027-12-01"})):
        assert town.platform.call(method, own(town) + path, body, token=owner(town)).code == "store_closed"
    person = {"username": "new.one", "role": "cashier", "stores": [town.store.store_id]}
    invited = town.platform.post(f"/v1/merchants/{town.merchant.merchant_id}/staff", person, owner(town))
    assert invited.code == "store_closed"
    assert town.platform.dump() == before
    seen = done(town.platform.get(own(town)))
    assert (seen["state"], seen["closed_on"], seen["notice"]) == ("closed", IN_TIME, None)


def test_until_the_last_evening_a_closing_store_redeems(town: Town) -> None:
    done(town.platform.post(f"{own(town)}/close", CLOSE, owner(town)))
    town.platform.later(days=21, hours=11)
    town.after_the_cooling_off_days()  # 23:00 of the last day
    assert done(town.platform.post("/v1/redemptions", town.staff_body(), town.cashier), 201)["state"] == "pending"


def test_stores_are_listed_in_pages_by_district_and_state(town: Town, stores: str) -> None:
    for number in range(7):
        body = NEW | {"name": f"{number}号店", "district": "330203" if number % 2 else DISTRICT}
        made = done(town.platform.post(stores, body, owner(town)), 201)
        if number == 3:
            done(town.platform.post(f"{stores}/{made['store_id']}/close", CLOSE, owner(town)))

    def listed(query: str) -> list[str]:
        names, cursor = [], ""
        while True:
            page = done(town.platform.get(f"{stores}?limit=2&{query}&cursor={cursor}"))
            names += [one["name"] for one in page["data"]]
            if not page["has_more"]:
                return sorted(names)
            assert len(page["data"]) == 2
            cursor = page["next_cursor"]

    assert listed("district=330203") == ["1号店", "3号店", "5号店"]
    assert listed("district=330203&state=open") == ["1号店", "5号店"]
    assert listed("state=closing") == ["3号店"]
    assert len(listed("district=")) == 8
    cursor = done(town.platform.get(f"{stores}?limit=2"))["next_cursor"]
    assert town.platform.get(f"{stores}?limit=2&district=330203&cursor={cursor}").code == "cursor_invalid"
    assert town.platform.get(f"{stores}?state=gone").code == "request_invalid"


def test_one_store_too_many_is_refused(town: Town, stores: str) -> None:
    from dataclasses import replace

    row = town.store
    assert isinstance(row, Store)
    town.platform.put(*(replace(row, store_id=f"{row.store_id[:-3]}{number:03d}") for number in range(STORES_MAX - 1)))
    refused = town.platform.post(stores, NEW, owner(town))
    assert (refused.code, refused.json["facts"]) == ("too_many_stores", {"has": STORES_MAX, "max": STORES_MAX})
