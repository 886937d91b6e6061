"""The tokens under which the search index lists merchants, and their lists as sets of bits.

A token is a letter for its kind and some characters. Rows are numbers from 1; bit n of a list is row n. Python's whole numbers
are the sets: a hundred thousand rows are 12.5 KB, and two such lists are put together in a microsecond, dense or not.
"""

import re
import zlib
from array import array
from collections.abc import Iterator
from typing import Final

from chalicelib.domain.search import Entry

CHAR, PAIR, MIXED = "1", "2", "3"
"""A character of the key; two neighbours, `^` before the first; a Chinese character and the letter spelt before or after it."""
START, FIRST, TRIPLE = "4", "5", "6"
"""The first letters of a unit's pinyin and of what follows; of the name's; three neighbours of the pinyin."""
GAP_SECOND, GAP_THIRD = "7", "8"
"""Three of four neighbours of the pinyin: without the second, without the third."""
INITIALS, CONFUSED_START, CONFUSED_TRIPLE = "9", "a", "b"
DISTRICT, INDUSTRY, STATE = "d", "i", "s"
BY_NAME: Final = "n"
"""Before a filter's token: the same list, of the places of its merchants in the order of names."""

START_CHARS = 4
ALL = -1
"""The list of every row there may be."""

_LISTED_MAX = 64
_DENSE_SHARE = 16
_LIST, _PACKED, _PLAIN = b"l", b"p", b"b"
_A_BYTE = re.compile(rb"[^\0]")


def tokens(entry: Entry) -> set[str]:
    """Of everything but filters."""
    key, text, first = entry.key, entry.text, f"^{entry.key}"
    found = {CHAR + char for char in key}
    found.update([PAIR + first[at : at + 2] for at in range(len(key))])
    found.update(_mixed(entry))
    found.update([START + text[at : at + length] for at in entry.starts for length in range(1, START_CHARS + 1)])
    found.update([FIRST + text[:length] for length in range(1, START_CHARS + 1)])
    found.update([TRIPLE + text[at : at + 3] for at in range(len(text) - 2)])
    found.update([GAP_SECOND + text[at] + text[at + 2 : at + 4] for at in range(len(text) - 3)])
    found.update([GAP_THIRD + text[at : at + 2] + text[at + 3] for at in range(len(text) - 3)])
    found.update([INITIALS + entry.initials[at : at + 2] for at in range(len(entry.initials) - 1)])
    text, starts = entry.confused
    found.update([CONFUSED_START + text[at : at + length] for at in starts for length in range(2, START_CHARS + 1)])
    found.update([CONFUSED_TRIPLE + text[at : at + 3] for at in range(len(text) - 2)])
    return found


def _mixed(entry: Entry) -> Iterator[str]:
    chars, spelling = entry.chars, entry.spelling
    for number in range(len(chars) - 1):
        if chars[number]:
            yield MIXED + chars[number] + spelling[number + 1][0]
        if chars[number + 1]:
            yield MIXED + spelling[number][-1] + chars[number + 1]


def filters(entry: Entry) -> tuple[str, str, str]:
    return DISTRICT + entry.district, INDUSTRY + entry.industry, STATE + entry.state


def packed(rows: "array[int]", rows_max: int) -> bytes:
    """Ascending row numbers as they are stored: a few as they are, many as bits, those between as bits that zlib makes small."""
    if len(rows) <= _LISTED_MAX:
        return _LIST + ",".join(map(str, rows)).encode()
    bits = bytearray((rows[-1] >> 3) + 1)
    for row in rows:
        bits[row >> 3] |= 1 << (row & 7)
    if len(rows) * _DENSE_SHARE > rows_max:
        return _PLAIN + bits
    return _PACKED + zlib.compress(bits, 1)


def unpacked(stored: bytes) -> int:
    kind, content = stored[:1], stored[1:]
    if kind == _LIST:
        rows = [int(row) for row in content.split(b",")]
        bits = bytearray((rows[-1] >> 3) + 1)
        for row in rows:
            bits[row >> 3] |= 1 << (row & 7)
        return int.from_bytes(bits, "little")
    return int.from_bytes(content if kind == _PLAIN else zlib.decompress(content), "little")


def rows_of(bits: int, after: int) -> Iterator[int]:
    """The rows of a list beyond `after`, ascending."""
    assert bits >= 0
    left = bits >> (after + 1)
    content = left.to_bytes((left.bit_length() + 7) >> 3, "little")
    for found in _A_BYTE.finditer(content):
        byte, base = found[0][0], (found.start() << 3) + after + 1
        while byte:
            low = byte & -byte
            yield base + low.bit_length() - 1
            byte ^= low

