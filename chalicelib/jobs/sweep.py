"""The sweep, every minute: what got stuck is taken one step further."""
import json
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from chalicelib.jobs import tasks
from chalicelib.jobs.tasks import Event, Outcome
from chalicelib.operations import sweep

routes = Blueprint(__name__)

MILLISECONDS_TO_END = 12_000
"""One step asks at most two questions of six seconds; a run that has less left stops by itself."""
FAILURES_LOGGED_MAX = 50


@routes.lambda_function(name="sweep")
def handler(event: dict[str, Any], context: Any) -> Outcome:
    def sweep_all(event: Event, now: datetime) -> Outcome:
        swept = sweep.run(now, time_left=tasks.time_left(context, MILLISECONDS_TO_END))
        for item_id, code in swept.failures[:FAILURES_LOGGED_MAX]:
            print(json.dumps({"job": "sweep", "item": item_id, "outcome": "failed", "code": code}), flush=True)
        done = dict(sorted(swept.outcomes.items()))
        return {"outcome": "swept", **done, "failed": len(swept.failures), "left": swept.left}

    return tasks.run("sweep", {"sweep": sweep_all}, {"task": "sweep"})
