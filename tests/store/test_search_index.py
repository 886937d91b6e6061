"""The index answers what a plain scan answers: the same merchants, in the same order, page by page."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.search import Entry, Filters, Position, Wanted, admits, entry_of, position
from chalicelib.store import search_index
from chalicelib.store.search_index import Broken, SearchIndex
from tests.store.values import example

READINGS = {
    "宁": "ning", "波": "bo", "甬": "yong", "尚": "shang", "上": "shang", "安": "an", "西": "xi", "先": "xian", "方": "fang", "干": "gan",
    "二": "er", "儿": "er", "女": "nv", "路": "lu", "日": "ri", "张": "zhang", "脏": "zang", "黄": "huang", "凤": "feng", "洪": "hong",
    "㐂": "㐂",
}  # fmt: skip
DISTRICTS = ("330212", "330203")
INDUSTRIES = ("beauty", "catering")
STATES = ("active", "sales_stopped")
TYPED = "".join(READINGS) + "aefghnoryxslzbi7k"

names = st.lists(st.sampled_from([*READINGS, *READINGS, "A", "k", "7", "b", "(", " ", "路"]), min_size=1, max_size=7).map("".join)
misread = st.booleans().map(lambda heads: heads)


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


def _merchant() -> object:
    from chalicelib.domain.merchant import Merchant

    return example(Merchant, empty=True)


MERCHANT = _merchant()


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
