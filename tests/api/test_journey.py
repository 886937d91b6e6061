"""The whole life of a card over HTTP, in process, with the real counterparts' sandbox."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import config
from chalicelib.store import reads
from infra.local.sandbox.testing import Town as Counterparts
from infra.local.sandbox.testing import eventually
from tests.api.journey import COMPANY, Journey
from tests.platform import Platform


@pytest.fixture
def journey(connected: Platform, counterparts: Counterparts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    """Notices go to the listener, which the test reads: what stands in PUBLIC_URL before the path is its address."""
    monkeypatch.setenv("PUBLIC_URL", counterparts.listener.url)
    config.settings.cache_clear()
    yield Journey(connected, counterparts)


def test_a_card_lives_from_the_application_of_its_merchant_to_its_refund(journey: Journey) -> None:
    assert journey.approved()["filing_no"].startswith("BA330212")
    journey.set_up()
    consumer = journey.log_in()
    _find_the_merchant(journey)
    seen = journey.scan(consumer)
    assert (seen["balance_face_fen"], seen["licence_no"]) == (0, COMPANY["licence_no"])
    card = _buy(journey, consumer)
    assert journey.balance(consumer) == (130_000, 100_000)
    _use_by_staff(journey, consumer, card)
    assert journey.balance(consumer) == (117_000, 90_000)
    _use_by_store_code(journey, consumer, card)
    assert journey.balance(consumer) == (114_400, 88_000)
    _ended_without_money(journey, consumer, card)
    assert journey.balance(consumer) == (114_400, 88_000)
    _refund(journey, consumer, card)
    assert journey.balance(consumer) == (0, 0)


def _find_the_merchant(journey: Journey) -> None:
    for typed in ("%E7%94%AC%E5%B0%9A", "yongshang", "YSMF"):
        found = journey.done(journey.platform.get(f"/v1/merchants?q={typed}"))
        assert [one["merchant_id"] for one in found["data"]] == [journey.facts["merchant_id"]]
    for nothing in ("q=nobody", "district=330203", "industry=catering"):
        assert journey.done(journey.platform.get(f"/v1/merchants?{nothing}"))["data"] == []


def _buy(journey: Journey, consumer: str) -> str:
    placed = journey.order(consumer, key="order-0001")
    order = journey.done(placed, 201)
    again = journey.order(consumer, key="order-0001")
    assert (again.replayed, again.json["order_id"]) == (True, order["order_id"])
    notice = journey.pay(order)
    assert journey.tell(notice).json == {"code": "SUCCESS", "message": "成功"}
    before = journey.platform.dump()
    assert journey.tell(notice).status == 200
    assert journey.platform.dump() == before, "the same notice again changes nothing"
    paid = journey.done(journey.platform.get(f"/v1/orders/{order['order_id']}", consumer))
    assert (paid["state"], paid["payment_parameters"]) == ("paid", None)
    (card,) = journey.done(journey.platform.get("/v1/cards", consumer))["data"]
    assert (card["card_id"], card["chain_length"]) == (order["card_id"], 1)
    return str(order["card_id"])


def _code(journey: Journey, consumer: str, card: str) -> str:
    return str(journey.done(journey.platform.post(f"/v1/cards/{card}/payment-codes", token=consumer), 201)["payment_code"])


def _ask(journey: Journey, consumer: str, card: str, amount_fen: int) -> dict[str, Any]:
    body = {
        "payment_code": _code(journey, consumer, card),
        "store_id": journey.facts["store"]["store_id"],
        "amount_fen": amount_fen,
    }
    made = journey.platform.post("/v1/redemptions", body, journey.facts["cashier"], "till-0001")
    again = journey.platform.post("/v1/redemptions", body, journey.facts["cashier"], "till-0001")
    assert (made.json, False, True) == (again.json, made.replayed, again.replayed)
    opened: dict[str, Any] = journey.done(made, 201)
    return opened


def _use_by_staff(journey: Journey, consumer: str, card: str) -> None:
    opened = _ask(journey, consumer, card, 13_000)
    path = f"/v1/redemptions/{opened['redemption_id']}"
    assert journey.balance(consumer) == (130_000, 100_000), "nothing moves before consent"
    posted = journey.platform.post(f"{path}/confirm", token=consumer, key="confirm-0001")
    assert (posted.json["cash_fen"], posted.json["face_after_fen"], posted.json["seq"]) == (10_000, 117_000, 2)
    before = journey.platform.dump()
    again = journey.platform.post(f"{path}/confirm", token=consumer, key="confirm-0001")
    assert (again.status, again.json, again.replayed) == (200, posted.json, True)
    assert journey.platform.dump() == before
    assert journey.done(journey.platform.get(path, journey.facts["cashier"])) == posted.json


def _use_by_store_code(journey: Journey, consumer: str, card: str) -> None:
    opened = _by_store_code(journey, consumer, card, 2_600)
    posted = journey.done(journey.platform.post(f"/v1/redemptions/{opened}/confirm", token=consumer))
    assert posted["cash_fen"] == 2_000


def _by_store_code(journey: Journey, consumer: str, card: str, amount_fen: int) -> str:
    body = {"store_code": journey.facts["store"]["code"], "card_id": card, "amount_fen": amount_fen}
    return str(journey.done(journey.platform.post("/v1/redemptions", body, consumer), 201)["redemption_id"])


def _ended_without_money(journey: Journey, consumer: str, card: str) -> None:
    """Declined by the consumer, cancelled by the store, expired by the clock."""
    declined, cancelled, expired = (_by_store_code(journey, consumer, card, 100) for _ in range(3))
    assert journey.done(journey.platform.post(f"/v1/redemptions/{declined}/decline", token=consumer))["state"] == "declined"
    cashier = journey.facts["cashier"]
    assert journey.done(journey.platform.post(f"/v1/redemptions/{cancelled}/cancel", token=cashier))["state"] == "cancelled"
    journey.platform.later(minutes=5)
    late = journey.platform.post(f"/v1/redemptions/{expired}/confirm", token=consumer)
    assert (late.status, late.code) == (409, "redemption_expired")
    for ended in (declined, cancelled):
        assert journey.platform.post(f"/v1/redemptions/{ended}/confirm", token=consumer).status == 409
    assert journey.done(journey.platform.post(f"/v1/redemptions/{expired}/decline", token=consumer))["state"] == "declined"


def _refund(journey: Journey, consumer: str, card: str) -> None:
    """Within the cooling-off days: the law needs nobody's consent; the rest of the cash goes back at the provider."""
    wish = {"card_id": card, "cause": "neutral", "no_reason": True}
    quote = journey.done(journey.platform.post("/v1/refund-quotes", wish, consumer))
    assert (quote["rule"], quote["refund_fen"], quote["automatic"]) == ("R1", 88_000, True)
    asked = journey.done(journey.platform.post("/v1/refunds", wish, consumer, "refund-0001"), 201)
    told = eventually(lambda: next(iter(journey.counterparts.notices_of(asked_order(card), "REFUND")), None))
    assert journey.tell(told).status == 200
    before = journey.platform.dump()
    assert journey.tell(told).status == 200
    again = journey.platform.post("/v1/refunds", wish, consumer, "refund-0001")
    assert (again.replayed, again.json["state"]) == (True, "succeeded")
    assert journey.platform.dump() == before
    ended = journey.done(journey.platform.get(f"/v1/refunds/{asked['refund_id']}", journey.facts["owner"]))
    assert (ended["state"], ended["amount_fen"]) == ("succeeded", 88_000)
    assert journey.counterparts.books()["consumers"]["o-zhao"] == -12_000
    history = journey.done(journey.platform.get(f"/v1/cards/{card}/transfers", consumer))["data"]
    assert [(link["kind"], link["amount_fen"]) for link in history] == [
        ("purchase", 100_000),
        ("redemption", 10_000),
        ("redemption", 2_000),
        ("refund", 88_000),
        ("refund_paid", 88_000),
    ]


def asked_order(card: str) -> str:
    return f"ord_{card.partition('_')[2]}"


def test_the_merchant_after_the_last_that_the_daily_jobs_can_serve_is_refused_in_time(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reads, "MERCHANTS_MAX", 1)
    with pytest.raises(AssertionError, match="platform_full"):
        journey.approved()
