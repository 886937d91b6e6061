"""The door itself: routes, methods, content types, headers, pages of lists, the access log."""

import base64
import json
from typing import Any

import pytest

from app import app
from chalicelib.api import cursors
from chalicelib.api.http import ENDPOINTS
from chalicelib.domain.principal import Role
from chalicelib.domain.refusals import BadRequest
from tests.api.journey import FILING
from tests.platform import Answer, Platform
from tests.town import Town


def is_problem(answer: Answer, status: int, code: str) -> None:
    assert (answer.status, answer.code) == (status, code), answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json["status"] == status


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nowhere", "/v2/cards", "/v1/cards/crd_0/secrets", "/v1/%2e%2e/etc/passwd"])
def test_an_unknown_route_is_a_404_problem(platform: Platform, path: str) -> None:
    for method in ("GET", "POST", "TRACE"):
        is_problem(platform.event(method, path), 404, "not_found")


def test_a_method_that_a_route_does_not_have_is_a_405_problem_with_the_methods_it_has(platform: Platform) -> None:
    for resource, methods in app.routes.items():
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - set(methods):
            answer = platform.event(method, "/x", resource)
            is_problem(answer, 405, "method_not_allowed")
            assert set(answer.headers["Allow"].split(", ")) == set(methods)


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "application/xml", "multipart/form-data", "application/merge-patch+json"],
)
def test_a_body_that_does_not_say_it_is_json_is_a_415_problem(town: Town, kind: str) -> None:
    before = town.platform.dump()
    answer = town.platform.post("/v1/redemptions", town.consumer_body(), town.consumer, headers={"Content-Type": kind})
    is_problem(answer, 415, "unsupported_media_type")
    assert town.platform.dump() == before
    assert (
        town.platform.post(
            "/v1/redemptions", town.consumer_body(), town.consumer, headers={"Content-Type": "application/json; charset=utf-8"}
        ).status
        == 201
    )


def test_headers_that_claim_an_identity_or_another_method_are_not_believed(town: Town) -> None:
    lies = {
        "X-User-Id": town.consumer_id,
        "X-Role": "operator",
        "X-Forwarded-User": "root",
        "X-Amzn-Oidc-Identity": "x",
        "X-HTTP-Method-Override": "POST",
    }
    is_problem(town.platform.get("/v1/cards", headers=lies), 401, "token_invalid")
    foreign = town.platform.get(f"/v1/cards/{town.card.card_id}", town.stranger, headers=lies)
    is_problem(foreign, 404, "not_found")


def test_no_answer_may_be_cached(town: Town) -> None:
    for path, token in (
        ("/v1/health", ""),
        ("/v1/cards", town.consumer),
        ("/v1/cards", ""),
        (f"/v1/store-codes/{town.store_code}", ""),
    ):
        assert town.platform.get(path, token).headers["Cache-Control"] == "no-store"


def test_two_things_wrong_are_always_refused_in_the_stated_order(town: Town) -> None:
    """Token, role, id in the path, key, size, shape of the body, then the operation's own order."""
    path, bad, huge = "/v1/redemptions", b"{", b" " * 70_000
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"token": "x", "key": "", "body": huge}, "token_invalid"),
        ({"token": town.tokens[Role.REGULATOR], "key": "", "body": huge}, "role_not_allowed"),
        ({"token": town.consumer, "key": "", "body": huge}, "idempotency_key_required"),
        ({"token": town.consumer, "key": "k" * 8, "body": huge}, "body_too_large"),
        ({"token": town.consumer, "key": "k" * 8, "body": bad}, "json_invalid"),
        ({"token": town.consumer, "key": "k" * 8, "body": town.consumer_body(10**8, store_code="A" * 40)}, "store_code_invalid"),
    ]
    for given, code in wrong:
        assert town.platform.call("POST", path, given["body"], token=given["token"], key=given["key"]).code == code
    lost = f"{path}/crd 1/confirm"
    assert town.platform.post(lost, bad, town.cashier, "").code == "role_not_allowed"
    assert town.platform.post(lost, bad, town.consumer, "").code == "not_found"


