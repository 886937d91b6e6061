"""A store of a merchant: where cards are shown, codes are printed and redemptions happen; and how it moves or closes.

A move or a closing is announced with a notice and a day. On that day it happens by itself: `as_of` says what the store is on a
day, is pure, and is asked by every reader and every decision. What is stored may be older; the next change writes it down.

A closing notice for the last store that stays open stops the merchant's sales at once (rule R19). Opening, moving, closing and
withdrawing all change the merchant, so that two of them at once cannot both believe that another store stays open.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain import rights
from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.merchant import Merchant, StopReason
from chalicelib.domain.principal import Principal
from chalicelib.domain.refusals import Conflict, Forbidden, Unprocessable, absent, key_reused
from chalicelib.domain.rights import StoreRight
from chalicelib.domain.state import move

STORES_MAX = 500
"""Stores a merchant may ever open; closed ones count, their history stays."""
NOTICE_DAYS_MAX = 730
DAYS_OF_WEEK = 7
_OPENING = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]-(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)", re.ASCII)


class StoreState(StrEnum):
    OPEN = "open"
    MOVING = "moving"
    CLOSING = "closing"
    CLOSED = "closed"


class StoreEvent(StrEnum):
    CHANGE = "change"
    ANNOUNCE_MOVE = "announce_move"
    ANNOUNCE_CLOSING = "announce_closing"
    WITHDRAW_NOTICE = "withdraw_notice"
    ARRIVE = "arrive"
    SHUT = "shut"


TRANSITIONS: Mapping[tuple[StoreState, StoreEvent], StoreState] = {
    (StoreState.OPEN, StoreEvent.CHANGE): StoreState.OPEN,
    (StoreState.OPEN, StoreEvent.ANNOUNCE_MOVE): StoreState.MOVING,
    (StoreState.OPEN, StoreEvent.ANNOUNCE_CLOSING): StoreState.CLOSING,
    (StoreState.MOVING, StoreEvent.CHANGE): StoreState.MOVING,
    (StoreState.MOVING, StoreEvent.WITHDRAW_NOTICE): StoreState.OPEN,
    (StoreState.MOVING, StoreEvent.ARRIVE): StoreState.OPEN,
    (StoreState.CLOSING, StoreEvent.CHANGE): StoreState.CLOSING,
    (StoreState.CLOSING, StoreEvent.WITHDRAW_NOTICE): StoreState.OPEN,
    (StoreState.CLOSING, StoreEvent.SHUT): StoreState.CLOSED,
}


def opening_hours_hold(hours: tuple[str, ...]) -> bool:
    """None stated, or one text for each day from Monday to Sunday: "" for closed, else "09:00-21:00", end after start.

    Text order is time order. A store that is open past midnight says 24:00 here and goes on in the next day's entry."""
    if not hours:
        return True
    return len(hours) == DAYS_OF_WEEK and all(not one or _opens_before_it_closes(one) for one in hours)


def _opens_before_it_closes(text: str) -> bool:
    return _OPENING.fullmatch(text) is not None and text[:5] < text[6:]


