"""Which rows may answer a query in which way: lists of tokens put together, never too few rows, rarely too many.

What is too much is found out by `domain.search.match`. Every plan follows from one thought: if a merchant answers the query in
this way, its text has these tokens.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise

from chalicelib.domain.search import INITIALS_CHARS_MIN, Match, Wanted, units
from chalicelib.store import postings
from chalicelib.store.postings import ALL, CONFUSED_LENGTHS, START_LENGTHS, start_of

Listed = Callable[[str], int]
"""The list of a token; 0 for a token that is nowhere."""

STAGES: tuple[frozenset[Match], ...] = (
    frozenset({Match.EXACT, Match.PREFIX}),
    *(frozenset({one}) for one in Match if one > Match.PREFIX),
)
"""Ways that are looked at together, in the order of results. Of those that begin with the query, the shortest are it."""


def candidates(stage: frozenset[Match], wanted: Wanted, listed: Listed) -> int:
    if stage & {Match.EXACT, Match.PREFIX, Match.SUBSTRING}:
        return _of_name(f"^{wanted.key}" if Match.PREFIX in stage else wanted.key, listed)
    if wanted.han_only:
        return 0
    if Match.SPELT_FROM_START in stage:
        return _spelt(postings.FIRST, wanted, listed)
    if Match.SPELT in stage:
        return _spelt(postings.START, wanted, listed)
    if Match.INITIALS in stage:
        return _initials(wanted, listed)
    if Match.CONFUSED in stage:
        return _confused(wanted.confused, listed) if wanted.confused else 0
    return _Slip(wanted.key, listed).candidates() if wanted.slips else 0


def _together(tokens: Iterator[str], listed: Listed) -> int:
    found = ALL
    for token in tokens:
        found &= listed(token)
        if not found:
            break
    return found


def _of_name(key: str, listed: Listed) -> int:
    if len(key) == 1:
        return listed(postings.CHAR + key)
    return _together((postings.PAIR + one + two for one, two in pairwise(key)), listed)


def _spelt(start: str, wanted: Wanted, listed: Listed) -> int:
    return _together(_tokens_of_spelling(start, wanted.key), listed)


def _tokens_of_spelling(start: str, key: str) -> Iterator[str]:
    """Runs of letters are pinyin and begin at a unit; a Chinese character stands next to the letter beside it."""
    parts = units(key)
    hans = [Wanted(part, False).han_only for part in parts]
    if start == postings.FIRST:
        yield f"{postings.PAIR}^{parts[0]}" if hans[0] else start + start_of(parts[0])
    for (one, is_han), (two, next_is_han) in pairwise(zip(parts, hans, strict=True)):
        yield (postings.PAIR if is_han and next_is_han else postings.MIXED) + one[-1] + two[0]
    for part, is_han in zip(parts, hans, strict=True):
        if is_han:
            yield postings.CHAR + part
        else:
            yield postings.START + start_of(part)
            yield from _triples(postings.TRIPLE, part)


def _initials(wanted: Wanted, listed: Listed) -> int:
    if not wanted.without_han or len(wanted.key) < INITIALS_CHARS_MIN:
        return 0
    key = wanted.key
    return _together((postings.INITIALS + key[at : at + 3] for at in range(max(1, len(key) - 2))), listed)


def _triples(kind: str, text: str) -> Iterator[str]:
    return (kind + text[at : at + 3] for at in range(len(text) - 2))


def _confused(text: str, listed: Listed) -> int:
    found = listed(postings.CONFUSED_START + start_of(text, CONFUSED_LENGTHS))
    return found and found & _together(_triples(postings.CONFUSED_TRIPLE, text), listed)


class _Slip:
    """One letter is wrong at some place: what stands before it is there, what stands behind it is there, and so are the letters
    on both sides of the place.

    `heads[n]`: rows with the first n letters at the start of a unit; `tails[n]`: rows with the letters from n on.
    """

    def __init__(self, key: str, listed: Listed) -> None:
        self._key, self._listed = key, listed
        self._heads, self._tails = [ALL], [ALL] * (len(key) + 1)
        for length in range(1, len(key) + 1):
            head = self._heads[-1] & (listed(postings.START + key[:length]) if length in START_LENGTHS else ALL)
            self._heads.append(head and head & self._triples_of(key, length - 3, length - 2))
        for at in range(len(key) - 3, -1, -1):
            rest = self._tails[at + 1]
            self._tails[at] = rest and rest & listed(postings.TRIPLE + key[at : at + 3])

    def candidates(self) -> int:
        key, found = self._key, 0
        for at in range(len(key)):
            if not self._heads[at]:
                break
            found |= self._around(at, at + 1) | self._around(at, at) | self._joined(at, at + 1, key[:at] + key[at + 1 :])
            if at + 2 <= len(key):
                found |= self._joined(at, at + 2, key[:at] + key[at + 1] + key[at] + key[at + 2 :])
        return found

    def _around(self, at: int, behind: int) -> int:
        """One unknown letter between the first `at` letters and those from `behind` on: a wrong one, or one that is missing."""
        key, found = self._key, self._heads[at] & self._tails[behind]
        if found and at >= 1 and behind + 2 <= len(key):
            found &= self._listed(postings.GAP_SECOND + key[at - 1] + key[behind : behind + 2])
        if found and at >= 2 and behind < len(key):
            found &= self._listed(postings.GAP_THIRD + key[at - 2 : at] + key[behind])
        return found

    def _joined(self, at: int, behind: int, meant: str) -> int:
        """What was meant is known: without the letter at this place, or with it and the next one swapped."""
        found = self._heads[at] & self._tails[behind]
        if found and at < START_LENGTHS[-1]:
            found &= self._listed(postings.START + start_of(meant))
        return found and found & self._triples_of(meant, at - 2, at + 2)

    def _triples_of(self, text: str, first: int, behind: int) -> int:
        """The triples of a text that begin at the places from `first` on, before `behind`."""
        places = range(max(first, 0), min(behind, len(text) - 2))
        return _together((postings.TRIPLE + text[at : at + 3] for at in places), self._listed)
