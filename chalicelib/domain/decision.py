"""A decision is a value: the rows to put, each with the version it expects, and the answer.

`store.writes.commit` turns one Decision into one transaction. Nothing in here knows how. A decision without puts
is the answer to a repeated request: the effect is there already.
"""
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chalicelib.domain.refusals import Refusal, contention

Answer = TypeVar("Answer")

PUTS_MAX = 20


@dataclass(frozen=True)
class Put:
    """Write `value` if the stored row has version `expect` (None: if there is no row); else it is `otherwise`."""

    value: Any
    expect: int | None
    otherwise: Refusal

    def __post_init__(self) -> None:
        assert self.expect is None or self.value.version == self.expect + 1


@dataclass(frozen=True)
class Decision(Generic[Answer]):
    answer: Answer
    puts: tuple[Put, ...] = ()
    replayed: bool = False

    def __post_init__(self) -> None:
        assert len(self.puts) <= PUTS_MAX
        assert not (self.replayed and self.puts)


def create(value: Any, otherwise: Refusal | None = None) -> Put:
    return Put(value, None, otherwise or contention())


def change(before: Any, after: Any) -> Put:
    """`after` replaces `before`, provided nobody else replaced it first."""
    assert type(before) is type(after)
    return Put(after, before.version, contention())
