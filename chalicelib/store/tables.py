"""Every table and every key shape. One PynamoDB model per table; one typed row class per domain value that is stored.

A row's attributes are the value's own fields with the value's own types, derived once at import from the dataclass, so that
a value and its row cannot drift apart; a type without an attribute here is an error at import. The keys and index keys
of each value stand in ROWS, and nowhere else.
"""

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import NoneType, UnionType, new_class
from typing import Any, get_args, get_origin, get_type_hints

from pynamodb.attributes import Attribute, DiscriminatorAttribute, UnicodeAttribute
from pynamodb.connection import Connection, TableConnection
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, LocalSecondaryIndex
from pynamodb.models import Model

from chalicelib import config
from chalicelib.domain.application import Application, Filing, LicenceClaim
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.card import Card, UsedCode
from chalicelib.domain.consumer import Consumer
from chalicelib.domain.matching import Totals
from chalicelib.domain.merchant import Merchant, Store
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.payout import Payout, PayoutState
from chalicelib.domain.product import Product
from chalicelib.domain.reconciliation import Difference, ReconciledDay
from chalicelib.domain.redemption import Redemption, RedemptionState
from chalicelib.domain.refund import PostedTransfer, Refund, RefundState
from chalicelib.domain.report import Report
from chalicelib.domain.settlement import MerchantDay, Payable, Seal
from chalicelib.domain.staff import Staff
from chalicelib.domain.transfer import Transfer
from chalicelib.store.attributes import (
    ChoiceAttribute,
    DateAttribute,
    FenAttribute,
    TextsAttribute,
    TimeAttribute,
    UsedCodesAttribute,
)
from chalicelib.store.wire import Wire

UNPAID_KEPT_FOR = timedelta(days=400)
"""TTL cleans up orders that were never paid, long after any payment or refund of one could still arrive."""

SHARDS = 4
"""A merchant's day, and the list of what is pending, are spread over so many index partitions."""


class _Named(type):
    """Table names come from the deployment, and are read when the first call is made, not at import."""

    setting: str

    @property
    def table_name(cls) -> str:
        name: str = getattr(config.settings(), cls.setting)
        return name


class _Meta(metaclass=_Named):
    """One attempt per call: the only retry layer is ours (operations.attempts)."""

    max_retry_attempts = 0
    connect_timeout_seconds = 2
    read_timeout_seconds = 5


_SHARED: dict[str, Connection] = {}
"""Table name -> the one connection, and with it the one client, of all tables."""


class _Stored(Model):
    @classmethod
    def _get_connection(cls) -> TableConnection:
        made = super()._get_connection()
        if made.table_name not in _SHARED:
            if not _SHARED:
                made.connection._client = Wire(_Meta.connect_timeout_seconds, _Meta.read_timeout_seconds)  # type: ignore[assignment]
            shared = next(iter(_SHARED.values()), made.connection)
            if shared is not made.connection:
                shared.add_meta_table(made.get_meta_table())
            _SHARED[made.table_name] = shared
        made.connection = _SHARED[made.table_name]
        return made


