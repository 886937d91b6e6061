"""The three machines against the counterparts' sandbox, over their real wire formats: a day from a payment to a receipt."""
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.domain.card import Card
from chalicelib.domain.order import Order
from chalicelib.domain.refund import Cause
from chalicelib.domain.settlement import Payable
from chalicelib.gateways import objects
from chalicelib.jobs import reconciliation, reporting, settlement, tasks
from chalicelib.operations import notices, orders, refunds
from chalicelib.operations.reconciliation import differences_of
from chalicelib.store import reads
from chalicelib.store.rows import to_row
from infra.local.sandbox.testing import NOON, eventually
from infra.local.sandbox.testing import Town as Counterparts
from tests import town as people
from tests.jobs import machine
from tests.platform import Platform, running
from tests.town import Town

DAY = NOON.date()


@pytest.fixture
def counterparts(tmp_path: Path) -> Iterator[Counterparts]:
    started = Counterparts.start(tmp_path)
    yield started
    started.stop()


@pytest.fixture
def platform(counterparts: Counterparts, tmp_path: Path) -> Iterator[Platform]:
    sandbox = counterparts.sandbox
    with running(tmp_path / "clock.json", sandbox.url, sandbox.credentials()) as started:
        yield started


@pytest.fixture
def town(platform: Platform, counterparts: Counterparts) -> Town:
    """The town's card is made of rows alone; this one is bought over the wire instead of it."""
    made = people.settled(platform)
    for row in (reads.get(Order, made.card.card_id), made.card):
        to_row(row).delete()
    name, account = made.merchant.account_name, made.merchant.account_number
    counterparts.control("POST", "companies", licence_no="92330212MA2AEXAM3N", name=name, bank_account=account)
    order_id = ids.random_id("ord")
    order = Order(
        order_id, ids.renamed("crd", order_id), made.consumer_id, made.merchant.merchant_id, made.merchant.name,
        made.product.product_id, made.product.name, 100_000, 30_000, "2026-01", "wechat_pay", platform.now(),
        platform.now() + timedelta(minutes=30), "f",
    )
    platform.put(order)
    proof = notices.proven(counterparts.pay(order_id))
    assert proof is not None
    orders.credit_proven(proof, platform.now())
    card = reads.get(Card, order.card_id)
    assert card is not None
    made.card = card
    return made


class Clockwork:
    def __init__(self, counterparts: Counterparts) -> None:
        self.tables = {
            "settlement": settlement.table(counterparts.custodian()),
            "reconciliation": reconciliation.table(counterparts.wechat_pay(), counterparts.custodian(), objects.connect()),
            "reporting": reporting.table(counterparts.regulator(), objects.connect()),
        }

    def run(self, name: str, day: Any) -> Any:
        table = self.tables[name]
        event = {"business_date": day.isoformat()}
        return machine.run(machine.load(name), event, lambda asked: tasks.run(name, table, asked))


def test_a_day_is_settled_matched_and_reported_over_the_wire(town: Town, counterparts: Counterparts) -> None:
    clockwork, merchant_id = Clockwork(counterparts), town.merchant.merchant_id
    town.confirm(town.hold(13_000))
    counterparts.move_to(NOON + timedelta(hours=15))
    assert eventually(lambda: clockwork.run("settlement", DAY)["outcome"] == "settled")
    paid = reads.get(Payable, merchant_id)
    assert paid is not None
    assert (paid.paid_out_fen, paid.payable_fen) == (10_000, 0)
    counterparts.move_to(NOON + timedelta(hours=23))
    assert clockwork.run("reconciliation", DAY)["outcome"] == "agreed"
    planted = counterparts.control(
        "POST", "differences", side="provider", kind="extra_line", business_date=DAY.isoformat(), amount_fen=4_200
    )
    assert clockwork.run("reconciliation", DAY)["outcome"] == "differs"
    assert [(one.reason, one.other_fen) for one in differences_of(DAY)] == [("provider_only", 4_200)]
    counterparts.control("DELETE", f"differences/{planted['id']}")
    assert clockwork.run("reconciliation", DAY)["outcome"] == "agreed"
    assert clockwork.run("reporting", DAY)["outcome"] == "reported"
    assert len(counterparts.books()["reports"]) == 1
    counterparts.move_to(NOON + timedelta(days=1))
    refund_id = give_back(town, counterparts)
    assert eventually(lambda: pursued(town, counterparts, refund_id) == "succeeded")
    counterparts.move_to(NOON + timedelta(days=1, hours=23))
    assert clockwork.run("settlement", DAY + timedelta(days=1))["outcome"] == "settled"
    assert clockwork.run("reconciliation", DAY + timedelta(days=1))["outcome"] == "agreed"


def give_back(town: Town, counterparts: Counterparts) -> str:
    card, now = town.card, town.platform.now()
    asked = refunds.request(
        card.card_id, town.consumer_id, Cause.NEUTRAL, True, "key-refund", now, counterparts.wechat_pay()
    )
    return asked.answer.refund_id


def pursued(town: Town, counterparts: Counterparts, refund_id: str) -> str:
    return refunds.pursue(town.card.card_id, refund_id, town.platform.now(), counterparts.wechat_pay()).state
