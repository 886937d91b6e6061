"""The index of the search, every ten minutes: made anew when a merchant has changed."""
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from chalicelib.jobs import tasks
from chalicelib.jobs.tasks import Event, Outcome
from chalicelib.operations import search
from chalicelib.operations.search import Archive

routes = Blueprint(__name__)


def build(event: Event, now: datetime, archive: Archive | None = None) -> Outcome:
    """built or unchanged."""
    built = search.build(now, archive)
    return {"outcome": "built" if built.size else "unchanged", "merchants": built.merchants, "bytes": built.size}


@routes.lambda_function(name="search")
def handler(event: dict[str, Any], context: Any) -> Outcome:
    return tasks.run("search", {"build": build}, {"task": "build"})
