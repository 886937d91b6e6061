"""Card products over HTTP: who sees and does what, four eyes, versions, and what is somebody else's."""

from typing import Any

import pytest

from chalicelib import ids
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.principal import Role
from chalicelib.domain.product import ProductVersion
from chalicelib.store import reads
from tests.town import Town

NOBODY = "0" * 26
RICH = {"name": "充 1000 得 1600", "kind": "stored_value", "tiers": [{"price_fen": 100_000, "bonus_fen": 60_000}]}
PLAIN = {
    "name": "储值卡",
    "kind": "stored_value",
    "tiers": [{"price_fen": 50_000}, {"price_fen": 100_000, "bonus_fen": 30_000}],
}
COUNT = {"name": "10 次", "kind": "count", "price_fen": 200_000, "visits": 10, "gift_visits": 2, "list_price_fen": 26_000}
PERIOD = {"name": "年卡", "kind": "period", "price_fen": 365_000, "term_days": 365, "gift_days": 30, "list_price_fen": 40_000}
DEPOSIT = {"name": "定车", "kind": "deposit", "price_fen": 500_000, "purpose": "二手车意向金", "validity_days": 30}


class Shelf:
    """A merchant's products, as its owner and two operators handle them."""

    def __init__(self, town: Town) -> None:
        self.town, self.platform = town, town.platform
        self.path = f"/v1/merchants/{town.merchant.merchant_id}/products"
        self.owner, self.operator = town.tokens[Role.OWNER], town.tokens[Role.OPERATOR]

    def offered(self, terms: dict[str, Any]) -> dict[str, Any]:
        made = self.platform.post(self.path, terms, self.owner)
        assert made.status == 201, made.text
        product: dict[str, Any] = made.json
        return product

    def review(self, product_id: str, decision: str, reason: str = "看过了", **more: Any) -> Any:
        body = {"decision": decision, "reason": reason} | more
        return self.platform.post(f"{self.path}/{product_id}/review", body, self.operator)

    def names(self, token: str = "", query: str = "") -> list[str]:
        return [one["name"] for one in self.platform.get(f"{self.path}{query}", token).json["data"]]


@pytest.fixture
def shelf(town: Town) -> Shelf:
    return Shelf(town)


@pytest.mark.parametrize("terms", [PLAIN, COUNT, PERIOD, DEPOSIT], ids=lambda terms: terms["kind"])
def test_an_owner_offers_a_card_of_each_kind_and_anyone_sees_its_terms(shelf: Shelf, terms: dict[str, Any]) -> None:
    made = shelf.offered(terms)
    seen = shelf.platform.get(f"{shelf.path}/{made['product_id']}").json
    tiers = [{"bonus_fen": 0} | tier for tier in terms.get("tiers", [])]
    wanted = terms | {"tiers": [tier | {"face_fen": tier["price_fen"] + tier["bonus_fen"]} for tier in tiers]}
    assert {name: seen[name] for name in wanted} == wanted
    assert (seen["state"], seen["terms_version"], seen["waiting"]) == ("on_sale", 1, None)
    assert made == seen | {"waiting": False}


