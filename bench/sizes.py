"""What DynamoDB bills: the size of an item, and the units of a read or a write of it.

An item is the sum of its attributes: the UTF-8 name and the value. A text is its UTF-8 bytes, a number a byte per two significant
digits and one more, a flag one, a list or map 3 and one per element. Reads are billed per 4 KB (half when not consistent),
writes per 1 KB (double in a transaction), a write by the larger of the row before and the row after.
"""
from math import ceil
from typing import Any

KB = 1024
Item = dict[str, dict[str, Any]]


def item_bytes(item: Item) -> int:
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: dict[str, Any]) -> int:
    (kind, held), = value.items()
    if kind == "S":
        return len(held.encode())
    if kind == "N":
        digits = held.lstrip("-").replace(".", "").strip("0")
        return ceil(len(digits) / 2) + 1 + held.startswith("-")
    if kind == "L":
        return 3 + sum(1 + _value_bytes(one) for one in held)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_bytes(one) for name, one in held.items())
    if kind in ("NULL", "BOOL"):
        return 1
    raise AssertionError(f"no row here has a {kind}")


def read_units(size_bytes: int, consistent: bool) -> float:
    return max(1, ceil(size_bytes / (4 * KB))) * (1 if consistent else 0.5)


def write_units(size_bytes: int, transaction: bool) -> int:
    return max(1, ceil(size_bytes / KB)) * (2 if transaction else 1)


def index_units(before: Item | None, after: Item, keys: tuple[str, ...]) -> int:
    """Of one index that holds whole rows: a row enters it, changes in it, moves in it (out and in), or leaves it. The double
    price of a transaction is the table's alone."""
    had = before is not None and all(key in before for key in keys)
    has = all(key in after for key in keys)
    moved = had and has and before is not None and any(before[key] != after[key] for key in keys)
    units = write_units(item_bytes(after), False) if has else 0
    if had and before is not None and (moved or not has):
        units += write_units(item_bytes(before), False)
    return units
