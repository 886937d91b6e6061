"""Finding merchants by what people type: characters of the name, pinyin, initials, a mixture, and pinyin with a slip in it.

What is compared are keys: NFKC, lower case, letters and digits only. A name's key is spelt in units: a unit is one Chinese
character with its pinyin, or a run of anything else with itself. `match` says how well a merchant answers a query; what it
says is the meaning of the search, and an index (store/search_index.py) may only be faster.

The order of results is total: kind of match, shorter name, name, id.
"""

import re
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property, lru_cache

from chalicelib.domain.merchant import Merchant
from chalicelib.domain.syllables import SYLLABLE_CHARS_MAX, SYLLABLES

INITIALS_CHARS_MIN = 2
CONFUSED_CHARS_MIN = 3
"""Pinyin of fewer letters means too many things when zh is z and n is l."""
SLIP_CHARS_MIN = 5
"""So many letters a query must have before one of them may be wrong."""

_HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_UNIT = re.compile(f"[{_HAN}]|[^{_HAN}]+")
_HAS_HAN = re.compile(f"[{_HAN}]")

_RETROFLEX = re.compile("([zcs])h")
_BACK_NASAL = re.compile("([aei])ng(?![aeiouv])")
_ONE_SOUND = str.maketrans({"n": "l", "r": "l", "f": "h", "v": "u"})


class Match(IntEnum):
    """How a merchant answers a query, best first. ALL is the answer to a query that asks for nothing in particular."""

    ALL = 0
    EXACT = 1
    PREFIX = 2
    SUBSTRING = 3
    SPELT_FROM_START = 4
    SPELT = 5
    INITIALS = 6
    CONFUSED = 7
    SLIP = 8


@dataclass(frozen=True, order=True)
class Position:
    """Where a merchant stands in the results of a query. `length`: characters of the key; 0 where the order is that of names."""

    match: int
    length: int
    name: str
    merchant_id: str


@dataclass(frozen=True)
class Filters:
    """Empty means any."""

    district: str = ""
    industry: str = ""
    state: str = ""


@dataclass(frozen=True)
class Wanted:
    """A query. `key` is empty for two reasons: nothing was typed (`everything`), or nothing but punctuation."""

    key: str
    everything: bool

    @classmethod
    def of(cls, typed: str) -> "Wanted":
        return cls(key_of(typed), not typed.strip())

    @cached_property
    def han_only(self) -> bool:
        return all(_HAS_HAN.match(char) for char in self.key)

    @cached_property
    def hans(self) -> frozenset[str]:
        return frozenset(_HAS_HAN.findall(self.key))

    @property
    def without_han(self) -> bool:
        return not self.hans

    @cached_property
    def letters(self) -> bool:
        return self.key.isascii() and self.key.isalpha()

    @cached_property
    def confused(self) -> str:
        """What is left when sounds that people confuse are one; empty if the query is too short, or no pinyin."""
        return confused(self.key) if self.letters and len(self.key) >= CONFUSED_CHARS_MIN else ""

    @cached_property
    def slips(self) -> bool:
        """Whether one letter may be wrong."""
        return self.letters and len(self.key) >= SLIP_CHARS_MIN


@dataclass(frozen=True)
class Entry:
    """What a search knows of a merchant. `spelling`: the pinyin of each unit of the key, or of all of it in one when a stored
    pinyin does not belong to its name."""

    merchant_id: str
    name: str
    district: str
    industry: str
    state: str
    key: str
    spelling: tuple[str, ...]
    initials: str

    @cached_property
    def chars(self) -> tuple[str, ...]:
        """The Chinese character of each unit, empty for a run of anything else."""
        found = units(self.key)
        if len(found) != len(self.spelling):
            return ("",) * len(self.spelling)
        return tuple(unit if _HAS_HAN.match(unit) else "" for unit in found)

    @cached_property
    def text(self) -> str:
        return "".join(self.spelling)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        return _starts(self.spelling)

    @cached_property
    def confused(self) -> tuple[str, tuple[int, ...]]:
        """The text with confused sounds as one, and where its units start."""
        parts = tuple(confused(part) for part in self.spelling)
        return "".join(parts), _starts(parts)


def key_of(text: str) -> str:
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return "".join(char for char in folded if char.isalnum())


def units(key: str) -> list[str]:
    return _UNIT.findall(key)


@lru_cache(maxsize=4096)
def confused(pinyin: str) -> str:
    """zh z, ch c, sh s; an ang, en eng, in ing; n l r; f h; u v: one and the same. A beginning keeps being a beginning."""
    return _BACK_NASAL.sub(r"\1n", _RETROFLEX.sub(r"\1", pinyin)).translate(_ONE_SOUND)


def entry_of(merchant: Merchant) -> Entry:
    key = key_of(merchant.name)
    initials = key_of(merchant.initials)
    spelling = _spelling(units(key), key_of(merchant.pinyin), initials)
    return Entry(
        merchant_id=merchant.merchant_id,
        name=merchant.name,
        district=merchant.district,
        industry=str(merchant.industry),
        state=str(merchant.state),
        key=key,
        spelling=spelling,
        initials="".join(part[0] for part in spelling) if len(spelling) > 1 else initials,
    )


