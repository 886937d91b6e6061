"""The search for merchants: the index of the archive, what has changed since it was made, and the rows as they are now.

An index is an object named by its content; a small pointer says which one is current, and up to when it knows the merchants. A
container keeps the index it has loaded, looks at the pointer once a minute, and at what has changed once a second. Without an
index everything has changed since: the search then is a plain scan of the listed merchants.
"""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from chalicelib.domain import search as rules
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.search import Entry, Filters, Position, Wanted
from chalicelib.gateways import objects
from chalicelib.gateways.objects import Newer
from chalicelib.store import reads

if TYPE_CHECKING:
    from chalicelib.store.search_index import SearchIndex

POINTER_KEY = "search/current.json"
POINTER_ASKED_EVERY = timedelta(seconds=60)
CHANGES_ASKED_EVERY = timedelta(seconds=1)
CHANGES_MAX = 10_000
"""The latest so many changes are looked at, also when there is no index at all."""
MERCHANTS_MAX = 1_000_000
OVERLAP = timedelta(minutes=5)
"""A change may reach the listing later than the time that stands in it: the last minutes before a build count as not built."""
KEPT_FOR = timedelta(days=1)
"""An index is written again after so long, changed or not: the archive lets old ones go."""


class Archive(Protocol):
    def put(self, key: str, content: bytes, content_type: str) -> None: ...

    def get(self, key: str) -> bytes | None: ...

    def newer(self, key: str, etag: str) -> Newer: ...


@dataclass(frozen=True)
class Pointer:
    """`built_at`: a change since then may be missing in the index. Both times are ISO texts."""

    key: str
    layout: int
    built_at: str
    written_at: str
    merchants: int

    @classmethod
    def of(cls, content: bytes) -> "Pointer":
        return cls(**json.loads(content))


@dataclass(frozen=True)
class Results:
    """A page. `last`: where it ends if there are more."""

    merchants: list[Merchant]
    last: Position | None


@dataclass
class _Container:
    """What stays in memory between requests."""

    index: "SearchIndex | None" = None
    built_at: datetime | None = None
    etag: str = ""
    asked_at: datetime | None = None
    changes: list[Entry] = field(default_factory=list)
    changes_at: datetime | None = None


_KEPT = _Container()


def forget() -> None:
    """For tests: the next search finds an empty container."""
    _drop()
    _KEPT.asked_at = None


def find(
    wanted: Wanted, filters: Filters, after: Position | None, limit: int, now: datetime, archive: Archive | None = None
) -> Results:
    """What is shown is what the table says now: a merchant that has just become another one is left out of the page."""
    _refresh(now, archive)
    found = _positions(wanted, filters, after, limit + 1, now)
    page = found[:limit]
    rows = reads.get_together(*((Merchant, (one.merchant_id,)) for one in page)) if page else []
    shown = [row for row in rows if row is not None and _answers(wanted, filters, rules.entry_of(row))]
    return Results(shown, page[-1] if len(found) > limit else None)


def _answers(wanted: Wanted, filters: Filters, entry: Entry) -> bool:
    return rules.admits(filters, entry) and rules.position(wanted, entry) is not None


def _positions(wanted: Wanted, filters: Filters, after: Position | None, limit: int, now: datetime) -> list[Position]:
    """The first ones beyond `after`: those of the index that have not changed since, and those that have."""
    if _KEPT.index is None:
        return merged([], _changes(now), wanted, filters, after, limit)
    from chalicelib.store.search_index import Broken

    changes = _changes(now)
    try:
        known = _KEPT.index.find(wanted, filters, after, limit, {entry.merchant_id for entry in changes})
    except Broken as error:
        _say("index_broken", error)
        _drop()
        return merged([], _changes(now), wanted, filters, after, limit)
    return merged(known, changes, wanted, filters, after, limit)


def merged(
    known: list[Position], changes: list[Entry], wanted: Wanted, filters: Filters, after: Position | None, limit: int
) -> list[Position]:
    fresh = (rules.position(wanted, entry) for entry in changes if rules.admits(filters, entry))
    beyond = (one for one in fresh if one is not None and (after is None or one > after))
    return sorted([*known, *beyond])[:limit]


