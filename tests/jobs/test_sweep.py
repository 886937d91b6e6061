from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib import config
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.payout import Payout, PayoutState
from chalicelib.domain.redemption import Redemption, RedemptionState
from chalicelib.operations import settlement, sweep
from chalicelib.store import reads
from tests.jobs.counterparts import DEAF, Bank, Provider
from tests.jobs.town import DAY, NIGHT, NOON, Town

LATER = NOON + timedelta(hours=1, minutes=1)


@pytest.fixture(autouse=True)
def known_account(town: Town, request: pytest.FixtureRequest) -> None:
    """The platform's account at the provider, as the secret tells it."""
    secrets = boto3.client("secretsmanager", region_name="cn-northwest-1")
    secrets.create_secret(Name="counterparts_secret", SecretString='{"wechat_pay": {"mchid": "mch", "appid": "app"}}')
    request.addfinalizer(config.forget)


def run(pay: Any = None, bank: Any = None, at: Any = LATER, **more: Any) -> sweep.Swept:
    return sweep.run(at, pay or Provider(), bank or Bank(), **more)


def test_an_undecided_redemption_is_expired_and_its_hold_is_given_back(town: Town) -> None:
    card_id = town.buy(town.merchant(), "one").card_id
    held = town.hold(card_id, "one", 13000)
    assert run(at=NOON + timedelta(minutes=4)).outcomes == {}
    assert run(at=NOON + timedelta(minutes=6)).outcomes == {"redemption.expired": 1}
    ended = reads.get(Redemption, card_id, held.redemption_id)
    assert ended is not None
    assert ended.state is RedemptionState.EXPIRED
    assert town.card(card_id).available_fen == 130000
    assert run(at=NOON + timedelta(minutes=7)).outcomes == {}


def test_a_paid_order_whose_notice_was_lost_is_credited(town: Town) -> None:
    order, pay = town.order(town.merchant(), "one"), Provider()
    pay.paid(order.order_id, order.amount_fen, NOON, "tx")
    assert run(pay).outcomes == {"order.paid": 1}
    assert town.card(order.card_id).paid_fen == 100000


def test_money_that_the_provider_has_given_back_already_makes_no_card(town: Town) -> None:
    order, pay = town.order(town.merchant(), "one"), Provider()
    pay.paid(order.order_id, order.amount_fen, NOON, "tx")
    pay.payments[order.order_id] = replace(pay.payments[order.order_id], state="REFUND")
    assert run(pay).outcomes == {"order.waiting": 1}
    found = reads.get(Order, order.card_id)
    assert found is not None
    assert found.state is OrderState.CREATED


def test_a_heap_of_orders_does_not_hide_an_expired_hold(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "SCANNED_PER_SHARD_MAX", 1)
    merchant = town.merchant()
    for number in range(8):
        town.order(merchant, f"unpaid {number}")
    card_id = town.buy(merchant, "one").card_id
    town.hold(card_id, "one", 13000)
    assert run().outcomes["redemption.expired"] == 1
    assert town.card(card_id).held_fen == 0


def test_an_order_that_nobody_paid_is_closed_at_the_provider_first(town: Town) -> None:
    order, pay = town.order(town.merchant(), "one"), Provider()
    assert run(pay).outcomes == {"order.closed": 1}
    assert pay.closed == [order.order_id]
    found = reads.get(Order, order.card_id)
    assert found is not None
    assert found.state is OrderState.CLOSED


def test_an_order_that_the_provider_says_nothing_about_stays_open(town: Town) -> None:
    order = town.order(town.merchant(), "one")
    assert run(Provider(deaf=True)).outcomes == {"order.unknown": 1}
    found = reads.get(Order, order.card_id)
    assert found is not None
    assert found.state is OrderState.CREATED


def test_a_poison_item_is_counted_and_never_stops_the_others(town: Town) -> None:
    merchant_id, pay = town.merchant(), Provider()
    poison = town.order(merchant_id, "poison", at=NOON - timedelta(minutes=1))
    healthy = town.order(merchant_id, "healthy")
    pay.poisonous.add(poison.order_id)
    pay.paid(healthy.order_id, healthy.amount_fen, NOON, "tx")
    swept = run(pay)
    assert swept.failures == [(poison.order_id, "RuntimeError")]
    assert swept.outcomes == {"order.paid": 1}


def test_a_payment_to_another_account_is_not_credited(town: Town) -> None:
    order, pay = town.order(town.merchant(), "one"), Provider()
    pay.paid(order.order_id, order.amount_fen, NOON, "tx")
    pay.payments[order.order_id] = replace(pay.payments[order.order_id], mchid="somebody")
    assert run(pay).failures == [(order.order_id, "notice_refused")]


def test_a_payout_that_the_run_left_open_is_asked_about_until_the_bank_answers(town: Town) -> None:
    merchant_id, bank = town.merchant(), Bank(moods=[DEAF])
    town.redeem(town.buy(merchant_id, "one").card_id, "one", 13000)
    settlement.fold(merchant_id, DAY, NIGHT)
    settlement.decide(merchant_id, DAY, NIGHT)
    settlement.instruct(merchant_id, DAY, NIGHT, bank)  # type: ignore[arg-type]
    assert run(bank=bank, at=NIGHT + timedelta(seconds=30)).outcomes == {}
    assert run(bank=bank, at=NIGHT + timedelta(minutes=2)).outcomes == {"payout.accepted": 1}
    assert run(bank=bank, at=NIGHT + timedelta(minutes=3)).outcomes == {"payout.posted": 1}
    assert run(bank=bank, at=NIGHT + timedelta(minutes=4)).outcomes == {}
    payout = reads.get(Payout, merchant_id, DAY)
    assert payout is not None
    assert payout.state is PayoutState.POSTED
    assert bank.paid_fen == 10000


def test_a_run_without_time_leaves_the_rest_for_the_next(town: Town) -> None:
    town.order(town.merchant(), "one")
    assert run(time_left=lambda: False).left == 1


def test_what_is_old_and_unanswered_is_asked_once_in_a_quarter_of_an_hour(town: Town) -> None:
    town.order(town.merchant(), "one")
    start = NOON + timedelta(days=1)
    asked = [run(Provider(deaf=True), at=start + timedelta(minutes=minute)).outcomes for minute in range(30)]
    assert sum(outcome["order.unknown"] for outcome in asked) == 2
