"""What a caller may do wrong: one class per rule, one stable code per class.

    Refusal
    +- BadRequest            the request itself is malformed          (parameter, shape)
    +- NotAuthenticated      who are you?                              (token, password, code of a login)
    +- Forbidden             known, but not allowed
    +- Absent                not there, or somebody else's: the two look alike
    +- Conflict              the object's state, or an older request, is in the way
    |  +- Contention         another writer was faster; worth trying again
    +- Unprocessable         well-formed, allowed, but a rule of the business says no
    +- CounterpartUnknown    a counterpart did not give a definitive answer; ask again with the same key

`code` is a promise to clients. `detail` (zh-CN) and `detail_en` are for people and name the object, what it has and
what it needs. `api.problems.STATUS` is the only place that knows the HTTP status of a class.
"""

from dataclasses import dataclass
from typing import Any


@dataclass(eq=False)
class Refusal(Exception):
    code: str
    detail: str
    detail_en: str
    param: str | None = None
    facts: dict[str, Any] | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.detail_en}"


class BadRequest(Refusal):
    pass


class NotAuthenticated(Refusal):
    pass


class Forbidden(Refusal):
    pass


class Absent(Refusal):
    pass


class Conflict(Refusal):
    pass


class Contention(Conflict):
    pass


class Unprocessable(Refusal):
    pass


class CounterpartUnknown(Refusal):
    pass


def absent(noun_zh: str, noun_en: str) -> Absent:
    """One body for what is not there and for what is somebody else's."""
    return Absent("not_found", f"没有这个{noun_zh}", f"there is no such {noun_en}")


def contention() -> Contention:
    return Contention(
        "contention", "有其他请求正在更新同一数据，请稍后重试", "another request is updating the same data, try again"
    )


def key_reused() -> Conflict:
    return Conflict(
        "idempotency_key_reused",
        "这个 Idempotency-Key 已用于另一个内容不同的请求",
        "this Idempotency-Key was used for a request with another body",
        param="Idempotency-Key",
    )