class MerchantsListed(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "listed"
        projection = AllProjection()

    listed_key = UnicodeAttribute(hash_key=True)
    listed_sort = UnicodeAttribute(range_key=True)


class CardsBySeq(LocalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_seq"
        projection = AllProjection()

    pk = UnicodeAttribute(hash_key=True)
    seq = FenAttribute(range_key=True)


class CardsByBucket(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_bucket"
        projection = AllProjection()

    bucket = UnicodeAttribute(hash_key=True)
    bucket_sort = UnicodeAttribute(range_key=True)


class CardsByHolder(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
    class Meta:
        index_name = "by_holder"
        projection = AllProjection()

    holder_id = UnicodeAttribute(hash_key=True)
    merchant_id = UnicodeAttribute(range_key=True)


class MerchantsTable(_Stored):
    class Meta(_Meta):
        setting = "merchants_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()
    listed_key = UnicodeAttribute(null=True)
    listed_sort = UnicodeAttribute(null=True)
    listed = MerchantsListed()


class CardsTable(_Stored):
    class Meta(_Meta):
        setting = "cards_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()
    bucket = UnicodeAttribute(null=True)
    bucket_sort = UnicodeAttribute(null=True)
    ttl = FenAttribute(null=True)
    by_seq = CardsBySeq()
    by_bucket = CardsByBucket()
    by_holder = CardsByHolder()


class ConsumersTable(_Stored):
    class Meta(_Meta):
        setting = "consumers_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()


class RunsTable(_Stored):
    class Meta(_Meta):
        setting = "runs_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()


class AuditTable(_Stored):
    class Meta(_Meta):
        setting = "audit_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()


TABLES: tuple[type[Model], ...] = (MerchantsTable, CardsTable, ConsumersTable, RunsTable, AuditTable)


def shard(owner_id: str) -> int:
    return zlib.crc32(owner_id.encode()) % SHARDS


def day_bucket(merchant_id: str, day: date, shard_no: int) -> str:
    """What was posted for a merchant on a business date."""
    return f"{merchant_id}#{day.isoformat()}#{shard_no}"


def pending_bucket(kind: type[Any], shard_no: int) -> str:
    """What waits for somebody, oldest first; each kind by itself, so that a heap of one does not hide another."""
    return f"pending#{kind.__name__.lower()}#{shard_no}"


OPEN_PAYOUTS = "payouts#open"


def paid_on(bank_date: date) -> str:
    """Where payouts are listed that the bank's statement of this day names."""
    return f"payouts#{bank_date.isoformat()}"


@dataclass(frozen=True)
class Shape:
    """How one kind of value is stored: its row class, its keys (for a value), and its key from ids (for a read)."""

    table: Any
    row: Any
    key: Callable[..., tuple[str, str]]
    key_fields: tuple[str, ...]
    indexed: Callable[[Any], dict[str, Any]]
    names: tuple[str, ...]
    flatten: str | None = None
    inner: type[Any] | None = None
    inner_names: tuple[str, ...] = ()


_PLAIN: dict[Any, Callable[..., Attribute[Any]]] = {
    int: FenAttribute,
    str: UnicodeAttribute,
    datetime: TimeAttribute,
    date: DateAttribute,
    tuple[str, ...]: TextsAttribute,
    tuple[UsedCode, ...]: UsedCodesAttribute,
}


def _attribute(hint: Any) -> Attribute[Any]:
    options: dict[str, Any] = {}
    if get_origin(hint) is UnionType:
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
        options["null"] = True
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return ChoiceAttribute(hint, **options)
    return _PLAIN[hint](**options)


def _shape(
    table: Any,
    value_class: type[Any],
    key: Callable[..., tuple[str, str]],
    key_fields: tuple[str, ...],
    indexed: Callable[[Any], dict[str, Any]] = lambda value: {},
    flatten: tuple[str, type[Any]] | None = None,
) -> Shape:
    field, inner = flatten or (None, None)
    hints = {name: hint for name, hint in get_type_hints(value_class).items() if name != field}
    inner_hints = get_type_hints(inner) if inner else {}
    attributes = {name: _attribute(hint) for name, hint in (hints | inner_hints).items()}
    meta: Any = table.Meta
    namespace = {"Meta": type("Meta", (meta,), {}), "__module__": __name__, **attributes}
    row = new_class(
        f"{value_class.__name__}Row", (table,), {"discriminator": value_class.__name__}, lambda body: body.update(namespace)
    )
    return Shape(table, row, key, key_fields, indexed, tuple(hints), field, inner, tuple(inner_hints))


def _posted_or_pending(value: Redemption | Order) -> dict[str, Any]:
    if value.state in (RedemptionState.PENDING, OrderState.CREATED):
        return {"bucket": pending_bucket(type(value), shard(value.card_id)), "bucket_sort": _due(value.expires_at, value.card_id)}
    if value.state is OrderState.CLOSED:
        return {"ttl": int((value.created_at + UNPAID_KEPT_FOR).timestamp())}
    if value.business_date is None:
        return {}
    return _of_the_day(value.merchant_id, value.business_date, value.card_id, value.seq or 0)


def _of_the_day(merchant_id: str, day: date, card_id: str, seq: int) -> dict[str, Any]:
    return {"bucket": day_bucket(merchant_id, day, shard(card_id)), "bucket_sort": f"{card_id}#{seq:08d}"}


def _due(at: datetime, card_id: str) -> str:
    return f"{TimeAttribute().serialize(at)}#{card_id}"


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
    Card: _shape(CardsTable, Card, lambda card_id: (card_id, "card"), ("card_id",)),
    Order: _shape(CardsTable, Order, lambda card_id: (card_id, "order"), ("card_id",), _posted_or_pending),
    Redemption: _shape(
        CardsTable, Redemption, lambda card_id, own: (card_id, own), ("card_id", "redemption_id"), _posted_or_pending
    ),
    Refund: _shape(CardsTable, Refund, lambda card_id, own: (card_id, own), ("card_id", "refund_id"), _refund_pending),
    PostedTransfer: _shape(
        CardsTable,
        PostedTransfer,
        lambda card_id, seq: (card_id, f"transfer#{seq:08d}"),
        ("card_id", "seq"),
        _of_transfer,
        flatten=("transfer", Transfer),
    ),
    Merchant: _shape(
        MerchantsTable,
        Merchant,
        lambda merchant_id: (merchant_id, "merchant"),
        ("merchant_id",),
        lambda merchant: {"listed_key": "merchants", "listed_sort": merchant.name},
    ),
    Application: _shape(
        MerchantsTable,
        Application,
        lambda merchant_id: (merchant_id, "application"),
        ("merchant_id",),
        lambda made: {"listed_key": f"applications#{made.state}", "listed_sort": _due(made.filed_at, made.merchant_id)},
        flatten=("filing", Filing),
    ),
    LicenceClaim: _shape(MerchantsTable, LicenceClaim, lambda licence_no: (f"licence#{licence_no}", "claim"), ("licence_no",)),
    Store: _shape(MerchantsTable, Store, lambda merchant_id, own: (merchant_id, own), ("merchant_id", "store_id")),
    Product: _shape(MerchantsTable, Product, lambda merchant_id, own: (merchant_id, own), ("merchant_id", "product_id")),
    Staff: _shape(
        MerchantsTable,
        Staff,
        lambda staff_id: (staff_id, "staff"),
        ("staff_id",),
        lambda staff: {"listed_key": f"staff#{staff.organisation_id}", "listed_sort": staff.username},
    ),
    MerchantDay: _shape(
        MerchantsTable, MerchantDay, lambda merchant_id, day: (merchant_id, f"day#{day}"), ("merchant_id", "business_date")
    ),
    Payable: _shape(MerchantsTable, Payable, lambda merchant_id: (merchant_id, "payable"), ("merchant_id",)),
    Payout: _shape(
        MerchantsTable,
        Payout,
        lambda merchant_id, day: (merchant_id, f"payout#{day}"),
        ("merchant_id", "settlement_date"),
        _payout_listed,
    ),
    Seal: _shape(RunsTable, Seal, lambda day: ("seals", f"day#{day}"), ("business_date",)),
    ReconciledDay: _shape(
        RunsTable,
        ReconciledDay,
        lambda day: ("reconciliations", f"day#{day}"),
        ("business_date",),
        flatten=("totals", Totals),
    ),
    Difference: _shape(
        RunsTable,
        Difference,
        lambda day, reason, reference, ordinal: (f"reconciliation#{day}", f"difference#{reason}#{reference}#{ordinal:03d}"),
        ("business_date", "reason", "reference", "ordinal"),
    ),
    Report: _shape(RunsTable, Report, lambda district, day: (f"reports#{district}", f"day#{day}"), ("district", "business_date")),
    Consumer: _shape(ConsumersTable, Consumer, lambda consumer_id: (consumer_id, "consumer"), ("consumer_id",)),
    AuditEntry: _shape(
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
