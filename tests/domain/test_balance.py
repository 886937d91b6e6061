"""R16: how much prepaid money a merchant may hold."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chalicelib.domain.balance import cap_fen, require_room
from chalicelib.domain.merchant import Industry, LegalForm
from tests.domain.town import LAW, MERCHANT, code_of

DAY = date(2026, 3, 3)
OLD = date(2019, 5, 6)
THREE_MILLION = 3_000_000_00


@pytest.mark.parametrize(
    "industry, told, cap",
    [
        (Industry.CATERING, {}, 1_200_000_00),  # a restaurant: 40 % of 3M
        (Industry.FRESH_FOOD, {}, 1_200_000_00),
        (Industry.BEAUTY, {}, 3_000_000_00),  # a salon: all of 3M
        (Industry.LIFE_SERVICES, {}, 3_000_000_00),
        (Industry.EDUCATION, {}, None),
        (Industry.FITNESS, {}, None),
        (Industry.AUTOMOTIVE, {}, None),
        (Industry.CATERING, {"legal_form": LegalForm.INDIVIDUAL_BUSINESS}, None),
        (Industry.CATERING, {"last_year_revenue_fen": 0}, None),
        (Industry.CATERING, {"established_on": None}, 1_200_000_00),
        (Industry.CATERING, {"established_on": date(2025, 3, 4), "registered_capital_fen": 500_000_00}, 1_000_000_00),
        (Industry.CATERING, {"established_on": date(2025, 3, 3), "registered_capital_fen": 500_000_00}, 1_200_000_00),
        (Industry.CATERING, {"established_on": date(2025, 3, 4), "registered_capital_fen": 0}, None),
        (Industry.CATERING, {"established_on": date(2024, 2, 29)}, 1_200_000_00),
    ],
)
def test_the_cap_by_trade_form_and_age(industry: Industry, told: dict[str, Any], cap: int | None) -> None:
    known: dict[str, Any] = {"established_on": OLD, "last_year_revenue_fen": THREE_MILLION}
    assert cap_fen(replace(MERCHANT, industry=industry, **(known | told)), LAW, DAY) == cap


@pytest.mark.parametrize(
    "cap, closing, price, refusal",
    [
        (None, 10**12, 10**12, ""),
        (1_000, 900, 100, ""),
        (1_000, 900, 101, "balance_cap_reached"),
        (1_000, 0, 1_001, "balance_cap_reached"),
        (1_000, 2_000, 1, "balance_cap_reached"),
    ],
)
def test_room_is_what_the_cap_leaves_after_the_last_closed_day(
    cap: int | None, closing: int, price: int, refusal: str
) -> None:
    assert code_of(lambda: require_room(cap, closing, price)) == refusal
