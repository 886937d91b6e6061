import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import merkle


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


hashes = st.sets(st.integers(0, 10_000), max_size=40).map(
    lambda numbers: [hashed(str(number)) for number in numbers]
)


def test_a_tree_of_three_is_what_a_hand_computes() -> None:
    def leaf(text: str) -> bytes:
        return hashlib.sha256(b"\x00" + bytes.fromhex(text)).digest()

    first, second, third = sorted(map(hashed, "abc"))
    pair = hashlib.sha256(b"\x01" + leaf(first) + leaf(second)).digest()
    assert merkle.root([first, second, third]) == hashlib.sha256(b"\x01" + pair + leaf(third)).hexdigest()


def test_a_day_without_transfers_has_the_empty_root() -> None:
    assert merkle.root([]) == merkle.EMPTY


@given(hashes, st.randoms(use_true_random=False))
def test_the_root_does_not_depend_on_the_order(given_hashes: list[str], random: object) -> None:
    shuffled = list(given_hashes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merkle.root(shuffled) == merkle.root(given_hashes)


@given(hashes.filter(bool))
def test_every_transfer_of_a_day_has_a_proof_and_no_other_one_has(given_hashes: list[str]) -> None:
    root = merkle.root(given_hashes)
    for wanted in given_hashes:
        steps = merkle.path(given_hashes, wanted)
        assert merkle.proves(steps, wanted, root)
        assert not merkle.proves(steps, hashed("foreign"), root)


@given(hashes, st.integers(10_001, 20_000))
def test_one_more_transfer_changes_the_root(given_hashes: list[str], number: int) -> None:
    assert merkle.root([*given_hashes, hashed(str(number))]) != merkle.root(given_hashes)


def test_two_transfers_with_one_hash_are_a_mistake() -> None:
    with pytest.raises(AssertionError):
        merkle.root([hashed("a"), hashed("a")])
