"""Listens to the wire and adds up what each request costs. Rows are remembered as they are written, so that a write knows the
row before it."""
import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.sizes import Item, index_units, item_bytes, read_units, write_units

COUNTED_BYTES = 1_000


@dataclass
class Bill:
    """What one operation asked of DynamoDB. `largest_bytes`: of the rows it wrote."""

    read_calls: int = 0
    read_units: float = 0
    write_calls: int = 0
    write_units: int = 0
    index_units: int = 0
    largest_bytes: int = 0
    rows: int = 0


@dataclass
class Meter:
    """`indexes`: key attributes of every index, by table."""

    indexes: dict[str, list[tuple[str, ...]]]
    bill: Bill = field(default_factory=Bill)
    _rows: dict[tuple[str, str, str], Item] = field(default_factory=dict)

    def listen(self) -> None:
        """To every exchange of this process from now on: moto's answer passes through here."""
        from botocore import handlers
        from moto.core.models import botocore_stubber

        others = [handler for handler in handlers.BUILTIN_HANDLERS if handler[1] is not botocore_stubber]
        handlers.BUILTIN_HANDLERS[:] = [*others, ("before-send", partial(self._exchange, botocore_stubber))]

    def fresh(self) -> Bill:
        self.bill = Bill()
        return self.bill

    def _exchange(self, moto: Any, event_name: str, request: Any, **more: Any) -> Any:
        answer = moto(event_name, request, **more)
        target = _text(request.headers.get("X-Amz-Target", ""))
        if target.startswith("DynamoDB_") and answer.status_code == 200:
            name = target.partition(".")[2]
            getattr(self, f"_{name}", self._unknown)(json.loads(_text(request.body)), json.loads(answer.content))
        return answer

    def _unknown(self, asked: dict[str, Any], answered: dict[str, Any]) -> None:
        if "TableName" in asked and "KeySchema" not in asked:
            raise AssertionError(f"a DynamoDB call that has no price here: {sorted(asked)}")

    def _GetItem(self, asked: dict[str, Any], answered: dict[str, Any]) -> None:
        self._read(read_units(item_bytes(answered.get("Item", {})), asked.get("ConsistentRead", False)))

    def _BatchGetItem(self, asked: dict[str, Any], answered: dict[str, Any]) -> None:
        """Each row is rounded up by itself; one that is not there costs as much as the smallest."""
        units = 0.0
        for table, wanted in asked["RequestItems"].items():
            found = answered["Responses"].get(table, [])
            consistent = wanted.get("ConsistentRead", False)
            units += sum(read_units(item_bytes(item), consistent) for item in found)
            units += (len(wanted["Keys"]) - len(found)) * read_units(0, consistent)
        self._read(units)

    def _Query(self, asked: dict[str, Any], answered: dict[str, Any]) -> None:
        """A query that only counts shows no items: they are priced as posted transfers, the rows that are counted."""
        counted = answered["ScannedCount"] * COUNTED_BYTES if "Items" not in answered else 0
        size = counted + sum(item_bytes(item) for item in answered.get("Items", []))
        self._read(read_units(size, asked.get("ConsistentRead", False)))

    def _PutItem(self, asked: dict[str, Any], answered: dict[str, Any]) -> None:
        self.bill.write_calls += 1
        self._put(asked, transaction=False)

    def _TransactWriteItems(self, asked: dict[str, Any], answered: dict[str, Any]) -> None:
        self.bill.write_calls += 1
        for part in asked["TransactItems"]:
            self._put(part["Put"], transaction=True)

    def _read(self, units: float) -> None:
        self.bill.read_calls += 1
        self.bill.read_units += units

    def _put(self, put: dict[str, Any], transaction: bool) -> None:
        table, item = put["TableName"], put["Item"]
        key = (table, item["pk"]["S"], item["sk"]["S"])
        before = self._rows.get(key)
        size = item_bytes(item)
        self.bill.rows += 1
        self.bill.largest_bytes = max(self.bill.largest_bytes, size)
        self.bill.write_units += write_units(max(size, item_bytes(before or {})), transaction)
        self.bill.index_units += sum(index_units(before, item, keys) for keys in self.indexes[table])
        self._rows[key] = item


def _text(raw: str | bytes) -> str:
    return raw.decode() if isinstance(raw, bytes) else raw
