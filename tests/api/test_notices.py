"""Notices: a forged, old, altered or misdirected one is refused with a 4xx and nothing is written; a genuine one counts once."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.domain.order import Order, OrderState
from chalicelib.store import reads
from infra.local.sandbox.clock import stamp
from infra.local.sandbox.wechat_seal import WechatSeal
from tests.platform import Answer, invented
from tests.town import PRICE_FEN, Town

PATH = "/v1/notifications/wechat-pay"


def seal(town: Town, **changed: str) -> WechatSeal:
    credentials, key = invented()
    return WechatSeal({**credentials["wechat_pay"], **changed}, key, town.platform.clock)


def ordered(town: Town) -> Order:
    """An order that waits for its payment."""
    paid = reads.get(Order, town.card.card_id)
    assert paid is not None
    order_id = ids.random_id("ord")
    waiting = replace(
        paid,
        order_id=order_id,
        card_id=ids.renamed("crd", order_id),
        state=OrderState.CREATED,
        transaction_id="",
        provider_date=None,
        resolved_at=None,
        business_date=None,
        seq=None,
        hash="",
        version=1,
    )
    town.platform.put(waiting)
    return waiting


def payment(town: Town, order: Order, **changed: Any) -> dict[str, Any]:
    ours = invented()[0]["wechat_pay"]
    return {
        "appid": ours["appid"],
        "mchid": ours["mchid"],
        "out_trade_no": order.order_id,
        "transaction_id": "4200000000202611200000000002",
        "trade_type": "JSAPI",
        "trade_state": "SUCCESS",
        "trade_state_desc": "支付成功",
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": stamp(town.platform.now()),
        "payer": {"openid": "o-mei"},
        "amount": {"total": PRICE_FEN, "payer_total": PRICE_FEN, "currency": "CNY", "payer_currency": "CNY"},
        **changed,
    }


def envelope(town: Town, resource: dict[str, Any], notice_id: str = "n-1") -> bytes:
    return seal(town).envelope(notice_id, "TRANSACTION.SUCCESS", "transaction", resource)


def tell(town: Town, body: bytes, headers: dict[str, str] | None = None) -> Answer:
    return town.platform.post(PATH, body, key="", headers=seal(town).headers(body) if headers is None else headers)


def test_a_genuine_notice_makes_the_card_once(town: Town) -> None:
    order = ordered(town)
    body = envelope(town, payment(town, order))
    assert tell(town, body).status == 200
    card = town.platform.get(f"/v1/cards/{order.card_id}", town.consumer)
    assert (card.json["face_fen"], card.json["custody_fen"]) == (130_000, 100_000)
    before = town.platform.dump()
    assert tell(town, body).status == 200
    assert tell(town, envelope(town, payment(town, order), "n-2")).status == 200
    assert town.platform.dump() == before


FORGERIES: dict[str, Any] = {
    "unsigned": lambda headers: {},
    "the probe that WeChat sends": lambda headers: (
        headers | {"Wechatpay-Signature": "WECHATPAY/SIGNTEST/" + headers["Wechatpay-Signature"]}
    ),
    "another signature": lambda headers: headers | {"Wechatpay-Signature": "A" * 344},
    "no base64": lambda headers: headers | {"Wechatpay-Signature": "§"},
    "another key's id": lambda headers: headers | {"Wechatpay-Serial": "PUB_KEY_ID_0"},
    "another time": lambda headers: headers | {"Wechatpay-Timestamp": str(int(headers["Wechatpay-Timestamp"]) + 1)},
    "another nonce": lambda headers: headers | {"Wechatpay-Nonce": "0" * 32},
    "no time": lambda headers: headers | {"Wechatpay-Timestamp": "now"},
    "another scheme": lambda headers: headers | {"Wechatpay-Signature-Type": "WECHATPAY2-SM2-WITH-SM3"},
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_notice_is_refused_and_writes_nothing(town: Town, forgery: str) -> None:
    body = envelope(town, payment(town, ordered(town)))
    before = town.platform.dump()
    answer = tell(town, body, FORGERIES[forgery](seal(town).headers(body)))
    assert (answer.status, answer.code) == (400, "notice_refused")
    assert town.platform.dump() == before


@pytest.mark.parametrize("seconds", [-330, 301])
def test_an_old_or_future_notice_is_refused(town: Town, seconds: int) -> None:
    """The clock runs on while the test does, so the future one is well beyond the limit; tests/gateways has the exact second."""
    body = envelope(town, payment(town, ordered(town)))
    headers = seal(town).headers(body)
    before = town.platform.dump()
    town.platform.clock.advance(seconds)
    assert tell(town, body, headers).code == "notice_refused"
    assert town.platform.dump() == before


def test_a_notice_with_any_byte_altered_is_refused(town: Town) -> None:
    body = envelope(town, payment(town, ordered(town)))
    headers = seal(town).headers(body)
    before = town.platform.dump()
    for position in range(0, len(body), 37):
        altered = bytearray(body)
        altered[position] ^= 1
        assert tell(town, bytes(altered), headers).code == "notice_refused"
    assert tell(town, json.dumps(json.loads(body)).encode(), headers).code == "notice_refused", "the same JSON, other bytes"
    assert town.platform.dump() == before


MISFITS: dict[str, tuple[dict[str, Any], int, str]] = {
    "another amount": ({"amount": {"total": PRICE_FEN - 1, "currency": "CNY"}}, 422, "payment_mismatch"),
    "another currency": ({"amount": {"total": PRICE_FEN, "currency": "USD"}}, 422, "payment_mismatch"),
    "a fraction": ({"amount": {"total": 100_000.0, "currency": "CNY"}}, 400, "notice_refused"),
    "a boolean": ({"amount": {"total": True, "currency": "CNY"}}, 400, "notice_refused"),
    "another merchant number": ({"mchid": "1900000009"}, 400, "notice_refused"),
    "another app": ({"appid": "wx0000000000000009"}, 400, "notice_refused"),
    "an unknown order": ({"out_trade_no": "ord_" + "0" * 26}, 404, "not_found"),
    "an order number that is none": ({"out_trade_no": "card"}, 404, "not_found"),
    "no time of payment": ({"success_time": None}, 400, "notice_refused"),
    "a time without a zone": ({"success_time": "2026-11-20T12:00:00"}, 400, "notice_refused"),
    "no order": ({"out_trade_no": None}, 400, "notice_refused"),
}


@pytest.mark.parametrize("misfit", MISFITS)
def test_a_well_signed_notice_that_does_not_fit_is_refused_and_writes_nothing(town: Town, misfit: str) -> None:
    changed, status, code = MISFITS[misfit]
    body = envelope(town, payment(town, ordered(town), **changed))
    before = town.platform.dump()
    answer = tell(town, body)
    assert (answer.status, answer.code) == (status, code), answer.text
    assert town.platform.dump() == before


def test_an_order_that_is_paid_is_not_paid_by_another_transaction(town: Town) -> None:
    order = ordered(town)
    assert tell(town, envelope(town, payment(town, order))).status == 200
    before = town.platform.dump()
    other = tell(town, envelope(town, payment(town, order, transaction_id="4200000000202611200000000003")))
    assert (other.status, other.code) == (409, "order_paid_otherwise")
    assert town.platform.dump() == before


@pytest.mark.parametrize("state", ["NOTPAY", "CLOSED", "USERPAYING", "PAYERROR", "REVOKED"])
def test_a_notice_of_anything_but_a_payment_is_taken_and_changes_nothing(town: Town, state: str) -> None:
    body = envelope(town, payment(town, ordered(town), trade_state=state))
    before = town.platform.dump()
    assert tell(town, body).status in (200, 400)
    assert town.platform.dump() == before


def refund_notice(town: Town, refund_id: str, order_id: str, **changed: Any) -> bytes:
    ours = invented()[0]["wechat_pay"]
    resource = {
        "mchid": ours["mchid"],
        "transaction_id": "4200000000202611200000000001",
        "out_trade_no": order_id,
        "refund_id": "503",
        "out_refund_no": refund_id,
        "refund_status": "SUCCESS",
        "success_time": stamp(town.platform.now()),
        "user_received_account": "零钱",
        "amount": {"total": PRICE_FEN, "refund": PRICE_FEN, "payer_total": PRICE_FEN, "payer_refund": PRICE_FEN},
        **changed,
    }
    return seal(town).envelope("r-1", "REFUND.SUCCESS", "refund", resource)


def test_a_refund_is_finished_by_its_own_notice_only(town: Town) -> None:
    """Nobody answers at the provider's address: the refund waits in transit for the notice."""
    wish = {"card_id": town.card.card_id, "cause": "neutral", "no_reason": True}
    asked = town.platform.post("/v1/refunds", wish, town.consumer)
    assert (asked.status, asked.json["state"]) == (201, "in_transit")
    refund, order = asked.json["refund_id"], ids.renamed("ord", town.card.card_id)
    before = town.platform.dump()
    wrong = {
        "another amount": refund_notice(town, refund, order, amount={"total": PRICE_FEN, "refund": PRICE_FEN - 1}),
        "another merchant": refund_notice(town, refund, order, mchid="1900000009"),
        "another order": refund_notice(town, refund, ids.random_id("ord")),
        "another refund": refund_notice(town, f"ref_{ids.part_of(order)}{'0' * 26}", order),
        "a redemption": refund_notice(town, town.card.card_id, order),
    }
    for why, body in wrong.items():
        answer = tell(town, body)
        assert 400 <= answer.status < 500, f"{why}: {answer.text}"
        assert town.platform.dump() == before, why
    assert tell(town, refund_notice(town, refund, order)).status == 200
    assert town.platform.get(f"/v1/refunds/{refund}", town.consumer).json["state"] == "succeeded"
    assert town.platform.get(f"/v1/cards/{town.card.card_id}", town.consumer).json["state"] == "closed"


def test_a_notice_that_skips_a_step_of_a_refund_changes_nothing(town: Town) -> None:
    town.after_the_cooling_off_days()
    wish = {"card_id": town.card.card_id, "cause": "consumer"}
    asked = town.platform.post("/v1/refunds", wish, town.consumer).json
    assert asked["state"] == "requested", "the merchant has not agreed yet"
    before = town.platform.dump()
    body = refund_notice(town, asked["refund_id"], ids.renamed("ord", town.card.card_id))
    answer = tell(town, body)
    assert (answer.status, answer.code) == (409, "refund_requested")
    assert town.platform.dump() == before


def test_a_refused_notice_tells_nothing_of_what_was_wrong_with_the_key(town: Town) -> None:
    body = envelope(town, payment(town, ordered(town)))
    headers = seal(town).headers(body)
    town.platform.later(seconds=timedelta(minutes=6).total_seconds())
    assert invented()[0]["wechat_pay"]["apiv3_key"] not in tell(town, body, headers).text
