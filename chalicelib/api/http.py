"""The HTTP door: parse -> one operation (or one read) -> render.

`endpoint` declares a route with everything that is said about it: who may call it, what it takes, what it answers. The role
matrix, the OpenAPI document and the checks below all come from that one declaration.

Order of refusals of every route: token, role, ids in the path, Idempotency-Key, size of the body, shape of the body, shape
of the query; then the operation's own order. A refusal has no effect.
"""
import functools
import json
import re
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chalice.app import Blueprint, ChaliceViewError, Request, Response
from pydantic import BaseModel, ValidationError

from chalicelib import clock, ids
from chalicelib.api import problems, tokens
from chalicelib.api.models import TAG, Body
from chalicelib.domain.audit import Trace
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import Absent, BadRequest, Forbidden, Refusal

BODY_BYTES_MAX = 64 * 1024
ERRORS_SHOWN_MAX = 20
KEY_CHARS = (8, 128)
JSON_TYPES = ["application/json"]
PATH_PARAMETER_CHARS_MAX = 128
_PATH_PARAMETER = re.compile(rf"[A-Za-z0-9_-]{{1,{PATH_PARAMETER_CHARS_MAX}}}", re.ASCII)

EVERYONE: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Endpoint:
    """`who`: the roles that may call it; EVERYONE needs no token. `key`: an Idempotency-Key is required. `raw`: the operation
    reads the bytes itself; else a route without `body` takes none."""

    method: str
    path: str
    summary: str
    who: frozenset[Role]
    answer: type[BaseModel] | None
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    status: int
    key: bool
    produces: str
    operation_id: str
    raw: bool


ENDPOINTS: list[Endpoint] = []


class Nothing(Body):
    """The body or the query of a route that takes none."""


@dataclass(frozen=True)
class Call:
    """A request after the door: who, when, and what was asked, in exact types. `address`: the client's network address as the
    gateway saw it, never what a header says."""

    principal: Principal | None
    now: datetime
    request_id: str
    body: Any
    query: Any
    key: str
    raw_body: bytes
    headers: Any
    address: str

    @property
    def caller(self) -> Principal:
        assert self.principal is not None
        return self.principal

    @property
    def trace(self) -> Trace:
        who, role = (self.principal.principal_id, self.principal.role.value) if self.principal else ("", "")
        return Trace(ids.random_id("aud"), self.request_id, who, role, self.now)


@dataclass(frozen=True)
class Reply:
    """An answer with more than a body."""

    body: BaseModel | str
    status: int | None = None
    replayed: bool = False
    headers: dict[str, str] = field(default_factory=dict)


