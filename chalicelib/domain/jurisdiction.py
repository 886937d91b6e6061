"""Rules of law as dated data: every figure has its article, the day from which it holds, and how far it is to be trusted.

The figure in force on a date is chosen, never the newest one: a province's own where it has one in force, else the national
one. Where the law is open, the figure is a named parameter with the reading that is better for the consumer as its default.
The figures themselves are in jurisdictions.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import lru_cache

from chalicelib.domain.jurisdictions import AREAS, FIGURES, NATIONAL, Figure, Value


class CustodyMode(StrEnum):
    """Where the consumers' money is. `full`: all of it at a third party that pays out on the consumer's instruction."""

    FULL = "full"
    RATIO = "ratio"
    NONE = "none"


CUSTODY = CustodyMode.FULL
"""The mode of every merchant on this platform."""


@dataclass(frozen=True)
class Rules:
    """What holds in a district on a day. Amounts in fen, 0 lines and None caps where there is none.

    `cooling_off_unused_only`: the cooling-off right is gone once anything was redeemed. `cooling_used_pricing`: "discounted" or
    "list", the price of what was used when a card is given back in the cooling-off days. `*_cap_*_fen`: the most that one card
    may hold; `caps_waived_in_custody`: the custody modes in which no cap holds. `balance_*`: limits of what a merchant may hold
    for its consumers, in percent of its last year's revenue, or in times its capital for one younger than a year.
    `bonus_line_percent`: bonus / price above which a second person has to look (risk signal 5). `bonus_day_cap_fen`,
    `bonus_minute_cap_fen`: the most bonus that one product may give. `deemed_*`: working days of silence that count as a yes;
    None: silence never does. `interest_*_bp`: hundredths of a percent a year. `figures`: where each of them is written."""

    district: str
    day: date
    cooling_off_days: int
    cooling_off_unused_only: bool
    cooling_used_pricing: str
    refund_due_days: int
    cooling_off_refund_due_days: int
    licence_age_months: int
    barred_statuses: tuple[str, ...]
    filing_due_days: int
    named_cap_enterprise_fen: int | None
    named_cap_other_fen: int | None
    anonymous_cap_enterprise_fen: int | None
    anonymous_cap_other_fen: int | None
    caps_waived_in_custody: tuple[str, ...]
    balance_percent_retail: int
    balance_percent_services: int
    balance_percent_group: int
    balance_young_capital_times: int
    named_stored_value_may_expire: bool
    closing_notice_days: int
    deemed_confirm_working_days: int | None
    deemed_refund_working_days: int | None
    education_confirm_working_days: int
    education_refund_working_days: int
    education_lessons_max: int
    education_days_max: int
    education_charge_max_fen: int
    complaint_answer_days: int
    complaint_answer_in_working_days: bool
    retention_years: int
    bonus_line_percent: int
    bonus_day_cap_fen: int
    bonus_minute_cap_fen: int
    interest_merchant_bp: int
    interest_consumer_bp: int
    interest_year_days: int
    figures: tuple[Figure, ...]

    def article(self, name: str) -> str:
        """The article that a figure rests on."""
        return next(figure.article for figure in self.figures if figure.name == name)

    @property
    def cooling_off_article(self) -> str:
        return self.article("cooling_off_days")

    @property
    def refund_due_article(self) -> str:
        return self.article("refund_due_days")

    @property
    def licence_age_article(self) -> str:
        return self.article("licence_age_months")

    @property
    def filing_due_article(self) -> str:
        return self.article("filing_due_days")

    @property
    def closing_notice_article(self) -> str:
        return self.article("closing_notice_days")

    @property
    def complaint_answer_article(self) -> str:
        return self.article("complaint_answer_days")


NAMES = tuple(one.name for one in fields(Rules) if one.name not in ("district", "day", "figures"))


def area_of(district: str) -> str:
    """The province (first two digits of the GB/T 2260 code) whose rules are known, else NATIONAL."""
    return district[:2] if district[:2] in AREAS else NATIONAL


@lru_cache(maxsize=128)
def rules_on(district: str, day: date, figures: tuple[Figure, ...] = FIGURES) -> Rules:
    """The rules of a district (GB/T 2260 code) in force on `day`, Asia/Shanghai. Before the first figure of a name the first one
    is meant: the platform is younger."""
    area = area_of(district)
    chosen = tuple(_in_force(name, area, day, figures) for name in NAMES)
    values: Mapping[str, Value] = {figure.name: figure.value for figure in chosen}
    return Rules(district=district, day=day, figures=chosen, **values)  # type: ignore[arg-type]


def _in_force(name: str, area: str, day: date, figures: tuple[Figure, ...]) -> Figure:
    known = [figure for figure in figures if figure.name == name and figure.area in (area, NATIONAL)]
    begun = [figure for figure in known if figure.in_force_from <= day]
    if begun:
        return max(begun, key=lambda figure: (figure.area != NATIONAL, figure.in_force_from))
    return min(known, key=lambda figure: (figure.in_force_from, figure.area == NATIONAL))
