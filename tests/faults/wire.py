"""The wire to DynamoDB: what was sent on it, and what goes wrong with it. It stands where the shared botocore client sends a
prepared and signed request; below it is moto, above it nothing is replaced."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from chalicelib.store.tables import CardsTable

Send = Callable[[Any], Any]


@dataclass(frozen=True)
class Call:
    operation: str
    body: dict[str, Any]


@dataclass
class Wire:
    """`faults`: one per call to come, None where the call goes through; operations not in `only` go through uncounted."""

    below: Send
    sent: list[Call] = field(default_factory=list)
    faults: list[Callable[[Any, Send], Any] | None] = field(default_factory=list)
    only: frozenset[str] = frozenset()

    def __call__(self, request: Any) -> Any:
        call = Call(_text(request.headers["X-Amz-Target"]).partition(".")[2], json.loads(_text(request.body)))
        self.sent.append(call)
        if self.faults and (not self.only or call.operation in self.only):
            fault = self.faults.pop(0)
            if fault is not None:
                return fault(request, self.below)
        return self.below(request)

    def count(self, *operations: str) -> int:
        return sum(call.operation in operations for call in self.sent)

    def cancel(self, *reasons: str) -> None:
        self.faults.append(cancelled(*reasons))


def _text(raw: Any) -> str:
    return raw.decode() if isinstance(raw, bytes) else str(raw)


def connection() -> Any:
    """The botocore client that all tables share."""
    return CardsTable._get_connection().connection.client


@contextmanager
def wire_of() -> Iterator[Wire]:
    """moto answers by an event, before any session is asked. Its handler is taken off the client and called from the wire, so
    that an answer can be lost; every handler of an event is called, whatever an earlier one said."""
    from moto.core.models import botocore_stubber

    events = connection().events
    wire = Wire(lambda request: botocore_stubber("before-send", request))

    def on_the_wire(request: Any, **_: Any) -> Any:
        return wire(request)

    events.unregister("before-send", botocore_stubber)
    events.register("before-send", on_the_wire)
    yield wire
    events.unregister("before-send", on_the_wire)
    events.register("before-send", botocore_stubber)


def answer(request: Any, status: int, error: str, message: str = "", **more: Any) -> AWSResponse:
    body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{error}", "message": message, **more}).encode()
    response = AWSResponse(request.url, status, {"content-type": "application/x-amz-json-1.0"}, None)
    response._content = body
    return response


def lost_after_apply(request: Any, below: Send) -> Any:
    """It was written; nobody hears of it."""
    below(request)
    raise ReadTimeoutError(endpoint_url=request.url)


def never_sent(request: Any, below: Send) -> Any:
    raise ConnectTimeoutError(endpoint_url=request.url)


def throttled(request: Any, below: Send) -> Any:
    return answer(request, 400, "ProvisionedThroughputExceededException", "slow down")


def broken(request: Any, below: Send) -> Any:
    return answer(request, 500, "InternalServerError", "we are sorry")


def in_progress(request: Any, below: Send) -> Any:
    return answer(request, 400, "TransactionInProgressException", "the transaction with the given request token is in progress")


def conflicting_read(request: Any, below: Send) -> Any:
    return answer(request, 400, "TransactionConflictException", "a transaction is in progress for the item")


def cancelled(*reasons: str) -> Callable[[Any, Send], Any]:
    def fault(request: Any, below: Send) -> Any:
        listed = ", ".join(reasons)
        told = [{"Code": reason, "Message": reason} for reason in reasons]
        text = f"Transaction cancelled, please refer cancellation reasons for specific reasons [{listed}]"
        return answer(request, 400, "TransactionCanceledException", text, CancellationReasons=told)

    return fault
