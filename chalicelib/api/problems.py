"""Refusals -> RFC 9457 problem documents. STATUS is the only table from a refusal to an HTTP status."""
import json
from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.refusals import (
    Absent,
    BadRequest,
    Conflict,
    Contention,
    CounterpartUnknown,
    Forbidden,
    NotAuthenticated,
    Refusal,
    Unprocessable,
)

STATUS: dict[type[Refusal], int] = {
    BadRequest: 400,
    NotAuthenticated: 401,
    Forbidden: 403,
    Absent: 404,
    Conflict: 409,
    Unprocessable: 422,
    Contention: 503,
    CounterpartUnknown: 503,
}

PROBLEM_JSON = "application/problem+json"


@dataclass(frozen=True)
class Problem:
    status: int
    code: str
    title: str
    detail: str
    param: str | None = None
    more: dict[str, Any] = field(default_factory=dict)

    def body(self, request_id: str) -> str:
        document = {
            "type": f"urn:fangxinchong:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "param": self.param,
            "request_id": request_id,
            **self.more,
        }
        return json.dumps(document, ensure_ascii=False)


def of_refusal(refusal: Refusal) -> Problem:
    more = {"facts": refusal.facts} if refusal.facts else {}
    return Problem(STATUS[type(refusal)], refusal.code, refusal.detail, refusal.detail_en, refusal.param, more)


_OF_CHALICE = {
    400: ("bad_request", "请求格式错误"),
    404: ("not_found", "没有这个地址"),
    405: ("method_not_allowed", "该地址不支持此方法"),
    413: ("body_too_large", "请求体过大"),
    415: ("unsupported_media_type", "请求体须为 JSON"),
    500: ("internal_error", "系统内部错误，请用同一请求重试"),
}


def of_status(status: int, detail: str) -> Problem:
    """What the framework refused before any handler of ours ran."""
    code, title = _OF_CHALICE.get(status, ("bad_request", "请求未被接受"))
    return Problem(status, code, title, detail)
