"""Rows -> values. Reads that decide money are consistent reads of base tables; the lists read indexes, and are for people
and for the daily fold. Every list is bounded."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, TypeVar

from pynamodb.exceptions import PynamoDBException

from chalicelib.domain.merchant import Merchant
from chalicelib.domain.redemption import Redemption
from chalicelib.domain.refusals import Contention
from chalicelib.store import tables
from chalicelib.store.attributes import TimeAttribute
from chalicelib.store.rows import ROWS, to_value
from chalicelib.store.tables import SHARDS, CardsTable, CasesTable, MerchantsTable

Value = TypeVar("Value")

PAGE_MAX = 100
CARDS_OF_HOLDER_MAX = 100
MERCHANTS_MAX = 300
"""One run of the settlement machine keeps its history below Step Functions' 25,000 events with so many."""
BUCKET_MAX = 20_000
"""Rows that one shard of one merchant's business day may have before the fold asks for more shards."""


def unavailable(error: Exception) -> Contention:
    """The store did not answer, or was busy. Nothing is known to have happened."""
    return Contention(
        "store_unavailable",
        "系统繁忙，请用同一请求重试",
        f"the store did not answer ({type(error).__name__}), send the same request again",
    )


def get(value_class: type[Value], *ids: Any) -> Value | None:
    """One consistent read by key. A row of another kind under that key is none of ours."""
    shape = ROWS[value_class]
    try:
        row: Any = shape.table.get(*shape.key(*ids), consistent_read=True)
    except shape.table.DoesNotExist:
        return None
    except PynamoDBException as error:
        raise unavailable(error) from error
    if type(row) is not shape.row:
        return None
    value: Value = to_value(row)
    return value


def get_together(*wanted: tuple[type[Any], tuple[Any, ...]]) -> list[Any]:
    """Several rows of one table in one consistent read (BatchGetItem), in the order asked; None where there is none.

    What DynamoDB left unprocessed is not asked for in a loop: the store is busy then, and the caller decides.
    """
    shapes = [(ROWS[value_class], ROWS[value_class].key(*ids)) for value_class, ids in wanted]
    table = shapes[0][0].table
    assert all(shape.table is table for shape, _ in shapes)
    keys = [{"pk": pk, "sk": sk} for pk, sk in dict.fromkeys(key for _, key in shapes)]
    try:
        answer = table._get_connection().batch_get_item(keys, consistent_read=True)
    except PynamoDBException as error:
        raise unavailable(error) from error
    if answer.get("UnprocessedKeys"):
        raise unavailable(TimeoutError("unprocessed keys"))
    rows = {(row.pk, row.sk): row for item in answer["Responses"][table.Meta.table_name] for row in (table.from_raw_data(item),)}
    found = [rows.get(key) for _, key in shapes]
    return [to_value(row) if type(row) is shape.row else None for row, (shape, _) in zip(found, shapes, strict=True)]


def chained_rows(card_id: str, after_seq: int, limit: int) -> list[Any]:
    """A card's posted transfers in chain order: Order, Redemption and PostedTransfer values."""
    assert 1 <= limit <= PAGE_MAX
    after: Any = tables.CardsBySeq.seq
    return _values(CardsTable.by_seq.query(card_id, after > after_seq, consistent_read=True, limit=limit))


def cards_of(holder_id: str, merchant_id: str | None = None) -> list[Any]:
    """A consumer's cards, of one merchant or of all. From an index: for showing, not for deciding."""
    merchant: Any = tables.CardsByHolder.merchant_id
    condition = merchant == merchant_id if merchant_id else None
    return _values(CardsTable.by_holder.query(holder_id, condition, limit=CARDS_OF_HOLDER_MAX))


def cards_page(holder_id: str, limit: int, after: tuple[str, str] | None = None) -> list[Any]:
    """Like `cards_of`, a page of them; `after`: merchant id and card id of the last one seen."""
    return _held(holder_id, "card", limit, after)


def orders_page(consumer_id: str, limit: int, after: tuple[str, str] | None = None) -> list[Any]:
    """A consumer's orders in any state. From an index: for showing, and to know what to read by its key."""
    return _held(tables.orders_of(consumer_id), "order", limit, after)


def _held(holder: str, own_part: str, limit: int, after: tuple[str, str] | None) -> list[Any]:
    position = None
    if after is not None:
        names = {"holder_id": holder, "merchant_id": after[0], "pk": after[1], "sk": own_part}
        position = {name: {"S": text} for name, text in names.items()}
    return _values(CardsTable.by_holder.query(holder, limit=limit, last_evaluated_key=position))


def day_of(merchant_id: str, day: date) -> Iterator[Any]:
    """Everything posted for a merchant on a business date: Order, Redemption and PostedTransfer values."""
    for shard_no in range(SHARDS):
        bucket = tables.day_bucket(merchant_id, day, shard_no)
        found = _values(CardsTable.by_bucket.query(bucket, limit=BUCKET_MAX))
        if len(found) == BUCKET_MAX:
            raise RuntimeError(f"{bucket} has {BUCKET_MAX} rows or more: a day must not be folded in part, raise SHARDS")
        yield from found


