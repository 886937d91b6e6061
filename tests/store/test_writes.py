"""A Decision is written by puts alone, each with its condition; a failed condition is the refusal that its put means."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.refusals import Conflict, Contention
from chalicelib.domain.store import Store
from chalicelib.store import reads, writes
from chalicelib.store.rows import ROWS
from tests.faults.wire import Wire, wire_of
from tests.town import Town

FIRST, SECOND = Conflict("first", "", ""), Conflict("second", "", "")


@pytest.fixture
def wire(town: Town) -> Iterator[Wire]:
    reads.get(Merchant, town.merchant.merchant_id)
    with wire_of() as watched:
        yield watched


def renamed(value: Any, name: str) -> Any:
    return replace(value, name=name, version=value.version + 1)


def test_one_row_is_one_conditional_put_and_several_are_one_transaction_of_puts(town: Town, wire: Wire) -> None:
    writes.commit(Decision(None, (change(town.merchant, renamed(town.merchant, "甲")),)))
    writes.commit(Decision(None, (change(town.store, renamed(town.store, "乙")), change(town.rival, renamed(town.rival, "丙")))))
    alone, together = wire.sent
    assert alone.operation == "PutItem"
    assert alone.body["ConditionExpression"]
    assert together.operation == "TransactWriteItems"
    assert [list(item) for item in together.body["TransactItems"]] == [["Put"], ["Put"]]
    assert all(item["Put"]["ConditionExpression"] for item in together.body["TransactItems"])
    assert len(together.body["ClientRequestToken"]) == 36


def test_a_decision_without_puts_is_not_sent(town: Town, wire: Wire) -> None:
    writes.commit(Decision(None, (), replayed=True))
    assert wire.sent == []


def test_the_same_decision_has_the_same_token_and_another_one_another(town: Town) -> None:
    puts = (change(town.store, renamed(town.store, "乙")), change(town.rival, renamed(town.rival, "丙")))
    assert writes._token(puts) == writes._token(tuple(puts))
    assert writes._token(puts) != writes._token(puts[::-1])
    assert writes._token(puts) != writes._token((puts[0], change(town.rival, renamed(town.rival, "丁"))))


@pytest.mark.parametrize("count", [1, 2])
def test_a_row_that_is_there_already_and_a_version_that_has_passed_are_the_puts_own_refusal(town: Town, count: int) -> None:
    fresh = (create(replace(town.store, store_id=f"{town.store.store_id}0")),)[: count - 1]
    before = town.platform.dump()
    for stale in (Put(town.merchant, None, FIRST), Put(replace(town.merchant, version=9), 8, FIRST)):
        with pytest.raises(Conflict) as refusal:
            writes.commit(Decision(None, (*fresh, stale)))
        assert refusal.value is FIRST
        assert town.platform.dump() == before


def test_of_several_failed_conditions_the_first_puts_refusal_counts(town: Town) -> None:
    failing = (Put(town.merchant, None, FIRST), Put(town.rival, None, SECOND))
    for puts, expected in (
        (failing, FIRST),
        (failing[::-1], SECOND),
        ((create(replace(town.store, store_id="sto_9")), *failing), FIRST),
    ):
        with pytest.raises(Conflict) as refusal:
            writes.commit(Decision(None, puts))
        assert refusal.value is expected


@pytest.mark.parametrize(
    "reasons",
    [
        ("None", "TransactionConflict"),
        ("TransactionConflict", "None"),
        ("ThrottlingError", "None"),
        ("ProvisionedThroughputExceeded", "None"),
    ],
)
def test_a_conflict_without_a_failed_condition_is_worth_another_try(town: Town, wire: Wire, reasons: tuple[str, str]) -> None:
    wire.cancel(*reasons)
    with pytest.raises(Contention) as refusal:
        writes.commit(Decision(None, (Put(renamed(town.merchant, "甲"), 1, FIRST), Put(renamed(town.rival, "乙"), 1, SECOND))))
    assert refusal.value.code == "contention"


def test_a_failed_condition_counts_more_than_a_conflict_before_it(town: Town, wire: Wire) -> None:
    wire.cancel("TransactionConflict", "ConditionalCheckFailed")
    with pytest.raises(Conflict) as refusal:
        writes.commit(Decision(None, (Put(renamed(town.merchant, "甲"), 1, FIRST), Put(renamed(town.rival, "乙"), 1, SECOND))))
    assert refusal.value is SECOND


def test_reads_that_decide_are_consistent(town: Town, wire: Wire) -> None:
    reads.get(Merchant, town.merchant.merchant_id)
    reads.get_together((Merchant, (town.merchant.merchant_id,)), (Store, (town.merchant.merchant_id, town.store.store_id)))
    reads.owned(Store, town.merchant.merchant_id, "sto_")
    one, several, query = (call.body for call in wire.sent)
    assert one["ConsistentRead"] is True
    assert all(wanted["ConsistentRead"] is True for wanted in several["RequestItems"].values())
    assert query["ConsistentRead"] is True


def test_every_stored_kind_is_put_under_a_condition_on_its_version() -> None:
    for shape in ROWS.values():
        assert hasattr(shape.row, "version")
