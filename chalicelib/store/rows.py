"""The keys and index keys of every value that is stored: ROWS, and nowhere else."""

from datetime import date, datetime, time, timedelta
from typing import Any

from chalicelib.domain.alert import Alert
from chalicelib.domain.application import Application, LicenceClaim, LicenceImageClaim
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.bonus import Meter
from chalicelib.domain.business_day import SHANGHAI
from chalicelib.domain.card import Card
from chalicelib.domain.code_key import KEYRING, CodeKey
from chalicelib.domain.consumer import Consumer, Identity, LinkedIdentity
from chalicelib.domain.file import ApplicationFile
from chalicelib.domain.filing import Filing
from chalicelib.domain.matching import Totals
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.name import NameClaim
from chalicelib.domain.nomination import Nomination, Nominee
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.payout import Payout, PayoutState
from chalicelib.domain.product import Product, ProductVersion
from chalicelib.domain.quota import Quota
from chalicelib.domain.reconciliation import Difference, ReconciledDay
from chalicelib.domain.redemption import Redemption, RedemptionState
from chalicelib.domain.refund import PostedTransfer, Refund, RefundState
from chalicelib.domain.registration import Registrations
from chalicelib.domain.report import Report
from chalicelib.domain.session import Session
from chalicelib.domain.settlement import MerchantDay, Payable, Seal
from chalicelib.domain.sign_in import Lock
from chalicelib.domain.staff import Staff
from chalicelib.domain.store import Store
from chalicelib.domain.store_code import CodeRotation
from chalicelib.domain.terms import Terms
from chalicelib.domain.tip_off import OwnTipOff, TipOff
from chalicelib.domain.transfer import Transfer
from chalicelib.store.attributes import TimeAttribute
from chalicelib.store.shapes import Shape, stored
from chalicelib.store.tables import (
    OPEN_PAYOUTS,
    AuditTable,
    CardsTable,
    CasesTable,
    ConsumersTable,
    MerchantsTable,
    RunsTable,
    day_bucket,
    orders_of,
    paid_on,
    pending_bucket,
    shard,
)

UNPAID_KEPT_FOR = timedelta(days=400)
"""TTL cleans up orders that were never paid, long after any payment or refund of one could still arrive."""
METERS_KEPT_FOR = timedelta(days=35)
"""A day's bonus meters decide nothing after their day; they are kept a month for whoever asks about an alert."""

QUOTA_KEPT_FOR = timedelta(days=3)

WANTED_BY_MAX = 10**9
"""More persons than there are; the difference to it sorts the most wanted first."""


def _posted_or_pending(value: Redemption | Order) -> dict[str, Any]:
    if value.state in (RedemptionState.PENDING, OrderState.CREATED):
        return {"bucket": pending_bucket(type(value), shard(value.card_id)), "bucket_sort": _due(value.expires_at, value.card_id)}
    if value.state is OrderState.CLOSED:
        return {"ttl": int((value.created_at + UNPAID_KEPT_FOR).timestamp())}
    if value.business_date is None:
        return {}
    return _of_the_day(value.merchant_id, value.business_date, value.card_id, value.seq or 0)


def _order_listed(order: Order) -> dict[str, Any]:
    return _posted_or_pending(order) | {"holder_id": orders_of(order.consumer_id)}


def _of_the_day(merchant_id: str, day: date, card_id: str, seq: int) -> dict[str, Any]:
    return {"bucket": day_bucket(merchant_id, day, shard(card_id)), "bucket_sort": f"{card_id}#{seq:08d}"}


def _due(at: datetime, card_id: str) -> str:
    return f"{TimeAttribute().serialize(at)}#{card_id}"


def _midnight(day: date) -> int:
    """Unix seconds of the day's beginning."""
    return int(datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).timestamp())


def _refund_pending(refund: Refund) -> dict[str, Any]:
    if refund.state not in (RefundState.IN_TRANSIT, RefundState.INSTRUCTED):
        return {}
    return {"bucket": pending_bucket(Refund, shard(refund.card_id)), "bucket_sort": _due(refund.requested_at, refund.card_id)}


def _of_transfer(posted: PostedTransfer) -> dict[str, Any]:
    moved = posted.transfer
    return _of_the_day(posted.merchant_id, moved.business_date, posted.card_id, moved.seq)


def _payout_listed(payout: Payout) -> dict[str, Any]:
    """Open ones by age, paid ones by the bank's date."""
    if payout.open:
        return {"listed_key": OPEN_PAYOUTS, "listed_sort": _due(payout.decided_at, payout.merchant_id)}
    if payout.state is PayoutState.POSTED and payout.bank_date is not None:
        return {"listed_key": paid_on(payout.bank_date), "listed_sort": payout.payout_id}
    return {}


