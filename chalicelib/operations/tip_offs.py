"""Tip-offs: reported by consumers, resolved by the regulator of the district."""

import hashlib
import hmac
from datetime import date, timedelta

from chalicelib import config, ids
from chalicelib.domain import tip_off as rules
from chalicelib.domain.alert import Alert
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal
from chalicelib.domain.quota import Quota
from chalicelib.domain.store import Store
from chalicelib.domain.tip_off import ALERT_KIND, Finding, Known, OwnTipOff, TipOff, TipOffKind
from chalicelib.operations import consumers
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads

ALERTS_PER_DAY = 3
"""Of one merchant and kind: a report after an alert was closed raises the next one, up to so many."""


def report(
    merchant_id: str,
    store_id: str,
    kind: TipOffKind,
    what_happened: str,
    happened_on: date,
    caller: Principal,
    trace: Trace,
) -> Done[TipOff]:
    who, today = consumers.present(caller.principal_id).consumer_id, business_date(trace.at)
    merchant, store = reads.get_together((Merchant, (merchant_id,)), (Store, (merchant_id, store_id or "-")))
    district = merchant.district if merchant else ""
    tip_off = TipOff(
        tip_off_id=ids.derived_within_on("tip", merchant_id, today, _veiled(who), kind),
        merchant_id=merchant_id,
        district=district,
        store_id=store_id,
        consumer_id=who,
        kind=kind,
        what_happened=what_happened,
        happened_on=happened_on,
        reported_at=trace.at,
        due_on=today + timedelta(days=rules_on(district, today).complaint_answer_days),
    )
    fresh = Quota(who, "tip_off", today)
    alert_ids = tuple(
        ids.derived_within_on("alt", merchant_id, today, ALERT_KIND[kind], str(ordinal)) for ordinal in range(ALERTS_PER_DAY)
    )

    def decide() -> Decision[TipOff]:
        earlier, quota, *alerts = reads.get_together(
            (TipOff, (merchant_id, tip_off.tip_off_id)),
            (Quota, (who, fresh.what, today)),
            *((Alert, (merchant_id, alert_id)) for alert_id in alert_ids),
        )
        return rules.report(Known(merchant, store, earlier, quota, tuple(alerts)), tip_off, fresh, alert_ids)

    return commit(decide)


def _veiled(consumer_id: str) -> str:
    """In place of the consumer's id: whoever sees a tip-off's id cannot find out by trying whose it is."""
    return hmac.new(config.key_for("reporters"), consumer_id.encode(), hashlib.sha256).hexdigest()


def resolve(tip_off_id: str, finding: Finding, reason: str, caller: Principal, trace: Trace) -> Done[TipOff]:
    merchant_id = ids.owner_of("mch", tip_off_id)
    return commit(lambda: rules.resolve(reads.get(TipOff, merchant_id, tip_off_id), finding, reason, caller, trace))


def own(consumer_id: str, limit: int, through: str = "") -> tuple[list[TipOff], str]:
    """A consumer's tip-offs, latest first, from `through` on; and where the next page begins, "" at the end."""
    prefix = "reported#"
    mine = reads.newest(OwnTipOff, consumer_id, prefix, limit + 1, through=through)
    if not mine:
        return [], ""
    found = reads.get_together(*((TipOff, (ids.owner_of("mch", one.tip_off_id), one.tip_off_id)) for one in mine[:limit]))
    following = f"{prefix}{mine[limit].reported_on}#{mine[limit].tip_off_id}" if len(mine) > limit else ""
    return [one for one in found if one is not None], following
