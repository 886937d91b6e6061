"""What all request and answer bodies share."""
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from chalicelib.domain.business_day import SHANGHAI
from chalicelib.domain.merchant import Reason
from chalicelib.domain.money import AMOUNT_MAX_FEN
from chalicelib.domain.name import NAME_CHARS_MAX, flaw, normal
from chalicelib.store.reads import PAGE_MAX

Item = TypeVar("Item")

TAG = "~"
"""Begins the tag of a body that comes in several shapes; a tag is no part of where a mistake is."""

Fen = Annotated[int, Field(ge=1, le=AMOUNT_MAX_FEN, description="whole fen, 1 CNY = 100 fen")]
FenOrNone = Annotated[int, Field(ge=0, le=AMOUNT_MAX_FEN, description="whole fen, may be 0")]
Id = Annotated[str, Field(min_length=5, max_length=80, pattern=r"^[a-z]{3}_[0-9A-Z]+$")]


def _digits(given: object) -> object:
    """A query is text, and text is read leniently by default: "1.0", "+1" and "1_0" would be numbers."""
    if not isinstance(given, str):
        return given
    if re.fullmatch(r"[0-9]{1,4}", given, re.ASCII) is None:
        raise ValueError("digits only")
    return int(given)


Limit = Annotated[int, Field(ge=1, le=PAGE_MAX), BeforeValidator(_digits)]
District = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="GB/T 2260 code of the district, e.g. 330212 Yinzhou")]
Text = Annotated[str, Field(min_length=1, max_length=100)]


def _name(given: str) -> str:
    found = flaw(given)
    if found:
        raise ValueError(f"not a name: {found}")
    return normal(given)


Name = Annotated[
    str,
    Field(min_length=1, max_length=NAME_CHARS_MAX, description="Han, ASCII letters and digits, ·()&-.'、 and single spaces"),
    AfterValidator(_name),
]
"""What people read and trust: the name of a merchant, a store, a product, a brand."""
Code = Annotated[str, Field(min_length=10, max_length=120, pattern=r"^[A-Za-z0-9_-]+$")]


class Body(BaseModel):
    """A request body: exact types, no unknown field."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True, str_strip_whitespace=True)


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ReasonView(View):
    """A reason for people. `since`: the date on which the platform learnt of it, where that is known."""

    code: str
    text: str
    text_en: str
    since: str | None


def reason_views(reasons: Iterable[Reason]) -> list[ReasonView]:
    return [ReasonView(**reason.facts()) for reason in reasons]
class CustomerView(View):
    """Who stands at the counter, as far as the merchant needs it: 138****5678; what the person has not given is ""."""

    nickname: str
    phone: str


class ListView(View, Generic[Item]):
    object: str = "list"
    data: list[Item]
    has_more: bool = False
    next_cursor: str | None = None


def rfc3339(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")
