"""The licence watch, every hour: merchants not checked for most of a day are looked up at the business registry.

`{"merchant_id": ...}` as the event looks that one up at once, due or not.
"""

import json
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from chalicelib.jobs import tasks
from chalicelib.jobs.tasks import Event, Outcome
from chalicelib.operations import watch

routes = Blueprint(__name__)

MILLISECONDS_TO_END = 20_000
"""One step asks one question of twelve seconds at most, and writes; a run that has less left stops by itself."""
FAILURES_LOGGED_MAX = 50


@routes.lambda_function(name="watch")
def handler(event: dict[str, Any], context: Any) -> Outcome:
    def watch_all(event: Event, now: datetime) -> Outcome:
        left = tasks.time_left(context, MILLISECONDS_TO_END)
        done = watch.run(now, time_left=left, merchant_id=str(event.get("merchant_id", "")))
        for merchant_id, code in done.failures[:FAILURES_LOGGED_MAX]:
            print(json.dumps({"job": "watch", "item": merchant_id, "outcome": "failed", "code": code}), flush=True)
        counts = dict(sorted(done.outcomes.items()))
        ends = {"failed": len(done.failures), "without_answer": done.unchecked, "left": done.left}
        return {"outcome": "watched", **counts, **ends}

    named = {"merchant_id": event["merchant_id"]} if "merchant_id" in event else {}
    return tasks.run("watch", {"watch": watch_all}, {"task": "watch", **named})
