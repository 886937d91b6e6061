from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.business_day import SHANGHAI
from chalicelib.domain.decision import Decision, change
from chalicelib.domain.payout import Payout, PayoutState
from chalicelib.domain.refusals import Contention
from chalicelib.domain.settlement import FoldOutcome, MerchantDay, Seal
from chalicelib.jobs import settlement as job
from chalicelib.jobs import tasks
from chalicelib.operations import settlement
from chalicelib.operations.settlement import Asked
from chalicelib.store import reads
from tests.jobs import machine
from tests.jobs.counterparts import DEAF, LOST, Bank
from tests.jobs.town import DAY, NEXT, NIGHT, NOON, Town


def run(town: Town, bank: Any, event: dict[str, Any] | None = None, at: datetime = NIGHT) -> Any:
    town.set_clock(at)
    table = job.table(bank)
    return machine.run(machine.load("settlement"), event or {}, lambda asked: tasks.run("settlement", table, asked))


def one_use(town: Town) -> str:
    """A card of 1000.00 + 300.00, 130.00 used: the merchant has earned 100.00."""
    merchant_id = town.merchant()
    card_id = town.buy(merchant_id, "one").card_id
    town.redeem(card_id, "one", 13000)
    return merchant_id


def payout_of(merchant_id: str) -> Payout:
    found = reads.get(Payout, merchant_id, DAY)
    assert found is not None
    return found


def test_a_day_is_folded_paid_out_and_sealed(town: Town) -> None:
    merchant_id, bank = one_use(town), Bank()
    ended = run(town, bank)
    assert ended["outcome"] == "settled"
    assert ended["failures"] == []
    payable = town.payable(merchant_id)
    assert (payable.accrued_fen, payable.in_transit_fen, payable.paid_out_fen, payable.payable_fen) == (10000, 0, 10000, 0)
    assert bank.paid_fen == 10000
    day = reads.get(MerchantDay, merchant_id, DAY)
    assert day is not None
    assert (day.purchases, day.redemptions, day.redeemed_face_fen, day.escrow_fen) == (1, 1, 13000, 90000)
    seal = reads.get(Seal, DAY)
    assert seal is not None
    assert ended["merkle_root"] == seal.root


def test_the_whole_machine_run_again_changes_nothing(town: Town) -> None:
    merchant_id, bank = one_use(town), Bank()
    first = run(town, bank)
    before = (town.payable(merchant_id), payout_of(merchant_id), reads.get(Seal, DAY))
    assert run(town, bank, {"business_date": DAY.isoformat()}) == first
    assert (town.payable(merchant_id), payout_of(merchant_id), reads.get(Seal, DAY)) == before
    assert bank.submitted == [payout_of(merchant_id).payout_id]


def test_every_task_may_run_twice_as_after_a_crash(town: Town) -> None:
    merchant_id, bank = one_use(town), Bank()
    for _ in range(2):
        settlement.fold(merchant_id, DAY, NIGHT)
    for _ in range(2):
        settlement.decide(merchant_id, DAY, NIGHT)
    for _ in range(2):
        settlement.instruct(merchant_id, DAY, NIGHT, bank)
    for _ in range(2):
        assert settlement.ask(merchant_id, DAY, NIGHT, bank) is Asked.POSTED
    assert settlement.seal(DAY, NIGHT) == settlement.seal(DAY, NIGHT + timedelta(hours=1))
    assert bank.paid_fen == 10000
    assert town.payable(merchant_id).paid_out_fen == 10000
    assert set(bank.submitted) == {payout_of(merchant_id).payout_id}


def test_a_day_that_is_not_over_is_not_settled(town: Town) -> None:
    one_use(town)
    assert run(town, Bank(), {"business_date": DAY.isoformat()}, at=NOON)["outcome"] == "not_over"
    assert run(town, Bank(), {"business_date": "2026-02-30"})["outcome"] == "not_a_date"


@pytest.mark.parametrize("mood", [LOST, DEAF])
def test_an_unknown_answer_is_asked_about_and_told_again_under_the_same_number(town: Town, mood: str) -> None:
    merchant_id, bank = one_use(town), Bank(moods=[mood])
    assert run(town, bank)["outcome"] == "settled"
    assert bank.paid_fen == 10000
    assert set(bank.submitted) == {payout_of(merchant_id).payout_id}


def test_a_bank_that_never_answers_leaves_the_payout_open_and_the_run_says_so(town: Town) -> None:
    merchant_id, bank = one_use(town), Bank(moods=[DEAF] * 100)
    ended = run(town, bank)
    assert ended["outcome"] == "incomplete"
    assert ended["failures"] == [{"merchant_id": merchant_id, "outcome": "unknown"}]
    assert payout_of(merchant_id).open
    assert town.payable(merchant_id).in_transit_fen == 10000
    bank.moods.clear()
    assert settlement.pursue(merchant_id, DAY, NIGHT, bank) is Asked.ACCEPTED
    assert settlement.pursue(merchant_id, DAY, NIGHT, bank) is Asked.POSTED
    assert bank.paid_fen == 10000


def test_a_refusal_of_the_first_submission_gives_the_money_back_to_the_payable(town: Town) -> None:
    merchant_id, bank = one_use(town), Bank(moods=["payee_mismatch"])
    ended = run(town, bank)
    assert ended["failures"] == [{"merchant_id": merchant_id, "outcome": "voided"}]
    assert payout_of(merchant_id).reason == "payee_mismatch"
    assert town.payable(merchant_id).payable_fen == 10000


