"""Attribute types: what a field of a value becomes in DynamoDB. A float never becomes anything."""
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from pynamodb.attributes import Attribute
from pynamodb.constants import LIST, NUMBER, STRING

from chalicelib.domain.business_day import SHANGHAI
from chalicelib.domain.card import UsedCode
from chalicelib.domain.terms import Tier

Choice = TypeVar("Choice", bound=StrEnum)


class FenAttribute(Attribute[int]):
    """A whole number. bool, float and Decimal are refused on the way in, a fraction on the way out."""

    attr_type = NUMBER

    def serialize(self, value: Any) -> str:
        if type(value) is not int:
            raise TypeError(f"a whole number is needed, not {type(value).__name__}")
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value)


class TimeAttribute(Attribute[datetime]):
    """+08:00 to the microsecond, so that text order is time order."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        if value.tzinfo is None:
            raise TypeError("a time without a zone is not a time")
        return value.astimezone(SHANGHAI).isoformat(timespec="microseconds")

    def deserialize(self, value: str) -> datetime:
        return datetime.fromisoformat(value).astimezone(SHANGHAI)


class DateAttribute(Attribute[date]):
    attr_type = STRING

    def serialize(self, value: date) -> str:
        return value.isoformat()

    def deserialize(self, value: str) -> date:
        return date.fromisoformat(value)


class ChoiceAttribute(Attribute[Choice], Generic[Choice]):
    attr_type = STRING

    def __init__(self, choices: type[Choice], **options: Any) -> None:
        super().__init__(**options)
        self.choices = choices

    def serialize(self, value: Choice) -> str:
        return str(self.choices(value))

    def deserialize(self, value: str) -> Choice:
        return self.choices(value)


class TextsAttribute(Attribute[tuple[str, ...]]):
    attr_type = LIST

    def serialize(self, value: tuple[str, ...]) -> list[dict[str, str]]:
        return [{STRING: text} for text in value]

    def deserialize(self, value: list[dict[str, str]]) -> tuple[str, ...]:
        return tuple(text[STRING] for text in value)


class UsedCodesAttribute(Attribute[tuple[UsedCode, ...]]):
    """Each code is one text, "<nonce> <expiry in Unix seconds>": short, so that a card with many stays within a write unit."""

    attr_type = LIST

    def serialize(self, value: tuple[UsedCode, ...]) -> list[dict[str, str]]:
        return [{STRING: f"{code.nonce} {int(code.expires_at.timestamp())}"} for code in value]

    def deserialize(self, value: list[dict[str, str]]) -> tuple[UsedCode, ...]:
        pairs = (text[STRING].split(" ") for text in value)
        return tuple(UsedCode(nonce, datetime.fromtimestamp(int(expiry), SHANGHAI)) for nonce, expiry in pairs)


class TiersAttribute(Attribute[tuple[Tier, ...]]):
    """Each tier is one text, "<price>+<bonus>" in fen."""

    attr_type = LIST

    def serialize(self, value: tuple[Tier, ...]) -> list[dict[str, str]]:
        return [{STRING: f"{tier.price_fen}+{tier.bonus_fen}"} for tier in value]

    def deserialize(self, value: list[dict[str, str]]) -> tuple[Tier, ...]:
        pairs = (text[STRING].split("+") for text in value)
        return tuple(Tier(int(price), int(bonus)) for price, bonus in pairs)
