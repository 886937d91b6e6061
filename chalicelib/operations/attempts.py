"""load -> decide -> commit, again when another writer was faster.

`decide` loads and returns a Decision. It is called up to ATTEMPTS times and must be free of effects of its own. After a lost
response the next load finds what was written, and the decision answers it as a repetition.
"""
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from chalicelib.domain.decision import Decision
from chalicelib.domain.refusals import Contention
from chalicelib.store import writes

Answer = TypeVar("Answer")

ATTEMPTS = 3
PAUSE_MAX_SECONDS = 0.08


@dataclass(frozen=True)
class Done(Generic[Answer]):
    """`replayed`: nothing was written, the effect was there already."""

    answer: Answer
    replayed: bool


def commit(decide: Callable[[], Decision[Answer]]) -> Done[Answer]:
    """Raises the Refusal of the decision, or Contention after the last attempt; either way nothing was written by it."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            decision = decide()
            writes.commit(decision)
        except Contention:
            if attempt == ATTEMPTS:
                raise
            time.sleep(random.uniform(0, PAUSE_MAX_SECONDS * attempt))
        else:
            return Done(decision.answer, decision.replayed)
    raise AssertionError("unreachable")
