"""What all request and answer bodies share."""
from datetime import datetime
from typing import Annotated, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from chalicelib.domain.business_day import SHANGHAI
from chalicelib.domain.money import AMOUNT_MAX_FEN

Item = TypeVar("Item")

Fen = Annotated[int, Field(ge=1, le=AMOUNT_MAX_FEN, description="whole fen, 1 CNY = 100 fen")]
FenOrNone = Annotated[int, Field(ge=0, le=AMOUNT_MAX_FEN, description="whole fen, may be 0")]
Id = Annotated[str, Field(min_length=5, max_length=80, pattern=r"^[a-z]{3}_[0-9A-Z]+$")]
Text = Annotated[str, Field(min_length=1, max_length=100)]
Code = Annotated[str, Field(min_length=10, max_length=120, pattern=r"^[A-Za-z0-9_-]+$")]


class Body(BaseModel):
    """A request body: exact types, no unknown field."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True, str_strip_whitespace=True)


class View(BaseModel):
    """An answer."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ListView(View, Generic[Item]):
    object: str = "list"
    data: list[Item]
    has_more: bool = False
    next_cursor: str | None = None


def rfc3339(at: datetime) -> str:
    return at.astimezone(SHANGHAI).isoformat(timespec="seconds")
