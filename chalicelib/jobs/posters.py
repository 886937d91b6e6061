"""Draws a store's poster and puts it into the archive. Called by the API, which tells it everything that is on the poster: this
function reads no table and knows no key."""

import hashlib
from datetime import datetime
from typing import Any

from chalice.app import Blueprint

from chalicelib.domain.poster import Poster, object_key
from chalicelib.gateways import objects
from chalicelib.jobs import tasks
from chalicelib.jobs.tasks import Event, Outcome

routes = Blueprint(__name__)

PDF = "application/pdf"


@routes.lambda_function(name="posters")
def handler(event: dict[str, Any], context: Any) -> Outcome:
    """`{"task": "draw", "poster": {...}}` -> `drawn` with the object's key, or `glyph_missing` with the characters."""
    return tasks.run("posters", {"draw": _draw}, event)


def _draw(event: Event, now: datetime) -> Outcome:
    from chalicelib.pages import poster as page

    poster = Poster(**event["poster"])
    missing = page.missing(poster)
    if missing:
        return {"outcome": "glyph_missing", "characters": missing}
    content = page.draw(poster)
    sha256 = hashlib.sha256(content).hexdigest()
    key = object_key(poster, sha256)
    objects.connect().put_once(key, content, PDF)
    return {"outcome": "drawn", "key": key, "sha256": sha256, "size_bytes": len(content), "pages": 1}