def test_a_number_that_the_bank_holds_for_another_payout_is_never_taken_for_a_failed_one(town: Town) -> None:
    """After a restore, say: the bank has an instruction under this number, so paying again under another one would pay twice."""
    merchant_id, bank = one_use(town), Bank(moods=[settlement.KNOWN_OTHERWISE])
    settlement.fold(merchant_id, DAY, NIGHT)
    settlement.decide(merchant_id, DAY, NIGHT)
    assert settlement.instruct(merchant_id, DAY, NIGHT, bank) is Asked.UNKNOWN
    assert town.payable(merchant_id).in_transit_fen == 10000


def test_what_the_bank_failed_to_pay_is_paid_by_the_next_days_settlement_under_another_number(town: Town) -> None:
    merchant_id = one_use(town)
    run(town, Bank(fails=True))
    assert payout_of(merchant_id).state is PayoutState.VOIDED
    bank = Bank()
    assert run(town, bank, at=NIGHT + timedelta(days=1))["outcome"] == "settled"
    assert bank.paid_fen == 10000
    assert bank.submitted != [payout_of(merchant_id).payout_id]
    assert town.payable(merchant_id).payable_fen == 0


def test_a_refusal_after_an_unknown_submission_is_an_end_only_when_nothing_can_be_under_way(town: Town) -> None:
    merchant_id, bank = one_use(town), Bank(moods=[DEAF, "closed_account", "", ""])
    settlement.fold(merchant_id, DAY, NIGHT)
    settlement.decide(merchant_id, DAY, NIGHT)
    assert settlement.instruct(merchant_id, DAY, NIGHT, bank) is Asked.UNKNOWN
    assert settlement.instruct(merchant_id, DAY, NIGHT, bank) is Asked.REFUSED
    assert settlement.ask(merchant_id, DAY, NIGHT + timedelta(minutes=1), bank) is Asked.REFUSED
    assert town.payable(merchant_id).in_transit_fen == 10000
    assert settlement.pursue(merchant_id, DAY, NIGHT + timedelta(minutes=16), bank) is Asked.VOIDED
    assert town.payable(merchant_id).payable_fen == 10000


def test_days_that_were_missed_are_folded_first(town: Town) -> None:
    merchant_id, bank = one_use(town), Bank()
    town.redeem(town.buy(merchant_id, "two", at=NOON + timedelta(days=2)).card_id, "two", 26000, at=NOON + timedelta(days=2))
    assert run(town, bank, at=NIGHT + timedelta(days=2))["outcome"] == "settled"
    assert bank.paid_fen == 30000
    assert town.payable(merchant_id).folded_through == NEXT + timedelta(days=1)
    assert reads.get(MerchantDay, merchant_id, DAY) is not None


def test_an_entry_that_comes_after_the_fold_is_named_and_changes_nothing(town: Town) -> None:
    merchant_id, bank = one_use(town), Bank()
    run(town, bank)
    before = town.payable(merchant_id)
    town.buy(merchant_id, "late")
    ended = run(town, bank)
    assert ended["failures"] == [{"merchant_id": merchant_id, "outcome": "late_entries"}]
    assert ended["seal"] == "sealed"
    assert town.payable(merchant_id) == before
    assert settlement.fold(merchant_id, DAY, NIGHT).fold.outcome is FoldOutcome.LATE_ENTRIES


def test_one_merchants_failure_never_stops_the_others(town: Town) -> None:
    broken, whole, bank = one_use(town), town.merchant("two"), Bank()
    town.redeem(town.buy(whole, "two").card_id, "two", 13000)

    class Poisoned(Bank):
        def submit(self, number: str, payee_name: str, payee_account: str, fen: int, remark: str) -> Any:
            if payee_name == "one":
                raise Contention("busy", "", "")
            return bank.submit(number, payee_name, payee_account, fen, remark)

        def query(self, number: str) -> Any:
            return bank.query(number)

    ended = run(town, Poisoned())
    assert ended["failures"] == [{"merchant_id": broken, "outcome": "failed"}]
    assert town.payable(whole).paid_out_fen == 10000
    assert town.payable(broken).in_transit_fen == 10000


def test_a_quiet_merchant_is_folded_and_nothing_is_paid(town: Town) -> None:
    merchant_id, bank = town.merchant(), Bank()
    assert run(town, bank)["outcome"] == "settled"
    assert bank.submitted == []
    assert town.payable(merchant_id).payable_fen == 0


def test_an_altered_row_is_refused_by_the_fold(town: Town) -> None:
    merchant_id = town.merchant()
    order = town.buy(merchant_id, "one")
    altered = replace(order, amount_fen=order.amount_fen + 1, version=order.version + 1)
    town.commit(Decision(altered, (change(order, altered),)))
    ended = run(town, Bank())
    assert ended["failures"] == [{"merchant_id": merchant_id, "outcome": "refused"}]
    assert ended["seal"] == "not_folded"


def test_the_business_date_is_shanghais_whatever_the_hour_elsewhere(town: Town) -> None:
    merchant_id = town.merchant()
    town.buy(merchant_id, "last", at=datetime(2026, 3, 3, 23, 59, 59, 999999, tzinfo=SHANGHAI))
    town.buy(merchant_id, "first", at=datetime(2026, 3, 4, 0, 0, tzinfo=SHANGHAI))
    run(town, Bank())
    day = reads.get(MerchantDay, merchant_id, DAY)
    assert day is not None
    assert day.purchases == 1
