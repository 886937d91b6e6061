"""Yuan texts and fen, and the one division of the platform."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.money import fen_to_yuan, share, yuan_to_fen
from tests.domain.ledger import half_up

BOUNDS = settings(max_examples=150, derandomize=True, database=None, deadline=None)


@BOUNDS
@given(st.integers(-(10**15) + 1, 10**15 - 1))
def test_fen_survive_the_way_to_a_text_and_back(fen: int) -> None:
    assert yuan_to_fen(fen_to_yuan(fen)) == fen


@pytest.mark.parametrize(
    "text, fen",
    [
        ("0.00", 0),
        ("0.01", 1),
        ("-0.05", -5),
        ("1234.50", 123450),
        ("-1234.50", -123450),
        ("9999999999999.99", 999999999999999),
    ],
)
def test_an_amount_in_yuan_is_read_to_the_fen(text: str, fen: int) -> None:
    assert yuan_to_fen(text) == fen
    assert fen_to_yuan(fen) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.0",
        "1.000",
        ".50",
        "1.",
        "１.００",
        "１.00",
        "1.０0",
        "٣.00",
        "1e3",
        "1.0e2",
        "nan",
        "inf",
        "-inf",
        " 1.00",
        "1.00 ",
        "1.00\n",
        "\n1.00",
        "\t1.00",
        "1,000.00",
        "1 000.00",
        "1_000.00",
        "+1.00",
        "--1.00",
        "−1.00",
        "- 1.00",
        "-",
        "¥1.00",
        "1.00元",
        "0x1.00",
        "1.00.00",
        "1,00",
        "10000000000000.00",
        "1.00\x00",
        "=1.00",
        "1.-5",
        "None",
        "true",
    ],
)
def test_anything_else_is_no_amount(text: str) -> None:
    with pytest.raises(ValueError):
        yuan_to_fen(text)


@BOUNDS
@given(st.integers(0, 10**8), st.integers(0, 10**8), st.integers(1, 10**8))
def test_a_share_is_the_exact_fraction_with_half_a_fen_rounded_up(whole: int, part: int, total: int) -> None:
    part = min(part, total)
    assert share(whole, part, total) == half_up(Fraction(whole * part, total))


@BOUNDS
@given(st.integers(1, 10**8), st.integers(0, 10**8), st.lists(st.integers(1, 10**7), min_size=1, max_size=12))
def test_in_whatever_steps_face_is_used_the_releases_sum_to_what_was_paid(
    paid: int, bonus: int, steps: list[int]
) -> None:
    used = released = 0
    for step in [*steps, paid + bonus]:
        used = min(paid + bonus, used + step)
        next_release = share(paid, used, paid + bonus) - released
        assert next_release >= 0
        released += next_release
    assert released == paid


@pytest.mark.parametrize("whole, part, total", [(-1, 0, 1), (1, -1, 1), (1, 2, 1), (1, 0, 0)])
def test_a_share_of_nonsense_is_our_own_mistake(whole: int, part: int, total: int) -> None:
    with pytest.raises(AssertionError):
        share(whole, part, total)