def _changes(now: datetime) -> list[Entry]:
    if not _recent(_KEPT.changes_at, CHANGES_ASKED_EVERY, now):
        _KEPT.changes = [rules.entry_of(merchant) for merchant in reads.merchants_changed(_KEPT.built_at, CHANGES_MAX)]
        _KEPT.changes_at = now
    return _KEPT.changes


def _recent(at: datetime | None, span: timedelta, now: datetime) -> bool:
    return at is not None and at <= now < at + span


def _refresh(now: datetime, archive: Archive | None) -> None:
    """Whatever is wrong with the archive, the search goes on with the index that it has, or with none."""
    if _recent(_KEPT.asked_at, POINTER_ASKED_EVERY, now):
        return
    _KEPT.asked_at = now
    try:
        _load(archive or objects.connect())
    except Exception as error:
        _say("index_unavailable", error)


def _load(archive: Archive) -> None:
    """Raises whatever the archive raises, ValueError for a pointer or an object that is not what it should be, Broken."""
    newer = archive.newer(POINTER_KEY, _KEPT.etag)
    if newer.content is None:
        return
    from chalicelib.store.search_index import LAYOUT, SearchIndex

    pointer = Pointer.of(newer.content)
    if pointer.layout != LAYOUT:
        raise ValueError(f"{pointer.key} has layout {pointer.layout}, not {LAYOUT}")
    content = archive.get(pointer.key)
    if content is None or pointer.key != _key(content):
        raise ValueError(f"{pointer.key} is not the index that it names")
    index = SearchIndex.open(content)
    _drop()
    _KEPT.index, _KEPT.etag, _KEPT.built_at = index, newer.etag, datetime.fromisoformat(pointer.built_at)


def _drop() -> None:
    """Of the index nothing is kept; the changes since it are not those since another one."""
    if _KEPT.index is not None:
        _KEPT.index.close()
    _KEPT.index, _KEPT.etag, _KEPT.built_at, _KEPT.changes_at = None, "", None, None


def _say(outcome: str, error: Exception) -> None:
    said = {"level": "error", "search": outcome, "error": f"{type(error).__name__}: {error}"[:300]}
    print(json.dumps(said), flush=True)


def _key(content: bytes) -> str:
    from chalicelib.store.search_index import LAYOUT, digest

    return f"search/index-{LAYOUT}-{digest(content)}.sqlite"


@dataclass(frozen=True)
class Built:
    """`size`: bytes of the index; 0 if the one that is there is current still."""

    merchants: int
    size: int


def build(now: datetime, archive: Archive | None = None) -> Built:
    """Make the index anew if a merchant has changed since the last one. The object first, the pointer last."""
    from chalicelib.store import search_index

    archive = archive or objects.connect()
    present = _present(archive)
    if present is not None and _is_current(present, now):
        return Built(present.merchants, 0)
    entries = {merchant.merchant_id: rules.entry_of(merchant) for merchant in reads.every("merchants", MERCHANTS_MAX)}
    content = search_index.build(entries.values())
    pointer = Pointer(
        _key(content), search_index.LAYOUT, (now - OVERLAP).isoformat(), now.isoformat(), len(entries)
    )  # fmt: skip
    archive.put(pointer.key, content, "application/vnd.sqlite3")
    archive.put(POINTER_KEY, json.dumps(asdict(pointer)).encode(), "application/json")
    return Built(len(entries), len(content))


def _present(archive: Archive) -> Pointer | None:
    content = archive.get(POINTER_KEY)
    try:
        return Pointer.of(content) if content else None
    except (TypeError, ValueError):
        return None


def _is_current(pointer: Pointer, now: datetime) -> bool:
    from chalicelib.store.search_index import LAYOUT

    written_at, built_at = datetime.fromisoformat(pointer.written_at), datetime.fromisoformat(pointer.built_at)
    fresh = pointer.layout == LAYOUT and _recent(written_at, KEPT_FOR, now)
    return fresh and not reads.merchants_changed(built_at, 1)
