"""What makes a licence lawful, asked of the business registry: one refusal for each rule, in the stated order."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from chalicelib.domain.filing import Filing, FundMode, IssuerType, Premises
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Industry, LegalForm
from chalicelib.domain.registry import SCOPE_WORDS, RegisteredCompany, require_lawful
from tests.domain.town import EAST_8, NOON, code_of

FILING = Filing(
    name="甬江美发有限公司",
    licence_no="91330200MA2AAAAAXX",
    legal_form=LegalForm.ENTERPRISE,
    issuer_type=IssuerType.OTHER,
    legal_representative="钱一",
    legal_representative_id_no="sealed-1",
    industry=Industry.BEAUTY,
    registered_capital_fen=50_000_000,
    established_on=date(2020, 1, 1),
    address="中山东路 1 号",
    premises=Premises.OWNED,
    contact_name="sealed-2",
    contact_phone="sealed-3",
    sector_authority="鄞州区商务局",
    district="鄞州区",
    street="百丈街道",
    store_count=1,
    issue_starts_on=date(2026, 4, 1),
    last_year_revenue_fen=300_000_000,
    last_year_card_sales_fen=0,
    year_end_prepaid_fen=0,
    fund_mode=FundMode.CUSTODY,
    commitment_accepted=True,
    account_name="甬江美发有限公司",
    account_number="sealed-4",
    account_bank="宁波银行",
)
COMPANY = RegisteredCompany(FILING.licence_no, FILING.name, "normal", "钱一", date(2020, 1, 1), None, "enterprise")


def checked(
    company: RegisteredCompany | None = COMPANY, filing: Filing = FILING, now: datetime = NOON
) -> str:
    return code_of(lambda: require_lawful(filing, company, rules_on("330212", now.date()), now))


def test_a_licence_in_good_standing_is_lawful() -> None:
    assert checked() == ""


def test_the_rules_of_a_licence_are_asked_in_the_stated_order() -> None:
    bad = replace(
        COMPANY,
        licence_no="91330200MA2BBBBBXX",
        name="别的公司",
        legal_representative="周八",
        status="revoked",
        valid_until=date(2026, 3, 2),
        established_on=date(2026, 3, 1),
        legal_form="individual_business",
        scope="日用百货销售",
    )
    filing = replace(FILING, account_name="张三")
    assert checked(None, filing) == "licence_not_found"
    assert checked(bad, filing) == "licence_not_found"
    bad = replace(bad, licence_no=FILING.licence_no)
    assert checked(bad, filing) == "licence_name_differs"
    bad = replace(bad, name=FILING.name)
    assert checked(bad, filing) == "legal_representative_differs"
    bad = replace(bad, legal_representative="钱一")
    assert checked(bad, filing) == "legal_form_differs"
    bad = replace(bad, legal_form="enterprise")
    assert checked(bad, filing) == "licence_not_in_good_standing"
    bad = replace(bad, status="normal")
    assert checked(bad, filing) == "licence_expired"
    bad = replace(bad, valid_until=date(2026, 3, 3))
    assert checked(bad, filing) == "licence_too_young"
    bad = replace(bad, established_on=date(2020, 1, 1))
    assert checked(bad, filing) == "scope_does_not_cover"
    bad = replace(bad, scope="")
    assert checked(bad, filing) == "account_name_differs"
    assert checked(bad) == ""


@pytest.mark.parametrize("status", ["abnormal", "deregistering", "deregistered", "revoked", "", "NORMAL"])
def test_only_the_status_normal_is_good_standing(status: str) -> None:
    assert checked(replace(COMPANY, status=status)) == "licence_not_in_good_standing"


@pytest.mark.parametrize(
    "now, refusal",
    [
        (datetime(2025, 7, 14, 23, 59, 59, tzinfo=EAST_8), "licence_too_young"),
        (datetime(2025, 7, 15, 0, 0, tzinfo=EAST_8), ""),
    ],
)
def test_r14_a_licence_of_15_january_is_old_enough_on_15_july(now: datetime, refusal: str) -> None:
    assert checked(replace(COMPANY, established_on=date(2025, 1, 15)), now=now) == refusal


def test_a_licence_number_that_the_registry_did_not_answer_for_is_not_verified() -> None:
    """The answer has to be about the number that was asked."""
    assert checked(replace(COMPANY, licence_no="91330200MA2BBBBBXX")) == "licence_not_found"


def test_a_legal_representative_whom_the_registry_does_not_know_is_not_accepted() -> None:
    assert checked(replace(COMPANY, legal_representative="周八")) == "legal_representative_differs"
    assert checked(filing=replace(FILING, legal_representative="周八")) == "legal_representative_differs"
    assert checked(filing=replace(FILING, legal_representative="")) == "legal_representative_differs"


@pytest.mark.parametrize("industry", Industry)
def test_every_industry_has_its_words_and_any_one_of_them_in_the_scope_covers_it(industry: Industry) -> None:
    filing = replace(FILING, industry=industry)
    assert SCOPE_WORDS[industry]
    for word in SCOPE_WORDS[industry]:
        assert checked(replace(COMPANY, scope=f"一般项目：{word}服务；许可项目：无"), filing) == ""
    assert checked(replace(COMPANY, scope="一般项目：钢材销售"), filing) == "scope_does_not_cover"
    assert checked(replace(COMPANY, scope=""), filing) == "", "a registry that does not tell the scope refuses nobody for it"


def test_full_width_letters_and_parentheses_are_no_other_name() -> None:
    company = replace(COMPANY, name="甬江（宁波）美发有限公司")
    filing = replace(FILING, name="甬江(宁波)美发有限公司", account_name="甬江（宁波）美发有限公司")
    assert checked(company, filing) == ""
