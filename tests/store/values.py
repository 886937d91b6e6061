"""A value of any stored kind, made of its own type hints."""

from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from chalicelib.domain.bonus import Meter
from chalicelib.domain.business_day import SHANGHAI
from chalicelib.domain.card import Card, CardState, UsedCode
from chalicelib.domain.merchant import Merchant, MerchantState
from chalicelib.domain.payout import Payout, PayoutState
from chalicelib.domain.settlement import Payable
from chalicelib.domain.store import Store, StoreState
from chalicelib.domain.terms import Tier
from chalicelib.domain.transfer import Transfer

AT = datetime(2026, 11, 20, 12, 0, 0, 123456, SHANGHAI)
LAWFUL: dict[type[Any], dict[str, Any]] = {
    Card: {
        "state": CardState.ACTIVE,
        "paid_fen": 100_000,
        "bonus_fen": 30_000,
        "used_fen": 13_000,
        "held_fen": 100,
        "holds": 1,
        "released_fen": 10_000,
        "refunded_fen": 0,
    },
    Store: {"opening_hours": ("09:00-21:00",) * 6 + ("",), "state": StoreState.CLOSING, "effective_on": AT.date()},
    Meter: {"shard": 1},
    Transfer: {"debit": "custody", "credit": "card:crd_1"},
    Payout: {"state": PayoutState.POSTED},
    Payable: {"accrued_fen": 10_000, "in_transit_fen": 2_000, "paid_out_fen": 1_000},
}
"""Where a type has rules of its own, fields that obey them."""


def example(kind: type[Any], *, empty: bool = False) -> Any:
    """`empty`: every field that may be None is None, every text that may be empty is."""
    hints = get_type_hints(kind)
    fixed = LAWFUL.get(kind, {})
    given = {one.name: fixed[one.name] if one.name in fixed else _of(hints[one.name], one.name, empty) for one in fields(kind)}
    if kind is Merchant and empty:
        given |= {"state": MerchantState.ACTIVE}
    if kind is Payout and empty:
        given |= {"state": PayoutState.DECIDED}
    return kind(**given)


def _of(hint: Any, name: str, empty: bool) -> Any:
    if get_origin(hint) is UnionType:
        if empty:
            return None
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
    if hint == tuple[str, ...]:
        return () if empty else ("one", "二")
    if hint == tuple[Tier, ...]:
        return () if empty else (Tier(100_000, 30_000), Tier(200_000))
    if hint == tuple[UsedCode, ...]:
        return () if empty else (UsedCode("0" * 24, AT.replace(microsecond=0)),)
    if get_origin(hint) is tuple:
        return ()
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return list(hint)[-1]
    if is_dataclass(hint):
        return example(hint, empty=empty)  # type: ignore[arg-type]
    plain: dict[Any, Any] = {
        int: 7,
        bool: True,
        datetime: AT,
        date: AT.date(),
        str: "" if empty and name in ("reason", "stores") else f"{name}-值",
    }
    return plain[hint]
