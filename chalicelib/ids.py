"""Ids: a prefix that says what it is, and 128 bits in Crockford base 32 that say nothing else.

What a request creates gets an id derived from who asked for what under which Idempotency-Key: asking again meets the same
row, for ever. An id that must be found without an index carries its partition: `red_<card part><own part>`.
"""
import hashlib
import secrets
from datetime import date

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_CHARS = 26


def derived(prefix: str, *parts: str) -> str:
    return f"{prefix}_{_digest(parts)}"


def derived_within(prefix: str, owner_id: str, *parts: str) -> str:
    """The id of something that lives in the owner's partition."""
    return f"{prefix}_{part_of(owner_id)}{_digest((owner_id, *parts))}"


def derived_within_on(prefix: str, owner_id: str, day: date, *parts: str) -> str:
    """The same with a date before its own part, so that ids within the owner sort by it."""
    return f"{prefix}_{part_of(owner_id)}{day:%Y%m%d}{_digest((owner_id, day.isoformat(), *parts))}"


def first_within_on(prefix: str, owner_id: str, day: date) -> str:
    """Before all ids of `derived_within_on` of this day, after all of earlier ones."""
    return f"{prefix}_{part_of(owner_id)}{day:%Y%m%d}"


def owner_of(prefix: str, owned_id: str) -> str:
    """The id of the owner inside an id made by `derived_within`. Any text is accepted; a wrong one is an id of nothing."""
    return f"{prefix}_{part_of(owned_id)[:_CHARS]}"


def renamed(prefix: str, other_id: str) -> str:
    """The id of the twin: an order and its card, an application and its merchant share their random part."""
    return f"{prefix}_{part_of(other_id)}"


def part_of(any_id: str) -> str:
    return any_id.partition("_")[2]


def random_id(prefix: str) -> str:
    return f"{prefix}_{_encode(secrets.token_bytes(16))}"


def fingerprint(*parts: str) -> str:
    """128 bits that tell one request body from another."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]


def _digest(parts: tuple[str, ...]) -> str:
    return _encode(hashlib.sha256("\x1f".join(parts).encode()).digest()[:16])


def _encode(raw: bytes) -> str:
    number = int.from_bytes(raw, "big")
    chars = [_ALPHABET[number >> (5 * position) & 31] for position in reversed(range(_CHARS))]
    return "".join(chars)
