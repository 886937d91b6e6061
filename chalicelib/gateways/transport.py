"""One HTTP exchange with a counterpart: bounded in time and in size, sent once, never redirected.

There are no retries here: whoever repeats a call must know that it is the same call. Each exchange opens
its own connection, because a kept connection that died while the container was frozen would turn a call
that was never sent into an `Unknown`.
"""
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from chalicelib.gateways.outcomes import Unknown

CONNECT_SECONDS_MAX = 2
READ_SECONDS_MAX = 4
EXCHANGE_SECONDS_MAX = 8
REPLY_BYTES_MAX = 4 * 1024 * 1024
CHUNK_BYTES = 64 * 1024

Clock = Callable[[], datetime]


@dataclass(frozen=True)
class Answer:
    """`headers` have lower-case names; `body` is the bytes as sent, before any decoding."""
    status: int
    headers: Mapping[str, str]
    body: bytes


@lru_cache(maxsize=1)
def _connections() -> Any:
    import urllib3

    return urllib3.PoolManager(
        retries=False, timeout=urllib3.Timeout(connect=CONNECT_SECONDS_MAX, read=READ_SECONDS_MAX)
    )


def exchange(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes = b"",
    reply_bytes_max: int = REPLY_BYTES_MAX,
) -> Answer | Unknown:
    from urllib3.exceptions import HTTPError

    try:
        reply = _connections().request(
            method, url, body=body or None, headers={**headers, "Connection": "close"},
            redirect=False, preload_content=False, decode_content=False,
        )
        try:
            content = _bounded(reply, reply_bytes_max)
        finally:
            reply.close()
    except (HTTPError, OSError, ValueError) as error:
        return Unknown(f"no answer: {type(error).__name__}")
    if content is None:
        return Unknown("the answer is too long or too slow")
    return Answer(reply.status, {name.lower(): value for name, value in reply.headers.items()}, content)


def _bounded(reply: Any, bytes_max: int) -> bytes | None:
    """The whole body, or None when it is longer or slower than we are willing to wait for."""
    deadline = time.monotonic() + EXCHANGE_SECONDS_MAX
    content = bytearray()
    while chunk := reply.read1(CHUNK_BYTES):
        content += chunk
        if len(content) > bytes_max or time.monotonic() > deadline:
            return None
    return bytes(content)
