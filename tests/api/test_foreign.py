"""What is somebody else's looks exactly like what is not there: same status, same body, nothing written."""

from typing import Any

import pytest

from chalicelib import ids
from chalicelib.domain.principal import Role
from tests.platform import Answer
from tests.town import Town, another_card

NOBODY = "0" * 26


def alike(town: Town, foreign: Answer, missing: Answer) -> None:
    assert (foreign.status, foreign.code) == (404, "not_found"), foreign.text
    assert foreign.text == missing.text
    assert foreign.headers == missing.headers


def consumer_requests(town: Town) -> list[tuple[str, str, Any]]:
    redemption = town.hold(1_000)
    card = town.card.card_id
    return [
        ("GET", f"/v1/cards/{card}", None),
        ("GET", f"/v1/cards/{card}/transfers", None),
        ("POST", f"/v1/cards/{card}/payment-codes", None),
        ("GET", f"/v1/orders/{ids.renamed('ord', card)}", None),
        ("GET", f"/v1/redemptions/{redemption}", None),
        ("POST", f"/v1/redemptions/{redemption}/confirm", None),
        ("POST", f"/v1/redemptions/{redemption}/decline", None),
        ("POST", "/v1/redemptions", town.consumer_body()),
        ("POST", "/v1/refunds", {"card_id": card, "cause": "neutral"}),
        ("POST", "/v1/refund-quotes", {"card_id": card, "cause": "neutral"}),
    ]


def without_object(request: tuple[str, str, Any], own: str) -> tuple[str, str, Any]:
    method, path, body = request
    return (
        method,
        path.replace(own, NOBODY),
        {name: str(given).replace(own, NOBODY) if name == "card_id" else given for name, given in (body or {}).items()} or None,
    )


def test_another_consumer_sees_nothing_and_moves_nothing(town: Town) -> None:
    asked = consumer_requests(town)
    before = town.platform.dump()
    own = ids.part_of(town.card.card_id)
    for request in asked:
        foreign = town.platform.call(*request, token=town.stranger, key="foreign-0001")
        missing = town.platform.call(*without_object(request, own), token=town.stranger, key="foreign-0001")
        alike(town, foreign, missing)
    assert town.platform.dump() == before


def test_another_merchants_owner_sees_nothing_and_moves_nothing(town: Town) -> None:
    redemption = town.hold(1_000)
    own, merchant = ids.part_of(redemption), ids.part_of(town.merchant.merchant_id)
    store = {"name": "二号店", "district": "330212", "address": "江东"}
    terms = {"name": "卡", "kind": "stored_value", "price_fen": 100, "bonus_fen": 0}
    before = town.platform.dump()
    for method, path, body, part in (
        ("GET", f"/v1/redemptions/{redemption}", None, own),
        ("POST", f"/v1/redemptions/{redemption}/cancel", None, own),
        ("POST", f"/v1/merchants/{town.merchant.merchant_id}/stores", store, merchant),
        ("POST", f"/v1/merchants/{town.merchant.merchant_id}/products", terms, merchant),
        ("POST", f"/v1/merchants/{town.merchant.merchant_id}/staff", {"username": "spy", "role": "cashier"}, merchant),
    ):
        foreign = town.platform.call(method, path, body, token=town.rival_owner)
        missing = town.platform.call(method, path.replace(part, NOBODY), body, token=town.rival_owner)
        alike(town, foreign, missing)
    assert town.platform.dump() == before


def test_a_card_of_another_merchant_is_absent_at_the_till_and_its_code_stays_good(town: Town) -> None:
    body = town.staff_body(store_id=town.rival_store.store_id)
    before = town.platform.dump()
    assert town.platform.post("/v1/redemptions", body, town.rival_owner).code == "not_found"
    assert town.platform.dump() == before
    assert town.platform.post("/v1/redemptions", body | {"store_id": town.store.store_id}, town.cashier).status == 201


