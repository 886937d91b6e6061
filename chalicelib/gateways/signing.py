"""JSON over HTTP, signed both ways by HMAC-SHA256: how the custodian, the business registry and the
regulator speak.

    request   METHOD \n path?query \n timestamp \n nonce \n sha256hex(body)
              in X-Client-Id, X-Timestamp, X-Nonce, X-Signature
    answer    status \n timestamp \n nonce of the request \n sha256hex(body)
              in X-Timestamp, X-Signature

The nonce of the request in the answer's signature ties the two together: an old answer cannot be played
back to a new question. An answer that is unsigned, wrongly signed or more than 300 s away is no answer.
"""
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from chalicelib.gateways import fields
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.transport import REPLY_BYTES_MAX, Answer, Clock, exchange

WINDOW_SECONDS = 300
# These say no to the caller, not to what was asked; the effect of an earlier, lost call is still open.
NOT_ABOUT_THE_REQUEST = frozenset({401, 403, 408, 425, 429})


@dataclass(frozen=True)
class Reply:
    """A genuine answer. `text` is its body as received, for the archive."""
    status: int
    data: fields.Fields
    text: str


class SignedChannel:
    def __init__(self, base_url: str, credentials: Mapping[str, str], clock: Clock) -> None:
        self._base_url = base_url.rstrip("/")
        self._client_id = credentials["client_id"]
        self._key = credentials["key"].encode()
        self._clock = clock

    def ask(
        self,
        method: str,
        path: str,
        payload: Mapping[str, Any] | None = None,
        reply_bytes_max: int = REPLY_BYTES_MAX,
    ) -> Reply | Unknown:
        """`path` is relative to the base URL, quoted, with its query. A genuine answer of 5xx is `Unknown`
        as well."""
        body = b"" if payload is None else json.dumps(payload, ensure_ascii=False).encode()
        nonce = secrets.token_hex(16)
        url = self._base_url + path
        headers = self._headers(method, url, body, nonce)
        answer = exchange(method, url, headers, body, reply_bytes_max)
        if isinstance(answer, Unknown):
            return answer
        doubt = self._doubt(answer, nonce)
        if doubt:
            return Unknown(doubt)
        try:
            data = fields.document(answer.body)
        except fields.Malformed as error:
            return Unknown(str(error))
        if answer.status >= 500 or answer.status in NOT_ABOUT_THE_REQUEST:
            return Unknown(f"status {answer.status}: {data.get('code', '')}")
        return Reply(answer.status, data, answer.body.decode())

    def _headers(self, method: str, url: str, body: bytes, nonce: str) -> dict[str, str]:
        timestamp = str(int(self._clock().timestamp()))
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return {
            "Content-Type": "application/json",
            "X-Client-Id": self._client_id,
            "X-Timestamp": timestamp,
            "X-Nonce": nonce,
            "X-Signature": signature(self._key, method, target, timestamp, nonce, body),
        }

    def _doubt(self, answer: Answer, nonce: str) -> str:
        """Why this answer is not genuine; empty when it is."""
        timestamp, given = answer.headers.get("x-timestamp", ""), answer.headers.get("x-signature", "")
        if not timestamp or not given:
            return f"the answer is not signed (status {answer.status})"
        if not is_recent(timestamp, self._clock()):
            return "the answer is too old or from the future"
        expected = reply_signature(self._key, answer.status, timestamp, nonce, answer.body)
        genuine = hmac.compare_digest(expected.encode(), given.encode())
        return "" if genuine else "the signature does not match"


def signature(key: bytes, method: str, target: str, timestamp: str, nonce: str, body: bytes) -> str:
    return _seal(key, method, target, timestamp, nonce, hashlib.sha256(body).hexdigest())


def reply_signature(key: bytes, status: int, timestamp: str, nonce: str, body: bytes) -> str:
    return _seal(key, str(status), timestamp, nonce, hashlib.sha256(body).hexdigest())


def is_recent(timestamp: str, now: datetime) -> bool:
    """Unix seconds as text, at most 300 s from `now` in either direction."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return abs(int(timestamp) - int(now.timestamp())) <= WINDOW_SECONDS


def refusal(reply: Reply) -> Refused:
    """The counterpart's own words for its no; a no without words has its status for a code."""
    return Refused(str(reply.data.get("code") or reply.status), str(reply.data.get("message") or ""))


def _seal(key: bytes, *lines: str) -> str:
    return hmac.new(key, "\n".join(lines).encode(), hashlib.sha256).hexdigest()
