"""The licence watch: every merchant is looked up at the business registry once a day, and what follows is decided and written.

Bounded by the list of merchants (reads.MERCHANTS_MAX) and by the time of the run; the longest unchecked first. A merchant that
the registry says nothing about for days is asked about less often, so that a heap of them cannot fill every run. One that fails
is counted and never stops the others.
"""

import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib import ids
from chalicelib.domain import watch as rules
from chalicelib.domain.alert import Alert
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.refusals import Refusal, absent
from chalicelib.domain.watch import Watched
from chalicelib.gateways import business_registry
from chalicelib.gateways.business_registry import BusinessRegistry
from chalicelib.gateways.outcomes import Unknown
from chalicelib.operations.attempts import commit
from chalicelib.operations.registry import company_of
from chalicelib.store import reads

OLD = timedelta(days=2)
OLD_EVERY_HOURS = 4


@dataclass
class Run:
    """`outcomes` by name; `failures`: id and code of what could not be done; `unchecked`: merchants that the registry has said
    nothing definitive about for days; `left`: for the next run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)
    unchecked: int = 0
    left: int = 0


def run(
    now: datetime,
    registry: BusinessRegistry | None = None,
    time_left: Callable[[], bool] = lambda: True,
    merchant_id: str = "",
) -> Run:
    """All merchants that are due, or the one that is named, due or not. Absent if there is none of that name."""
    done, wanted = Run(), [_present(merchant_id)] if merchant_id else _due(now)
    for merchant in wanted:
        if not time_left():
            done.left += 1
            continue
        try:
            watched = check(merchant, now, registry)
        except Refusal as refusal:
            done.failures.append((merchant.merchant_id, refusal.code))
        except Exception as error:  # a poison merchant is one line in the log, and the next one's turn
            done.failures.append((merchant.merchant_id, type(error).__name__))
        else:
            done.outcomes[watched.outcome.value] += 1
            done.unchecked += rules.is_unchecked(watched.merchant, now)
    return done


def _due(now: datetime) -> list[Merchant]:
    """The longest unchecked first."""
    due = [merchant for merchant in reads.listed("merchants") if rules.is_due(merchant, now) and _turn_of(merchant, now)]
    return sorted(due, key=lambda merchant: (merchant.licence_checked_at, merchant.merchant_id))


def _turn_of(merchant: Merchant, now: datetime) -> bool:
    if now - merchant.licence_checked_at < OLD:
        return True
    hour = int(now.timestamp()) // 3600
    return (hour + zlib.crc32(merchant.merchant_id.encode())) % OLD_EVERY_HOURS == 0


def check(merchant: Merchant, now: datetime, registry: BusinessRegistry | None = None) -> Watched:
    answer = (registry or business_registry.connect()).lookup(merchant.licence_no)
    merchant_id = merchant.merchant_id
    trace = Trace(ids.random_id("aud"), "watch", "watch", "clock", now)

    def decide() -> Decision[Watched]:
        present = _present(merchant_id)
        alert_id = _alert_id(merchant_id, now, "licence", str(present.version))
        if isinstance(answer, Unknown):
            checked_at = present.licence_checked_at
            unchecked_id = _alert_id(merchant_id, checked_at, "unchecked", checked_at.isoformat())
            raised = reads.get(Alert, merchant_id, unchecked_id) if rules.is_unchecked(present, now) else None
            return rules.silent(present, raised, alert_id, unchecked_id, trace)
        company = company_of(answer)
        return rules.look(present, company, alert_id, trace)

    return commit(decide).answer


def _alert_id(merchant_id: str, at: datetime, *parts: str) -> str:
    return ids.derived_within_on("alt", merchant_id, business_date(at), *parts)


def _present(merchant_id: str) -> Merchant:
    merchant = reads.get(Merchant, merchant_id)
    if merchant is None:
        raise absent("商户", "merchant")
    return merchant
