"""What a card product may promise: the worked examples of the rule book, one line each."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.jurisdiction import CustodyMode, Rules, rules_on
from chalicelib.domain.merchant import Industry, LegalForm
from chalicelib.domain.refusals import Refusal
from chalicelib.domain.terms import ALLOWED, NEEDED, ProductKind, Terms, Tier, require_lawful, stored_value
from tests.domain.town import LAW, MERCHANT, NOON, code_of

VISITS = Terms(ProductKind.COUNT, price_fen=200_000, visits=10, list_price_fen=26_000)
YEAR = Terms(ProductKind.PERIOD, price_fen=365_000, term_days=365, list_price_fen=40_000)
DEPOSIT = Terms(ProductKind.DEPOSIT, price_fen=500_000, purpose="二手车意向金")
VALUE = stored_value(100_000, 30_000)
ONE_OF_EACH = {"stored_value": VALUE, "count": VISITS, "period": YEAR, "deposit": DEPOSIT}

SCHOOL = replace(MERCHANT, industry=Industry.EDUCATION)
SHOP = replace(MERCHANT, legal_form=LegalForm.INDIVIDUAL_BUSINESS)
BEIJING = rules_on("110105", NOON.date())


def refusal_of(terms: Terms, merchant: Any = MERCHANT, rules: Rules = LAW, custody: CustodyMode = CustodyMode.FULL) -> Refusal:
    with pytest.raises(Refusal) as caught:
        require_lawful(terms, merchant, rules, custody)
    return caught.value


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_a_card_of_each_kind_is_lawful(kind: str) -> None:
    require_lawful(ONE_OF_EACH[kind], MERCHANT, LAW)


FIELDS: dict[str, Any] = {
    "tiers": (Tier(1000),),
    "price_fen": 1000,
    "visits": 3,
    "gift_visits": 1,
    "list_price_fen": 500,
    "term_days": 30,
    "gift_days": 3,
    "purpose": "看房",
    "bonus_day_cap_fen": 1,
    "bonus_minute_cap_fen": 1,
}


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("kind", list(ProductKind))
def test_a_field_belongs_to_its_kinds_only_and_a_needed_one_may_not_be_missing(kind: ProductKind, field: str) -> None:
    present = ONE_OF_EACH[kind]
    blank = None if field.endswith("cap_fen") else type(FIELDS[field])()
    given, missing = replace(present, **{field: FIELDS[field]}), replace(present, **{field: blank})
    belongs = field in NEEDED[kind] | ALLOWED[kind]
    assert (code_of(lambda: require_lawful(given, MERCHANT, LAW)) == "") == belongs
    if field in NEEDED[kind]:
        refused = refusal_of(missing)
        assert (refused.code, refused.param, refused.facts) == (
            "kind_fields_mismatch", field, {"missing": [field], "surplus": []}
        )  # fmt: skip
    if not belongs:
        assert refusal_of(given).facts == {"missing": [], "surplus": [field]}


@pytest.mark.parametrize(
    "prices, refusal",
    [((100, 200, 300), ""), ((100,), ""), ((200, 100), "tiers_not_ascending"), ((100, 100), "tiers_not_ascending")],
)
def test_tiers_go_up_in_price(prices: tuple[int, ...], refusal: str) -> None:
    terms = Terms(ProductKind.STORED_VALUE, tuple(Tier(price) for price in prices))
    assert code_of(lambda: require_lawful(terms, MERCHANT, LAW)) == refusal


def test_eleven_tiers_cannot_be_built() -> None:
    Terms(ProductKind.STORED_VALUE, tuple(Tier(price) for price in range(1, 11)))
    with pytest.raises(AssertionError):
        Terms(ProductKind.STORED_VALUE, tuple(Tier(price) for price in range(1, 12)))


def test_r13_a_named_stored_value_card_has_no_expiry_and_the_article_says_so() -> None:
    refused = refusal_of(replace(VALUE, validity_days=730))
    assert (refused.code, refused.param) == ("expiry_not_allowed", "validity_days")
    assert refused.facts == {"article": "单用途商业预付卡管理办法(试行) 第19条"}
    require_lawful(replace(VISITS, validity_days=730), MERCHANT, LAW)


@pytest.mark.parametrize(
    "terms, limit",
    [
        (replace(VISITS, visits=60, price_fen=500_000), ""),
        (replace(VISITS, visits=61, price_fen=500_000), "education_lessons_max"),
        (replace(VISITS, visits=60, price_fen=520_000), "education_charge_max_fen"),
        (replace(VISITS, visits=59, gift_visits=1, price_fen=500_000), ""),
        (replace(VISITS, visits=60, gift_visits=1, price_fen=500_000), "education_lessons_max"),
        (replace(YEAR, term_days=92), ""),
        (replace(YEAR, term_days=93), "education_days_max"),
        (replace(YEAR, term_days=90, gift_days=3), "education_days_max"),
        (stored_value(500_000), ""),
        (stored_value(500_001), "education_charge_max_fen"),
        (Terms(ProductKind.STORED_VALUE, (Tier(100), Tier(500_001))), "education_charge_max_fen"),
        (replace(DEPOSIT, price_fen=500_001), "education_charge_max_fen"),
    ],
)
def test_r23_limits_of_education(terms: Terms, limit: str) -> None:
    require_lawful(terms, MERCHANT, LAW)  # nobody else has them
    if not limit:
        require_lawful(terms, SCHOOL, LAW)
        return
    refused = refusal_of(terms, SCHOOL)
    assert refused.facts is not None
    assert (refused.code, refused.facts["limit"]) == ("education_limit_exceeded", limit)
    assert refused.facts["has"] > refused.facts["max"] == getattr(LAW, limit)


@pytest.mark.parametrize(
    "merchant, terms, rules, custody, refusal",
    [
        (MERCHANT, stored_value(600_000), LAW, CustodyMode.NONE, "card_cap_exceeded"),  # R10: legal person, 6,000 named
        (MERCHANT, stored_value(600_000), LAW, CustodyMode.RATIO, "card_cap_exceeded"),
        (MERCHANT, stored_value(600_000), LAW, CustodyMode.FULL, ""),
        (SHOP, stored_value(250_000), LAW, CustodyMode.NONE, "card_cap_exceeded"),  # R10: individual business, 2,500 named
        (SHOP, stored_value(250_000), LAW, CustodyMode.FULL, ""),
        (SHOP, stored_value(200_000), LAW, CustodyMode.NONE, ""),
        (MERCHANT, stored_value(500_000), LAW, CustodyMode.NONE, ""),
        (MERCHANT, stored_value(400_000, 100_001), LAW, CustodyMode.NONE, "card_cap_exceeded"),  # face counts, not price
        (MERCHANT, replace(VISITS, price_fen=500_001), LAW, CustodyMode.NONE, "card_cap_exceeded"),
        (MERCHANT, stored_value(600_000), BEIJING, CustodyMode.FULL, "card_cap_exceeded"),  # no exemption outside Zhejiang
        (SHOP, stored_value(600_000), BEIJING, CustodyMode.FULL, ""),  # the national cap is for enterprises
    ],
)
def test_r10_caps_by_legal_form_and_custody(
    merchant: Any, terms: Terms, rules: Rules, custody: CustodyMode, refusal: str
) -> None:
    assert code_of(lambda: require_lawful(terms, merchant, rules, custody)) == refusal


@pytest.mark.parametrize(
    "terms, above",
    [
        (stored_value(100_000, 42_000), False),
        (stored_value(100_000, 42_001), True),
        (Terms(ProductKind.STORED_VALUE, (Tier(100, 10), Tier(200, 120))), True),
        (replace(VISITS, visits=100, gift_visits=42), False),
        (replace(VISITS, visits=100, gift_visits=43), True),
        (replace(YEAR, term_days=100, gift_days=42), False),
        (replace(YEAR, term_days=100, gift_days=43), True),
        (DEPOSIT, False),
    ],
)
def test_more_than_the_line_is_given_on_top(terms: Terms, above: bool) -> None:
    assert terms.given_above(LAW.bonus_line_percent) is above


def test_an_offer_is_chosen_by_its_price_and_the_first_one_without() -> None:
    terms = Terms(ProductKind.STORED_VALUE, (Tier(100), Tier(200, 20)))
    assert (terms.offer(None), terms.offer(200), terms.offer(150)) == (Tier(100), Tier(200, 20), None)
    assert VISITS.offer(None) == VISITS.offer(200_000) == Tier(200_000)
