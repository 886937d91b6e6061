"""An owner fills the shelf: four kinds of cards, one that gives too much, a breaker, and terms that change.

Told over HTTP, as the owner, two persons of the platform and a consumer see it. Card "pay 1000, get 1600" gives 60 % on top, the
line is at 42 %: a second person has to look. It may give 1800.00 of bonus a minute, so the fourth order within a minute trips
the breaker. Of the card that was sold before the terms changed, 160.00 of face value is used, which releases 100.00.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import config
from chalicelib.domain.principal import Role
from infra.local.sandbox.testing import Town as Counterparts
from tests.api.conftest import connected, counterparts
from tests.api.journey import Journey
from tests.platform import Answer, Platform

__all__ = ["connected", "counterparts"]

RICH = {
    "name": "开业特惠",
    "kind": "stored_value",
    "tiers": [{"price_fen": 100_000, "bonus_fen": 60_000}],
    "bonus_minute_cap_fen": 180_000,
}
MODEST = RICH | {"name": "日常储值", "tiers": [{"price_fen": 100_000, "bonus_fen": 10_000}]}
OTHERS = (
    {"name": "洗护 10 次", "kind": "count", "price_fen": 200_000, "visits": 10, "gift_visits": 2, "list_price_fen": 26_000},
    {"name": "年卡", "kind": "period", "price_fen": 365_000, "term_days": 365, "list_price_fen": 40_000},
    {"name": "婚礼定妆", "kind": "deposit", "price_fen": 50_000, "purpose": "婚礼当日跟妆意向金"},
)


class Story:
    def __init__(self, journey: Journey) -> None:
        self.journey, self.platform = journey, journey.platform
        journey.approved()
        journey.set_up()
        self.owner = journey.facts["owner"]
        self.second = journey.official(Role.OPERATOR, "sun")
        self.shelf = f"/v1/merchants/{journey.facts['merchant_id']}/products"

    def done(self, answer: Answer, status: int = 200) -> Any:
        return self.journey.done(answer, status)

    def on_shelf(self) -> list[str]:
        return sorted(one["name"] for one in self.done(self.platform.get(self.shelf))["data"])

    def buy(self, consumer: str, product: dict[str, Any]) -> Answer:
        contract = self.done(self.platform.get(f"{self.shelf}/{product['product_id']}/contract"))
        wish = {
            "product_id": product["product_id"],
            "contract_version": contract["contract_version"],
            "contract_hash": contract["contract_hash"],
            "payment_provider": "wechat_pay",
        }
        return self.platform.post("/v1/orders", wish, consumer)


@pytest.fixture
def story(connected: Platform, counterparts: Counterparts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Story]:
    monkeypatch.setenv("PUBLIC_URL", counterparts.listener.url)
    config.settings.cache_clear()
    yield Story(Journey(connected, counterparts))


def test_from_the_owners_idea_to_the_shelf_and_to_a_card_that_keeps_its_word(story: Story) -> None:
    product = the_owner_offers_four_kinds(story)
    a_second_person_looks(story, product)
    consumer = story.journey.log_in()
    sold = one_card_is_sold(story, consumer, product)
    a_rush_trips_the_breaker(story, consumer, product)
    the_terms_change(story, consumer, product, sold)


def the_owner_offers_four_kinds(story: Story) -> dict[str, Any]:
    for terms in OTHERS:
        assert story.done(story.platform.post(story.shelf, terms, story.owner), 201)["state"] == "on_sale"
    product: dict[str, Any] = story.done(story.platform.post(story.shelf, RICH, story.owner), 201)
    assert product["state"] == "proposed"
    assert story.on_shelf() == sorted(["充 1000 得 1300", "洗护 10 次", "年卡", "婚礼定妆"]), "what waits is not shown"
    return product


def a_second_person_looks(story: Story, product: dict[str, Any]) -> None:
    path, approve = f"{story.shelf}/{product['product_id']}/review", {"decision": "approve", "terms_version": 1}
    assert story.platform.post(path, approve, story.owner).code == "role_not_allowed"
    assert story.done(story.platform.post(path, approve, story.second))["state"] == "on_sale"
    assert product["name"] in story.on_shelf()


def one_card_is_sold(story: Story, consumer: str, product: dict[str, Any]) -> str:
    """The consumer reads the contract, pays, and has 1600.00 to spend."""
    order = story.done(story.buy(consumer, product), 201)
    assert (order["amount_fen"], order["bonus_fen"], order["terms_version"]) == (100_000, 60_000, 1)
    assert story.journey.tell(story.journey.pay(order)).status == 200
    assert story.journey.balance(consumer) == (160_000, 100_000)
    return str(order["order_id"])


def a_rush_trips_the_breaker(story: Story, consumer: str, product: dict[str, Any]) -> None:
    story.platform.later(minutes=1)
    answers = [story.buy(consumer, product) for _ in range(5)]
    assert [one.code for one in answers] == ["", "", "", "bonus_breaker", "product_not_on_sale"]
    assert product["name"] not in story.on_shelf()
    path, resume = f"{story.shelf}/{product['product_id']}/review", {"decision": "resume", "reason": "开业当日，属实"}
    assert story.done(story.platform.post(path, resume, story.second))["state"] == "on_sale"


def the_terms_change(story: Story, consumer: str, product: dict[str, Any], sold: str) -> None:
    """From 600.00 on top to 100.00, for cards sold from now on: a card of 1600.00 is still one."""
    before = story.done(story.platform.get(f"/v1/orders/{sold}", consumer))
    card_path = f"/v1/cards/{before['card_id']}"
    wish = {"card_id": before["card_id"], "cause": "neutral", "no_reason": True}
    quoted = story.done(story.platform.post("/v1/refund-quotes", wish, consumer))
    card = story.done(story.platform.get(card_path, consumer))

    path = f"{story.shelf}/{product['product_id']}/versions"
    changed = story.done(story.platform.post(path, MODEST, story.owner), 201)
    assert (changed["terms_version"], changed["bonus_fen"]) == (2, 10_000)

    assert story.done(story.platform.get(f"/v1/orders/{sold}", consumer)) == before
    assert story.done(story.platform.get(card_path, consumer)) == card
    assert story.done(story.platform.post("/v1/refund-quotes", wish, consumer)) == quoted
    story.platform.later(minutes=1)
    new = story.done(story.buy(consumer, product), 201)
    assert (new["bonus_fen"], new["terms_version"]) == (10_000, 2)

    body = {"store_code": story.journey.facts["store"]["code"], "card_id": before["card_id"], "amount_fen": 16_000}
    asked = story.done(story.platform.post("/v1/redemptions", body, consumer), 201)
    used = story.done(story.platform.post(f"/v1/redemptions/{asked['redemption_id']}/confirm", token=consumer))
    assert (used["cash_fen"], used["custody_after_fen"]) == (10_000, 90_000)
