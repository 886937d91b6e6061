"""The tokens under which the search index lists merchants, and their lists as sets of bits.

A token is a letter for its kind and some characters. Rows are numbers from 1; bit n of a list is row n. Python's whole numbers
are the sets: a hundred thousand rows are 12.5 KB, and two such lists are put together in a microsecond, dense or not.
"""

import re
import zlib
from array import array
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from chalicelib.domain.search import Entry

CHAR, PAIR, MIXED = "1", "2", "3"
"""A character of the key; two neighbours, `^` before the first; a Chinese character and the letter spelt before or after it."""
START, FIRST, TRIPLE = "4", "5", "6"
"""The first letters of a unit's pinyin and of what follows; of the name's; three neighbours of the pinyin."""
GAP_SECOND, GAP_THIRD = "7", "8"
"""Three of four neighbours of the pinyin: without the second, without the third."""
INITIALS, CONFUSED_START, CONFUSED_TRIPLE = "9", "a", "b"
"""Two or three neighbours of the initials; starts and triples of the pinyin in which confused sounds are one."""
DISTRICT, INDUSTRY, STATE = "d", "i", "s"
BY_NAME: Final = "n"
"""Before a filter's token: the same list, of the places of its merchants in the order of names."""

START_LENGTHS = (1, 2, 3, 4, 6, 8)
CONFUSED_LENGTHS = (2, 3, 4, 6)
"""So many letters long are the tokens of a start."""
ALL = -1
"""The list of every row there may be."""

_LISTED_MAX = 64
_DENSE_SHARE = 16
_LIST, _PACKED, _PLAIN = b"l", b"p", b"b"
_CHARS, _BORDER, _BEGINNING, _SPELT, _INITIALS, _CONFUSED = "cbfsiv"
_ONE = ord("1")
_A_BYTE = re.compile(rb"[^\0]")


def pieces(entry: Entry) -> Iterator[str]:
    """What an entry consists of, filters left out. Pieces come again in many entries, and their tokens need to be worked out
    once: `tokens`."""
    key, spelling, text = f"^{entry.key}", entry.spelling, entry.text
    for at in range(len(entry.key)):
        yield _CHARS + key[at : at + 2]
    for number in range(len(spelling) - 1):
        chars = entry.chars
        yield f"{_BORDER}{chars[number] or ' '}{spelling[number][-1]}{spelling[number + 1][0]}{chars[number + 1] or ' '}"
    yield _BEGINNING + text[: START_LENGTHS[-1]]
    for at, part in zip(entry.starts, spelling, strict=True):
        end = at + len(part)
        yield f"{_SPELT}{end - at:3}{text[at : end + START_LENGTHS[-1] - 1]}"
    for at in range(len(entry.initials) - 1):
        yield _INITIALS + entry.initials[at : at + 3]
    text, starts = entry.confused
    for at, end in pairwise((*starts, len(text))):
        yield f"{_CONFUSED}{end - at:3}{text[at : end + CONFUSED_LENGTHS[-1] - 1]}"


def tokens(piece: str) -> set[str]:
    kind, text = piece[0], piece[1:]
    if kind == _CHARS:
        return {CHAR + text[1], PAIR + text}
    if kind == _BORDER:
        return {MIXED + text[0] + text[2], MIXED + text[1] + text[3]}
    if kind == _BEGINNING:
        return {FIRST + text[:length] for length in START_LENGTHS}
    if kind == _INITIALS:
        return {INITIALS + text[:2], INITIALS + text}
    length, text = int(text[:3]), text[3:]
    if kind == _CONFUSED:
        found = {CONFUSED_START + text[:most] for most in CONFUSED_LENGTHS}
        return found.union(CONFUSED_TRIPLE + text[at : at + 3] for at in range(min(length, len(text) - 2)))
    found = {START + text[:most] for most in START_LENGTHS}
    found.update(TRIPLE + text[at : at + 3] for at in range(min(length, len(text) - 2)))
    for at in range(min(length, len(text) - 3)):
        found.add(GAP_SECOND + text[at] + text[at + 2 : at + 4])
        found.add(GAP_THIRD + text[at : at + 2] + text[at + 3])
    return found


def filters(entry: Entry) -> tuple[str, str, str]:
    return DISTRICT + entry.district, INDUSTRY + entry.industry, STATE + entry.state


def packed(lists: "list[array[int]]", rows_max: int) -> bytes:
    """Row numbers as they are stored, whichever list they stand in: a few as numbers, many as bits, and those between as bits
    that zlib makes small."""
    count = sum(map(len, lists))
    if count <= _LISTED_MAX:
        return _LIST + ",".join(map(str, sorted(set().union(*lists)))).encode()
    last = max(rows[-1] for rows in lists)
    if count * _DENSE_SHARE > rows_max:
        digits = bytearray(b"0") * (last + 1)
        for rows in lists:
            for row in rows:
                digits[last - row] = _ONE
        return _PLAIN + int(digits, 2).to_bytes((last >> 3) + 1, "little")
    bits = bytearray((last >> 3) + 1)
    for rows in lists:
        for row in rows:
            bits[row >> 3] |= 1 << (row & 7)
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


def start_of(text: str, lengths: tuple[int, ...] = START_LENGTHS) -> str:
    """As much of a beginning as a token of a start can say."""
    return text[: max(length for length in lengths if length <= len(text))]


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

