"""The keys that sign store codes: one is current, former ones still verify what is printed, a revoked one verifies nothing.

current -> verifying -> revoking -> revoked
                \\__________/  (withdrawn)

A current key is rotated before it is revoked, so that there always is one that signs. Revoking ends every print under the key
at once: one operator proposes it, another one approves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.refusals import Conflict, Forbidden, absent
from chalicelib.domain.state import move

KEY_ID_MAX = 255
"""A code has one byte for it."""

KEYRING = "code_keys"
"""Under this name the key service binds the keys, and the store keeps them."""


class CodeKeyState(StrEnum):
    CURRENT = "current"
    VERIFYING = "verifying"
    REVOKING = "revoking"
    REVOKED = "revoked"


class CodeKeyEvent(StrEnum):
    ROTATE = "rotate"
    PROPOSE = "propose"
    WITHDRAW = "withdraw"
    APPROVE = "approve"


TRANSITIONS: Mapping[tuple[CodeKeyState, CodeKeyEvent], CodeKeyState] = {
    (CodeKeyState.CURRENT, CodeKeyEvent.ROTATE): CodeKeyState.VERIFYING,
    (CodeKeyState.VERIFYING, CodeKeyEvent.PROPOSE): CodeKeyState.REVOKING,
    (CodeKeyState.REVOKING, CodeKeyEvent.WITHDRAW): CodeKeyState.VERIFYING,
    (CodeKeyState.REVOKING, CodeKeyEvent.APPROVE): CodeKeyState.REVOKED,
}


@dataclass(frozen=True)
class CodeKey:
    """`wrapped`: the key under the key service's key (base64). `request`: which request made it. `proposed_by` and `reason`: of
    the present proposal to revoke it, or of the one that was approved."""

    key_id: int
    wrapped: str
    request: str
    created_at: datetime
    state: CodeKeyState = CodeKeyState.CURRENT
    changed_at: datetime | None = None
    proposed_by: str = ""
    approved_by: str = ""
    reason: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        assert 1 <= self.key_id <= KEY_ID_MAX

    @property
    def verifies(self) -> bool:
        return self.state is not CodeKeyState.REVOKED


def current_of(keys: Sequence[CodeKey]) -> CodeKey | None:
    """The one that signs. Between two that say so (one read before, one after a rotation) the newer one."""
    return max((key for key in keys if key.state is CodeKeyState.CURRENT), key=lambda key: key.key_id, default=None)


def first_key(keys: Sequence[CodeKey], wrapped: str, trace: Trace) -> Decision[CodeKey]:
    """Made on first need. Whoever comes second finds it."""
    current = current_of(keys)
    if current is not None:
        return Decision(current, replayed=True)
    made = CodeKey(1, wrapped, "", trace.at)
    return Decision(made, (create(made), create(entry(trace, object_id(1), "code_key.create", "", made.state))))


def rotate(keys: Sequence[CodeKey], wrapped: str, request: str, trace: Trace) -> Decision[CodeKey]:
    """A new current key; the former one goes on to verify. The same request again: the key it made.

    Conflict `code_keys_exhausted` after the last id that a code can carry."""
    for key in keys:
        if key.request == request:
            return Decision(key, replayed=True)
    newest = max((key.key_id for key in keys), default=0)
    if newest >= KEY_ID_MAX:
        raise Conflict("code_keys_exhausted", "密钥编号已用尽", f"a code can name {KEY_ID_MAX} keys, all of them were used")
    made = CodeKey(newest + 1, wrapped, request, trace.at)
    puts = [create(made)]
    former = current_of(keys)
    if former is not None:
        puts.append(change(former, _moved(former, CodeKeyEvent.ROTATE, trace)))
    before = former.key_id if former else ""
    puts.append(create(entry(trace, object_id(made.key_id), "code_key.rotate", f"{before}", f"{made.key_id}")))
    return Decision(made, tuple(puts))


def propose(key: CodeKey | None, reason: str, trace: Trace) -> Decision[CodeKey]:
    """The first of two persons. The same person and reason again: what is there."""
    present = _present(key)
    if present.state is CodeKeyState.REVOKING and (present.proposed_by, present.reason) == (trace.principal_id, reason):
        return Decision(present, replayed=True)
    after = _moved(present, CodeKeyEvent.PROPOSE, trace)
    return _audited(present, replace(after, proposed_by=trace.principal_id, reason=reason), "code_key.propose_revoke", trace)


def approve(key: CodeKey | None, trace: Trace) -> Decision[CodeKey]:
    """The second of two persons: no print under this key is accepted from now on. The same person again: what is there."""
    present = _present(key)
    if present.state is CodeKeyState.REVOKED and present.approved_by == trace.principal_id:
        return Decision(present, replayed=True)
    after = _moved(present, CodeKeyEvent.APPROVE, trace)
    if present.proposed_by == trace.principal_id:
        raise Forbidden("second_person_needed", "吊销密钥须由另一人批准", "a key is proposed and approved by different persons")
    return _audited(present, replace(after, approved_by=trace.principal_id), "code_key.revoke", trace)


def withdraw(key: CodeKey | None, trace: Trace) -> Decision[CodeKey]:
    """By any operator. A key that nobody wants to revoke: what is there."""
    present = _present(key)
    if present.state is CodeKeyState.VERIFYING:
        return Decision(present, replayed=True)
    after = _moved(present, CodeKeyEvent.WITHDRAW, trace)
    return _audited(present, replace(after, proposed_by="", reason=""), "code_key.withdraw_revoke", trace)


def object_id(key_id: int) -> str:
    """Under which the audit trail keeps a key."""
    return f"code_key#{key_id}"


def _present(key: CodeKey | None) -> CodeKey:
    if key is None:
        raise absent("密钥", "key")
    return key


def _moved(key: CodeKey, event: CodeKeyEvent, trace: Trace) -> CodeKey:
    state = move(TRANSITIONS, "code_key", "密钥", key.state, event)
    return replace(key, state=state, changed_at=trace.at, version=key.version + 1)


def _audited(before: CodeKey, after: CodeKey, action: str, trace: Trace) -> Decision[CodeKey]:
    audit = entry(trace, object_id(after.key_id), action, before.state, after.state, after.reason or before.reason)
    return Decision(after, (change(before, after), create(audit)))