def _spelling(found: list[str], pinyin: str, initials: str) -> tuple[str, ...]:
    """The pinyin of each unit. "fangan" of two units may be fan gan or fang an: the initials know."""
    known = initials if len(initials) == len(found) else ""
    split = _split(found, pinyin, known) or _split(found, pinyin, "")
    whole = _HAS_HAN.sub("", pinyin)
    return split or ((whole,) if whole else ())


def _split(found: list[str], pinyin: str, initials: str) -> tuple[str, ...]:
    """From the back: which places of the pinyin are the start of a spelling of the units from here to the end."""
    ends: dict[int, tuple[str, ...]] = {len(pinyin): ()}
    for number in range(len(found) - 1, -1, -1):
        unit, initial = found[number], initials[number : number + 1]
        before: dict[int, tuple[str, ...]] = {}
        for end, rest in ends.items():
            for part in _spellings(unit, pinyin, end):
                if part.startswith(initial):
                    before.setdefault(end - len(part), (part, *rest))
        ends = before
    return ends.get(0, ())


def _spellings(unit: str, pinyin: str, end: int) -> list[str]:
    """How a unit may be spelt by the letters before `end`, longest first. A character without a reading stands for itself."""
    if not _HAS_HAN.match(unit):
        return [unit] if pinyin.endswith(unit, 0, end) else []
    lengths = range(min(SYLLABLE_CHARS_MAX, end), 0, -1)
    parts = (pinyin[end - length : end] for length in lengths)
    return [part for part in parts if part in SYLLABLES or part == unit]


def _starts(parts: tuple[str, ...]) -> tuple[int, ...]:
    starts, at = [], 0
    for part in parts:
        starts.append(at)
        at += len(part)
    return tuple(starts)


def admits(filters: Filters, entry: Entry) -> bool:
    return (
        (not filters.district or filters.district == entry.district)
        and (not filters.industry or filters.industry == entry.industry)
        and (not filters.state or filters.state == entry.state)
    )


def position(wanted: Wanted, entry: Entry) -> Position | None:
    """Where a merchant stands among the results; None if it is none of them."""
    if wanted.everything:
        return Position(Match.ALL, 0, entry.name, entry.merchant_id)
    found = match(wanted, entry)
    return None if found is None else Position(found, len(entry.key), entry.name, entry.merchant_id)


def match(wanted: Wanted, entry: Entry) -> Match | None:
    """The best way in which a merchant answers a query that has a key."""
    key = wanted.key
    if not key:
        return None
    if key in entry.key:
        if not entry.key.startswith(key):
            return Match.SUBSTRING
        return Match.EXACT if entry.key == key else Match.PREFIX
    return None if wanted.han_only else _match_spelt(wanted, entry)


def _match_spelt(wanted: Wanted, entry: Entry) -> Match | None:
    key = wanted.key
    start = _spelt_from(wanted, entry)
    if start is not None:
        return Match.SPELT if start else Match.SPELT_FROM_START
    if wanted.without_han and len(key) >= INITIALS_CHARS_MIN and key in entry.initials:
        return Match.INITIALS
    if wanted.confused:
        text, starts = entry.confused
        if wanted.confused in text and any(text.startswith(wanted.confused, at) for at in starts):
            return Match.CONFUSED
    if wanted.slips and any(_one_slip(key, entry.text, at) for at in entry.starts):
        return Match.SLIP
    return None


def _spelt_from(wanted: Wanted, entry: Entry) -> int | None:
    """The first unit from which the query is spelt: characters, whole syllables, and at its end the beginning of one."""
    if wanted.without_han:
        if wanted.key not in entry.text:
            return None
        return next((number for number, at in enumerate(entry.starts) if entry.text.startswith(wanted.key, at)), None)
    if not wanted.hans <= set(entry.key):
        return None
    return next((number for number in range(len(entry.spelling)) if _is_spelt(wanted.key, entry, number)), None)


def _is_spelt(key: str, entry: Entry, first: int) -> bool:
    reached = {0}
    for char, part in zip(entry.chars[first:], entry.spelling[first:], strict=True):
        if any(part.startswith(key[at:]) for at in reached):
            return True
        after = {at + 1 for at in reached if char and key[at] == char}
        reached = after | {at + len(part) for at in reached if key.startswith(part, at)}
        if len(key) in reached:
            return True
        if not reached:
            return False
    return False


def _one_slip(key: str, text: str, at: int) -> bool:
    """Whether the text from here on begins with the key, but for one letter that is wrong, missing, too much or swapped."""
    length = 0
    most = min(len(key), len(text) - at)
    while length < most and key[length] == text[at + length]:
        length += 1
    at, rest = at + length, key[length:]
    return (
        (at < len(text) and text.startswith(rest[1:], at + 1))
        or text.startswith(rest[1:], at)
        or text.startswith(rest, at + 1)
        or (len(rest) > 1 and text.startswith(rest[1] + rest[0] + rest[2:], at))
    )