def test_the_operations_of_a_redemption_refuse_in_the_stated_order(town: Town) -> None:
    """Code invalid, store absent, key reused, card absent, code expired, code used, card not active, holds, balance."""
    first = town.staff_body(1_000)
    assert town.platform.post("/v1/redemptions", first, town.cashier, "till-0001").status == 201
    beyond = {"amount_fen": 10**8}
    assert (
        town.platform.post(
            "/v1/redemptions", first | beyond | {"payment_code": "A" * 40, "store_id": "sto_0000"}, town.cashier
        ).code
        == "payment_code_invalid"
    )
    assert (
        town.platform.post("/v1/redemptions", first | beyond | {"store_id": "sto_0000"}, town.cashier, "till-0001").code
        == "not_found"
    )
    assert town.platform.post("/v1/redemptions", first | beyond, town.cashier, "till-0001").code == "idempotency_key_reused"
    assert town.platform.post("/v1/redemptions", first | beyond, town.cashier).code == "payment_code_used"
    for _ in range(4):
        town.hold(1_000)
    assert town.platform.post("/v1/redemptions", town.staff_body(10**8), town.cashier).code == "too_many_holds"
    town.platform.later(seconds=63)
    assert town.platform.post("/v1/redemptions", first | beyond, town.cashier).code == "payment_code_expired"
    assert town.platform.post("/v1/redemptions", first, town.cashier, "till-0001").replayed, "a repetition is not about the code"


def test_a_card_that_is_being_refunded_says_so_before_its_balance(town: Town) -> None:
    town.after_the_cooling_off_days()
    wish = {"card_id": town.card.card_id, "cause": "consumer"}
    assert town.platform.post("/v1/refunds", wish, town.consumer).json["state"] == "requested"
    assert town.platform.post("/v1/redemptions", town.staff_body(10**8), town.cashier).code == "card_refunding"
    assert town.platform.post(f"/v1/cards/{town.card.card_id}/payment-codes", token=town.consumer).code == "card_refunding"
    assert town.platform.post("/v1/refunds", wish, town.consumer).code == "card_refunding"


KEYS = ["", "short", "k" * 129, "with\ttab", "schlüssel-ä", "中文中文中文中文"]


@pytest.mark.parametrize("declared", [one for one in ENDPOINTS if one.key], ids=lambda one: one.path)
def test_every_route_that_creates_or_moves_needs_a_key(town: Town, declared: Any) -> None:
    token = town.tokens[sorted(declared.who)[0]]
    path = declared.path.replace("{", "").replace("}", "")
    assert town.platform.post(path, {}, token, "").code == "idempotency_key_required"


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_8_to_128_printable_ascii_characters(town: Town, key: str) -> None:
    before = town.platform.dump()
    answer = town.platform.post("/v1/redemptions", town.consumer_body(), town.consumer, "", headers={"Idempotency-Key": key})
    is_problem(answer, 400, "idempotency_key_required")
    assert answer.json["param"] == "Idempotency-Key"
    assert town.platform.dump() == before


def creations(town: Town) -> list[tuple[str, Any, Any, str]]:
    """path, body, another body, token."""
    merchant = f"/v1/merchants/{town.merchant.merchant_id}"
    store = {"name": "二号店", "district": "330212", "address": "江东"}
    terms = {"name": "卡", "kind": "stored_value", "price_fen": 100, "bonus_fen": 0}
    return [
        ("/v1/redemptions", town.consumer_body(100), town.consumer_body(101), town.consumer),
        (f"{merchant}/stores", store, store | {"name": "三号店"}, town.tokens[Role.OWNER]),
        (f"{merchant}/products", terms, terms | {"bonus_fen": 1}, town.tokens[Role.OWNER]),
        (
            f"{merchant}/staff",
            {"username": "wu.yi", "role": "cashier"},
            {"username": "wu.yi", "role": "manager"},
            town.tokens[Role.OWNER],
        ),
        ("/v1/merchant-applications", FILING, FILING | {"contact_name": "别人"}, town.tokens[Role.OPERATOR]),
    ]


