"""A Merkle tree over hashes: one root seals a business day, and a short path proves that one transfer is in it.

Leaves are sorted first, so that the same set has the same root in whatever order it was read. Leaf and inner node are hashed
under different prefixes (RFC 6962), so that neither can be taken for the other; an odd last node moves up as it is.
"""
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

EMPTY = hashlib.sha256(b"").hexdigest()
"""The root of a day on which nothing happened."""

_LEAF = b"\x00"
_NODE = b"\x01"


@dataclass(frozen=True)
class Step:
    """The neighbour to hash with on the way up, and the side it stands on."""

    sibling: str
    left: bool


def root(hashes: Iterable[str]) -> str:
    """`hashes`: hex texts, no two alike."""
    level = _leaves(hashes)
    if not level:
        return EMPTY
    while len(level) > 1:
        level = _above(level)
    return level[0].hex()


def path(hashes: Iterable[str], wanted: str) -> tuple[Step, ...]:
    """The proof that `wanted` is among `hashes`; it has to be."""
    level = _leaves(hashes)
    node = _leaf(wanted)
    position = level.index(node)
    steps: list[Step] = []
    while len(level) > 1:
        neighbour = position ^ 1
        if neighbour < len(level):
            steps.append(Step(level[neighbour].hex(), left=neighbour < position))
        level = _above(level)
        position //= 2
    return tuple(steps)


def proves(steps: Iterable[Step], wanted: str, sealed_root: str) -> bool:
    node = _leaf(wanted)
    for step in steps:
        sibling = bytes.fromhex(step.sibling)
        node = _node(sibling, node) if step.left else _node(node, sibling)
    return node.hex() == sealed_root


def _leaves(hashes: Iterable[str]) -> list[bytes]:
    given = sorted(hashes)
    assert len(set(given)) == len(given)
    return [_leaf(text) for text in given]


def _above(level: list[bytes]) -> list[bytes]:
    pairs = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    return pairs + level[len(pairs) * 2 :]


def _leaf(text: str) -> bytes:
    return hashlib.sha256(_LEAF + bytes.fromhex(text)).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(_NODE + left + right).digest()
