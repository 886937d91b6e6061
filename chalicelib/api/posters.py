"""A store's poster, to be printed on A4."""

from typing import Any

from chalice.app import Blueprint

from chalicelib.api.http import Call, endpoint
from chalicelib.api.models import View
from chalicelib.domain.principal import Role
from chalicelib.operations import posters

routes = Blueprint(__name__)


class PosterView(View):
    """`url`: the PDF, for ten minutes and without a token. `sha256`: of its bytes; the same content is the same bytes."""

    store_id: str
    code_version: int
    short_id: str
    sha256: str
    url: str
    expires_in_seconds: int
    content_type: str = "application/pdf"
    size_bytes: int
    pages: int


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/stores/{store_id}/posters",
    "The poster with the store's code, as a PDF; asking again makes the same one",
    who=frozenset({Role.OWNER, Role.MANAGER}),
    answer=PosterView,
    status=201,
)
def create(call: Call, merchant_id: str, store_id: str) -> Any:
    poster, made, url = posters.make(merchant_id, store_id, call.caller, call.now)
    return PosterView(
        store_id=store_id,
        code_version=poster.code_version,
        short_id=poster.short_id,
        sha256=made.sha256,
        url=url,
        expires_in_seconds=posters.LINK_VALID_SECONDS,
        size_bytes=made.size_bytes,
        pages=made.pages,
    )
