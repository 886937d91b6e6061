"""The search index: one SQLite file, made in one go, then only read.

Two plain tables, so that any SQLite of the last twelve years reads it: the one beside Lambda's Python 3.11 has no full-text
module. Rows are numbered in the order of results within one kind of match (length of the key, name, id), so that the first bits
of a list are the first results; `by_name` numbers them in the order of names.
"""

import hashlib
import sqlite3
import tempfile
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from chalicelib.domain import search
from chalicelib.domain.search import Entry, Filters, Position, Wanted
from chalicelib.store import postings, search_plan
from chalicelib.store.postings import ALL

LAYOUT = 1
"""Goes up when the file, the keys or the tokens change: an index of another layout is none."""

LISTS_KEPT_MAX = 2_000
"""Lists that stay in memory, at most a bit for every merchant and list."""

_TABLES = """
CREATE TABLE merchants (row INTEGER PRIMARY KEY, by_name INTEGER NOT NULL, merchant_id TEXT, name TEXT, district TEXT,
    industry TEXT, state TEXT, key TEXT, spelling TEXT, initials TEXT);
CREATE TABLE postings (token TEXT PRIMARY KEY, rows BLOB);
"""
_ENTRY = "SELECT merchant_id, name, district, industry, state, key, spelling, initials FROM merchants WHERE "


class Broken(Exception):
    """This file is no search index of this layout."""


def build(entries: Iterable[Entry]) -> bytes:
    """The index as bytes; the same bytes for the same entries in any order (under the same SQLite)."""
    ordered = sorted(entries, key=lambda entry: (len(entry.key), entry.name, entry.merchant_id))
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "index"
        database = sqlite3.connect(path, isolation_level=None)
        try:
            database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA page_size = 4096;")
            database.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {LAYOUT};")
            _fill(database, ordered)
            database.execute("COMMIT")
        finally:
            database.close()
        return path.read_bytes()


def _fill(database: sqlite3.Connection, ordered: list[Entry]) -> None:
    by_name = [0] * len(ordered)
    names = sorted(range(len(ordered)), key=lambda number: (ordered[number].name, ordered[number].merchant_id))
    for place, number in enumerate(names, start=1):
        by_name[number] = place
    database.executemany(
        "INSERT INTO merchants VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((row, place, *_columns(entry)) for row, (entry, place) in enumerate(zip(ordered, by_name, strict=True), start=1)),
    )
    database.execute("CREATE UNIQUE INDEX merchants_by_name ON merchants (by_name)")
    lists = _lists(ordered, names)
    database.executemany(
        "INSERT INTO postings VALUES (?, ?)", ((token, postings.packed(lists[token], len(ordered))) for token in sorted(lists))
    )


def _lists(ordered: list[Entry], names: list[int]) -> "dict[str, list[array[int]]]":
    """Rows by token."""
    of_pieces: defaultdict[str, array[int]] = defaultdict(partial(array, "I"))
    lists: defaultdict[str, list[array[int]]] = defaultdict(list)
    for row, entry in enumerate(ordered, start=1):
        for piece in postings.pieces(entry):
            of_pieces[piece].append(row)
    for piece, rows in of_pieces.items():
        for token in postings.tokens(piece):
            lists[token].append(rows)
    of_filters: defaultdict[str, array[int]] = defaultdict(partial(array, "I"))
    for row, entry in enumerate(ordered, start=1):
        for token in postings.filters(entry):
            of_filters[token].append(row)
    for place, number in enumerate(names, start=1):
        for token in postings.filters(ordered[number]):
            of_filters[postings.BY_NAME + token].append(place)
    return lists | {token: [rows] for token, rows in of_filters.items()}


def _columns(entry: Entry) -> tuple[str, ...]:
    spelling = " ".join(entry.spelling)
    return (
        entry.merchant_id, entry.name, entry.district, entry.industry, entry.state, entry.key, spelling, entry.initials,
    )  # fmt: skip


def digest(content: bytes) -> str:
    """By this an index is named, and known again."""
    return hashlib.sha256(content).hexdigest()