ROWS: dict[type[Any], Shape] = {
    Card: stored(CardsTable, Card, lambda card_id: (card_id, "card"), ("card_id",)),
    Order: stored(CardsTable, Order, lambda card_id: (card_id, "order"), ("card_id",), _order_listed),
    Redemption: stored(
        CardsTable, Redemption, lambda card_id, own: (card_id, own), ("card_id", "redemption_id"), _posted_or_pending
    ),
    Refund: stored(CardsTable, Refund, lambda card_id, own: (card_id, own), ("card_id", "refund_id"), _refund_pending),
    PostedTransfer: stored(
        CardsTable,
        PostedTransfer,
        lambda card_id, seq: (card_id, f"transfer#{seq:08d}"),
        ("card_id", "seq"),
        _of_transfer,
        flatten=("transfer", Transfer),
    ),
    Merchant: stored(
        MerchantsTable,
        Merchant,
        lambda merchant_id: (merchant_id, "merchant"),
        ("merchant_id",),
        lambda merchant: {"listed_key": "merchants", "listed_sort": _due(merchant.updated_at, merchant.merchant_id)},
    ),
    Application: stored(
        MerchantsTable,
        Application,
        lambda merchant_id: (merchant_id, "application"),
        ("merchant_id",),
        lambda made: {"listed_key": f"applications#{made.state}", "listed_sort": _due(made.filed_at, made.merchant_id)},
        flatten=("filing", Filing),
    ),
    ApplicationFile: stored(
        MerchantsTable, ApplicationFile, lambda merchant_id, own: (merchant_id, own), ("merchant_id", "file_id")
    ),
    LicenceClaim: stored(MerchantsTable, LicenceClaim, lambda licence_no: (f"licence#{licence_no}", "claim"), ("licence_no",)),
    LicenceImageClaim: stored(
        MerchantsTable, LicenceImageClaim, lambda sha256: (f"licence-image#{sha256}", "claim"), ("sha256",)
    ),
    NameClaim: stored(
        MerchantsTable,
        NameClaim,
        lambda district, skeleton: (f"name#{district}#{skeleton}", "claim"),
        ("district", "skeleton"),
    ),
    Registrations: stored(
        ConsumersTable, Registrations, lambda consumer_id: (consumer_id, "registrations"), ("consumer_id",)
    ),
    Store: stored(MerchantsTable, Store, lambda merchant_id, own: (merchant_id, own), ("merchant_id", "store_id")),
    CodeRotation: stored(
        MerchantsTable, CodeRotation, lambda merchant_id, own: (merchant_id, own), ("merchant_id", "rotation_id")
    ),
    CodeKey: stored(MerchantsTable, CodeKey, lambda key_id: (KEYRING, f"key#{key_id:03d}"), ("key_id",)),
    Product: stored(
        MerchantsTable,
        Product,
        lambda merchant_id, own: (merchant_id, own),
        ("merchant_id", "product_id"),
        flatten=("terms", Terms),
    ),
    ProductVersion: stored(
        MerchantsTable,
        ProductVersion,
        lambda merchant_id, own: (merchant_id, own),
        ("merchant_id", "version_id"),
        flatten=("terms", Terms),
    ),
    Meter: stored(
        MerchantsTable,
        Meter,
        lambda merchant_id, product_id, day, shard_no: (merchant_id, f"meter#{product_id}#{day}#{shard_no}"),
        ("merchant_id", "product_id", "business_date", "shard"),
        lambda meter: {"ttl": int(datetime.combine(meter.business_date + METERS_KEPT_FOR, time(tzinfo=SHANGHAI)).timestamp())},
    ),
    Staff: stored(
        MerchantsTable,
        Staff,
        lambda staff_id: (staff_id, "staff"),
        ("staff_id",),
        lambda staff: {"listed_key": f"staff#{staff.organisation_id}", "listed_sort": staff.username},
    ),
    Session: stored(
        MerchantsTable,
        Session,
        lambda staff_id, own: (staff_id, f"session#{own}"),
        ("staff_id", "session_id"),
        lambda session: {"ttl": int(session.expires_at.timestamp())},
    ),
    Lock: stored(
        MerchantsTable,
        Lock,
        lambda staff_id, source: (staff_id, f"lock#{source}"),
        ("staff_id", "source"),
        lambda lock: {"ttl": int(lock.forgotten_at.timestamp())},
    ),
    MerchantDay: stored(
        MerchantsTable, MerchantDay, lambda merchant_id, day: (merchant_id, f"day#{day}"), ("merchant_id", "business_date")
    ),
    Payable: stored(MerchantsTable, Payable, lambda merchant_id: (merchant_id, "payable"), ("merchant_id",)),
    Payout: stored(
        MerchantsTable,
        Payout,
        lambda merchant_id, day: (merchant_id, f"payout#{day}"),
        ("merchant_id", "settlement_date"),
        _payout_listed,
    ),
    Alert: stored(
        CasesTable,
        Alert,
        lambda merchant_id, own: (merchant_id, own),
        ("merchant_id", "alert_id"),
        lambda alert: {
            "listed_key": f"alerts#{alert.state}#{alert.district}",
            "listed_sort": _due(alert.raised_at, alert.alert_id),
        },
    ),
    TipOff: stored(
        CasesTable,
        TipOff,
        lambda merchant_id, own: (merchant_id, own),
        ("merchant_id", "tip_off_id"),
        lambda tip_off: {
            "listed_key": f"tip_offs#{tip_off.state}#{tip_off.district}",
            "listed_sort": _due(tip_off.reported_at, tip_off.tip_off_id),
        },
    ),
    OwnTipOff: stored(
        CasesTable,
        OwnTipOff,
        lambda consumer_id, day, own: (consumer_id, f"reported#{day}#{own}"),
        ("consumer_id", "reported_on", "tip_off_id"),
    ),
    Nomination: stored(CasesTable, Nomination, lambda consumer_id, own: (consumer_id, own), ("consumer_id", "nomination_id")),
    Nominee: stored(
        CasesTable,
        Nominee,
        lambda nominee_id: (nominee_id, "nominee"),
        ("nominee_id",),
        lambda wanted: {
            "listed_key": f"nominees#{wanted.district}",
            "listed_sort": f"{WANTED_BY_MAX - wanted.wanted_by:010d}#{wanted.nominee_id}",
        },
    ),
    Quota: stored(
        CasesTable,
        Quota,
        lambda owner_id, what, day: (owner_id, f"quota#{what}#{day}"),
        ("owner_id", "what", "day"),
        lambda quota: {"ttl": _midnight(quota.day + QUOTA_KEPT_FOR)},
    ),
    Seal: stored(RunsTable, Seal, lambda day: ("seals", f"day#{day}"), ("business_date",)),
    ReconciledDay: stored(
        RunsTable,
        ReconciledDay,
        lambda day: ("reconciliations", f"day#{day}"),
        ("business_date",),
        flatten=("totals", Totals),
    ),
    Difference: stored(
        RunsTable,
        Difference,
        lambda day, reason, reference, ordinal: (f"reconciliation#{day}", f"difference#{reason}#{reference}#{ordinal:03d}"),
        ("business_date", "reason", "reference", "ordinal"),
    ),
    Report: stored(RunsTable, Report, lambda district, day: (f"reports#{district}", f"day#{day}"), ("district", "business_date")),
    Consumer: stored(ConsumersTable, Consumer, lambda consumer_id: (consumer_id, "consumer"), ("consumer_id",)),
    Identity: stored(ConsumersTable, Identity, lambda claim: (f"identity#{claim}", "claim"), ("claim",)),
    LinkedIdentity: stored(
        ConsumersTable,
        LinkedIdentity,
        lambda consumer_id, channel: (consumer_id, f"identity#{channel}"),
        ("consumer_id", "channel"),
    ),
    AuditEntry: stored(
        AuditTable,
        AuditEntry,
        lambda object_id, at, own: (object_id, f"{TimeAttribute().serialize(at)}#{own}"),
        ("object_id", "at", "entry_id"),
    ),
}

_VALUE_OF_ROW = {shape.row: value_class for value_class, shape in ROWS.items()}


def to_row(value: Any) -> Any:
    """The row of a value, keys and index keys included."""
    shape = ROWS[type(value)]
    attributes = {name: getattr(value, name) for name in shape.names}
    if shape.flatten:
        inner = getattr(value, shape.flatten)
        attributes |= {name: getattr(inner, name) for name in shape.inner_names}
    pk, sk = shape.key(*(attributes[name] for name in shape.key_fields))
    return shape.row(pk=pk, sk=sk, **attributes, **shape.indexed(value))


def to_value(row: Any) -> Any:
    """The value that a row was made of."""
    value_class = _VALUE_OF_ROW[type(row)]
    shape = ROWS[value_class]
    known = {name: getattr(row, name) for name in shape.names}
    if shape.flatten and shape.inner:
        known[shape.flatten] = shape.inner(**{name: getattr(row, name) for name in shape.inner_names})
    return value_class(**known)
