"""The licence watch: what the business registry says of an approved merchant, and what follows from it without anybody's help.

    anything but in good standing (risk signal 13)      sales stop, an alert is raised
    in good standing again                              the watch's own stop is lifted; the alert waits for its person
    another name or legal representative (signal 12)    an alert; sales go on: a change is lawful, and a person has to compare it
    nothing new                                         only the time of the check is written
    no answer                                           nothing; after UNCHECKED_AFTER an alert, once

A stop has the reason StopReason.LICENCE, which is the watch's alone: stops for other reasons stay as they are. The licence's own
last day ends sales even when the registry is silent. What changes sales is audited; each of it is one transaction.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain.alert import Alert, AlertKind
from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.merchant import LICENCE_WORDS, LicenceStatus, Merchant, StopReason
from chalicelib.domain.name import normal
from chalicelib.domain.registry import RegisteredCompany

CHECKED_EVERY = timedelta(hours=20)
UNCHECKED_AFTER = timedelta(days=3)
NAME_CHARS_MAX = 60
"""Of a name from the registry, in an alert."""


class Outcome(StrEnum):
    SAME = "same"
    STOPPED = "stopped"
    LIFTED = "lifted"
    CHANGED = "changed"
    SILENT = "silent"
    UNCHECKED = "unchecked"


@dataclass(frozen=True)
class Watched:
    merchant: Merchant
    outcome: Outcome
    alert: Alert | None = None


def is_due(merchant: Merchant, now: datetime) -> bool:
    return now - merchant.licence_checked_at >= CHECKED_EVERY or _ended_unseen(merchant, business_date(now))


def is_unchecked(merchant: Merchant, now: datetime) -> bool:
    return now - merchant.licence_checked_at >= UNCHECKED_AFTER


def look(merchant: Merchant, company: RegisteredCompany | None, alert_id: str, trace: Trace) -> Decision[Watched]:
    """The registry has answered; None: it knows no such licence. `alert_id`: of the alert, should there be one."""
    assert company is None or company.licence_no == merchant.licence_no
    seen = replace(merchant, licence_checked_at=trace.at)
    if company is None:
        return _record(merchant, seen, LicenceStatus.NOT_FOUND, "", alert_id, trace)
    seen = replace(seen, licence_valid_until=company.valid_until, registered_otherwise=_digest_if_other(merchant, company))
    other = _names(company) if seen.registered_otherwise not in ("", merchant.registered_otherwise) else ""
    return _record(merchant, seen, _status(company, business_date(trace.at)), other, alert_id, trace)


def silent(
    merchant: Merchant, raised: Alert | None, alert_id: str, unchecked_id: str, trace: Trace
) -> Decision[Watched]:
    """The registry has not answered. `raised`: what is there under `unchecked_id`, the alert's id of this very silence."""
    if _ended_unseen(merchant, business_date(trace.at)):
        return _record(merchant, merchant, LicenceStatus.EXPIRED, "", alert_id, trace)
    if raised is not None or not is_unchecked(merchant, trace.at):
        return Decision(Watched(merchant, Outcome.SILENT), replayed=True)
    last = business_date(merchant.licence_checked_at)
    alert = Alert(
        unchecked_id,
        merchant.merchant_id,
        merchant.district,
        AlertKind.UNCHECKED,
        f"登记机关自 {last} 起无明确答复，营业执照未能核验",
        f"the registry has given no definitive answer since {last}, the licence is unverified",
        trace.at,
    )
    return Decision(Watched(merchant, Outcome.UNCHECKED, alert), (create(alert),))


def _ended_unseen(merchant: Merchant, today: date) -> bool:
    ended = merchant.licence_valid_until is not None and merchant.licence_valid_until < today
    return ended and StopReason.LICENCE not in merchant.stops


def _status(company: RegisteredCompany, today: date) -> LicenceStatus:
    """The licence's last day is a good one still."""
    status = LicenceStatus(company.status)
    ended = company.valid_until is not None and company.valid_until < today
    return LicenceStatus.EXPIRED if status is LicenceStatus.NORMAL and ended else status


def _digest_if_other(merchant: Merchant, company: RegisteredCompany) -> str:
    """Full-width signs are the same name: the merchant's was normalised when it applied."""
    if (normal(company.name), company.legal_representative) == (normal(merchant.name), merchant.legal_representative):
        return ""
    return hashlib.sha256(f"{company.name}\x1f{company.legal_representative}".encode()).hexdigest()[:16]


def _names(company: RegisteredCompany) -> str:
    return f"{company.name[:NAME_CHARS_MAX]}, {company.legal_representative[:NAME_CHARS_MAX]}"


def _record(
    before: Merchant, seen: Merchant, status: LicenceStatus, other: str, alert_id: str, trace: Trace
) -> Decision[Watched]:
    """`other`: name and legal representative at the registry, where nobody has been told of them yet."""
    after = _restated(seen, status, trace.at)
    told = status is not before.licence_status or after.stops != before.stops
    puts: tuple[Put, ...] = (change(before, after),)
    if told:
        action = "merchant.stop_sales" if StopReason.LICENCE in after.stops else "merchant.lift_stop"
        said = f"licence {status}"
        puts += (create(entry(trace, after.merchant_id, action, _sales(before), _sales(after), said)),)
    if (told and status is not LicenceStatus.NORMAL) or other:
        alert = _alert(after, status, other, alert_id, trace.at)
        return Decision(Watched(after, _outcome(before, after, changed=True), alert), (*puts, create(alert)))
    return Decision(Watched(after, _outcome(before, after, changed=told)), puts)


def _restated(seen: Merchant, status: LicenceStatus, now: datetime) -> Merchant:
    """With the status, and with the watch's own stop if and only if it is not a good one."""
    if status is not seen.licence_status:
        seen = replace(seen, licence_status=status, licence_status_since=business_date(now), updated_at=now)
    bad, stopped = status is not LicenceStatus.NORMAL, StopReason.LICENCE in seen.stops
    if bad and not stopped:
        return seen.stopped(StopReason.LICENCE, now)
    if stopped and not bad:
        return seen.lifted(StopReason.LICENCE, now)
    return replace(seen, version=seen.version + 1)


def _sales(merchant: Merchant) -> str:
    return f"{merchant.state}: {', '.join(merchant.stops)}" if merchant.stops else merchant.state.value


def _outcome(before: Merchant, after: Merchant, changed: bool) -> Outcome:
    had, has = StopReason.LICENCE in before.stops, StopReason.LICENCE in after.stops
    if had != has:
        return Outcome.STOPPED if has else Outcome.LIFTED
    return Outcome.CHANGED if changed else Outcome.SAME


def _alert(merchant: Merchant, status: LicenceStatus, other: str, alert_id: str, now: datetime) -> Alert:
    said, said_en = [], []
    if status is not LicenceStatus.NORMAL:
        said.append(f"{LICENCE_WORDS[status][0]}，已自动停止售卡")
        said_en.append(f"{LICENCE_WORDS[status][1]}, sales are stopped")
    if other:
        said.append(f"登记的名称或法定代表人已变更：{other}")
        said_en.append(f"the registry has another name or legal representative: {other}")
    detail, detail_en = "；".join(said), "; ".join(said_en)
    return Alert(alert_id, merchant.merchant_id, merchant.district, AlertKind.LICENCE, detail, detail_en, now)
