"""Any wrong input is a problem document with a stable code, and nothing is written."""

import base64
import json
from typing import Any

import pytest

from chalicelib.domain.principal import Role
from tests.api.journey import FILING
from tests.platform import Answer
from tests.town import Town


def refused(town: Town, answer: Answer, status: int, code: str) -> dict[str, Any]:
    """It is the problem we expect, in the form every problem has."""
    assert (answer.status, answer.code) == (status, code), answer.text
    problem: dict[str, Any] = answer.json
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert {"type", "title", "status", "detail", "code", "param", "request_id"} <= problem.keys()
    assert problem["type"] == f"urn:fangxinchong:problem:{code}"
    return problem


AMOUNTS: dict[str, str] = {
    "zero": "0",
    "negative": "-1",
    "negative zero": "-0",
    "fraction": "130.5",
    "whole fraction": "13000.0",
    "exponent": "1e3",
    "above the limit": "100000001",
    "huge": "9" * 400,
    "forty digits": "1" * 40,
    "not a number": "NaN",
    "infinite": "Infinity",
    "boolean": "true",
    "null": "null",
    "text": '"13000"',
    "full-width digits": '"１３０００"',
    "bare full-width digits": "１３０００",
    "Arabic digits": "١٣",
    "list": "[13000]",
    "object": '{"fen": 13000}',
    "hexadecimal": "0x10",
    "leading zero": "013000",
    "plus": "+13000",
    "underscore": "13_000",
}


@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_is_a_whole_number_of_fen_between_one_and_a_million_yuan(town: Town, amount: str) -> None:
    bodies = ((town.staff_body(0), town.cashier), (town.consumer_body(0), town.consumer))
    before = town.platform.dump()
    for body, token in bodies:
        raw = json.dumps(body).replace('"amount_fen": 0', f'"amount_fen": {AMOUNTS[amount]}').encode()
        answer = town.platform.post("/v1/redemptions", raw, token)
        assert answer.status == 400
        problem = refused(town, answer, 400, answer.code)
        assert problem["code"] == "json_invalid" or (problem["code"], problem["param"]) == ("request_invalid", "amount_fen")
    assert town.platform.dump() == before


DOCUMENTS: dict[str, tuple[bytes, str]] = {
    "not JSON": (b"{", "json_invalid"),
    "nothing": (b"", "request_invalid"),
    "a list": (b"[]", "request_invalid"),
    "a text": (b'"amount_fen"', "request_invalid"),
    "null": (b"null", "request_invalid"),
    "two documents": (b"{}{}", "json_invalid"),
    "not UTF-8": (b'{"card_id": "\xff"}', "json_invalid"),
    "a lone surrogate": (b'{"card_id": "\\ud800"}', "json_invalid"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "json_invalid"),
    "nested ten thousand deep": (b'{"card_id": ' + b"[" * 10_000 + b"]" * 10_000 + b"}", "json_invalid"),
    "ten thousand unknown fields": (json.dumps({f"f{n}": 1 for n in range(4_000)}).encode(), "request_invalid"),
    "a comment": (b"{} // no", "json_invalid"),
    "single quotes": (b"{'card_id': 1}", "json_invalid"),
}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_body_is_one_json_object_with_the_known_fields(town: Town, document: str) -> None:
    raw, code = DOCUMENTS[document]
    before = town.platform.dump()
    for path in ("/v1/redemptions", "/v1/refunds", "/v1/orders"):
        problem = refused(town, town.platform.post(path, raw, town.consumer), 400, code)
        assert len(problem["errors"]) <= 20
    assert town.platform.dump() == before


@pytest.mark.parametrize("field", ["status", "amount", "merchantId", "role", "face_fen", "consumer_id", "__proto__", "store_id"])
def test_an_unknown_field_is_refused_and_named(town: Town, field: str) -> None:
    before = town.platform.dump()
    problem = refused(
        town, town.platform.post("/v1/redemptions", town.consumer_body(**{field: "x"}), town.consumer), 400, "request_invalid"
    )
    assert problem["errors"] == [{"pointer": f"/{field}", "code": "extra_forbidden", "detail": "Extra inputs are not permitted"}]
    assert town.platform.dump() == before


