"""The tasks of the state machine `reconciliation`: open -> for each day (fetch_provider -> fetch_bank -> match) -> end."""
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from chalice.app import Blueprint

from chalicelib.gateways.custodian import Custodian
from chalicelib.gateways.wechat_pay import WechatPay
from chalicelib.jobs import tasks
from chalicelib.jobs.tasks import Event, Outcome, Task, day_of
from chalicelib.operations import reconciliation
from chalicelib.operations.reconciliation import Archive

routes = Blueprint(__name__)


def open_days(event: Event, now: datetime) -> Outcome:
    try:
        asked = tasks.asked_day(event)
    except (TypeError, ValueError):
        return {"outcome": tasks.NOT_A_DATE}
    days = reconciliation.days_to_match(asked, now)
    if not days:
        return {"outcome": tasks.NOT_OVER}
    return {"outcome": "open", "business_dates": [day.isoformat() for day in days]}


def fetch_provider(
    event: Event, now: datetime, pay: WechatPay | None = None, archive: Archive | None = None
) -> Outcome:
    """fetched, not_ready or unknown; `tries` goes up by one."""
    return {"outcome": reconciliation.fetch_provider(day_of(event), pay, archive), "tries": event["tries"] + 1}


def fetch_bank(
    event: Event, now: datetime, bank: Custodian | None = None, archive: Archive | None = None
) -> Outcome:
    return {"outcome": reconciliation.fetch_bank(day_of(event), bank, archive), "tries": event["tries"] + 1}


def match(event: Event, now: datetime, archive: Archive | None = None) -> Outcome:
    """agreed or differs."""
    day = reconciliation.match(day_of(event), now, archive)
    return {"outcome": str(day.state), "differences": day.differences, "difference_fen": day.totals.difference_fen}


def end(event: Event, now: datetime) -> Outcome:
    results = event["results"]
    outcomes = {one["outcome"] for one in results}
    whole = "agreed" if outcomes <= {"agreed"} else "differs" if outcomes <= {"agreed", "differs"} else "incomplete"
    return {"outcome": whole, "days": results}


def table(
    pay: WechatPay | None = None, bank: Custodian | None = None, archive: Archive | None = None
) -> Mapping[str, Task]:
    """The tasks by name. A counterpart that is not given is the one of the settings."""
    return {
        "open": open_days,
        "fetch_provider": partial(fetch_provider, pay=pay, archive=archive),
        "fetch_bank": partial(fetch_bank, bank=bank, archive=archive),
        "match": partial(match, archive=archive),
        "end": end,
    }


@routes.lambda_function(name="reconciliation")
def handler(event: dict[str, Any], context: Any) -> Outcome:
    return tasks.run("reconciliation", table(), event)
