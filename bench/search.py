"""The search for merchants in this process: the index of a hundred thousand against a plain scan of them, in one run.

A search is the operation without the table: from the query to the positions of a page, over an index and the changes since.
The rows of the page are one BatchGetItem on top. Times are CPU times, so that a busy machine does not count: a search waits for
nothing. p99 is over queries, each asked once.
"""
import time
from collections.abc import Callable
from dataclasses import dataclass

from bench.search_town import DISTRICTS, entries
from bench.table import Line
from chalicelib.domain.search import Entry, Filters, Position, Wanted
from chalicelib.operations.search import merged
from chalicelib.store import search_index
from chalicelib.store.search_index import SearchIndex

MERCHANTS, CHANGES, PAGE = 100_000, 100, 20
QUERIES, SCANS = 300, 2
STATES = ("", "active", "sales_stopped")
BUILD_SECONDS_MAX, P99_MS_MAX = 20, 5.0


@dataclass(frozen=True)
class Asked:
    wanted: Wanted
    filters: Filters = Filters()
    after: Position | None = None


class Differs(Exception):
    """The index and the scan do not find the same."""


def lines() -> list[Line]:
    known = list(entries(MERCHANTS))
    began = time.perf_counter(), time.process_time()
    content = search_index.build(known)
    seconds, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    index, changes = SearchIndex.open(content), list(entries(MERCHANTS + CHANGES))[MERCHANTS:]
    found = [
        Line(f"build of {MERCHANTS:,} merchants", f"{cpu:.1f}", "s", f"< {BUILD_SECONDS_MAX}", cpu < BUILD_SECONDS_MAX),
        Line("wall time of it, here and now", f"{seconds:.1f}", "s"),
        Line("index", f"{len(content) / 1e6:.1f}", "MB"),
    ]
    for name, asked in _questions(known, index).items():
        found += _measured(name, asked, index, known, changes)
    index.close()
    return found


def _questions(known: list[Entry], index: SearchIndex) -> dict[str, list[Asked]]:
    """Parts of what there is, spread over all merchants, every kind from the shortest to the longest."""
    some = known[:: len(known) // QUERIES][:QUERIES]
    cut = [(entry, 1 + number % 6, number % max(1, len(entry.key) - 2)) for number, entry in enumerate(some)]
    han = [Asked(Wanted.of(entry.key[at : at + length])) for entry, length, at in cut]
    pinyin = [Asked(Wanted.of(entry.text[entry.starts[at] :][: 2 * length])) for entry, length, at in cut]
    slips = [Asked(Wanted.of(_slip(entry.text[entry.starts[at] :][: 6 + length], length))) for entry, length, at in cut]
    filtered = [
        Asked(one.wanted, Filters(DISTRICTS[number % len(DISTRICTS)], entry.industry, STATES[number % len(STATES)]))
        for number, (one, entry) in enumerate(zip(han[::2] + pinyin[::2], some, strict=True))
    ]
    firsts = ((one, index.find(one.wanted, one.filters, None, PAGE)) for one in han[::2] + pinyin[::2])
    return {
        "Chinese part": han,
        "pinyin": pinyin,
        "initials": [Asked(Wanted.of(entry.initials[at : at + 1 + length])) for entry, length, at in cut],
        "mixed": [Asked(Wanted.of(entry.key[at] + "".join(entry.spelling[at + 1 : at + 3]))) for entry, _, at in cut],
        "confused": [Asked(Wanted.of(one.wanted.key.replace("sh", "s").replace("ng", "n").replace("n", "l"))) for one in pinyin],
        "one slip": slips,
        "filtered": filtered,
        "page 2": [Asked(one.wanted, one.filters, page[-1]) for one, page in firsts if page],
    }


def _slip(text: str, how: int) -> str:
    """A letter wrong, missing, too much, or swapped, anywhere behind the first."""
    at = 1 + how * 5 % (len(text) - 1)
    return (
        text[:at] + "x" + text[at + 1 :],
        text[:at] + text[at + 1 :],
        text[:at] + "e" + text[at:],
        text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :],
    )[how % 4]


def _measured(name: str, asked: list[Asked], index: SearchIndex, known: list[Entry], changes: list[Entry]) -> list[Line]:
    hidden = {entry.merchant_id for entry in changes}

    def search(one: Asked) -> list[Position]:
        found = index.find(one.wanted, one.filters, one.after, PAGE, hidden)
        return merged(found, changes, one.wanted, one.filters, one.after, PAGE)

    def scan(one: Asked) -> list[Position]:
        return merged([], known + changes, one.wanted, one.filters, one.after, PAGE)

    times = sorted(_seconds(search, one) for one in asked)
    scans = asked[:: len(asked) // SCANS][:SCANS]
    scanned = sum(_seconds(scan, one) for one in scans) / len(scans)
    for one in scans:
        if search(one) != scan(one):
            raise Differs(one.wanted.key)
    p50, p99 = (times[len(times) * share // 100] * 1000 for share in (50, 99))
    return [
        Line(f"{name}: p50", f"{p50:.2f}", "ms"),
        Line(f"{name}: p99", f"{p99:.2f}", "ms", f"< {P99_MS_MAX:g}", p99 < P99_MS_MAX),
        Line(f"{name}: plain scan / p50", f"{scanned * 1000 / p50:.0f}", "x"),
    ]


def _seconds(work: Callable[[Asked], object], one: Asked) -> float:
    began = time.process_time()
    work(one)
    return time.process_time() - began
