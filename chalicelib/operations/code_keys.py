"""The keyring of store codes: its first key, rotation, revocation by two persons.

A key is unwrapped once per container; what a key id means never changes. Whether a key is still accepted stands in its row, which
is read with every scan.
"""

import time
from collections.abc import Callable
from datetime import datetime

from chalicelib import ids, sealing
from chalicelib.domain import code_key as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.code_key import KEY_ID_MAX, KEYRING, CodeKey
from chalicelib.domain.codes import CodeKeys
from chalicelib.domain.decision import Decision
from chalicelib.domain.principal import PLATFORM
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads

CURRENT_REMEMBERED_SECONDS = 5.0
"""A page of a hundred stores asks once. A key that another container rotated signs so much longer here, and verifies anyway."""

_unwrapped: dict[int, bytes] = {}
_current: list[tuple[float, CodeKey]] = []


def all_keys() -> list[CodeKey]:
    return reads.owned(CodeKey, KEYRING, "key#", limit=KEY_ID_MAX)


def signing(now: datetime) -> CodeKeys:
    """The key that signs new store codes; made when there is none."""
    asked = time.monotonic()
    if not _current or asked - _current[0][0] > CURRENT_REMEMBERED_SECONDS:
        _current[:] = [(asked, rules.current_of(all_keys()) or _first(now))]
    key = _current[0][1]
    return CodeKeys(key.key_id, {key.key_id: _material(key)})


def verifying(key_id: int | None) -> CodeKeys:
    """The key of this id, whatever its state; none where there never was one. A read and a call, the first time only."""
    known = _unwrapped.get(key_id or 0)
    if known is None and key_id:
        key = reads.get(CodeKey, key_id)
        known = _material(key) if key else None
    return CodeKeys(key_id or 0, {key_id: known} if key_id and known else {})


def rotate(key: str, trace: Trace) -> Done[CodeKey]:
    request = ids.derived("ckr", trace.principal_id, "code_key.rotate", key)
    wrapped = sealing.new_key(KEYRING)
    done = commit(lambda: rules.rotate(all_keys(), wrapped, request, trace))
    _current.clear()
    return done


def propose(key_id: int, reason: str, trace: Trace) -> Done[CodeKey]:
    return _change(key_id, lambda key: rules.propose(key, reason, trace))


def approve(key_id: int, trace: Trace) -> Done[CodeKey]:
    return _change(key_id, lambda key: rules.approve(key, trace))


def withdraw(key_id: int, trace: Trace) -> Done[CodeKey]:
    return _change(key_id, lambda key: rules.withdraw(key, trace))


def forget() -> None:
    """For tests: another world has other keys."""
    _current.clear()
    _unwrapped.clear()


def _first(now: datetime) -> CodeKey:
    trace = Trace(ids.random_id("aud"), "-", PLATFORM, PLATFORM, now)
    wrapped = sealing.new_key(KEYRING)
    return commit(lambda: rules.first_key(all_keys(), wrapped, trace)).answer


def _change(key_id: int, decide: Callable[[CodeKey | None], Decision[CodeKey]]) -> Done[CodeKey]:
    return commit(lambda: decide(reads.get(CodeKey, key_id) if 1 <= key_id <= KEY_ID_MAX else None))


def _material(key: CodeKey) -> bytes:
    if key.key_id not in _unwrapped:
        _unwrapped[key.key_id] = sealing.unwrapped(KEYRING, key.wrapped)
    return _unwrapped[key.key_id]
