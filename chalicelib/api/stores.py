"""A merchant's stores: opened, changed, moved and closed with notice, and as anyone sees them today."""

import datetime
import re
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import AfterValidator, BeforeValidator, Field

from chalicelib.api import cursors
from chalicelib.api.http import EVERYONE, Call, Reply, endpoint
from chalicelib.api.merchants import present
from chalicelib.api.models import Body, District, ListView, Name, View
from chalicelib.api.store_codes import NoticeView, notice_view, printed
from chalicelib.domain import rights
from chalicelib.domain.business_day import business_date
from chalicelib.domain.refusals import absent
from chalicelib.domain.rights import StoreRight
from chalicelib.domain.store import Changes, Store, StoreState, opening_hours_hold
from chalicelib.operations import stores
from chalicelib.store import reads

routes = Blueprint(__name__)

PATH = "/v1/merchants/{merchant_id}/stores"


def _hold(hours: list[str]) -> list[str]:
    if not opening_hours_hold(tuple(hours)):
        raise ValueError("seven entries from Monday to Sunday like 09:00-21:00, end after start; empty for closed")
    return hours


def _day(given: object) -> datetime.date:
    """The one form of a business date; a parser would also read times, weeks and numbers."""
    if not isinstance(given, str) or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", given, re.ASCII) is None:
        raise ValueError("a date like 2026-11-20")
    return datetime.date.fromisoformat(given)


Phone = Annotated[str, Field(pattern=r"^(\+?[0-9-]{7,20})?$", description="empty: none")]
Address = Annotated[str, Field(min_length=1, max_length=200)]
Hours = Annotated[list[Annotated[str, Field(max_length=11)]], Field(max_length=7), AfterValidator(_hold)]
Day = Annotated[datetime.date, BeforeValidator(_day)]
NoticeText = Annotated[str, Field(min_length=1, max_length=300, description="what consumers read")]


class StoreView(View):
    """As of today. `opening_hours`: from Monday to Sunday, empty where none are stated."""

    store_id: str
    merchant_id: str
    name: str
    district: str
    address: str
    phone: str
    opening_hours: list[str]
    state: StoreState
    notice: NoticeView | None
    closed_on: str | None
    code: str
    code_url: str


class StoreBody(Body):
    name: Name
    district: District
    address: Address
    phone: Phone = ""
    opening_hours: Hours = []


class StoreChanges(Body):
    """Only what is given changes; a manager may change phone and hours of the own stores."""

    name: Name | None = None
    phone: Phone | None = None
    opening_hours: Hours | None = None


class MoveBody(Body):
    """`on`: the first day at the new address."""

    district: District
    address: Address
    on: Day
    notice: NoticeText


class CloseBody(Body):
    """`on`: the first day without the store."""

    on: Day
    notice: NoticeText


class StoresQuery(cursors.Page):
    district: str = Field(default="", pattern=r"^([0-9]{6})?$")
    state: StoreState | None = None


def store_view(stored: Store, now: datetime.datetime) -> StoreView:
    store = stored.as_of(business_date(now))
    code, url = printed(store)
    closed = store.effective_on if store.state is StoreState.CLOSED else None
    return StoreView(
        store_id=store.store_id,
        merchant_id=store.merchant_id,
        name=store.name,
        district=store.district,
        address=store.address,
        phone=store.phone,
        opening_hours=list(store.opening_hours),
        state=store.state,
        notice=notice_view(store),
        closed_on=closed.isoformat() if closed else None,
        code=code,
        code_url=url,
    )


@endpoint(routes, "GET", PATH, "Its stores", who=EVERYONE, query=StoresQuery, answer=ListView[StoreView])
def index(call: Call, merchant_id: str) -> Any:
    asked = call.query
    present(merchant_id)
    scope = f"{merchant_id}/sto_/{asked.district}/{asked.state or ''}"
    after = cursors.unseal(scope, asked.cursor) if asked.cursor else ""
    found: list[StoreView] = []
    while len(found) <= asked.limit:
        batch = reads.owned(Store, merchant_id, "sto_", reads.PAGE_MAX, after)
        found += [view for view in (store_view(store, call.now) for store in batch) if _wanted(view, asked)]
        if len(batch) < reads.PAGE_MAX:
            break
        after = batch[-1].store_id
    page = found[: asked.limit]
    more = len(found) > asked.limit
    following = cursors.seal(scope, page[-1].store_id) if more else None
    return ListView[StoreView](data=page, has_more=more, next_cursor=following)


def _wanted(view: StoreView, asked: StoresQuery) -> bool:
    return asked.district in ("", view.district) and asked.state in (None, view.state)


@endpoint(routes, "GET", f"{PATH}/{{store_id}}", "A store, as of today", who=EVERYONE, answer=StoreView)
def show(call: Call, merchant_id: str, store_id: str) -> Any:
    store = reads.get(Store, merchant_id, store_id)
    if store is None:
        raise absent("门店", "store")
    return store_view(store, call.now)


@endpoint(
    routes,
    "POST",
    PATH,
    "Open a store",
    who=rights.STORES[StoreRight.OPEN],
    body=StoreBody,
    answer=StoreView,
    status=201,
    key=True,
)
def create(call: Call, merchant_id: str) -> Any:
    asked = call.body
    own = (asked.name, asked.district, asked.address)
    hours = tuple(asked.opening_hours)
    done = stores.open_store(merchant_id, *own, call.key, call.caller, call.trace, asked.phone, hours)
    return Reply(store_view(done.answer, call.now), replayed=done.replayed)


@endpoint(
    routes,
    "PATCH",
    f"{PATH}/{{store_id}}",
    "Change name, phone, opening hours",
    who=rights.STORES[StoreRight.CHANGE_HOURS],
    body=StoreChanges,
    answer=StoreView,
)
def change(call: Call, merchant_id: str, store_id: str) -> Any:
    asked = call.body
    hours = None if asked.opening_hours is None else tuple(asked.opening_hours)
    done = stores.change(merchant_id, store_id, Changes(asked.name, asked.phone, hours), call.caller, call.trace)
    return Reply(store_view(done.answer, call.now), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    f"{PATH}/{{store_id}}/move",
    "Announce a move, 30 days ahead or more",
    who=rights.STORES[StoreRight.MOVE],
    body=MoveBody,
    answer=StoreView,
    key=True,
)
def move(call: Call, merchant_id: str, store_id: str) -> Any:
    asked = call.body
    there = (asked.district, asked.address, asked.on, asked.notice)
    done = stores.announce_move(merchant_id, store_id, *there, call.key, call.caller, call.trace)
    return Reply(store_view(done.answer, call.now), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    f"{PATH}/{{store_id}}/close",
    "Announce a closing, 30 days ahead or more; for the last store that stays, sales stop at once",
    who=rights.STORES[StoreRight.CLOSE],
    body=CloseBody,
    answer=StoreView,
    key=True,
)
def close(call: Call, merchant_id: str, store_id: str) -> Any:
    asked = call.body
    done = stores.announce_closing(merchant_id, store_id, asked.on, asked.notice, call.key, call.caller, call.trace)
    return Reply(store_view(done.answer, call.now), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    f"{PATH}/{{store_id}}/withdraw-notice",
    "The store stays where it is",
    who=rights.STORES[StoreRight.CLOSE],
    answer=StoreView,
    key=True,
)
def withdraw_notice(call: Call, merchant_id: str, store_id: str) -> Any:
    done = stores.withdraw_notice(merchant_id, store_id, call.key, call.caller, call.trace)
    return Reply(store_view(done.answer, call.now), replayed=done.replayed)
