"""How a merchant stands: its risk colour and its complaints, from its cases."""

from datetime import datetime

from chalicelib import ids
from chalicelib.domain.alert import Alert
from chalicelib.domain.business_day import business_date
from chalicelib.domain.colour import REPORTS_COUNT_FOR, Coloured, colour_of
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.tip_off import Complaints, TipOff, counted
from chalicelib.store import reads

ALERTS_MAX = 300
TIP_OFFS_MAX = 500
"""The latest so many are looked at."""


def colour(merchant: Merchant, now: datetime) -> Coloured:
    """Two queries of the merchant's own partition."""
    before = ids.first_within_on("tip", merchant.merchant_id, business_date(now - REPORTS_COUNT_FOR))
    recent = reads.owned(TipOff, merchant.merchant_id, "tip_", TIP_OFFS_MAX, after=before)
    return colour_of(merchant, _alerts(merchant), recent, now)


def colour_and_complaints(merchant: Merchant, now: datetime) -> tuple[Coloured, Complaints]:
    tip_offs = reads.newest(TipOff, merchant.merchant_id, "tip_", TIP_OFFS_MAX)
    return colour_of(merchant, _alerts(merchant), tip_offs, now), counted(tip_offs)


def _alerts(merchant: Merchant) -> list[Alert]:
    return reads.newest(Alert, merchant.merchant_id, "alt_", ALERTS_MAX)
