"""The risk colour of a merchant as a consumer sees it, with its reasons in words.

grey: not on the platform. red: sales are stopped. yellow: an alert is open, or somebody reported payment off the platform lately.
green: none of these. black is for merchants that a regulator has listed, and nothing gives it yet.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.alert import Alert, AlertKind, AlertState
from chalicelib.domain.business_day import business_date
from chalicelib.domain.merchant import Merchant, Reason
from chalicelib.domain.tip_off import Finding, TipOff, TipOffKind

REPORTS_COUNT_FOR = timedelta(days=30)


class Colour(StrEnum):
    GREY = "grey"
    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"
    BLACK = "black"


ALERT_WORDS: Mapping[AlertKind, tuple[str, str]] = {
    AlertKind.LICENCE: ("营业执照登记信息有变化，正在核实", "the licence's registration has changed and is being looked into"),
    AlertKind.UNCHECKED: ("营业执照多日未能核验", "the licence could not be verified for days"),
    AlertKind.BONUS_BREAKER: ("赠送比例偏高，正在核实", "an unusually high bonus is being looked into"),
    AlertKind.OFF_PLATFORM: ("有平台外收款的举报，正在核实", "a report of payment off the platform is being looked into"),
    AlertKind.COMPLAINT: ("有消费者投诉，正在核实", "a complaint is being looked into"),
}


@dataclass(frozen=True)
class Coloured:
    colour: Colour
    reasons: tuple[Reason, ...]


NOT_CONNECTED = Coloured(
    Colour.GREY,
    (
        Reason(
            "not_connected",
            "该营业执照未接入本平台，预付款不受存管保护",
            "no merchant on this platform has this licence; prepaid money is not held in custody",
        ),
    ),
)


def colour_of(merchant: Merchant, alerts: Iterable[Alert], tip_offs: Iterable[TipOff], now: datetime) -> Coloured:
    """The worst colour, with its own reasons. A report that turned out unfounded does not count."""
    if merchant.stops:
        return Coloured(Colour.RED, merchant.stop_reasons)
    reasons = _of_alerts(alerts)
    reported = [one for one in tip_offs if _counts(one, now)]
    if reported:
        latest = max(business_date(one.reported_at) for one in reported)
        days = REPORTS_COUNT_FOR.days
        said = f"近 {days} 天有 {len(reported)} 条平台外收款的举报"
        said_en = f"{len(reported)} reports of payment off the platform in {days} days"
        reasons.append(Reason("off_platform_reports", said, said_en, latest))
    return Coloured(Colour.YELLOW, tuple(reasons)) if reasons else Coloured(Colour.GREEN, ())


def _of_alerts(alerts: Iterable[Alert]) -> list[Reason]:
    """One reason for each kind that is open, since its oldest."""
    oldest: dict[AlertKind, Alert] = {}
    for alert in sorted(alerts, key=lambda one: one.raised_at):
        if alert.state is AlertState.OPEN:
            oldest.setdefault(alert.kind, alert)
    return [Reason(f"alert_{kind}", *ALERT_WORDS[kind], business_date(one.raised_at)) for kind, one in sorted(oldest.items())]


def _counts(tip_off: TipOff, now: datetime) -> bool:
    recent = now - tip_off.reported_at < REPORTS_COUNT_FOR
    return recent and tip_off.kind is TipOffKind.OFF_PLATFORM_PAYMENT and tip_off.finding is not Finding.UNFOUNDED
