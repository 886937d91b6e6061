"""The rules of each area as the book has them, and which of them hold on a day."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import refund as refunds
from chalicelib.domain.business_day import SHANGHAI, business_date
from chalicelib.domain.jurisdiction import NAMES, rules_on
from chalicelib.domain.jurisdictions import FIGURES, NATIONAL, Figure
from chalicelib.domain.refund import Cause, Reason
from tests.domain.town import Town, code_of

DAY = date(2026, 3, 3)
ZHEJIANG, BEIJING, SHANGHAI_CITY, JIANGSU, SHENZHEN = "330212", "110105", "310115", "320102", "440305"

BOOK = """
figure                         zhejiang    beijing     shanghai    jiangsu     elsewhere
cooling_off_days               7           7           7           15          7
cooling_off_unused_only        False       True        False       False       False
refund_due_days                5           15          15          15          15
cooling_off_refund_due_days    5           5           15          15          15
licence_age_months             6           0           0           0           0
filing_due_days                30          30          30          30          30
named_cap_enterprise_fen       500000      500000      500000      500000      500000
named_cap_other_fen            200000      None        None        None        None
anonymous_cap_enterprise_fen   100000      100000      100000      100000      100000
anonymous_cap_other_fen        50000       None        None        None        None
balance_percent_retail         40          40          40          40          40
balance_percent_services       100         100         100         100         100
balance_percent_group          30          30          30          30          30
balance_young_capital_times    2           2           2           2           2
closing_notice_days            30          30          30          30          30
deemed_confirm_working_days    None        None        None        None        None
deemed_refund_working_days     None        None        None        None        None
education_confirm_working_days 15          15          15          15          15
education_refund_working_days  5           5           5           5           5
education_lessons_max          60          60          60          60          60
education_charge_max_fen       500000      500000      500000      500000      500000
complaint_answer_days          7           7           7           7           7
complaint_answer_in_working_days False     True        False       False       False
retention_years                5           5           5           5           5
"""
ROWS = [line.split() for line in BOOK.strip().splitlines()[1:]]
DISTRICTS = (ZHEJIANG, BEIJING, SHANGHAI_CITY, JIANGSU, SHENZHEN)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_area_has_the_figures_of_the_book(row: list[str]) -> None:
    name, *wanted = row
    assert [str(getattr(rules_on(district, DAY), name)) for district in DISTRICTS] == wanted


def test_who_may_not_issue_and_where_custody_waives_the_caps() -> None:
    barred = {district: rules_on(district, DAY).barred_statuses for district in DISTRICTS}
    assert barred[BEIJING] == ("abnormal", "defaulter", "deregistering")
    assert barred[JIANGSU] == ("abnormal", "defaulter")
    assert {barred[district] for district in (ZHEJIANG, SHANGHAI_CITY, SHENZHEN)} == {()}
    waived = {district for district in DISTRICTS if rules_on(district, DAY).caps_waived_in_custody}
    assert waived == {ZHEJIANG}


@pytest.mark.parametrize(
    "district, name, article",
    [
        (ZHEJIANG, "refund_due_days", "浙江省实施《消费者权益保护法》办法 第11条"),
        (ZHEJIANG, "cooling_off_days", "法释〔2025〕4号 第14条"),
        (BEIJING, "cooling_off_days", "北京市单用途预付卡管理条例 第16条"),
        (BEIJING, "complaint_answer_days", "北京市单用途预付卡管理条例 第25条"),
        (SHANGHAI_CITY, "closing_notice_days", "上海市单用途预付消费卡管理规定 第17条"),
        (JIANGSU, "cooling_off_days", "江苏省预付卡管理办法（付款之日起十五日）"),
    ],
)
def test_a_figure_names_the_article_it_rests_on(district: str, name: str, article: str) -> None:
    assert rules_on(district, DAY).article(name) == article


def test_every_figure_has_a_national_base_and_a_date_and_says_how_far_to_trust_it() -> None:
    assert {figure.name for figure in FIGURES if figure.area == NATIONAL} == set(NAMES)
    assert len({(figure.area, figure.name, figure.in_force_from) for figure in FIGURES}) == len(FIGURES)
    assert {"T", "S", "M", "I"} == {figure.trust for figure in FIGURES}


# --- which figure on which day -------------------------------------------------------------------------------------------


MIDNIGHT = datetime(2026, 7, 1, 0, 0, tzinfo=SHANGHAI)
SECOND = timedelta(seconds=1)


def with_line(area: str, name: str, value: Any, since: date = MIDNIGHT.date()) -> tuple[Figure, ...]:
    return (*FIGURES, Figure(area, name, value, "新法 第1条", since, "I"))


@pytest.mark.parametrize(
    "at, days", [(MIDNIGHT - SECOND, 5), (MIDNIGHT, 3), (MIDNIGHT + SECOND, 3)], ids=["23:59:59", "00:00:00", "00:00:01"]
)
def test_a_new_line_holds_from_midnight_in_shanghai(at: datetime, days: int) -> None:
    table = with_line("33", "refund_due_days", 3)
    assert rules_on(ZHEJIANG, business_date(at), table).refund_due_days == days
    assert rules_on(BEIJING, business_date(at), table).refund_due_days == 15


def test_a_provinces_own_line_goes_before_a_newer_national_one() -> None:
    table = with_line(NATIONAL, "refund_due_days", 10)
    assert rules_on(ZHEJIANG, MIDNIGHT.date(), table).refund_due_days == 5
    assert rules_on(SHENZHEN, MIDNIGHT.date(), table).refund_due_days == 10


def test_a_provinces_line_that_does_not_hold_yet_leaves_the_national_one() -> None:
    assert rules_on(JIANGSU, date(2021, 3, 31)).barred_statuses == ()
    assert rules_on(JIANGSU, date(2021, 4, 1)).barred_statuses == ("abnormal", "defaulter")


def test_before_the_first_line_the_first_one_is_meant() -> None:
    assert rules_on(SHENZHEN, date(2000, 1, 1)).cooling_off_days == 7


def test_a_card_sold_a_second_before_midnight_keeps_the_cooling_off_days_it_was_sold_with() -> None:
    """The rule of the day of the purchase, however long ago that is."""
    table = with_line("33", "cooling_off_days", 15)
    asked = Reason(Cause.NEUTRAL, no_reason=True, consumed_before=False)
    for at, last_day in ((MIDNIGHT - SECOND, "2026-07-07"), (MIDNIGHT, "2026-07-16")):
        town = Town()
        town.now = at
        card = town.buy()
        rules = rules_on(ZHEJIANG, business_date(card.activated_at), table)
        late = datetime.fromisoformat(f"{last_day}T23:59:59+08:00")
        assert refunds.quote(card, asked, rules, late).refund_fen == 100_000
        assert code_of(lambda one=card, law=rules, now=late: refunds.quote(one, asked, law, now + SECOND)) == "cooling_off_over"


# --- what a refund makes of them -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "district, rule, due",
    [(ZHEJIANG, "R1", 5), (BEIJING, "R2", 15), (SHANGHAI_CITY, "R1", 15), (JIANGSU, "R1", 15), (SHENZHEN, "R1", 15)],
)
def test_after_a_first_visit_the_cooling_off_right_ends_in_beijing_only(district: str, rule: str, due: int) -> None:
    """130 of 1300 used on day 2: 900.00 either way where nobody is at fault, but in Beijing the merchant has to agree."""
    town = Town()
    town.buy()
    town.use(13_000)
    town.later(days=2)
    rules = rules_on(district, town.now.date())
    quoted = refunds.quote(town.card(), Reason(Cause.NEUTRAL, no_reason=False, consumed_before=False), rules, town.now)
    assert (quoted.rule, quoted.refund_fen, quoted.automatic) == (rule, 90_000, rule == "R1")
    assert quoted.due_on == town.now.date() + timedelta(days=due)


def test_an_unused_card_goes_back_within_five_days_in_beijing_and_a_used_one_not_without_a_reason() -> None:
    town = Town()
    town.buy()
    rules = rules_on(BEIJING, town.now.date())
    asked = Reason(Cause.NEUTRAL, no_reason=True, consumed_before=False)
    quoted = refunds.quote(town.card(), asked, rules, town.now)
    assert (quoted.rule, quoted.due_on) == ("R1", town.now.date() + timedelta(days=5))
    assert quoted.due_article == "北京市单用途预付卡管理条例 第16条"
    town.use(100)
    assert code_of(lambda: refunds.quote(town.card(), asked, rules, town.now)) == "cooling_off_over"


def test_the_dates_of_worked_example_r9() -> None:
    """Asked on 3 March: due on the 8th in Ningbo, on the 18th in Beijing."""
    town = Town()
    town.now = datetime(2026, 2, 1, 12, 0, tzinfo=SHANGHAI)
    card = town.buy()
    now = datetime(2026, 3, 3, 12, 0, tzinfo=SHANGHAI)
    asked = Reason(Cause.MERCHANT, no_reason=False, consumed_before=False)
    due = {district: refunds.quote(card, asked, rules_on(district, now.date()), now).due_on for district in (ZHEJIANG, BEIJING)}
    assert due == {ZHEJIANG: date(2026, 3, 8), BEIJING: date(2026, 3, 18)}


def test_rules_may_be_replaced_figure_by_figure_in_a_test() -> None:
    assert replace(rules_on(ZHEJIANG, DAY), cooling_used_pricing="list").cooling_used_pricing == "list"
