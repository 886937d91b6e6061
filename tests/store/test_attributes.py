"""What a field becomes in DynamoDB: whole numbers stay whole, times keep their order, nothing else gets in."""

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.card import UsedCode
from chalicelib.domain.principal import Role
from chalicelib.store.attributes import (
    ChoiceAttribute,
    DateAttribute,
    FenAttribute,
    TextsAttribute,
    TimeAttribute,
    UsedCodesAttribute,
)

MOMENTS = st.datetimes(
    datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.sampled_from([timezone(timedelta(hours=h)) for h in (-5, 0, 8, 14)])  # noqa: DTZ001
)


@pytest.mark.parametrize("value", [True, False, 1.0, 0.1, float("nan"), Decimal("1"), Decimal("1.5"), "1", None, b"1"])
def test_only_a_whole_number_is_an_amount(value: Any) -> None:
    with pytest.raises(TypeError):
        FenAttribute().serialize(value)


@pytest.mark.parametrize("text", ["1.5", "1e3", "0.1", "NaN", ""])
def test_a_stored_fraction_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        FenAttribute().deserialize(text)


@given(st.integers(-(10**37), 10**37))
def test_an_amount_comes_back_as_it_went(fen: int) -> None:
    again = FenAttribute().deserialize(FenAttribute().serialize(fen))
    assert (again, type(again)) == (fen, int)


@given(MOMENTS, MOMENTS)
def test_times_come_back_to_the_microsecond_and_their_texts_sort_as_they_do(one: datetime, other: datetime) -> None:
    attribute = TimeAttribute()
    assert attribute.deserialize(attribute.serialize(one)) == one
    assert (attribute.serialize(one) < attribute.serialize(other)) == (one < other)
    assert attribute.serialize(one).endswith("+08:00")


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(TypeError):
        TimeAttribute().serialize(datetime(2026, 1, 1))  # noqa: DTZ001


@given(st.dates())
def test_a_date_comes_back(day: date) -> None:
    assert DateAttribute().deserialize(DateAttribute().serialize(day)) == day


def test_a_choice_is_one_of_its_words() -> None:
    attribute = ChoiceAttribute(Role)
    assert [attribute.deserialize(attribute.serialize(role)) for role in Role] == list(Role)
    for unknown in ("admin", "OWNER", ""):
        with pytest.raises(ValueError, match="is not a valid Role"):
            attribute.deserialize(unknown)


@given(st.lists(st.text()))
def test_texts_come_back_in_their_order(texts: list[str]) -> None:
    assert TextsAttribute().deserialize(TextsAttribute().serialize(tuple(texts))) == tuple(texts)


@given(st.lists(st.tuples(st.text("0123456789abcdef", min_size=24, max_size=24), MOMENTS)))
def test_used_codes_come_back_with_the_whole_seconds_that_a_code_carries(codes: list[tuple[str, datetime]]) -> None:
    used = tuple(UsedCode(nonce, at.replace(microsecond=0)) for nonce, at in codes)
    assert UsedCodesAttribute().deserialize(UsedCodesAttribute().serialize(used)) == used
