"""A consumer from the first login to the last word: comes in by 浙里办, links WeChat, buys with WeChat Pay, reads what is kept,
may not go while there is money, gets it back, goes, and comes back as somebody new."""

from collections.abc import Iterator

import pytest

from chalicelib import config
from infra.local.sandbox.testing import Town as Counterparts
from infra.local.sandbox.testing import eventually
from tests.api.conftest import connected, counterparts
from tests.api.journey import Journey
from tests.api.logins import WANG, link, log_in
from tests.platform import Platform

__all__ = ["connected", "counterparts"]
ME = "/v1/consumers/me"


@pytest.fixture
def journey(connected: Platform, counterparts: Counterparts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    """A merchant with a card on the shelf."""
    monkeypatch.setenv("PUBLIC_URL", counterparts.listener.url)
    config.settings.cache_clear()
    made = Journey(connected, counterparts)
    made.approved()
    made.set_up()
    yield made


def test_a_consumer_comes_buys_leaves_and_comes_back_as_somebody_new(journey: Journey) -> None:
    platform, others = journey.platform, journey.counterparts

    token = log_in(platform, others, "zheliban", "zlb-wang", **WANG)
    me = journey.done(platform.get(ME, token))
    assert (me["name"], me["real_name_verified"], me["phone"]) == ("王小明", True, "13812345678")

    assert journey.order(token).code == "channel_not_linked", "WeChat Pay wants to know who pays"
    assert link(platform, others, token, "wechat", "o-wang").status == 201
    order = journey.done(journey.order(token), 201)
    journey.done(journey.tell(journey.pay(order, "o-wang")))
    assert journey.balance(token) == (130_000, 100_000)
    same = log_in(platform, others, "wechat", "o-wang")
    assert journey.balance(same) == (130_000, 100_000), "one person, whichever way in"

    copy = journey.done(platform.get(f"{ME}/export", token))
    assert copy["profile"] == me | {"identities": copy["profile"]["identities"]}
    assert {one["channel"]: one["subject"] for one in copy["identities"]} == {"zheliban": "zlb-wang", "wechat": "o-wang"}
    assert [link["kind"] for link in copy["histories"][0]["transfers"]] == ["purchase"]

    refused = platform.post(f"{ME}/erase", {"confirm": "erase"}, token)
    assert (refused.status, refused.code) == (409, "cards_not_empty")
    assert [one["custody_fen"] for one in refused.json["facts"]["cards"]] == [100_000]

    wish = {"card_id": order["card_id"], "cause": "neutral", "no_reason": True}
    assert journey.done(platform.post("/v1/refunds", wish, token), 201)["amount_fen"] == 100_000
    told = eventually(lambda: next(iter(others.notices_of(order["order_id"], "REFUND")), None))
    journey.done(journey.tell(told))
    assert others.books()["consumers"]["o-wang"] == 0, "every fen is back"

    erased = journey.done(platform.post(f"{ME}/erase", {"confirm": "erase"}, token))
    assert (erased["consumer_id"], erased["state"]) == (me["consumer_id"], "erased")
    assert platform.get(ME, token).code == platform.get(ME, same).code == "token_invalid"
    kept = str(platform.dump())
    assert not [known for known in ("zlb-wang", "o-wang", *WANG.values()) if known != "3" and known in kept]

    again = journey.done(platform.get(ME, log_in(platform, others, "zheliban", "zlb-wang", **WANG)))
    assert again["consumer_id"] != me["consumer_id"]
    assert [one["channel"] for one in again["identities"]] == ["zheliban"]
