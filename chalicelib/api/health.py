"""Is it up, which version is it, does the store answer."""
from typing import Any

from chalice.app import Blueprint

from chalicelib import config
from chalicelib.api.http import EVERYONE, Call, Reply, endpoint
from chalicelib.api.models import View
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.refusals import Contention
from chalicelib.store import reads

routes = Blueprint(__name__)


class HealthView(View):
    version: str
    stage: str
    store: str


@endpoint(routes, "GET", "/v1/health", "Version, and whether the store answers", who=EVERYONE, answer=HealthView)
def health(call: Call) -> Any:
    try:
        reads.get(Merchant, "mch_HEALTH")
    except Contention:
        return Reply(_view("unavailable"), status=503)
    return _view("ok")


def _view(store: str) -> HealthView:
    return HealthView(version=config.settings().version, stage=config.settings().stage, store=store)
