"""An alert: something about a merchant that a person has to look at. Raised by a decision, closed by a person with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AlertKind(StrEnum):
    LICENCE = "licence"
    BONUS_BREAKER = "bonus_breaker"
    OFF_PLATFORM = "off_platform"


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
