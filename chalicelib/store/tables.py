"""Every table: one PynamoDB model per table, with its indexes; and the names under which indexes list things."""

import zlib
from datetime import date
from typing import Any

from pynamodb.attributes import DiscriminatorAttribute, UnicodeAttribute
from pynamodb.connection import Connection, TableConnection
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex, LocalSecondaryIndex
from pynamodb.models import Model

from chalicelib import config
from chalicelib.store.attributes import FenAttribute
from chalicelib.store.wire import Wire

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


class CasesListed(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
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
    ttl = FenAttribute(null=True)
    listed_key = UnicodeAttribute(null=True)
    listed_sort = UnicodeAttribute(null=True)
    listed = MerchantsListed()


class CardsTable(_Stored):
    class Meta(_Meta):
        setting = "cards_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()
    ttl = FenAttribute(null=True)
    bucket = UnicodeAttribute(null=True)
    bucket_sort = UnicodeAttribute(null=True)
    holder_id = UnicodeAttribute(null=True)
    by_seq = CardsBySeq()
    by_bucket = CardsByBucket()
    by_holder = CardsByHolder()


class ConsumersTable(_Stored):
    class Meta(_Meta):
        setting = "consumers_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()
    ttl = FenAttribute(null=True)


class CasesTable(_Stored):
    """What somebody has to look at: alerts, reports of consumers."""

    class Meta(_Meta):
        setting = "cases_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()
    ttl = FenAttribute(null=True)
    listed_key = UnicodeAttribute(null=True)
    listed_sort = UnicodeAttribute(null=True)
    listed = CasesListed()


class RunsTable(_Stored):
    class Meta(_Meta):
        setting = "runs_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()
    ttl = FenAttribute(null=True)


class AuditTable(_Stored):
    class Meta(_Meta):
        setting = "audit_table"

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    row = DiscriminatorAttribute()
    ttl = FenAttribute(null=True)


TABLES: tuple[type[Model], ...] = (MerchantsTable, CardsTable, ConsumersTable, CasesTable, RunsTable, AuditTable)


def shard(owner_id: str) -> int:
    return zlib.crc32(owner_id.encode()) % SHARDS


def day_bucket(merchant_id: str, day: date, shard_no: int) -> str:
    """What was posted for a merchant on a business date."""
    return f"{merchant_id}#{day.isoformat()}#{shard_no}"


def pending_bucket(kind: type[Any], shard_no: int) -> str:
    """What waits for somebody, oldest first; each kind by itself, so that a heap of one does not hide another."""
    return f"pending#{kind.__name__.lower()}#{shard_no}"


def orders_of(consumer_id: str) -> str:
    """Where `by_holder` lists a consumer's orders, beside the cards under the plain id."""
    return f"orders#{consumer_id}"


OPEN_PAYOUTS = "payouts#open"


def paid_on(bank_date: date) -> str:
    """Where payouts are listed that the bank's statement of this day names."""
    return f"payouts#{bank_date.isoformat()}"