def test_one_tier_may_be_written_short(shelf: Shelf) -> None:
    short = {"name": "卡", "kind": "stored_value", "price_fen": 100, "bonus_fen": 42}
    made = shelf.offered(short)
    assert made["tiers"] == [{"price_fen": 100, "bonus_fen": 42, "face_fen": 142}]
    assert (made["price_fen"], made["bonus_fen"], made["face_fen"]) == (100, 42, 142)
    for stray in (PLAIN | {"bonus_fen": 1}, COUNT | {"bonus_fen": 1}, {"name": "卡", "kind": "stored_value", "bonus_fen": 1}):
        assert shelf.platform.post(shelf.path, stray, shelf.owner).code == "request_invalid"
    assert shelf.platform.post(shelf.path, PLAIN | {"price_fen": 1}, shelf.owner).code == "kind_fields_mismatch"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gift"},
        {"tiers": [{"price_fen": 1}] * 11},
        {"tiers": [{"price_fen": 0}]},
        {"tiers": [{"price_fen": 1, "bonus_fen": -1}]},
        {"tiers": [{"price_fen": 1.5}]},
        {"visits": 1_001},
        {"validity_days": 0},
        {"stores": ["x"]},
        {"name": "卡\n十三、不予退款"},
        {"name": "卡\u202e"},
        {"name": "卡\u200b"},
        {"name": ""},
        {"purpose": "a\u0000b"},
        {"free_lunch": True},
    ],
    ids=str,
)
def test_malformed_terms_are_refused(shelf: Shelf, wrong: dict[str, Any]) -> None:
    before = shelf.platform.dump()
    assert shelf.platform.post(shelf.path, PLAIN | wrong, shelf.owner).code == "request_invalid"
    assert shelf.platform.dump() == before


def test_a_card_may_be_good_at_some_of_the_merchants_own_stores_only(shelf: Shelf) -> None:
    town = shelf.town
    assert shelf.offered(PLAIN | {"stores": [town.store.store_id]})["stores"] == [town.store.store_id]
    assert shelf.platform.post(shelf.path, PLAIN | {"stores": [town.rival_store.store_id]}, shelf.owner).code == "not_found"


def test_what_waits_or_was_rejected_is_there_for_its_owner_and_the_operators_only(shelf: Shelf) -> None:
    town = shelf.town
    proposed, rejected = (shelf.offered(RICH | {"name": name})["product_id"] for name in ("待审", "驳回"))
    assert shelf.review(rejected, "reject").json["state"] == "rejected"
    for token in ("", town.consumer, town.cashier, town.rival_owner, town.tokens[Role.REGULATOR]):
        assert shelf.names(token) == ["充 1000 得 1300"]
        for product_id in (proposed, rejected):
            for tail in ("", "/contract", "/contract.txt"):
                hidden = shelf.platform.get(f"{shelf.path}/{product_id}{tail}", token)
                missing = shelf.platform.get(f"{shelf.path}/prd_{NOBODY}{tail}", token)
                assert (hidden.status, hidden.json) == (404, missing.json)
        assert shelf.names(token, "?state=proposed") == []
    for token in (shelf.owner, shelf.operator):
        assert sorted(shelf.names(token)) == sorted(["充 1000 得 1300", "待审", "驳回"])
        assert shelf.names(token, "?state=proposed") == ["待审"]
        assert shelf.platform.get(f"{shelf.path}/{proposed}", token).json["state"] == "proposed"
        assert shelf.platform.get(f"{shelf.path}/{proposed}/contract", token).status == 200
    wish = {"product_id": proposed, "contract_version": "2026-01", "payment_provider": "wechat_pay"}
    assert shelf.platform.post("/v1/orders", wish, town.consumer).code == "not_found"


def test_pages_show_every_product_once_whatever_is_hidden_between(shelf: Shelf) -> None:
    for number in range(5):
        shelf.offered((RICH if number % 2 else PLAIN) | {"name": f"卡{number}"})
    for token, count in (("", 4), (shelf.owner, 6)):
        seen, path = [], f"{shelf.path}?limit=1"
        for _ in range(10):
            page = shelf.platform.get(path, token).json
            assert len(page["data"]) <= 1
            seen += [one["product_id"] for one in page["data"]]
            if not page["has_more"]:
                break
            path = f"{shelf.path}?limit=1&cursor={page['next_cursor']}"
        assert len(seen) == len(set(seen)) == count


