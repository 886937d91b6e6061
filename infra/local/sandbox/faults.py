"""Faults on request. Each is used up `times` times, by the next calls of its counterpart and operation.

    delay     the answer comes `seconds` late (5 when not said)
    drop      the connection is cut without an answer; the work was done, or was not with phase `before`.
              A dropped notice is lost for good
    error     500 without any effect, or after the work with phase `after`. A notice is preceded by a probe:
              the same body under a signature that is wrong on purpose
    repeat    the request arrives twice; a notice is sent twice
    lie       `field` (dotted) of the answer or of the notice says `value`, and is signed all the same. A bill
              file is cut when value is "truncated", otherwise it gets a byte too many
    unsigned  the answer or the notice carries no signature
"""
import json
from dataclasses import dataclass
from typing import Any

from infra.local.sandbox.books import Books

OPERATIONS = {
    "wechat": {"exchange"},
    "unionpay": {"backend_token", "token"},
    "zheliban": {"validate", "user_info"},
    "yongpai": {"token", "user_info"},
    "wechat_pay": {
        "prepay", "query", "close", "refund", "query_refund", "bill", "bill_file", "notice",
    },
    "custodian": {"submit", "query", "statement"},
    "business_registry": {"lookup"},
    "regulator": {"push"},
}
UNSIGNED = ("wechat", "unionpay", "zheliban", "yongpai")
KINDS = ("delay", "drop", "error", "repeat", "lie", "unsigned")
PHASES = {"drop": "after", "error": "before", "delay": "before"}
DELAY_SECONDS = 5.0


@dataclass(frozen=True)
class Fault:
    kind: str
    seconds: float
    field: str
    value: Any
    phase: str


class Faults:
    def __init__(self, books: Books) -> None:
        self._books = books

    def plant(self, asked: dict[str, Any]) -> None:
        """Raises ValueError when there is no such fault."""
        counterpart, kind = asked.get("counterpart"), asked.get("kind")
        operation, known = asked.get("operation", "*"), OPERATIONS.get(counterpart or "", set())
        if not known or operation not in known | {"*"} or kind not in KINDS:
            raise ValueError("no such counterpart, operation or kind")
        if counterpart in UNSIGNED and kind == "unsigned":
            raise ValueError("a login channel does not sign its answers")
        if kind == "lie" and not asked.get("field") and operation != "bill_file":
            raise ValueError("a lie needs its field")
        self._books.add(
            "faults", counterpart=counterpart, operation=operation, kind=kind,
            times=int(asked.get("times", 1)), seconds=float(asked.get("seconds", DELAY_SECONDS)),
            field=asked.get("field") or "", value=json.dumps(asked.get("value")),
            phase=asked.get("phase") or PHASES.get(kind, "after"),
        )

    def clear(self) -> None:
        self._books.run("delete from faults")

    def take(self, counterpart: str, operation: str) -> list[Fault]:
        """The faults of this call, each used up by one."""
        with self._books.transaction():
            found = self._books.rows(
                "select * from faults where counterpart = ? and operation in (?, '*') order by id",
                counterpart, operation,
            )
            for row in found:
                self._books.run("update faults set times = times - 1 where id = ?", row["id"])
            self._books.run("delete from faults where times <= 0")
        return [
            Fault(row["kind"], row["seconds"], row["field"], json.loads(row["value"]), row["phase"])
            for row in found
        ]


def lie(data: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    """A copy of `data` in which the lies are told."""
    told: dict[str, Any] = json.loads(json.dumps(data))
    for fault in faults:
        if fault.kind != "lie" or not fault.field:
            continue
        *path, last = fault.field.split(".")
        place: Any = told
        for name in path:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        if isinstance(place, list):
            place[int(last)] = fault.value
        else:
            place[last] = fault.value
    return told