def test_a_cashier_is_bound_to_the_own_stores(town: Town) -> None:
    opened = town.platform.post(
        f"/v1/merchants/{town.merchant.merchant_id}/stores",
        {"name": "二号店", "district": "330212", "address": "江东"},
        town.tokens[Role.OWNER],
    )
    other = opened.json["store_id"]
    assert town.platform.post("/v1/redemptions", town.staff_body(store_id=other), town.cashier).code == "not_found"
    made = town.platform.post("/v1/redemptions", town.staff_body(store_id=other), town.tokens[Role.MANAGER])
    assert made.status == 201
    assert town.platform.get(f"/v1/redemptions/{made.json['redemption_id']}", town.cashier).code == "not_found"
    assert town.platform.post(f"/v1/redemptions/{made.json['redemption_id']}/cancel", token=town.cashier).code == "not_found"


def test_staff_cannot_consent_for_the_consumer(town: Town) -> None:
    redemption = town.hold(1_000)
    before = town.platform.dump()
    for role in Role:
        if role is not Role.CONSUMER:
            answer = town.platform.post(f"/v1/redemptions/{redemption}/confirm", token=town.tokens[role])
            assert (answer.status, answer.code) == (403, "role_not_allowed")
    assert town.platform.dump() == before


def test_a_regulator_of_another_district_finds_no_application(town: Town) -> None:
    from dataclasses import replace

    import jwt

    from chalicelib.domain.application import Application
    from chalicelib.domain.staff import Staff
    from chalicelib.store import reads
    from tests.api.journey import FILING

    made = town.platform.post("/v1/merchant-applications", FILING, town.tokens[Role.OPERATOR]).json
    path = f"/v1/merchant-applications/{made['application_id']}"
    token = town.tokens[Role.REGULATOR]
    missing = town.platform.get(path.replace(ids.part_of(made["application_id"]), NOBODY), token)
    alike(town, town.platform.get(path, token), missing)
    draft = reads.get(Application, made["merchant_id"])
    assert draft is not None
    town.platform.put(replace(draft, submitted_at=town.platform.now()))
    assert town.platform.get(path, token).status == 200
    regulator = reads.get(Staff, jwt.decode(token, options={"verify_signature": False})["sub"])
    assert regulator is not None
    town.platform.put(replace(regulator, district="330203"))
    alike(town, town.platform.get(path, token), missing)
    for decision in ("approve", "reject"):
        alike(town, town.platform.post(f"{path}/review", {"decision": decision, "reason": "x"}, token), missing)


@pytest.mark.parametrize("kind", ["redemptions", "refunds", "orders", "cards", "merchants"])
def test_an_id_of_another_kind_is_absent(town: Town, kind: str) -> None:
    """A row of the same partition, but of another kind, is not what was asked for."""
    redemption = town.hold(1_000)
    card = ids.part_of(town.card.card_id)
    for other in (redemption, f"ref_{ids.part_of(redemption)}", f"crd_{card}x", f"red_{card}", "card", "order", "_", "red_", "x"):
        if kind != "redemptions" or other != redemption:
            answer = town.platform.get(f"/v1/{kind}/{other}", town.consumer)
            assert (answer.status, answer.code) == (404, "not_found"), other


def test_a_refund_is_no_redemption(town: Town) -> None:
    quoted = {"card_id": town.card.card_id, "cause": "neutral"}
    refund = town.platform.post("/v1/refunds", quoted, town.consumer).json["refund_id"]
    assert town.platform.get(f"/v1/refunds/{refund}", town.consumer).status == 200
    assert town.platform.get(f"/v1/refunds/{refund}", town.tokens[Role.OWNER]).status == 200
    for token in (town.stranger, town.rival_owner):
        assert town.platform.get(f"/v1/refunds/{refund}", token).code == "not_found"
    assert town.platform.get(f"/v1/redemptions/{refund}", town.consumer).code == "not_found"
    assert town.platform.post(f"/v1/redemptions/{refund}/confirm", token=town.consumer).code == "not_found"


def test_a_store_code_shows_everybody_only_the_own_balance(town: Town) -> None:
    other = another_card(town)
    path = f"/v1/store-codes/{town.store_code}"
    seen = {
        name: town.platform.get(path, token).json
        for name, token in (("own", town.consumer), ("stranger", town.stranger), ("nobody", ""))
    }
    assert [card["card_id"] for card in seen["own"]["cards"]] == [town.card.card_id]
    assert [card["card_id"] for card in seen["stranger"]["cards"]] == [other.card_id]
    assert (seen["nobody"]["cards"], seen["nobody"]["balance_face_fen"]) == ([], 0)
    assert town.platform.get(path, town.tokens[Role.OWNER]).json["cards"] == []