def test_a_second_person_puts_it_on_the_shelf_and_everybody_sees_who(shelf: Shelf) -> None:
    product_id = shelf.offered(RICH)["product_id"]
    assert shelf.review(product_id, "resume").code == "product_proposed"
    assert shelf.review(product_id, "reject", reason="").code == "reason_required"
    assert shelf.review(product_id, "approve", terms_version=2).code == "terms_changed"
    done = shelf.review(product_id, "approve", reason="", terms_version=1)
    assert (done.status, done.json["state"]) == (200, "on_sale")
    assert shelf.review(product_id, "approve", reason="").replayed
    assert RICH["name"] in shelf.names()
    trail = reads.owned(AuditEntry, product_id, "2026")
    assert [(one.action, one.role) for one in trail] == [("product.offer", "owner"), ("product.approve", "operator")]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_nobody_but_an_operator_reviews(shelf: Shelf, role: Role) -> None:
    product_id = shelf.offered(RICH)["product_id"]
    before = shelf.platform.dump()
    answer = shelf.platform.post(f"{shelf.path}/{product_id}/review", {"decision": "approve"}, shelf.town.tokens[role])
    assert (answer.status, answer.code) == (403, "role_not_allowed")
    assert shelf.platform.dump() == before


def test_who_made_a_product_does_not_approve_it_even_as_an_operator(shelf: Shelf) -> None:
    """An owner who becomes an operator later, under the same id."""
    from dataclasses import replace

    from chalicelib.domain.principal import PLATFORM
    from chalicelib.domain.staff import Staff

    product = shelf.offered(RICH)
    stored = shelf.platform.dump()
    (maker,) = {item["made_by"]["S"] for item in stored.values() if item["sk"]["S"] == product["product_id"]}
    staff = reads.get(Staff, maker)
    assert staff is not None
    shelf.platform.put(replace(staff, role=Role.OPERATOR, organisation_id=PLATFORM, version=2))
    token = shelf.platform.token(maker, Role.OPERATOR)
    answer = shelf.platform.post(f"{shelf.path}/{product['product_id']}/review", {"decision": "approve"}, token)
    assert (answer.status, answer.code) == (403, "second_person_needed")


def test_new_terms_are_sold_from_now_on_and_every_version_is_kept(shelf: Shelf) -> None:
    product_id = shelf.offered(PLAIN)["product_id"]
    path = f"{shelf.path}/{product_id}/versions"
    dearer = PLAIN | {"name": "储值卡二", "tiers": [{"price_fen": 70_000}]}
    made = shelf.platform.post(path, dearer, shelf.owner, key="version-0001")
    assert (made.status, made.json["terms_version"], made.json["price_fen"]) == (201, 2, 70_000)
    again = shelf.platform.post(path, dearer, shelf.owner, key="version-0001")
    assert (again.replayed, again.json) == (True, made.json)
    assert shelf.platform.post(path, PLAIN, shelf.owner, key="version-0001").code == "idempotency_key_reused"
    waits = shelf.platform.post(path, RICH, shelf.owner)
    assert (waits.json["terms_version"], waits.json["waiting"]) == (2, True)
    assert shelf.platform.get(f"{shelf.path}/{product_id}").json["price_fen"] == 70_000
    assert shelf.platform.post(path, PLAIN, shelf.owner).code == "terms_waiting"
    for token in (shelf.owner, shelf.operator):
        listed = shelf.platform.get(path, token).json["data"]
        assert [(one["terms_version"], one["name"], one["standing"]) for one in listed] == [
            (1, "储值卡", "past"), (2, "储值卡二", "sold"), (3, RICH["name"], "waiting"),
        ]  # fmt: skip
    assert shelf.review(product_id, "approve", terms_version=3).json["name"] == RICH["name"]
    assert shelf.platform.post(path, COUNT, shelf.owner).code == "kind_fixed"


def test_a_version_is_written_once(shelf: Shelf) -> None:
    product_id = shelf.offered(PLAIN)["product_id"]
    (first,) = reads.owned(ProductVersion, shelf.town.merchant.merchant_id, f"ver_{ids.part_of(product_id)}")
    shelf.platform.post(f"{shelf.path}/{product_id}/versions", PLAIN | {"tiers": [{"price_fen": 1}]}, shelf.owner)
    shelf.platform.post(f"{shelf.path}/{product_id}/withdraw", token=shelf.owner)
    assert reads.get(ProductVersion, first.merchant_id, first.version_id) == first


