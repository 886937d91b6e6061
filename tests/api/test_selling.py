"""Buying within the limits: which offer, which contract, how much bonus, how much prepaid money.

No provider is there: an order that was placed answers `payment_provider_unknown`, and stands."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.alert import Alert
from chalicelib.domain.bonus import Meter
from chalicelib.domain.merchant import Industry, StopReason
from chalicelib.domain.order import Order
from chalicelib.domain.principal import Role
from chalicelib.domain.product import Product
from chalicelib.domain.settlement import MerchantDay
from chalicelib.domain.terms import ProductKind, Terms, Tier
from chalicelib.store import reads
from tests.platform import Answer
from tests.town import Town

TWO_TIERS = Terms(ProductKind.STORED_VALUE, (Tier(50_000), Tier(100_000, 30_000)))
PLACED = "payment_provider_unknown"


def buy(town: Town, key: str | None = None, **more: Any) -> Answer:
    wish = {"product_id": town.product.product_id, "contract_version": "2026-01", "payment_provider": "wechat_pay"}
    return town.platform.post("/v1/orders", wish | more, town.consumer, key)


def set_terms(town: Town, terms: Terms) -> None:
    town.platform.put(replace(town.product, terms=terms))


def placed(town: Town) -> list[Order]:
    """Without the one that the town begins with."""
    from chalicelib.store.rows import ROWS, to_value

    rows = [item for item in town.platform.dump().values() if item["sk"]["S"] == "order"]
    found = [to_value(ROWS[Order].row.from_raw_data(item)) for item in rows]
    return [order for order in found if order.card_id != town.card.card_id]


def given_fen(town: Town) -> int:
    meters = reads.owned(Meter, town.merchant.merchant_id, "meter#")
    return sum(meter.day_fen for meter in meters)


def present(town: Town) -> Product:
    product = reads.get(Product, town.merchant.merchant_id, town.product.product_id)
    assert product is not None
    return product


# --- which offer, which contract -----------------------------------------------------------------------------------------


def test_the_price_chooses_the_offer_and_the_first_one_is_meant_without(town: Town) -> None:
    set_terms(town, TWO_TIERS)
    assert buy(town).code == PLACED
    assert buy(town, price_fen=100_000).code == PLACED
    assert sorted((one.amount_fen, one.bonus_fen) for one in placed(town)) == [(50_000, 0), (100_000, 30_000)]
    unknown = buy(town, price_fen=70_000)
    assert (unknown.status, unknown.code) == (422, "tier_unknown")
    assert unknown.json["facts"] == {"has_fen": 70_000, "prices_fen": [50_000, 100_000]}


def test_the_same_key_for_another_offer_is_refused(town: Town) -> None:
    set_terms(town, TWO_TIERS)
    assert buy(town, "order-0001", price_fen=50_000).code == PLACED
    assert buy(town, "order-0001", price_fen=50_000).code == PLACED
    assert len(placed(town)) == 1
    assert buy(town, "order-0001", price_fen=100_000).code == "idempotency_key_reused"
    assert buy(town, "order-0001").code == "idempotency_key_reused"


def test_an_order_keeps_the_digest_of_the_contract_that_was_shown(town: Town) -> None:
    path = f"/v1/merchants/{town.merchant.merchant_id}/products/{town.product.product_id}/contract"
    shown = town.platform.get(path).json["contract_hash"]
    assert buy(town, contract_hash=shown).code == PLACED
    (order,) = placed(town)
    assert (order.contract_hash, order.terms_version, order.contract_version) == (shown, 1, "2026-01")
    seen = town.platform.get(f"/v1/orders/{order.order_id}", town.consumer).json
    assert (seen["contract_hash"], seen["terms_version"]) == (shown, 1)


def test_whoever_read_other_terms_is_asked_to_read_again(town: Town) -> None:
    path = f"/v1/merchants/{town.merchant.merchant_id}/products/{town.product.product_id}"
    shown = town.platform.get(f"{path}/contract").json["contract_hash"]
    worse = {"name": "充 1000 得 1010", "kind": "stored_value", "tiers": [{"price_fen": 100_000, "bonus_fen": 1_000}]}
    assert town.platform.post(f"{path}/versions", worse, town.tokens[Role.OWNER]).status == 201
    refused = buy(town, contract_hash=shown)
    assert (refused.status, refused.code, refused.json["param"]) == (422, "contract_changed", "contract_hash")
    assert buy(town, contract_version="2020-01").json["param"] == "contract_version"
    assert placed(town) == []
    assert buy(town, contract_hash=town.platform.get(f"{path}/contract").json["contract_hash"]).code == PLACED


@pytest.mark.parametrize("wrong", ["x", "x" * 42, "x" * 44, "!" * 43, 7])
def test_a_digest_has_its_form(town: Town, wrong: Any) -> None:
    assert buy(town, contract_hash=wrong).code == "request_invalid"


def test_other_kinds_are_on_the_shelf_and_not_yet_sold(town: Town) -> None:
    set_terms(town, Terms(ProductKind.COUNT, price_fen=200_000, visits=10, list_price_fen=26_000))
    assert buy(town).code == "kind_not_sold_yet"
    town.platform.put(town.merchant.stopped(StopReason.LICENCE, town.platform.now()))
    assert buy(town).code == "sales_stopped"


# --- how much bonus ------------------------------------------------------------------------------------------------------


def test_the_day_ends_exactly_at_its_cap_and_begins_anew_at_midnight(town: Town) -> None:
    """Room for three bonuses of 300 and 100 more; the shards' shares are 250 each."""
    set_terms(town, replace(town.product.terms, bonus_day_cap_fen=100_000))
    assert [buy(town).code for _ in range(4)] == [PLACED, PLACED, PLACED, "bonus_cap_reached"]
    refused = buy(town)
    assert refused.json["facts"] == {"given_fen": 90_000, "needs_fen": 30_000, "max_fen": 100_000}
    assert (given_fen(town), len(placed(town)), present(town).state) == (90_000, 3, "on_sale")
    town.platform.later(hours=11, minutes=59, seconds=59)
    town.tokens[Role.CONSUMER] = town.platform.token(town.consumer_id, Role.CONSUMER)
    assert buy(town).code == "bonus_cap_reached"
    town.platform.later(seconds=1)
    assert buy(town).code == PLACED