@dataclass(frozen=True)
class Store:
    """`code_version`: the printed QR code that is valid; a higher one revokes all older prints. `opening_hours`: none, or seven.

    `notice`, `noticed_at`, `effective_on`: of a move or closing; `effective_on` is the first day at the new address
    (`next_district`, `next_address`), or the first day without the store. `last_request`: fingerprint of the notice or
    withdrawal that changed it last; the same one again is a repetition."""

    store_id: str
    merchant_id: str
    name: str
    district: str
    address: str
    opened_at: datetime
    fingerprint: str
    phone: str = ""
    opening_hours: tuple[str, ...] = ()
    state: StoreState = StoreState.OPEN
    notice: str = ""
    noticed_at: datetime | None = None
    effective_on: date | None = None
    next_district: str = ""
    next_address: str = ""
    last_request: str = ""
    code_version: int = 1
    version: int = 1

    def __post_init__(self) -> None:
        assert opening_hours_hold(self.opening_hours)
        assert (self.state is StoreState.OPEN) == (self.effective_on is None)

    def as_of(self, day: date) -> "Store":
        """What the store is on a day, once every announced day up to it has come. The version is the stored one's."""
        if self.effective_on is None or day < self.effective_on:
            return self
        if self.state is StoreState.MOVING:
            state = self._after(StoreEvent.ARRIVE)
            return replace(self._without_notice(state), district=self.next_district, address=self.next_address)
        if self.state is StoreState.CLOSING:
            return replace(self, state=self._after(StoreEvent.SHUT))
        return self

    def stays(self, day: date) -> bool:
        """Neither closed nor about to be."""
        return self.as_of(day).state in (StoreState.OPEN, StoreState.MOVING)

    def require_not_closed(self) -> None:
        """Asked of the store as of today."""
        if self.state is StoreState.CLOSED:
            on = self.effective_on.isoformat() if self.effective_on else ""
            raise Conflict("store_closed", f"该门店已于 {on} 停业", f"the store has been closed since {on}", facts={"since": on})

    def _after(self, event: StoreEvent) -> StoreState:
        return move(TRANSITIONS, "store", "门店", self.state, event)

    def _without_notice(self, state: StoreState) -> "Store":
        bare = {"notice": "", "noticed_at": None, "effective_on": None, "next_district": "", "next_address": ""}
        return replace(self, state=state, **bare)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Changes:
    """What is to be different; None leaves it as it is."""

    name: str | None = None
    phone: str | None = None
    opening_hours: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Notice:
    """What the merchant announces. `request`: fingerprint of who asks for what under which key. A closing has no address."""

    text: str
    effective_on: date
    request: str
    district: str = ""
    address: str = ""


def open_store(
    merchant: Merchant | None, earlier: Store | None, store: Store, trace: Trace, stores: int = 0
) -> Decision[Store]:
    """`stores`: how many the merchant has had so far. A stop of sales for closing ends, for there is an open store again.

    Order of refusals: key reused, merchant absent, too many stores."""
    if earlier is not None:
        if earlier.fingerprint != store.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    if merchant is None:
        raise absent("商户", "merchant")
    if stores >= STORES_MAX:
        raise Unprocessable(
            "too_many_stores",
            f"门店数已达上限 {STORES_MAX}",
            f"merchant {merchant.merchant_id} has {stores} stores, at most {STORES_MAX}",
            facts={"has": stores, "max": STORES_MAX},
        )
    made = replace(store, merchant_id=merchant.merchant_id)
    audit = entry(trace, made.store_id, "store.open", "", made.name)
    return Decision(made, (create(made), change(merchant, _staying(merchant, trace.at)), create(audit)))


def change_store(store: Store | None, changes: Changes, caller: Principal, trace: Trace) -> Decision[Store]:
    """Name, phone, hours. Order of refusals: absent (also: not the caller's store), the name not yours to change, closed."""
    if store is None or not caller.works_at(store.merchant_id, store.store_id):
        raise absent("门店", "store")
    if changes.name is not None and caller.role not in rights.STORES[StoreRight.RENAME]:
        raise Forbidden(
            "field_not_yours_to_change", "无权修改该字段", f"a {caller.role} may not change a store's name", param="name"
        )
    present = store.as_of(business_date(trace.at))
    present.require_not_closed()
    given = {name: value for name, value in vars(changes).items() if value is not None}
    wanted = replace(present, **given)
    if wanted == present:
        return Decision(present, replayed=True)
    state = move(TRANSITIONS, "store", "门店", present.state, StoreEvent.CHANGE)
    after = replace(wanted, state=state, version=store.version + 1)
    audit = entry(trace, store.store_id, "store.change", _said(present), _said(after))
    return Decision(after, (change(store, after), create(audit)))


def _said(store: Store) -> str:
    return " | ".join((store.name, store.phone, " ".join(one or "-" for one in store.opening_hours)))


def announce_move(
    merchant: Merchant | None, store: Store | None, notice: Notice, rules: Rules, trace: Trace
) -> Decision[Store]:
    """Order of refusals: absent, state (one notice at a time), notice too short, too long."""
    if merchant is None or store is None:
        raise absent("门店", "store")
    if store.last_request == notice.request:
        return Decision(store.as_of(business_date(trace.at)), replayed=True)
    after = _noticed(store, notice, StoreEvent.ANNOUNCE_MOVE, rules, trace.at)
    audit = entry(trace, store.store_id, "store.move", f"{after.district} {after.address}", _announced(after), notice.text)
    return Decision(after, (change(store, after), change(merchant, merchant.touched(trace.at)), create(audit)))


