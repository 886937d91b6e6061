"""The keys that sign store codes: listed, rotated, revoked by two operators."""

import re
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, ListView, View, rfc3339
from chalicelib.domain.code_key import CodeKey
from chalicelib.domain.principal import Role
from chalicelib.domain.refusals import absent
from chalicelib.operations import code_keys
from chalicelib.operations.attempts import Done

routes = Blueprint(__name__)

OPERATOR = frozenset({Role.OPERATOR})


class CodeKeyView(View):
    """`state`: current signs; verifying and revoking are accepted on prints; revoked is not. The key itself is never shown."""

    key_id: int
    state: str
    created_at: str
    changed_at: str | None
    proposed_by: str
    approved_by: str
    reason: str


class ReasonBody(Body):
    reason: Annotated[str, Field(min_length=1, max_length=200)]


def _view(key: CodeKey) -> CodeKeyView:
    return CodeKeyView(
        key_id=key.key_id,
        state=key.state,
        created_at=rfc3339(key.created_at),
        changed_at=rfc3339(key.changed_at) if key.changed_at else None,
        proposed_by=key.proposed_by,
        approved_by=key.approved_by,
        reason=key.reason,
    )


def _reply(done: Done[CodeKey]) -> Reply:
    return Reply(_view(done.answer), replayed=done.replayed)


def _number(key_id: str) -> int:
    if re.fullmatch(r"[1-9][0-9]{0,2}", key_id, re.ASCII) is None:
        raise absent("密钥", "key")
    return int(key_id)


@endpoint(routes, "GET", "/v1/code-keys", "The keys of store codes, all of them", who=OPERATOR, answer=ListView[CodeKeyView])
def index(call: Call) -> Any:
    return ListView[CodeKeyView](data=[_view(key) for key in code_keys.all_keys()])


@endpoint(
    routes,
    "POST",
    "/v1/code-keys/rotate",
    "A new current key; the former one still verifies what is printed",
    who=OPERATOR,
    answer=CodeKeyView,
    status=201,
    key=True,
)
def rotate(call: Call) -> Any:
    return _reply(code_keys.rotate(call.key, call.trace))


@endpoint(
    routes,
    "POST",
    "/v1/code-keys/{key_id}/revoke",
    "Propose to revoke a key; another operator approves",
    who=OPERATOR,
    body=ReasonBody,
    answer=CodeKeyView,
    key=True,
)
def revoke(call: Call, key_id: str) -> Any:
    return _reply(code_keys.propose(_number(key_id), call.body.reason, call.trace))


@endpoint(
    routes,
    "POST",
    "/v1/code-keys/{key_id}/approve",
    "The second operator: every print under this key is refused from now on",
    who=OPERATOR,
    answer=CodeKeyView,
    key=True,
)
def approve(call: Call, key_id: str) -> Any:
    return _reply(code_keys.approve(_number(key_id), call.trace))


@endpoint(
    routes,
    "POST",
    "/v1/code-keys/{key_id}/withdraw",
    "Take back the proposal to revoke a key",
    who=OPERATOR,
    answer=CodeKeyView,
    key=True,
)
def withdraw(call: Call, key_id: str) -> Any:
    return _reply(code_keys.withdraw(_number(key_id), call.trace))