def test_every_missing_field_is_named(town: Town) -> None:
    for whole, token, path in (
        (town.consumer_body(), town.consumer, "/v1/redemptions"),
        ({"card_id": town.card.card_id, "cause": "neutral"}, town.consumer, "/v1/refunds"),
    ):
        for field in whole:
            lacking = {name: given for name, given in whole.items() if name != field}
            if field != "store_code":
                problem = refused(town, town.platform.post(path, lacking, token), 400, "request_invalid")
                assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [(f"/{field}", "missing")]


def test_a_route_that_takes_no_body_takes_none(town: Town) -> None:
    path = f"/v1/redemptions/{town.hold(1_000)}/confirm"
    before = town.platform.dump()
    refused(town, town.platform.post(path, {"amount_fen": 1}, town.consumer), 400, "request_invalid")
    refused(town, town.platform.post(path, b"{", town.consumer), 400, "json_invalid")
    assert town.platform.dump() == before
    assert town.platform.post(path, {}, town.consumer).status == 200


def test_a_body_of_more_than_64_kib_is_not_read(town: Town) -> None:
    exactly = b'{"card_id": "' + b"x" * (64 * 1024 - 15) + b'"}'
    assert len(exactly) == 64 * 1024
    refused(town, town.platform.post("/v1/refunds", exactly, town.consumer), 400, "request_invalid")
    refused(town, town.platform.post("/v1/refunds", exactly + b" ", town.consumer), 400, "body_too_large")
    refused(town, town.platform.post("/v1/notifications/wechat-pay", exactly + b" "), 400, "body_too_large")


FILING_DEFECTS: dict[str, Any] = {
    "licence_no": ["91330212MA2AF3C43G", "91330212MA2AF3C43", "91330212ma2af3c43f", "９1330212MA2AF3C43F", "", 1],
    "legal_form": ["company", "ENTERPRISE", ""],
    "industry": ["gambling", ""],
    "district": ["33021", "3302123", "33021a", "３３０２１２", 330212],
    "contact_phone": ["phone", "1", "0574 87654321", "+" * 8],
    "name": ["", "   ", "x" * 101, 1, "甬尚\u202e美发", "甬尚\u200b美发", "Bаr", "···"],
    "legal_representative_id_no": ["330212198001011239", "330212198013011230", "33021219800101123x", "1", 330212198001011238],
    "lease_end": ["2026-13-01", "yesterday", "0001-01-01", 20261201],
    "store_count": [0, -1, 1.5, "1", True],
    "commitment_accepted": ["yes", 1],
    "fund_mode": ["none", "insurance"],
    "address": ["", "中山路\n88号", "中山路\u202e88号", "x" * 201],
    "bank_account": [
        {},
        {"name": "x", "number": "1234", "bank": "y"},
        {"name": "x", "number": "1" * 10, "bank": "y", "iban": ""},
        [],
    ],
}


@pytest.mark.parametrize("field", FILING_DEFECTS)
def test_an_application_with_a_defect_is_refused_and_the_field_named(town: Town, field: str) -> None:
    before = town.platform.dump()
    for wrong in FILING_DEFECTS[field]:
        answer = town.platform.post("/v1/merchant-applications", FILING | {field: wrong}, town.tokens[Role.OPERATOR])
        problem = refused(town, answer, 400, "request_invalid")
        assert problem["param"].split("/")[0] == field
    assert town.platform.dump() == before


@pytest.mark.parametrize(
    "query",
    [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1e1",
        "limit=1.0",
        "limit=true",
        "limit=%2B1",
        "limit=1_0",
        "limit=%201",
        "limit=%EF%BC%91",
        "limit=",
        "page=2",
    ],
)
def test_a_page_has_one_to_a_hundred_entries(town: Town, query: str) -> None:
    problem = refused(
        town, town.platform.get(f"/v1/cards/{town.card.card_id}/transfers?{query}", town.consumer), 400, "request_invalid"
    )
    assert problem["param"] == query.partition("=")[0]


def test_a_parameter_that_is_given_twice_is_refused(town: Town) -> None:
    path = f"/v1/cards/{town.card.card_id}/transfers"
    refused(town, town.platform.get(f"{path}?limit=1&limit=100", town.consumer), 400, "parameter_repeated")
    refused(town, town.platform.get("/v1/cards?merchant_id=x", town.consumer), 400, "request_invalid")
    for unknown in ("industry=gambling", "district=3302", f"q={'x' * 51}", "sort=name"):
        refused(town, town.platform.get(f"/v1/merchants?{unknown}"), 400, "request_invalid")


