"""The index answers what a plain scan answers: the same merchants, in the same order, page by page."""

import tempfile
from array import array
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.merchant import Merchant
from chalicelib.domain.search import Entry, Filters, Position, Wanted, admits, entry_of, position
from chalicelib.operations.search import merged
from chalicelib.store import postings, search_index
from chalicelib.store.search_index import Broken, SearchIndex
from tests.store.values import example

_SPELT = (
    "宁ning 波bo 甬yong 尚shang 上shang 安an 西xi 先xian 方fang 干gan 二er 儿er 女nv 路lu 日ri 张zhang 脏zang 黄huang 凤feng "
    "洪hong 㐂㐂"
)
READINGS = {spelt[0]: spelt[1:] for spelt in _SPELT.split()}
DISTRICTS = ("330212", "330203")
INDUSTRIES = ("beauty", "catering")
STATES = ("active", "sales_stopped")
TYPED = "".join(READINGS) + "aefghnoryxslzbi7k"

MERCHANT = example(Merchant, empty=True)

names = st.lists(st.sampled_from([*READINGS, *READINGS, "A", "k", "7", "b", "(", " ", "路"]), min_size=1, max_size=7).map("".join)


def spelt(name: str) -> tuple[str, str]:
    """As approval spells a name: a run of anything but Chinese characters is one item."""
    items: list[str] = []
    before = False
    for char in name.lower():
        other = char not in READINGS
        if other and before:
            items[-1] += char
        else:
            items.append(READINGS.get(char, char))
        before = other
    return "".join(items), "".join(item[0] for item in items)


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    made = []
    for number, name in enumerate(draw(st.lists(names, max_size=14))):
        pinyin, initials = spelt(name)
        if draw(st.integers(0, 9)) == 0:
            pinyin, initials = draw(st.sampled_from([("yongjiang", "yj"), ("", ""), (pinyin, ""), ("㐂ab", "㐂")]))
        merchant = replace(
            MERCHANT, merchant_id=f"mch_{number:02d}", name=name, pinyin=pinyin, initials=initials,
            district=draw(st.sampled_from(DISTRICTS)),
        )  # fmt: skip
        entry = entry_of(merchant)
        made.append(replace(entry, industry=draw(st.sampled_from(INDUSTRIES)), state=draw(st.sampled_from(STATES))))
    return made


@st.composite
def queries(draw: st.DrawFn, known: list[Entry]) -> str:
    """Anything, or something near what there is: a part of a name or of its spelling, with a letter wrong."""
    if not known or draw(st.integers(0, 3)) == 0:
        return draw(st.text(TYPED, max_size=8))
    entry = draw(st.sampled_from(known))
    source = draw(st.sampled_from([entry.name, entry.key, entry.text, entry.initials, mixed(entry, draw(st.integers(0, 127)))]))
    start = draw(st.integers(0, len(source)))
    text = source[start : start + draw(st.integers(1, 14))]
    return wrong(text, draw(st.integers(0, 5)), draw(st.integers(0, 13)), draw(st.sampled_from("xnlgah")))


def mixed(entry: Entry, choice: int) -> str:
    pairs = zip(entry.chars, entry.spelling, strict=True)
    return "".join(char if char and choice >> number & 1 else part for number, (char, part) in enumerate(pairs))


def wrong(text: str, how: int, at: int, letter: str) -> str:
    head, tail = text[:at], text[at:]
    ways = (text, head + letter + tail[1:], head + tail[1:], head + letter + tail, head + tail[1:2] + tail[:1] + tail[2:])
    return ways[how] if how < len(ways) else text.replace("zh", "z").replace("ng", "n").replace("l", "n")


def scanned(known: list[Entry], wanted: Wanted, filters: Filters) -> list[Position]:
    found = (position(wanted, entry) for entry in known if admits(filters, entry))
    return sorted(one for one in found if one is not None)


