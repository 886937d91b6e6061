"""What a state machine is here: one table from (state, event) to the next state. What is not in it changes nothing."""
from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from chalicelib.domain.refusals import Conflict

State = TypeVar("State", bound=StrEnum)
Event = TypeVar("Event", bound=StrEnum)


def move(table: Mapping[tuple[State, Event], State], noun: str, noun_zh: str, state: State, event: Event) -> State:
    """The state after `event`; Conflict `<noun>_<state>` where the table has no such edge."""
    after = table.get((state, event))
    if after is None:
        raise Conflict(
            f"{noun}_{state}",
            f"{noun_zh}当前状态为 {state}，不能执行 {event}",
            f"the {noun} is {state}, {event} is not possible",
            facts={"state": str(state)},
        )
    return after
