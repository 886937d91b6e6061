"""The OpenAPI document, as it was generated and reviewed (infra/openapi.py); read when somebody asks for it."""
from pathlib import Path
from typing import Any

from chalice.app import Blueprint

from chalicelib.api.http import EVERYONE, Call, endpoint

routes = Blueprint(__name__)

OPENAPI = Path(__file__).with_name("openapi.json")


@endpoint(routes, "GET", "/v1/openapi.json", "This API as an OpenAPI 3.1 document", who=EVERYONE, answer=None)
def openapi(call: Call) -> Any:
    return OPENAPI.read_text(encoding="utf-8")
