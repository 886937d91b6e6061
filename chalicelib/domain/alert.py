"""An alert: something about a merchant that a person has to look at. Raised by a decision, closed by a person with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import absent
from chalicelib.domain.state import move


class AlertKind(StrEnum):
    """LICENCE: the registry says something new. UNCHECKED: the registry said nothing for too long. OFF_PLATFORM and COMPLAINT:
    consumers told us."""

    LICENCE = "licence"
    UNCHECKED = "unchecked"
    BONUS_BREAKER = "bonus_breaker"
    OFF_PLATFORM = "off_platform"
    COMPLAINT = "complaint"


class AlertState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class AlertEvent(StrEnum):
    CLOSE = "close"


TRANSITIONS: Mapping[tuple[AlertState, AlertEvent], AlertState] = {
    (AlertState.OPEN, AlertEvent.CLOSE): AlertState.CLOSED,
}


@dataclass(frozen=True)
class Alert:
    """`alert_id` lives in the merchant's partition. `detail` (zh-CN) and `detail_en` say what was seen, in words and numbers."""

    alert_id: str
    merchant_id: str
    district: str
    kind: AlertKind
    detail: str
    detail_en: str
    raised_at: datetime
    state: AlertState = AlertState.OPEN
    closed_by: str = ""
    reason: str = ""
    version: int = 1


def close(alert: Alert | None, closer: Principal, reason: str, trace: Trace) -> Decision[Alert]:
    """Order of refusals: absent or of another district (alike), closed by somebody else. The same person again: what is there."""
    if alert is None or (closer.role is not Role.OPERATOR and closer.district != alert.district):
        raise absent("预警", "alert")
    if alert.state is AlertState.CLOSED and alert.closed_by == closer.principal_id:
        return Decision(alert, replayed=True)
    state = move(TRANSITIONS, "alert", "预警", alert.state, AlertEvent.CLOSE)
    after = replace(alert, state=state, closed_by=closer.principal_id, reason=reason, version=alert.version + 1)
    made = entry(trace, alert.alert_id, "alert.close", alert.state, after.state, reason)
    return Decision(after, (change(alert, after), create(made)))