@dataclass(frozen=True)
class SearchIndex:
    """An open index. `size`: merchants in it."""

    database: sqlite3.Connection
    size: int
    _known: dict[str, int] = field(default_factory=dict)

    @classmethod
    def open(cls, content: bytes) -> "SearchIndex":
        """Raises Broken. The file has no name any more when this returns; it goes with the connection."""
        with tempfile.NamedTemporaryFile(prefix="search-") as file:
            file.write(content)
            file.flush()
            try:
                database = sqlite3.connect(f"file:{file.name}?mode=ro&immutable=1", uri=True, check_same_thread=False)
                (layout,) = database.execute("PRAGMA user_version").fetchone()
                (size,) = database.execute("SELECT max(row) FROM merchants").fetchone()
                database.execute("SELECT token, rows FROM postings LIMIT 1").fetchone()
            except sqlite3.Error as error:
                raise Broken(str(error)) from error
        if layout != LAYOUT:
            raise Broken(f"layout {layout}, not {LAYOUT}")
        return cls(database, size or 0)

    def close(self) -> None:
        self.database.close()

    def find(
        self, wanted: Wanted, filters: Filters, after: Position | None, limit: int, hidden: Set[str] = frozenset()
    ) -> list[Position]:
        """The first `limit` results beyond `after`, in order, without the ids that are `hidden`. Raises Broken."""
        try:
            results = self._everything(filters, after) if wanted.everything else self._matching(wanted, filters, after)
            found: list[Position] = []
            for position in results:
                if position.merchant_id not in hidden:
                    found.append(position)
                    if len(found) == limit:
                        break
            return found
        except (sqlite3.Error, ValueError) as error:
            raise Broken(str(error)) from error

    def _everything(self, filters: Filters, after: Position | None) -> Iterator[Position]:
        last = self._last("by_name", after, lambda entry: (entry.name, entry.merchant_id)) if after else 0
        places = self._filtered(filters, postings.BY_NAME)
        for place in range(last + 1, self.size + 1) if places == ALL else postings.rows_of(places, last):
            entry = self._entry("by_name", place)
            yield Position(search.Match.ALL, 0, entry.name, entry.merchant_id)

    def _matching(self, wanted: Wanted, filters: Filters, after: Position | None) -> Iterator[Position]:
        if not wanted.key:
            return
        admitted = self._filtered(filters)
        for stage in search_plan.STAGES:
            if after and after.match > max(stage):
                continue
            last = 0
            if after and after.match in stage:
                last = self._last("row", after, lambda entry: (len(entry.key), entry.name, entry.merchant_id))
            rows = search_plan.candidates(stage, wanted, self._list) & admitted
            for row in postings.rows_of(rows, last):
                position = search.position(wanted, self._entry("row", row))
                if position and position.match in stage:
                    yield position

    def _filtered(self, filters: Filters, order: str = "") -> int:
        asked = (
            (postings.DISTRICT, filters.district), (postings.INDUSTRY, filters.industry), (postings.STATE, filters.state),
        )  # fmt: skip
        found = ALL
        for kind, value in asked:
            if value:
                found &= self._list(order + kind + value)
        return found

    def _list(self, token: str) -> int:
        bits = self._known.get(token)
        if bits is None:
            found = self.database.execute("SELECT rows FROM postings WHERE token = ?", (token,)).fetchone()
            bits = postings.unpacked(found[0]) if found else 0
            if len(self._known) >= LISTS_KEPT_MAX:
                del self._known[next(iter(self._known))]
            self._known[token] = bits
        return bits

    def _entry(self, column: str, number: int) -> Entry:
        """`column`: row or by_name."""
        found = self.database.execute(f"{_ENTRY}{column} = ?", (number,)).fetchone()
        merchant_id, name, district, industry, state, key, spelling, initials = found
        return Entry(merchant_id, name, district, industry, state, key, tuple(spelling.split()), initials)

    def _last(self, column: str, after: Position, key: Any) -> int:
        """The last number whose entry does not stand behind a position: results go on after it."""
        wanted: tuple[Any, ...] = (after.name, after.merchant_id)
        if column == "row":
            wanted = (after.length, *wanted)
        low, high = 0, self.size
        while low < high:
            middle = (low + high + 1) // 2
            if key(self._entry(column, middle)) <= wanted:
                low = middle
            else:
                high = middle - 1
        return low
