"""A tip-off: a consumer tells the authority of a merchant, first of all that it asked for payment off the platform.

open -> resolved, by the regulator of the district, confirmed or unfounded, with a reason. The merchant sees nothing of it, and
nobody but the consumer sees whose it is. One case per consumer, merchant, kind and business date of reporting.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain.alert import Alert, AlertKind, AlertState
from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal
from chalicelib.domain.quota import Quota, spend
from chalicelib.domain.refusals import Conflict, Unprocessable, absent
from chalicelib.domain.state import move
from chalicelib.domain.store import Store

TIP_OFFS_PER_DAY = 5
HAPPENED_WITHIN = timedelta(days=3 * 365)
"""Three years, the general limitation of actions (民法典 第188条)."""


class TipOffKind(StrEnum):
    OFF_PLATFORM_PAYMENT = "off_platform_payment"
    REFUSED_REDEMPTION = "refused_redemption"
    OTHER = "other"


class TipOffState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class TipOffEvent(StrEnum):
    RESOLVE = "resolve"


TRANSITIONS: Mapping[tuple[TipOffState, TipOffEvent], TipOffState] = {
    (TipOffState.OPEN, TipOffEvent.RESOLVE): TipOffState.RESOLVED,
}


class Finding(StrEnum):
    """What the regulator found. PENDING: nothing yet."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    UNFOUNDED = "unfounded"


ALERT_KIND: Mapping[TipOffKind, AlertKind] = {
    TipOffKind.OFF_PLATFORM_PAYMENT: AlertKind.OFF_PLATFORM,
    TipOffKind.REFUSED_REDEMPTION: AlertKind.COMPLAINT,
    TipOffKind.OTHER: AlertKind.COMPLAINT,
}

_ALERT_WORDS: Mapping[AlertKind, tuple[str, str]] = {
    AlertKind.OFF_PLATFORM: ("有消费者举报被要求在平台外付款", "consumers report that they were asked to pay off the platform"),
    AlertKind.COMPLAINT: ("有消费者投诉该商户", "consumers complain about the merchant"),
}


@dataclass(frozen=True)
class TipOff:
    """`tip_off_id` lives in the merchant's partition and begins with the date of reporting. `store_id`: "" for all of the
    merchant. `due_on`: until when the regulator has to answer."""

    tip_off_id: str
    merchant_id: str
    district: str
    store_id: str
    consumer_id: str
    kind: TipOffKind
    what_happened: str
    happened_on: date
    reported_at: datetime
    due_on: date
    state: TipOffState = TipOffState.OPEN
    finding: Finding = Finding.PENDING
    resolved_by: str = ""
    resolved_at: datetime | None = None
    reason: str = ""
    version: int = 1


@dataclass(frozen=True)
class OwnTipOff:
    """In the consumer's own partition, so that they find what they reported."""

    consumer_id: str
    reported_on: date
    tip_off_id: str
    version: int = 1


@dataclass(frozen=True)
class Known:
    """What is there when somebody reports. `alerts`: those of this merchant, kind and day, in the order of their ordinals; None
    where none was raised yet. `store`: None too where the report names none."""

    merchant: Merchant | None
    store: Store | None
    earlier: TipOff | None
    quota: Quota | None
    alerts: tuple[Alert | None, ...]


def report(known: Known, tip_off: TipOff, fresh: Quota, alert_ids: tuple[str, ...]) -> Decision[TipOff]:
    """Order of refusals: merchant or store absent, the day, too many today. Who reported it today already gets what is there.

    The alert of the day is written by whoever comes first; everybody after adds a case of their own and writes no row that
    anybody else writes. A new alert only follows one that was closed since, up to as many a day as there are `alert_ids`.
    """
    if known.earlier is not None:
        return Decision(known.earlier, replayed=True)
    if known.merchant is None:
        raise absent("商户", "merchant")
    if tip_off.store_id and known.store is None:
        raise absent("门店", "store")
    today = business_date(tip_off.reported_at)
    if not today - HAPPENED_WITHIN <= tip_off.happened_on <= today:
        raise Unprocessable(
            "date_out_of_range",
            "发生日期须在今天之前三年以内",
            f"{tip_off.happened_on} is in the future or longer ago than {HAPPENED_WITHIN.days} days",
            param="happened_on",
        )
    made = replace(tip_off, district=known.merchant.district)
    own = OwnTipOff(made.consumer_id, today, made.tip_off_id)
    counted = spend(known.quota, fresh, TIP_OFFS_PER_DAY, _too_many())
    return Decision(made, (create(made), create(own), counted, *_alert(known.alerts, made, alert_ids)))


def _too_many() -> Conflict:
    return Conflict(
        "too_many_tip_offs",
        f"每人每天最多举报 {TIP_OFFS_PER_DAY} 次，请明天再试",
        f"a person may report {TIP_OFFS_PER_DAY} times a day, try again tomorrow",
        facts={"max": TIP_OFFS_PER_DAY},
    )


def _alert(present: tuple[Alert | None, ...], tip_off: TipOff, alert_ids: tuple[str, ...]) -> tuple[Put, ...]:
    for alert_id, alert in zip(alert_ids, present, strict=True):
        if alert is not None and alert.state is AlertState.OPEN:
            return ()
        if alert is None:
            kind = ALERT_KIND[tip_off.kind]
            raised = Alert(
                alert_id, tip_off.merchant_id, tip_off.district, kind, *_ALERT_WORDS[kind], raised_at=tip_off.reported_at
            )
            return (create(raised),)
    return ()


def resolve(
    tip_off: TipOff | None, finding: Finding, reason: str, regulator: Principal, trace: Trace
) -> Decision[TipOff]:
    """Order of refusals: absent or of another district (alike), resolved otherwise. The same again: what is there."""
    assert finding is not Finding.PENDING
    if tip_off is None or tip_off.district != regulator.district:
        raise absent("举报", "tip-off")
    if (tip_off.finding, tip_off.resolved_by) == (finding, regulator.principal_id):
        return Decision(tip_off, replayed=True)
    state = move(TRANSITIONS, "tip_off", "举报", tip_off.state, TipOffEvent.RESOLVE)
    after = replace(
        tip_off,
        state=state,
        finding=finding,
        resolved_by=regulator.principal_id,
        resolved_at=trace.at,
        reason=reason,
        version=tip_off.version + 1,
    )
    made = entry(trace, after.tip_off_id, "tip_off.resolve", tip_off.state, f"{state}: {finding}", reason)
    return Decision(after, (change(tip_off, after), create(made)))


@dataclass(frozen=True)
class Complaints:
    """How a merchant's tip-offs stand."""

    open: int
    resolved_in_time: int
    resolved_late: int


def counted(tip_offs: Iterable[TipOff]) -> Complaints:
    still_open = in_time = late = 0
    for one in tip_offs:
        if one.resolved_at is None:
            still_open += 1
        elif business_date(one.resolved_at) <= one.due_on:
            in_time += 1
        else:
            late += 1
    return Complaints(still_open, in_time, late)