@pytest.mark.parametrize(
    "path", ["/v1/cards/" + "x" * 3_000, "/v1/cards/%00", "/v1/cards/..", "/v1/cards/crd_１", "/v1/merchants/a b"]
)
def test_an_id_that_no_id_can_be_is_absent(town: Town, path: str) -> None:
    refused(town, town.platform.get(path, town.consumer), 404, "not_found")


def test_an_amount_beyond_the_balance_says_what_there_is_and_what_is_needed(town: Town) -> None:
    town.hold(30_000)
    before = town.platform.dump()
    for body, token in ((town.staff_body(100_001), town.cashier), (town.consumer_body(100_001), town.consumer)):
        problem = refused(town, town.platform.post("/v1/redemptions", body, token), 422, "insufficient_balance")
        assert problem["facts"] == {"has_fen": 100_000, "needs_fen": 100_001}
        assert "100000" in problem["detail"]
        assert "100001" in problem["title"]
    assert town.platform.dump() == before


def test_a_flipped_bit_anywhere_in_a_code_makes_it_invalid(town: Town) -> None:
    before = town.platform.dump()
    for whole, field, token, code in (
        (town.store_code, "store_code", town.consumer, "store_code_invalid"),
        (town.payment_code(), "payment_code", town.cashier, "payment_code_invalid"),
    ):
        raw = base64.urlsafe_b64decode(whole + "=" * (-len(whole) % 4))
        body = town.consumer_body() if field == "store_code" else town.staff_body()
        for position in range(0, len(raw) * 8, 3):
            flipped = bytearray(raw)
            flipped[position // 8] ^= 1 << position % 8
            text = base64.urlsafe_b64encode(bytes(flipped)).rstrip(b"=").decode()
            assert town.platform.post("/v1/redemptions", body | {field: text}, token).code == code
    assert town.platform.dump() == before


def test_codes_of_another_kind_another_key_or_another_print_are_invalid(town: Town) -> None:
    from dataclasses import replace

    from chalicelib.domain.codes import CodeKeys, StoreCode, sign_store_code

    foreign = sign_store_code(CodeKeys(1, {1: b"f" * 32}), StoreCode(town.store.store_id, 1))
    unknown_key = sign_store_code(CodeKeys(9, {9: b"f" * 32}), StoreCode(town.store.store_id, 1))
    for code in (foreign, unknown_key, town.payment_code(), "A" * 60, "-" * 10):
        refused(town, town.platform.get(f"/v1/store-codes/{code}"), 422, "store_code_invalid")
        refused(town, town.platform.get(f"/v1/store-codes/{code}/qr.svg"), 422, "store_code_invalid")
    code = town.store_code
    assert town.platform.get(f"/v1/store-codes/{code}").status == 200
    town.platform.put(replace(town.store, code_version=2))
    refused(town, town.platform.get(f"/v1/store-codes/{code}"), 422, "store_code_invalid")
    refused(
        town, town.platform.post("/v1/redemptions", town.consumer_body(store_code=code), town.consumer), 422, "store_code_invalid"
    )


def test_a_payment_code_is_good_once_until_it_has_expired(town: Town) -> None:
    body = town.staff_body(100)
    assert town.platform.post("/v1/redemptions", body, town.cashier).status == 201
    for seconds in (0, 59, 2):
        town.platform.later(seconds=seconds)
        answer = town.platform.post("/v1/redemptions", body, town.cashier)
        assert (answer.status, answer.code) in ((409, "payment_code_used"), (422, "payment_code_expired"))
    town.platform.later(seconds=3)
    refused(town, town.platform.post("/v1/redemptions", body, town.cashier), 422, "payment_code_expired")


def test_an_expired_payment_code_is_refused(town: Town) -> None:
    body = town.staff_body(100)
    town.platform.later(seconds=63)
    before = town.platform.dump()
    refused(town, town.platform.post("/v1/redemptions", body, town.cashier), 422, "payment_code_expired")
    assert town.platform.dump() == before


def test_each_role_uses_its_own_kind_of_code(town: Town) -> None:
    refused(town, town.platform.post("/v1/redemptions", town.staff_body(), town.consumer), 400, "wrong_kind_of_code")
    refused(town, town.platform.post("/v1/redemptions", town.consumer_body(), town.cashier), 400, "wrong_kind_of_code")