def endpoint(
    routes: Blueprint,
    method: str,
    path: str,
    summary: str,
    *,
    who: frozenset[Role],
    answer: type[BaseModel] | None,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    status: int = 200,
    key: bool = False,
    produces: str = "application/json",
    raw: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    def decorate(view: Callable[..., Any]) -> Callable[..., Response]:
        name = f"{view.__module__.rpartition('.')[2]}_{view.__name__}"
        declared = Endpoint(method, path, summary, who, answer, body, query, status, key, produces, name, raw)
        ENDPOINTS.append(declared)

        @functools.wraps(view)
        def handle(**path_parameters: str) -> Response:
            request = routes.current_request
            try:
                call = _enter(declared, request, path_parameters)
                reply = view(call, **path_parameters)
                return _rendered(declared, reply if isinstance(reply, Reply) else Reply(reply))
            except Refusal as refusal:
                return _problem(problems.of_refusal(refusal), request_id_of(request))
            except ValidationError as error:
                return _problem(_shape_problem(error), request_id_of(request))
            except Exception:
                return _failure(request)

        takes = JSON_TYPES if method in ("POST", "PATCH") else []
        routes.route(path, methods=[method], name=name, content_types=takes)(handle)
        return handle

    return decorate


def _enter(declared: Endpoint, request: Request, path_parameters: dict[str, str]) -> Call:
    now = clock.now()
    principal = tokens.principal_of(request.headers.get("authorization"), now)
    if declared.who:
        if principal is None:
            raise tokens.invalid()
        if principal.role not in declared.who:
            raise Forbidden("role_not_allowed", "当前角色无权执行该操作", f"a {principal.role} may not do this")
    if not all(_PATH_PARAMETER.fullmatch(given) for given in path_parameters.values()):
        raise Absent("not_found", "没有这个对象", "there is no such object")
    key = _key(request) if declared.key else ""
    raw = request.raw_body or b""
    raw = raw.encode() if isinstance(raw, str) else raw
    if len(raw) > BODY_BYTES_MAX:
        raise BadRequest("body_too_large", "请求体过大", f"the body has {len(raw)} bytes, at most {BODY_BYTES_MAX} are taken")
    body = None if declared.raw else (declared.body or Nothing).model_validate_json(raw or b"{}")
    query = (declared.query or Nothing).model_validate_strings(_query(request))
    address = str(((request.context or {}).get("identity") or {}).get("sourceIp") or "")
    return Call(principal, now, request_id_of(request), body, query, key, raw, request.headers, address)


def _query(request: Request) -> dict[str, str]:
    given = request.query_params
    if given is None:
        return {}
    for name in given:
        if len(given.getlist(name)) > 1:
            raise BadRequest("parameter_repeated", "查询参数重复", f"{name[:40]} is given more than once", param=name[:40])
    return dict(given)


def _key(request: Request) -> str:
    key: str = request.headers.get("idempotency-key", "")
    if not KEY_CHARS[0] <= len(key) <= KEY_CHARS[1] or not key.isascii() or not key.isprintable():
        raise BadRequest(
            "idempotency_key_required",
            "缺少或无效的 Idempotency-Key",
            f"send an Idempotency-Key of {KEY_CHARS[0]} to {KEY_CHARS[1]} printable ASCII characters",
            param="Idempotency-Key",
        )
    return key


def _shape_problem(error: ValidationError) -> problems.Problem:
    found = error.errors(include_url=False, include_context=False, include_input=False)[:ERRORS_SHOWN_MAX]
    errors = [{"pointer": _pointer(one["loc"]), "code": one["type"], "detail": one["msg"]} for one in found]
    malformed = any(one["type"] == "json_invalid" for one in found)
    code, title = ("json_invalid", "请求体不是有效的 JSON") if malformed else ("request_invalid", "请求参数有误")
    first = errors[0]
    param = str(first["pointer"]).removeprefix("/") or None
    return problems.Problem(400, code, title, f"{first['pointer']}: {first['detail']}", param, {"errors": errors})


def _pointer(location: tuple[int | str, ...]) -> str:
    return "/" + "/".join(str(part)[:80] for part in location if not str(part).startswith(TAG))


def _rendered(declared: Endpoint, reply: Reply) -> Response:
    text = reply.body if isinstance(reply.body, str) else reply.body.model_dump_json()
    headers: dict[str, str | list[str]] = {"Content-Type": declared.produces, "Cache-Control": "no-store", **reply.headers}
    if reply.replayed:
        headers["Idempotent-Replayed"] = "true"
    return Response(text, headers, reply.status or declared.status)


def _problem(problem: problems.Problem, request_id: str) -> Response:
    headers: dict[str, str | list[str]] = {"Content-Type": problems.PROBLEM_JSON, "Cache-Control": "no-store"}
    if problem.status == 503:
        headers["Retry-After"] = "1"
    return Response(problem.body(request_id), headers, problem.status)


def _failure(request: Request) -> Response:
    """A failure of ours: the trace is for the log, the client learns nothing of it."""
    print(json.dumps({"level": "error", "request_id": request_id_of(request), "trace": traceback.format_exc()}))
    return _problem(problems.of_status(500, "something of ours failed"), request_id_of(request))


def request_id_of(request: Request) -> str:
    return str((request.context or {}).get("requestId") or "-")


def front(known: Callable[[], dict[str, Any]]) -> Callable[[Any, Callable[[Any], Response]], Response]:
    """The one middleware: unknown routes, the framework's own refusals and failures of ours become problem documents; one
    line of access log per request, without path parameters, bodies or anything of a person."""

    def middleware(request: Any, get_response: Callable[[Any], Response]) -> Response:
        started = time.perf_counter()
        resource = request.context.get("resourcePath", "")
        if resource not in known():
            response = _problem(problems.of_status(404, "there is no such route"), request_id_of(request))
        else:
            response = _guarded(request, get_response)
        _log(request, resource, response, started)
        return response

    return middleware


def _guarded(request: Any, get_response: Callable[[Any], Response]) -> Response:
    try:
        response = get_response(request)
    except ChaliceViewError as error:
        return _problem(problems.of_status(error.STATUS_CODE, str(error)), request_id_of(request))
    except Exception:
        return _failure(request)
    if isinstance(response.body, dict) and "Code" in response.body:
        refused = _problem(problems.of_status(response.status_code, str(response.body.get("Message"))), request_id_of(request))
        refused.headers |= {name: text for name, text in response.headers.items() if name == "Allow"}
        return refused
    return response


def _log(request: Any, resource: str, response: Response, started: float) -> None:
    line = {
        "level": "info",
        "request_id": request_id_of(request),
        "method": request.method,
        "route": resource,
        "status": response.status_code,
        "ms": round((time.perf_counter() - started) * 1000, 1),
        "replayed": "Idempotent-Replayed" in (response.headers or {}),
    }
    print(json.dumps(line))
