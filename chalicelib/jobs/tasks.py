"""What every clock job shares: one task of one event, one line in the log, one outcome out.

A rule's no is an outcome, and a Choice of the state machine decides; whatever else goes wrong leaves as an exception, and the
machine tries again.
"""
import json
import time
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from chalicelib import clock
from chalicelib.domain.refusals import Contention, Refusal

Event = Mapping[str, Any]
Outcome = dict[str, Any]
Task = Callable[[Event, datetime], Outcome]

REFUSED = "refused"
NOT_A_DATE = "not_a_date"
NOT_OVER = "not_over"

BUSINESS_IDS = ("merchant_id", "district", "business_date")


def run(job: str, tasks: Mapping[str, Task], event: Event) -> Outcome:
    """`event["task"]` says which; KeyError for one that this job does not know."""
    began = time.perf_counter_ns()
    name = str(event["task"])
    outcome: Outcome = {"outcome": "error"}
    try:
        outcome = tasks[name](event, clock.now())
    except Contention as busy:
        outcome = {"outcome": "error", "code": busy.code}
        raise
    except Refusal as refusal:
        outcome = {"outcome": REFUSED, "code": refusal.code}
    except Exception as error:
        outcome = {"outcome": "error", "code": type(error).__name__}
        raise
    finally:
        _log(job, name, event, outcome, (time.perf_counter_ns() - began) // 1_000_000)
    return outcome


def _log(job: str, name: str, event: Event, outcome: Outcome, milliseconds: int) -> None:
    asked = {key: event[key] for key in BUSINESS_IDS if key in event}
    said = {key: value for key, value in outcome.items() if isinstance(value, str | int)}
    print(json.dumps({"job": job, "task": name, **asked, **said, "ms": milliseconds}, ensure_ascii=True), flush=True)


def time_left(context: Any, milliseconds: int) -> Callable[[], bool]:
    """Whether a run has more than so much left before its Lambda is stopped; always, where there is no Lambda."""
    if not hasattr(context, "get_remaining_time_in_millis"):
        return lambda: True
    return lambda: context.get_remaining_time_in_millis() > milliseconds


def asked_day(event: Event) -> date | None:
    """The business date that a person asked for, None for the schedule.

    ValueError or TypeError for anything that is not a date.
    """
    given = event["input"].get("business_date")
    return None if given is None else date.fromisoformat(given)


def day_of(event: Event) -> date:
    return date.fromisoformat(event["business_date"])
