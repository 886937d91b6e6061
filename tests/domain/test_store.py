"""A store's life: what it is on a day, notices given in time, and the last one that stays."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Merchant, MerchantState, StopReason
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.store import (
    NOTICE_DAYS_MAX,
    STORES_MAX,
    TRANSITIONS,
    Changes,
    Notice,
    Store,
    StoreState,
    announce_closing,
    announce_move,
    change_store,
    open_store,
    opening_hours_hold,
    withdraw_notice,
)
from tests.domain.rows import Rows
from tests.domain.town import MERCHANT, NOON, OWNER, code_of, trace

DAY = timedelta(days=1)
TODAY = NOON.date()
LAW = rules_on("330212", TODAY)
IN_TIME = TODAY + timedelta(days=30)
STORE = Store("sto_1", "mch_1", "东门店", "330203", "江东 1 号", NOON, "f")
OTHER = replace(STORE, store_id="sto_2", name="西门店")
MANAGER = Principal(Role.MANAGER, "stf_2", "mch_1", ("sto_1",))


def moving(on: date = IN_TIME, request: str = "r-move") -> Notice:
    return Notice("搬到鄞州", on, request, "330212", "鄞州 9 号")


def closing(on: date = IN_TIME, request: str = "r-close") -> Notice:
    return Notice("停业，余额可退", on, request)


def closed(*stores: Store, merchant: Merchant = MERCHANT, of: str = "sto_1", at: datetime = NOON) -> Decision[Store]:
    return announce_closing(merchant, stores, of, closing(at.date() + timedelta(days=30)), LAW, trace(at=at))


def merchant_after(decision: Decision[Store]) -> Merchant:
    (found,) = (put.value for put in decision.puts if isinstance(put.value, Merchant))
    return found


HOURS = ("09:00-21:00",) * 6


@pytest.mark.parametrize(
    "last, holds",
    [
        ("", True),
        ("00:00-24:00", True),
        ("09:00-09:01", True),
        ("23:59-24:00", True),
        ("09:00-09:00", False),
        ("21:00-09:00", False),
        ("24:00-24:00", False),
        ("09:00-24:01", False),
        ("09:60-10:00", False),
        ("9:00-21:00", False),
        ("09:00–21:00", False),
        ("09:00-21:00 ", False),
        ("09:00-21:00\n", False),
        ("０9:00-21:00", False),
        ("09:00-12:00,13:00-21:00", False),
    ],
)
def test_a_days_hours_end_after_they_start(last: str, holds: bool) -> None:
    assert opening_hours_hold((*HOURS, last)) is holds


def test_hours_are_stated_for_seven_days_or_not_at_all() -> None:
    assert opening_hours_hold(())
    for days in (1, 6, 8):
        assert not opening_hours_hold(("09:00-21:00",) * days)
    with pytest.raises(AssertionError):
        replace(STORE, opening_hours=HOURS)


@pytest.mark.parametrize("on", [IN_TIME, date(2026, 4, 30), date(2026, 12, 31), date(2028, 2, 29)], ids=str)
def test_a_store_is_at_its_new_address_from_the_announced_day_on(on: date) -> None:
    announced = announce_move(MERCHANT, STORE, moving(on), LAW, trace()).answer
    before, there = announced.as_of(on - DAY), announced.as_of(on)
    assert (before.state, before.address, before.notice) == (StoreState.MOVING, "江东 1 号", "搬到鄞州")
    assert (there.state, there.district, there.address) == (StoreState.OPEN, "330212", "鄞州 9 号")
    assert (there.notice, there.effective_on, there.next_address, there.version) == ("", None, "", announced.version)
    assert announced.as_of(on + DAY * 400) == there.as_of(on + DAY * 400) == there


def test_a_store_is_closed_from_the_announced_day_on() -> None:
    announced = closed(STORE, OTHER).answer
    assert announced.as_of(IN_TIME - DAY).state is StoreState.CLOSING
    for day in (IN_TIME, IN_TIME + DAY, IN_TIME + DAY * 400):
        assert announced.as_of(day).state is StoreState.CLOSED
        assert code_of(announced.as_of(day).require_not_closed) == "store_closed"
    assert code_of(announced.as_of(IN_TIME - DAY).require_not_closed) == ""
    assert STORE.as_of(IN_TIME) is STORE


def test_notice_is_given_thirty_days_ahead_and_no_more_than_two_years() -> None:
    for days, code in ((29, "notice_too_short"), (30, ""), (NOTICE_DAYS_MAX, ""), (NOTICE_DAYS_MAX + 1, "notice_too_long")):
        on = TODAY + DAY * days
        assert code_of(lambda on=on: announce_move(MERCHANT, STORE, moving(on), LAW, trace())) == code
        assert code_of(lambda on=on: announce_closing(MERCHANT, [STORE], "sto_1", closing(on), LAW, trace())) == code
    late = trace(at=NOON + timedelta(hours=12))
    assert code_of(lambda: announce_move(MERCHANT, STORE, moving(), LAW, late)) == "notice_too_short", "it is the next day"


def test_one_notice_at_a_time_and_none_for_what_is_closed() -> None:
    going = announce_move(MERCHANT, STORE, moving(), LAW, trace()).answer
    ending = closed(STORE, OTHER).answer
    later = trace(at=NOON + DAY * 30)
    far = IN_TIME + DAY * 60
    assert code_of(lambda: announce_move(MERCHANT, going, moving(request="x"), LAW, trace())) == "store_moving"
    assert code_of(lambda: closed(going, OTHER)) == "store_moving"
    assert code_of(lambda: announce_move(MERCHANT, ending, moving(), LAW, trace())) == "store_closing"
    assert code_of(lambda: announce_move(MERCHANT, ending, moving(far), LAW, later)) == "store_closed"
    assert announce_move(MERCHANT, going, moving(far, "x"), LAW, later).answer.address == "鄞州 9 号", "arrived, and moves on"


def test_the_same_notice_again_is_a_repetition_even_after_its_day() -> None:
    going = announce_move(MERCHANT, STORE, moving(), LAW, trace()).answer
    again = announce_move(MERCHANT, going, moving(), LAW, trace(at=NOON + DAY * 31))
    assert (again.replayed, again.answer.state) == (True, StoreState.OPEN)
    ending = closed(STORE, OTHER).answer
    assert announce_closing(MERCHANT, [ending], "sto_1", closing(), LAW, trace()).replayed
    back = withdraw_notice(MERCHANT, ending, "r-back", trace()).answer
    assert withdraw_notice(MERCHANT, back, "r-back", trace()).replayed


def test_a_notice_is_withdrawn_until_the_day_before_and_not_on_the_day() -> None:
    ending = closed(STORE, OTHER).answer
    back = withdraw_notice(MERCHANT, ending, "r", trace(at=NOON + DAY * 29)).answer
    assert (back.state, back.notice, back.effective_on, back.address) == (StoreState.OPEN, "", None, "江东 1 号")
    assert code_of(lambda: withdraw_notice(MERCHANT, ending, "r", trace(at=NOON + DAY * 30))) == "store_closed"
    going = announce_move(MERCHANT, STORE, moving(), LAW, trace()).answer
    assert withdraw_notice(MERCHANT, going, "r", trace()).answer.address == "江东 1 号"
    assert code_of(lambda: withdraw_notice(MERCHANT, going, "r", trace(at=NOON + DAY * 30))) == "store_open"
    assert code_of(lambda: withdraw_notice(MERCHANT, STORE, "r", trace())) == "store_open"


def test_sales_stop_with_the_notice_of_the_last_store_that_stays() -> None:
    assert merchant_after(closed(STORE, OTHER)).state is MerchantState.ACTIVE
    ending = closed(OTHER, of="sto_2").answer
    gone = replace(OTHER, state=StoreState.CLOSED, effective_on=TODAY)
    for others in ((), (ending,), (gone,), (ending, replace(gone, store_id="sto_3"))):
        after = merchant_after(closed(STORE, *others))
        assert (after.state, after.stops, after.updated_at) == (MerchantState.SALES_STOPPED, ("closing",), NOON)
        assert code_of(after.require_selling) == "sales_stopped"
    going = announce_move(MERCHANT, OTHER, moving(), LAW, trace()).answer
    assert merchant_after(closed(STORE, going)).state is MerchantState.ACTIVE, "a moving store stays"


def test_sales_go_on_with_a_withdrawn_notice_or_a_new_store_but_not_against_another_stop() -> None:
    decision = closed(STORE)
    stopped, ending = merchant_after(decision), decision.answer
    new = replace(STORE, store_id="sto_3", fingerprint="g")
    for then in (withdraw_notice(stopped, ending, "r", trace()), open_store(stopped, None, new, trace(), 1)):
        assert merchant_after(then).state is MerchantState.ACTIVE
    ordered = stopped.stopped(StopReason.ORDER, NOON)
    assert merchant_after(withdraw_notice(ordered, ending, "r", trace())).stops == ("order",)
    elsewhere = MERCHANT.stopped(StopReason.ORDER, NOON)
    assert merchant_after(open_store(elsewhere, None, new, trace(), 1)).stops == ("order",)


@pytest.mark.parametrize("second", ["close", "open", "withdraw"])
def test_of_two_that_change_which_stores_stay_at_once_the_second_decides_again(second: str) -> None:
    """Both closings saw the other store stay: together they would close all of it and sell on."""
    rows = Rows()
    ending = closed(OTHER, STORE, of="sto_2").answer
    for value in (MERCHANT, STORE, OTHER):
        rows.commit(Decision(value, (create(value),)))
    decided = {
        "close": announce_closing(MERCHANT, [STORE, OTHER], "sto_2", closing(), LAW, trace("b")),
        "open": open_store(MERCHANT, None, replace(STORE, store_id="sto_3"), trace("b"), 2),
        "withdraw": withdraw_notice(MERCHANT, ending, "r", trace("b")),
    }
    rows.commit(closed(STORE, OTHER))
    before = rows.image()
    assert code_of(lambda: rows.commit(decided[second])) == "contention"
    assert rows.image() == before


def test_a_merchant_has_five_hundred_stores_at_most() -> None:
    new = replace(STORE, fingerprint="g")
    assert code_of(lambda: open_store(MERCHANT, None, new, trace(), STORES_MAX)) == "too_many_stores"
    assert code_of(lambda: open_store(MERCHANT, None, new, trace(), STORES_MAX - 1)) == ""
    assert open_store(MERCHANT, STORE, STORE, trace(), STORES_MAX).replayed


def test_an_owner_changes_all_a_manager_hours_and_phone_of_the_own_stores() -> None:
    everything = Changes("新店名", "0574-1234567", (*HOURS, ""))
    assert change_store(STORE, everything, OWNER, trace()).answer.name == "新店名"
    hours = Changes(opening_hours=(*HOURS, ""))
    assert change_store(STORE, hours, MANAGER, trace()).answer.opening_hours == (*HOURS, "")
    assert code_of(lambda: change_store(STORE, everything, MANAGER, trace())) == "field_not_yours_to_change"
    assert code_of(lambda: change_store(OTHER, everything, MANAGER, trace())) == "not_found"
    assert code_of(lambda: change_store(None, everything, OWNER, trace())) == "not_found"
    foreign = replace(OWNER, organisation_id="mch_2")
    assert code_of(lambda: change_store(STORE, everything, foreign, trace())) == "not_found"


def test_a_change_keeps_a_notice_writes_an_arrival_down_and_is_not_for_a_closed_store() -> None:
    renamed = Changes("新店名")
    going = announce_move(MERCHANT, STORE, moving(), LAW, trace()).answer
    kept = change_store(going, renamed, OWNER, trace()).answer
    assert (kept.state, kept.effective_on) == (StoreState.MOVING, IN_TIME)
    arrived = change_store(going, renamed, OWNER, trace(at=NOON + DAY * 30)).answer
    assert (arrived.state, arrived.address, arrived.version) == (StoreState.OPEN, "鄞州 9 号", going.version + 1)
    ending = closed(STORE, OTHER).answer
    assert code_of(lambda: change_store(ending, renamed, OWNER, trace(at=NOON + DAY * 30))) == "store_closed"
    assert change_store(kept, renamed, OWNER, trace()).replayed
    assert change_store(kept, Changes(), OWNER, trace()).replayed


def test_every_change_leaves_an_audit_entry_of_what_was_and_what_is() -> None:
    decisions = {
        "store.open": open_store(MERCHANT, None, STORE, trace()),
        "store.change": change_store(STORE, Changes("新店名"), OWNER, trace()),
        "store.move": announce_move(MERCHANT, STORE, moving(), LAW, trace()),
        "store.close": closed(STORE, OTHER),
        "store.withdraw_notice": withdraw_notice(MERCHANT, closed(STORE, OTHER).answer, "r", trace()),
    }
    for action, decision in decisions.items():
        (audit,) = (put.value for put in decision.puts if isinstance(put.value, AuditEntry))
        assert (audit.object_id, audit.action) == ("sto_1", action)
        assert audit.after
        assert audit.reason == {"store.move": "搬到鄞州", "store.close": "停业，余额可退"}.get(action, "")
    assert {state for state, _ in TRANSITIONS} == set(StoreState) - {StoreState.CLOSED}