RECEIPTS_SHOWN_MAX = 99
RECEIPTS_ROWS_MAX = 100
"""Rows of a merchant's day that a scan looks at in each shard: with rows of 0.9 KB at most 12 read units."""


def receipts_of(merchant_id: str, store_id: str, day: date) -> tuple[int, bool]:
    """Redemptions posted at a store on a day, at most RECEIPTS_SHOWN_MAX, and whether there may be more. For showing."""
    found, whole = 0, True
    matching = ROWS[Redemption].row.store_id == store_id
    for shard_no in range(SHARDS):
        bucket = tables.day_bucket(merchant_id, day, shard_no)
        answer = _counted(bucket, matching)
        found += answer["Count"]
        whole = whole and "LastEvaluatedKey" not in answer
    return min(found, RECEIPTS_SHOWN_MAX), not whole or found > RECEIPTS_SHOWN_MAX


def _counted(bucket: str, matching: Any) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = CardsTable._get_connection().query(
            bucket, filter_condition=matching, index_name="by_bucket", select="COUNT", limit=RECEIPTS_ROWS_MAX
        )
    except PynamoDBException as error:
        raise unavailable(error) from error
    return answer


def pending_until(kind: type[Value], at: str, limit: int) -> list[Value]:
    """What of a kind should have been decided by `at` (an ISO time), oldest first per shard, at most `limit` per shard."""
    found: list[Value] = []
    due: Any = tables.CardsByBucket.bucket_sort
    for shard_no in range(SHARDS):
        found += _values(CardsTable.by_bucket.query(tables.pending_bucket(kind, shard_no), due < at, limit=limit))
    return found


def listed(key: str, limit: int = MERCHANTS_MAX, after: str = "") -> list[Any]:
    """The values listed under a key: `merchants`, `applications#<state>`, `staff#<organisation>`; `after`: a `listed_sort`."""
    sort: Any = tables.MerchantsListed.listed_sort
    return _values(MerchantsTable.listed.query(key, sort > after if after else None, limit=limit))


def position_of(value: Any) -> str:
    """Where a value stands in the list that it is in: its `listed_sort`."""
    position: str = ROWS[type(value)].indexed(value)["listed_sort"]
    return position


def cases(key: str, limit: int = PAGE_MAX, after: str = "") -> list[Any]:
    """The cases listed under a key, after a `position`: `alerts#<state>#<district>`, `tip_offs#<state>#<district>` oldest first;
    `nominees#<district>` most wanted first."""
    sort: Any = tables.CasesListed.listed_sort
    return _values(CasesTable.listed.query(key, sort > after if after else None, limit=limit))


def staff_after(organisation_id: str, username: str, limit: int) -> list[Any]:
    """An organisation's people by user name, from the one after `username`. From an index: for showing, not for deciding."""
    after: Any = tables.MerchantsListed.listed_sort
    condition = after > username if username else None
    return _values(MerchantsTable.listed.query(f"staff#{organisation_id}", condition, limit=limit))
def every(key: str, limit: int) -> Iterator[Any]:
    """All values listed under a key, by sort key, one after the other: for what must not hold all of them."""
    rows: Any = MerchantsTable.listed.query(key, limit=limit)
    try:
        for row in rows:
            yield to_value(row)
    except PynamoDBException as error:
        raise unavailable(error) from error


def merchants_changed(since: datetime | None, limit: int) -> list[Merchant]:
    """The merchants that changed since then, latest first; all for None. From an index."""
    sort: Any = tables.MerchantsListed.listed_sort
    condition = None if since is None else sort > TimeAttribute().serialize(since)
    return _values(MerchantsTable.listed.query("merchants", condition, limit=limit, scan_index_forward=False))



def owned(value_class: type[Value], owner_id: str, prefix: str, limit: int = PAGE_MAX, after: str = "") -> list[Value]:
    """Rows of one kind in an owner's partition, by sort key: a merchant's stores, products, days, a run's differences."""
    shape = ROWS[value_class]
    condition = shape.table.sk.startswith(prefix) if not after else shape.table.sk.between(f"{after}\x00", f"{prefix}\x7f")
    return _values(shape.table.query(owner_id, condition, consistent_read=True, limit=limit))


def newest(value_class: type[Value], owner_id: str, prefix: str, limit: int = PAGE_MAX, through: str = "") -> list[Value]:
    """Like `owned`, latest sort key first, down from `through` (a sort key, itself included)."""
    shape = ROWS[value_class]
    condition = shape.table.sk.between(prefix, through) if through else shape.table.sk.startswith(prefix)
    return _values(shape.table.query(owner_id, condition, consistent_read=True, limit=limit, scan_index_forward=False))


def _values(rows: Any) -> list[Any]:
    try:
        return [to_value(row) for row in rows]
    except PynamoDBException as error:
        raise unavailable(error) from error