def announce_closing(
    merchant: Merchant | None, stores: Iterable[Store], store_id: str, notice: Notice, rules: Rules, trace: Trace
) -> Decision[Store]:
    """`stores`: all of the merchant's. When no other one stays, sales stop at once. Order of refusals: as of a move."""
    today = business_date(trace.at)
    by_id = {store.store_id: store for store in stores}
    store = by_id.get(store_id)
    if merchant is None or store is None:
        raise absent("门店", "store")
    if store.last_request == notice.request:
        return Decision(store.as_of(today), replayed=True)
    after = _noticed(store, notice, StoreEvent.ANNOUNCE_CLOSING, rules, trace.at)
    others_stay = any(other.stays(today) for other in by_id.values() if other.store_id != store_id)
    then = merchant.touched(trace.at) if others_stay else merchant.stopped(StopReason.CLOSING, trace.at)
    audit = entry(trace, store_id, "store.close", store.as_of(today).state, _announced(after), notice.text)
    return Decision(after, (change(store, after), change(merchant, then), create(audit)))


def withdraw_notice(merchant: Merchant | None, store: Store | None, request: str, trace: Trace) -> Decision[Store]:
    """The store stays where it is. Too late on the announced day. A stop of sales for closing ends with it."""
    if merchant is None or store is None:
        raise absent("门店", "store")
    present = store.as_of(business_date(trace.at))
    if store.last_request == request:
        return Decision(present, replayed=True)
    state = move(TRANSITIONS, "store", "门店", present.state, StoreEvent.WITHDRAW_NOTICE)
    after = replace(present._without_notice(state), last_request=request, version=store.version + 1)
    audit = entry(trace, store.store_id, "store.withdraw_notice", _announced(present), after.state)
    return Decision(after, (change(store, after), change(merchant, _staying(merchant, trace.at)), create(audit)))


def _noticed(store: Store, notice: Notice, event: StoreEvent, rules: Rules, now: datetime) -> Store:
    today = business_date(now)
    present = store.as_of(today)
    state = move(TRANSITIONS, "store", "门店", present.state, event)
    _require_in_time(notice.effective_on, today, rules)
    return replace(
        present,
        state=state,
        notice=notice.text,
        noticed_at=now,
        effective_on=notice.effective_on,
        next_district=notice.district,
        next_address=notice.address,
        last_request=notice.request,
        version=store.version + 1,
    )


def _require_in_time(effective_on: date, today: date, rules: Rules) -> None:
    days = rules.closing_notice_days
    earliest, latest = today + timedelta(days=days), today + timedelta(days=NOTICE_DAYS_MAX)
    if effective_on < earliest:
        raise Unprocessable(
            "notice_too_short",
            f"须至少提前 {days} 日公告，最早为 {earliest.isoformat()}（{rules.closing_notice_article}）",
            f"notice is to be given {days} days ahead, {effective_on} is before {earliest} ({rules.closing_notice_article})",
            param="on",
            facts={"earliest": earliest.isoformat(), "days": days, "article": rules.closing_notice_article},
        )
    if effective_on > latest:
        raise Unprocessable(
            "notice_too_long",
            f"公告日期过远，最晚为 {latest.isoformat()}",
            f"{effective_on} is after {latest}",
            param="on",
            facts={"latest": latest.isoformat()},
        )


def _announced(store: Store) -> str:
    assert store.effective_on is not None
    where = f" {store.next_district} {store.next_address}" if store.next_address else ""
    return f"{store.state} {store.effective_on.isoformat()}{where}"


def _staying(merchant: Merchant, now: datetime) -> Merchant:
    """The merchant now that one of its stores stays open for sure."""
    stopped = StopReason.CLOSING in merchant.stops
    return merchant.lifted(StopReason.CLOSING, now) if stopped else merchant.touched(now)