def test_the_same_key_and_body_get_the_same_answer_and_another_body_a_conflict(town: Town) -> None:
    for path, body, other, token in creations(town):
        first = town.platform.post(path, body, token, "the-same-key")
        assert (first.status, first.replayed) == (201, False), first.text
        before = town.platform.dump()
        again = town.platform.post(path, body, token, "the-same-key")
        assert (again.status, again.json, again.replayed) == (201, first.json, True)
        is_problem(town.platform.post(path, other, token, "the-same-key"), 409, "idempotency_key_reused")
        assert town.platform.dump() == before, path


def test_a_refused_request_keeps_nothing_so_that_its_key_may_be_used_again(town: Town) -> None:
    is_problem(
        town.platform.post("/v1/redemptions", town.consumer_body(10**8), town.consumer, "one-key-1"), 422, "insufficient_balance"
    )
    assert town.platform.post("/v1/redemptions", town.consumer_body(100), town.consumer, "one-key-1").status == 201


def test_a_key_is_one_persons(town: Town) -> None:
    made = [
        town.platform.post("/v1/redemptions", town.staff_body(100), town.tokens[role], "one-key-1")
        for role in (Role.CASHIER, Role.MANAGER)
    ]
    assert made[0].json["redemption_id"] != made[1].json["redemption_id"]


def test_a_history_is_read_page_by_page_and_verifies(town: Town) -> None:
    from chalicelib.domain.transfer import GENESIS

    for _ in range(4):
        town.confirm(town.hold(1_000))
    path, seen, cursor = f"/v1/cards/{town.card.card_id}/transfers", [], ""
    while True:
        page = town.platform.get(f"{path}?limit=2{cursor}", town.consumer).json
        assert page["has_more"] == (page["next_cursor"] is not None)
        seen += page["data"]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert [link["seq"] for link in seen] == [1, 2, 3, 4, 5]
    assert [link["prev_hash"] for link in seen] == [GENESIS, *(link["hash"] for link in seen[:-1])]
    assert town.present_card().head_hash == seen[-1]["hash"]


def test_a_cursor_that_a_list_did_not_give_out_is_refused(town: Town) -> None:
    town.confirm(town.hold(1_000))
    path = f"/v1/cards/{town.card.card_id}/transfers"
    good = town.platform.get(f"{path}?limit=1", town.consumer).json["next_cursor"]
    raw = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
    altered = base64.urlsafe_b64encode(raw[:-1] + b"9").rstrip(b"=").decode()
    for wrong in (altered, good[:-4], good[4:], "x", "%E4%B8%AD", "1", cursors.seal("crd_another", "1")):
        is_problem(town.platform.get(f"{path}?cursor={wrong}", town.consumer), 400, "cursor_invalid")
    with pytest.raises(BadRequest):
        cursors.unseal("another list", good)


def test_the_access_log_is_one_line_per_request_without_anything_of_a_person(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    canaries = [
        "o-canary",
        town.card.card_id,
        town.consumer_id,
        FILING["contact_phone"],
        "林晓",
        "3301040160001234567",
        town.store_code,
        "canary-key",
    ]
    redemption = town.hold(100)
    capsys.readouterr()
    town.confirm(redemption)
    town.platform.post("/v1/merchant-applications", FILING, town.tokens[Role.OPERATOR], "canary-key")
    town.platform.get(f"/v1/cards/{town.card.card_id}?canary-key=o-canary", town.consumer)
    town.platform.get(f"/v1/store-codes/{town.store_code}", town.consumer)
    town.platform.post("/v1/sessions", {"username": "o-canary", "password": "o-canary", "totp": "123456"})
    town.platform.event("GET", "/v1/o-canary")
    said = capsys.readouterr().out
    lines = [json.loads(line) for line in said.splitlines()]
    assert len(lines) == 6
    assert all(line.keys() == {"level", "request_id", "method", "route", "status", "ms", "replayed"} for line in lines)
    assert not [canary for canary in (*canaries, redemption) if canary in said]


def test_health_says_the_version_and_that_the_store_answers(platform: Platform) -> None:
    assert platform.get("/v1/health").json == {"version": "test", "stage": "local", "store": "ok"}


def test_a_stores_code_is_drawn_as_svg(town: Town) -> None:
    drawn = town.platform.get(f"/v1/store-codes/{town.store_code}/qr.svg")
    assert (drawn.status, drawn.headers["Content-Type"]) == (200, "image/svg+xml")
    assert "<svg" in drawn.text
