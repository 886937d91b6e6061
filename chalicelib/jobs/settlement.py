"""The tasks of the state machine `settlement`: open -> for each merchant (fold -> decide -> instruct -> ask) -> end."""
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from chalice.app import Blueprint

from chalicelib.domain.refusals import Refusal
from chalicelib.gateways.custodian import Custodian
from chalicelib.jobs import tasks
from chalicelib.jobs.tasks import Event, Outcome, Task, day_of
from chalicelib.operations import settlement

routes = Blueprint(__name__)

DONE = frozenset({"posted", "nothing_to_pay"})
FAILURES_NAMED_MAX = 100


def open_day(event: Event, now: datetime) -> Outcome:
    try:
        asked = tasks.asked_day(event)
    except (TypeError, ValueError):
        return {"outcome": tasks.NOT_A_DATE}
    day = settlement.day_to_settle(asked, now)
    if day is None:
        return {"outcome": tasks.NOT_OVER}
    merchant_ids = [merchant.merchant_id for merchant in settlement.merchants_of(day)]
    return {"outcome": "open", "business_date": day.isoformat(), "merchant_ids": merchant_ids}


def fold(event: Event, now: datetime) -> Outcome:
    folded = settlement.fold(event["merchant_id"], day_of(event), now)
    return {"outcome": "more" if folded.more else str(folded.fold.outcome)}


def decide(event: Event, now: datetime) -> Outcome:
    """`payout`, or what became of the day's payout already, or `nothing_to_pay`."""
    payout = settlement.decide(event["merchant_id"], day_of(event), now)
    if payout is None:
        return {"outcome": "nothing_to_pay"}
    return {"outcome": "payout" if payout.open else str(payout.state), "payout_id": payout.payout_id}


def instruct(event: Event, now: datetime, bank: Custodian | None = None) -> Outcome:
    return {"outcome": str(settlement.instruct(event["merchant_id"], day_of(event), now, bank)), "tries": event["tries"]}


def ask(event: Event, now: datetime, bank: Custodian | None = None) -> Outcome:
    """`tries` goes up by one; the machine counts with it."""
    return {"outcome": str(settlement.ask(event["merchant_id"], day_of(event), now, bank)), "tries": event["tries"] + 1}


def end(event: Event, now: datetime) -> Outcome:
    """Seal the day, and name every merchant whose day did not end well."""
    day = day_of(event)
    failures = [one for one in event["results"] if one["outcome"] not in DONE]
    try:
        sealed = settlement.seal(day, now)
        seal = "sealed" if sealed else "not_folded"
    except Refusal as refusal:
        sealed, seal = None, refusal.code
    whole = sealed is not None and not failures
    return {
        "outcome": "settled" if whole else "incomplete",
        "business_date": day.isoformat(),
        "seal": seal,
        "merkle_root": sealed.root if sealed else "",
        "merchants": len(event["results"]),
        "failed": len(failures),
        "failures": failures[:FAILURES_NAMED_MAX],
    }


def table(bank: Custodian | None = None) -> Mapping[str, Task]:
    """The tasks by name. Without a bank given, the one of the settings is asked."""
    return {
        "open": open_day,
        "fold": fold,
        "decide": decide,
        "instruct": partial(instruct, bank=bank),
        "ask": partial(ask, bank=bank),
        "end": end,
    }


@routes.lambda_function(name="settlement")
def handler(event: dict[str, Any], context: Any) -> Outcome:
    return tasks.run("settlement", table(), event)
