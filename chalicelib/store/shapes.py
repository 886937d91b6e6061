"""How a domain value becomes a row: one typed row class per value that is stored.

A row's attributes are the value's own fields with the value's own types, derived once at import from the dataclass, so that
a value and its row cannot drift apart; a type without an attribute here is an error at import.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from types import NoneType, UnionType, new_class
from typing import Any, get_args, get_origin, get_type_hints

from pynamodb.attributes import Attribute, BooleanAttribute, UnicodeAttribute

from chalicelib.domain.card import UsedCode
from chalicelib.domain.terms import Tier
from chalicelib.store.attributes import (
    ChoiceAttribute,
    DateAttribute,
    FenAttribute,
    TextsAttribute,
    TiersAttribute,
    TimeAttribute,
    UsedCodesAttribute,
)


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
    bool: BooleanAttribute,
    int: FenAttribute,
    str: UnicodeAttribute,
    datetime: TimeAttribute,
    date: DateAttribute,
    tuple[str, ...]: TextsAttribute,
    tuple[UsedCode, ...]: UsedCodesAttribute,
    tuple[Tier, ...]: TiersAttribute,
}


def _attribute(hint: Any) -> Attribute[Any]:
    options: dict[str, Any] = {}
    if get_origin(hint) is UnionType:
        (hint,) = (part for part in get_args(hint) if part is not NoneType)
        options["null"] = True
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return ChoiceAttribute(hint, **options)
    return _PLAIN[hint](**options)


def stored(
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
