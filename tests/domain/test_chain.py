"""The hash chain of a card: whatever is changed afterwards, the first broken link is named."""

from dataclasses import fields, replace
from datetime import UTC, timedelta, timezone
from typing import Any

import pytest

from chalicelib.domain.transfer import GENESIS, Kind, Transfer, broken_at
from tests.domain.card_invariants import canonical
from tests.domain.town import NOON, Town, journal


@pytest.fixture(scope="module")
def chain() -> tuple[list[Transfer], str, list[str]]:
    town = Town()
    town.buy()
    for face in (3333, 3333, 3334, 120000):
        town.use(face)
    transfers = sorted(journal(town.rows), key=lambda moved: moved.seq)
    return transfers, town.card().head_hash, [moved.hash for moved in transfers]


OTHER: dict[str, Any] = {
    "transfer_id": "red_other",
    "kind": Kind.RELEASE,
    "debit": "card:crd_other",
    "credit": "payable:mch_other",
    "amount_fen": 2565,
    "face_fen": 3335,
    "business_date": NOON.date() + timedelta(days=1),
    "posted_at": NOON + timedelta(microseconds=1),
    "seq": 99,
    "prev_hash": "f" * 64,
}


def test_an_untouched_chain_verifies_and_starts_at_genesis(chain: Any) -> None:
    transfers, head, hashes = chain
    assert broken_at(transfers, head, hashes) is None
    assert transfers[0].prev_hash == GENESIS
    assert broken_at([], GENESIS, []) is None


def test_every_field_of_a_transfer_is_tried() -> None:
    assert OTHER.keys() == {field.name for field in fields(Transfer)}


@pytest.mark.parametrize("position", range(5))
@pytest.mark.parametrize("field", list(OTHER))
def test_a_changed_field_of_any_transfer_names_its_seq(chain: Any, position: int, field: str) -> None:
    transfers, head, hashes = chain
    bent = [*transfers]
    bent[position] = replace(bent[position], **{field: OTHER[field]})
    assert broken_at(bent, head, hashes) == position + 1


@pytest.mark.parametrize("position", range(5))
def test_a_forger_who_also_rewrites_the_stored_hash_is_caught_at_the_next_link_or_at_the_head(
    chain: Any, position: int
) -> None:
    transfers, head, hashes = chain
    bent, forged = [*transfers], [*hashes]
    bent[position] = replace(bent[position], amount_fen=bent[position].amount_fen + 1)
    forged[position] = bent[position].hash
    assert broken_at(bent, head, forged) == position + 2


def test_a_link_that_is_missing_doubled_or_swapped_is_named(chain: Any) -> None:
    transfers, head, hashes = chain
    assert broken_at(transfers[:-1], head, hashes[:-1]) == 5
    assert broken_at(transfers[1:], head, hashes[1:]) == 1
    assert broken_at([*transfers[:2], *transfers[3:]], head, [*hashes[:2], *hashes[3:]]) == 3
    assert broken_at([*transfers[:2], transfers[1]], head, [*hashes[:2], hashes[1]]) == 3
    swapped = [transfers[0], transfers[2], transfers[1], *transfers[3:]]
    assert broken_at(swapped, head, [moved.hash for moved in swapped]) == 2
    assert broken_at(transfers, "0" * 64, hashes) == 6


def test_the_canonical_bytes_are_ascii_json_with_sorted_keys(chain: Any) -> None:
    for moved in chain[0]:
        assert moved.canonical() == canonical(moved)


def test_the_same_instant_has_the_same_hash_in_whatever_zone_it_was_written(chain: Any) -> None:
    """`canonical` promises +08:00. A row read back in another zone, or a door that says UTC, must not break the chain."""
    moved = chain[0][1]
    for zone in (UTC, timezone(timedelta(hours=-5))):
        assert replace(moved, posted_at=moved.posted_at.astimezone(zone)).hash == moved.hash


def test_a_name_in_two_unicode_forms_are_two_names() -> None:
    base = Transfer("red_1", Kind.REDEMPTION, "card:é", "payable:m", 1, 1, NOON.date(), NOON, 1, GENESIS)
    assert base.hash != replace(base, debit="card:e\u0301").hash
    assert b"\\ud83d\\ude00" in replace(base, debit="card:\U0001f600").canonical()


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_fen": -1},
        {"amount_fen": 1.0},
        {"amount_fen": True},
        {"face_fen": -1},
        {"face_fen": 1.0},
        {"face_fen": True},
        {"amount_fen": 0, "face_fen": 0},
        {"credit": "card:a"},
        {"seq": 0},
    ],
    ids=str,
)
def test_an_unlawful_transfer_cannot_be_built(wrong: dict[str, Any]) -> None:
    lawful = Transfer("red_1", Kind.REDEMPTION, "card:a", "payable:m", 1, 1, NOON.date(), NOON, 1, GENESIS)
    with pytest.raises(AssertionError):
        replace(lawful, **wrong)
