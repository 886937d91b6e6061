"""The audit trail: one entry for each change of a privilege, an approval or a configuration of money."""
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Trace:
    """What the door knows about a request and a decision writes down: the id of the request is the entry's own."""

    entry_id: str
    request_id: str
    principal_id: str
    role: str
    at: datetime


@dataclass(frozen=True)
class AuditEntry:
    object_id: str
    entry_id: str
    at: datetime
    principal_id: str
    role: str
    action: str
    before: str
    after: str
    reason: str
    request_id: str
    version: int = 1


def entry(trace: Trace, object_id: str, action: str, before: str, after: str, reason: str = "") -> AuditEntry:
    return AuditEntry(
        object_id, trace.entry_id, trace.at, trace.principal_id, trace.role, action, before, after, reason, trace.request_id
    )