filters = st.builds(
    Filters, st.sampled_from(["", *DISTRICTS, "999999"]), st.sampled_from(["", *INDUSTRIES]), st.sampled_from(["", *STATES])
)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_index_finds_what_a_plain_scan_finds_in_the_same_order_and_page_by_page(data: st.DataObject) -> None:
    known = data.draw(entries())
    index = SearchIndex.open(search_index.build(known))
    for _ in range(data.draw(st.integers(1, 4))):
        wanted, chosen = Wanted.of(data.draw(queries(known))), data.draw(filters)
        expected = scanned(known, wanted, chosen)
        assert index.find(wanted, chosen, None, len(known) + 1) == expected, wanted
        size, pages, after = data.draw(st.integers(1, 3)), [], None
        while page := index.find(wanted, chosen, after, size):
            pages += page
            after = page[-1]
        assert pages == expected
    index.close()


def test_whatever_letter_of_a_spelling_is_wrong_the_index_misses_nothing_that_a_scan_finds() -> None:
    """Every beginning of every rest of these names, as it is and with each letter wrong, missing, doubled or swapped."""
    names_known = ("宁波甬尚A先", "二儿西安方干女", "张黄凤k7路", "干安")
    made = zip(names_known, map(spelt, names_known), strict=True)
    known = [
        entry_of(replace(MERCHANT, merchant_id=name, name=name, pinyin=pinyin, initials=initials))
        for name, (pinyin, initials) in made
    ]
    index = SearchIndex.open(search_index.build(known))
    rests = {entry.text[start:][:length] for entry in known for start in entry.starts for length in (5, 6, 7, 9, 12)}
    typed = {wrong(rest, how, at, "x") for rest in rests for at in range(len(rest)) for how in range(6)}
    for one in sorted(typed):
        wanted = Wanted.of(one)
        assert index.find(wanted, Filters(), None, 9) == scanned(known, wanted, Filters()), one
    assert len(typed) > 900


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_results_of_an_index_and_of_changes_since_it_was_made_are_those_of_a_new_index(data: st.DataObject) -> None:
    """Half of the changed ones are new, the others were in the index under other names."""
    old = data.draw(entries())
    new = {entry.merchant_id: entry for entry in data.draw(entries())[: len(old) + 3]}
    index = SearchIndex.open(search_index.build(old))
    now = [entry for entry in old if entry.merchant_id not in new] + list(new.values())
    wanted, chosen = Wanted.of(data.draw(queries(now))), data.draw(filters)
    expected = scanned(now, wanted, chosen)
    after = data.draw(st.sampled_from([None, *expected]))
    known = index.find(wanted, chosen, after, 5, frozenset(new))
    rest = [one for one in expected if after is None or one > after]
    assert merged(known, list(new.values()), wanted, chosen, after, 5) == rest[:5]
    index.close()


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_the_same_merchants_in_any_order_make_the_same_bytes(data: st.DataObject) -> None:
    known = data.draw(entries())
    assert search_index.build(data.draw(st.permutations(known))) == search_index.build(known)


@pytest.mark.parametrize("content", [b"", b"no database", b"SQLite format 3\0" + b"\0" * 5000])
def test_what_is_no_index_is_refused_when_it_is_opened(content: bytes) -> None:
    with pytest.raises(Broken):
        SearchIndex.open(content)


def test_an_index_of_another_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = search_index.build([])
    monkeypatch.setattr(search_index, "LAYOUT", search_index.LAYOUT + 1)
    with pytest.raises(Broken, match="layout"):
        SearchIndex.open(content)


def test_an_index_that_was_opened_leaves_nothing_behind_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    index = SearchIndex.open(search_index.build([]))
    assert list(tmp_path.iterdir()) == []
    assert index.find(Wanted.of("甬"), Filters(), None, 5) == []


@pytest.mark.parametrize("count", [1, 64, 65, 600, 5000])
def test_a_list_comes_back_from_the_file_as_it_was_whether_it_is_short_or_long(count: int) -> None:
    rows = array("I", sorted({number * 7919 % 100_003 + 1 for number in range(count)}))
    kept = postings.unpacked(postings.packed([rows, rows[:1]], 100_003))
    assert list(postings.rows_of(kept, 0)) == list(rows)
    assert list(postings.rows_of(kept, rows[0])) == list(rows[1:])