def test_a_rush_trips_the_breaker_once_and_an_operator_lets_it_go_on(town: Town) -> None:
    set_terms(town, replace(town.product.terms, bonus_minute_cap_fen=90_000))
    answers = [buy(town) for _ in range(8)]
    assert [one.code for one in answers] == [PLACED] * 3 + ["bonus_breaker"] + ["product_not_on_sale"] * 4
    assert (answers[3].status, answers[3].json["facts"]) == (409, {"has_fen": 120_000, "max_fen": 90_000})
    assert (given_fen(town), len(placed(town)), present(town).state) == (90_000, 3, "suspended")
    (alert,) = reads.cases("alerts#open#330212")
    assert isinstance(alert, Alert)
    assert (alert.kind, alert.merchant_id) == ("bonus_breaker", town.merchant.merchant_id)
    path = f"/v1/merchants/{town.merchant.merchant_id}/products/{town.product.product_id}/review"
    resume = {"decision": "resume", "reason": "促销属实"}
    assert town.platform.post(path, resume, town.tokens[Role.OWNER]).code == "role_not_allowed"
    assert town.platform.post(path, resume, town.tokens[Role.OPERATOR]).json["state"] == "on_sale"
    town.platform.later(minutes=1)
    assert buy(town).code == PLACED


def test_the_order_that_tripped_the_breaker_is_no_order_whenever_it_is_sent_again(town: Town) -> None:
    set_terms(town, replace(town.product.terms, bonus_minute_cap_fen=29_999))
    assert buy(town, "order-0001").code == "bonus_breaker"
    assert buy(town, "order-0001").code == "product_not_on_sale"
    assert placed(town) == []


def test_the_same_order_again_is_counted_once(town: Town) -> None:
    assert [buy(town, "order-0001").code for _ in range(3)] == [PLACED] * 3
    assert given_fen(town) == 30_000


def test_an_order_without_a_bonus_touches_no_meter(town: Town) -> None:
    set_terms(town, TWO_TIERS)
    assert buy(town).code == PLACED
    assert reads.owned(Meter, town.merchant.merchant_id, "meter#") == []


def test_an_order_that_nobody_paid_gives_its_room_back(town: Town) -> None:
    from chalicelib.operations import orders

    set_terms(town, replace(town.product.terms, bonus_day_cap_fen=30_000))
    assert [buy(town).code, buy(town).code] == [PLACED, "bonus_cap_reached"]
    town.platform.later(minutes=31)
    (order,) = placed(town)
    assert orders.close(order.card_id, town.platform.now()).answer.state == "closed"
    assert orders.close(order.card_id, town.platform.now()).replayed
    assert given_fen(town) == 0
    assert buy(town).code == PLACED


# --- how much prepaid money ------------------------------------------------------------------------------------------------


def folded(town: Town, day_before: int, escrow_fen: int) -> MerchantDay:
    from datetime import timedelta

    day = (town.platform.now() - timedelta(days=day_before)).date()
    return MerchantDay(town.merchant.merchant_id, day, town.platform.now(), "root", escrow_fen=escrow_fen)


@pytest.mark.parametrize(
    "escrow_fen, code", [(1_100_000_00, PLACED), (1_199_000_00, PLACED), (1_199_000_01, "balance_cap_reached")]
)
def test_a_restaurant_holds_at_most_forty_percent_of_its_revenue(town: Town, escrow_fen: int, code: str) -> None:
    """R16: 3M of revenue, 1.2M of prepaid money; the card costs 1,000. The latest day counts, not the largest."""
    restaurant = replace(town.merchant, industry=Industry.CATERING, last_year_revenue_fen=3_000_000_00)
    town.platform.put(restaurant, folded(town, 2, 2_000_000_00), folded(town, 1, escrow_fen))
    answer = buy(town)
    assert answer.code == code
    if code != PLACED:
        assert answer.json["facts"] == {"has_fen": escrow_fen, "needs_fen": 100_000, "max_fen": 1_200_000_00}
        assert placed(town) == []


def test_a_merchant_whose_figures_are_not_known_has_no_cap_and_a_new_one_holds_nothing_yet(town: Town) -> None:
    town.platform.put(folded(town, 1, 10**12))
    assert buy(town).code == PLACED
    set_terms(town, TWO_TIERS)
    town.platform.put(replace(town.merchant, last_year_revenue_fen=50_000, merchant_id=town.merchant.merchant_id))
    assert buy(town).code == "balance_cap_reached"
