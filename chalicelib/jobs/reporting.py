"""The tasks of the state machine `reporting`: open -> for each district (make -> push) -> end."""
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from chalice.app import Blueprint

from chalicelib.gateways.regulator import Regulator
from chalicelib.jobs import tasks
from chalicelib.jobs.tasks import Event, Outcome, Task, day_of
from chalicelib.operations import reporting, settlement
from chalicelib.operations.reconciliation import Archive

routes = Blueprint(__name__)


def open_day(event: Event, now: datetime) -> Outcome:
    try:
        asked = tasks.asked_day(event)
    except (TypeError, ValueError):
        return {"outcome": tasks.NOT_A_DATE}
    day = settlement.day_to_settle(asked, now)
    if day is None:
        return {"outcome": tasks.NOT_OVER}
    return {"outcome": "open", "business_date": day.isoformat(), "districts": reporting.districts_of(day)}


def make(event: Event, now: datetime, archive: Archive | None = None) -> Outcome:
    report = reporting.make(event["district"], day_of(event), now, archive)
    return {"outcome": str(report.state), "report_id": report.report_id, "sha256": report.sha256}


def push(
    event: Event, now: datetime, platform: Regulator | None = None, archive: Archive | None = None
) -> Outcome:
    """acknowledged, refused or unknown; `tries` goes up by one."""
    outcome = reporting.push(event["district"], day_of(event), now, platform, archive)
    return {"outcome": outcome, "tries": event["tries"] + 1}


def end(event: Event, now: datetime) -> Outcome:
    failures = [one for one in event["results"] if one["outcome"] != "acknowledged"]
    return {
        "outcome": "incomplete" if failures else "reported",
        "business_date": event["business_date"],
        "reports": len(event["results"]),
        "failures": failures,
    }


def table(platform: Regulator | None = None, archive: Archive | None = None) -> Mapping[str, Task]:
    """The tasks by name. A counterpart that is not given is the one of the settings."""
    return {
        "open": open_day,
        "make": partial(make, archive=archive),
        "push": partial(push, platform=platform, archive=archive),
        "end": end,
    }


@routes.lambda_function(name="reporting")
def handler(event: dict[str, Any], context: Any) -> Outcome:
    return tasks.run("reporting", table(), event)