def test_a_withdrawn_product_is_sold_no_more_and_its_contract_can_still_be_read(shelf: Shelf) -> None:
    town = shelf.town
    path = f"{shelf.path}/{town.product.product_id}"
    assert shelf.platform.post(f"{path}/withdraw", token=shelf.owner).json["state"] == "withdrawn"
    assert shelf.platform.post(f"{path}/withdraw", token=shelf.owner).replayed
    assert shelf.names() == []
    assert shelf.platform.get(path).code == "not_found"
    assert shelf.platform.get(f"{path}/contract").status == 200
    wish = {"product_id": town.product.product_id, "contract_version": "2026-01", "payment_provider": "wechat_pay"}
    assert shelf.platform.post("/v1/orders", wish, town.consumer).code == "product_not_on_sale"
    assert shelf.platform.post(f"{path}/versions", PLAIN, shelf.owner).code == "product_withdrawn"
    assert shelf.review(town.product.product_id, "resume").code == "product_withdrawn"


def test_another_merchants_products_are_absent_and_stay_as_they_are(shelf: Shelf) -> None:
    town = shelf.town
    product_id = shelf.offered(RICH)["product_id"]
    merchant, own = ids.part_of(town.merchant.merchant_id), ids.part_of(product_id)
    before = shelf.platform.dump()
    for method, tail, body in (
        ("POST", "", PLAIN),
        ("GET", f"/{product_id}", None),
        ("GET", f"/{product_id}/versions", None),
        ("POST", f"/{product_id}/versions", PLAIN),
        ("POST", f"/{product_id}/withdraw", None),
    ):
        foreign = shelf.platform.call(method, f"{shelf.path}{tail}", body, token=town.rival_owner)
        missing = f"{shelf.path}{tail}".replace(own, NOBODY).replace(merchant, NOBODY)
        assert (foreign.status, foreign.json) == (404, shelf.platform.call(method, missing, body, token=town.rival_owner).json)
    # through the own merchant's path, too
    rival = f"/v1/merchants/{town.rival.merchant_id}/products/{product_id}"
    for tail, body in (("/versions", PLAIN), ("/withdraw", None)):
        assert shelf.platform.post(f"{rival}{tail}", body, token=town.rival_owner).code == "not_found"
    assert shelf.platform.post(f"{rival}/review", {"decision": "approve"}, shelf.operator).code == "not_found"
    assert shelf.platform.dump() == before


def test_the_contract_is_text_and_its_digest_is_of_that_text(shelf: Shelf) -> None:
    import base64
    import hashlib

    path = f"{shelf.path}/{shelf.offered(PLAIN)['product_id']}"
    for query, price in (("", "500.00"), ("?price_fen=100000", "1000.00")):
        view = shelf.platform.get(f"{path}/contract{query}").json
        text = shelf.platform.get(f"{path}/contract.txt{query}")
        assert text.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert text.text == view["text"]
        assert f"乙方支付 {price} 元" in text.text
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.text.encode()).digest()).decode().rstrip("=")
        assert (view["contract_hash"], view["contract_version"], view["terms_version"]) == (digest, "2026-01", 1)
        assert "The Chinese text is the contract" in view["summary_en"]
    unknown = shelf.platform.get(f"{path}/contract?price_fen=70000")
    assert (unknown.code, unknown.json["facts"]) == ("tier_unknown", {"has_fen": 70_000, "prices_fen": [50_000, 100_000]})
    for wrong in ("1.0", "-1", "x", "0", "1000000000"):
        assert shelf.platform.get(f"{path}/contract?price_fen={wrong}").code == "request_invalid"
