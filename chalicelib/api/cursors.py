"""Cursors of lists: opaque to clients, signed, bound to the list they belong to."""
import base64
import binascii
import hashlib
import hmac
from typing import Annotated

from pydantic import Field

from chalicelib import config
from chalicelib.api.models import Body, Limit
from chalicelib.domain.refusals import BadRequest

_TAG_BYTES = 10


class Page(Body):
    """The query of every list that is read in pages."""

    limit: Limit = 20
    cursor: Annotated[str, Field(max_length=200)] = ""


def seal(scope: str, position: str) -> str:
    raw = position.encode()
    return base64.urlsafe_b64encode(_tag(scope, raw) + raw).rstrip(b"=").decode()


def unseal(scope: str, cursor: str) -> str:
    """BadRequest `cursor_invalid` for any cursor that this list did not give out."""
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    except (binascii.Error, ValueError):
        raw = b""
    tag, position = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
    if not hmac.compare_digest(tag, _tag(scope, position)):
        raise BadRequest("cursor_invalid", "分页游标无效", "this cursor does not belong to this list", param="cursor")
    return position.decode()


def _tag(scope: str, raw: bytes) -> bytes:
    return hmac.new(config.key_for("cursors"), scope.encode() + b"\0" + raw, hashlib.sha256).digest()[:_TAG_BYTES]
