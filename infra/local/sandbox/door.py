"""One counterpart's door: lets a request in when it is signed, plays the planted faults, and signs what is
said.

A handler takes the world and the request's body, and returns what it says or raises `Declined`. It knows
nothing of signatures and faults.
"""
import gzip
import json
import socket
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask, Request, Response, request

from infra.local.sandbox.faults import Fault, lie
from infra.local.sandbox.world import World

Body = dict[str, Any]


@dataclass(frozen=True)
class Said:
    """`content` is a file, sent as it is; otherwise `data` is sent as JSON, or nothing when both are None."""
    status: int
    data: Body | None = None
    content: bytes | None = None
    content_type: str = "application/json; charset=utf-8"

    def body(self) -> bytes:
        if self.content is not None:
            return self.content
        return b"" if self.data is None else json.dumps(self.data, ensure_ascii=False).encode()


class Declined(Exception):
    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(code)
        self.said = Said(status, {"code": code, "message": message or code})


Handler = Callable[..., Said]


@dataclass(frozen=True)
class Door:
    """`refuse` says why a request is not let in; `seal` makes the headers that sign an answer."""
    world: World
    name: str
    refuse: Callable[[Request], Said | None]
    seal: Callable[[Request, int, bytes], dict[str, str]]

    def open(self, app: Flask, method: str, rule: str, operation: str, handler: Handler) -> None:
        app.add_url_rule(
            rule, f"{self.name}.{operation}", lambda **named: self.serve(operation, handler, named),
            methods=[method],
        )

    def serve(self, operation: str, handler: Handler, named: dict[str, str]) -> Response:
        """For a counterpart that has several operations at one address; the others are opened."""
        refused = self.refuse(request)
        if refused:
            return self._answer(refused, [])
        faults = self.world.faults.take(self.name, operation)
        _wait(faults, "before")
        if _has(faults, "drop", "before"):
            return _cut()
        said = Said(500, {"code": "SYSTEM_ERROR", "message": "系统异常,请用相同参数重试"})
        if not _has(faults, "error", "before"):
            said = self._hear(handler, named, said)
            if _has(faults, "repeat"):
                said = self._hear(handler, named, said)
        _wait(faults, "after")
        if _has(faults, "drop", "after"):
            return _cut()
        if _has(faults, "error", "after"):
            said = Said(500, {"code": "SYSTEM_ERROR", "message": "系统异常,请用相同参数重试"})
        return self._answer(_falsified(said, faults), faults)

    def _hear(self, handler: Handler, named: dict[str, str], broken: Said) -> Said:
        try:
            return handler(self.world, _body(), **named)
        except Declined as declined:
            return declined.said
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return broken

    def _answer(self, said: Said, faults: list[Fault]) -> Response:
        body = said.body()
        signed = said.content is None and not _has(faults, "unsigned")
        headers = self.seal(request, said.status, body) if signed else {}
        response = Response(body, said.status, headers)
        response.headers["Content-Type"] = said.content_type
        return response


def _body() -> Body:
    if request.mimetype == "application/x-www-form-urlencoded":
        return dict(request.form)
    raw = request.get_data()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError as error:
        raise Declined(400, "PARAM_ERROR", "请求体不是 JSON") from error
    if not isinstance(body, dict):
        raise Declined(400, "PARAM_ERROR", "请求体不是 JSON 对象")
    return body


def _has(faults: list[Fault], kind: str, phase: str = "") -> bool:
    return any(fault.kind == kind and phase in ("", fault.phase) for fault in faults)


def _wait(faults: list[Fault], phase: str) -> None:
    time.sleep(sum(fault.seconds for fault in faults if fault.kind == "delay" and fault.phase == phase))


def _cut() -> Response:
    """Ends the connection without a byte of an answer, as a failing line does."""
    channel = request.environ["waitress.client_disconnected"].__self__
    channel.socket.shutdown(socket.SHUT_RDWR)
    return Response(b"", 500)


def _falsified(said: Said, faults: list[Fault]) -> Said:
    lies = [fault for fault in faults if fault.kind == "lie"]
    if not lies:
        return said
    if said.content is None:
        return replace(said, data=lie(said.data or {}, lies))
    plain = gzip.decompress(said.content)
    cut = any(fault.value == "truncated" for fault in lies)
    return replace(said, content=gzip.compress(plain[: len(plain) // 2] if cut else plain + b" "))
