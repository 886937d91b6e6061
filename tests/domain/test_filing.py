"""What each legal form and each type of issuer has to state, spelt out by hand beside the table of the domain."""

from dataclasses import fields, replace
from datetime import date

import pytest

from chalicelib.domain.filing import (
    EMPTY,
    REQUIRED,
    REQUIRED_FILES,
    SEALED,
    FileKind,
    Filing,
    IssuerType,
    Premises,
    masked,
    missing,
    require_complete,
)
from chalicelib.domain.merchant import LegalForm
from chalicelib.domain.refusals import Unprocessable
from tests.domain.test_licence import FILING
from tests.domain.town import code_of

EVERYBODY = {
    "name", "licence_no", "legal_form", "issuer_type", "legal_representative", "legal_representative_id_no", "industry",
    "established_on", "address", "premises", "district", "street", "contact_name", "contact_phone", "store_count",
    "issue_starts_on", "fund_mode", "bank_account", "commitment_accepted",
}  # fmt: skip
ENTERPRISES = {
    "registered_capital_fen", "sector_authority", "last_year_revenue_fen", "last_year_card_sales_fen", "year_end_prepaid_fen",
}  # fmt: skip
OF_SCALE = {"files.audited_report", "files.articles_of_association", "files.contract", "files.card_sample"}


def lacking(filing: Filing, *kinds: str) -> set[str]:
    return set(missing(filing, kinds))


def test_an_empty_draft_lacks_what_everybody_states() -> None:
    assert lacking(EMPTY) == EVERYBODY | {"files.licence"}


@pytest.mark.parametrize(
    "form, issuer_type, more",
    [
        (LegalForm.INDIVIDUAL_BUSINESS, IssuerType.INDIVIDUAL, set()),
        (LegalForm.ENTERPRISE, IssuerType.OTHER, ENTERPRISES),
        (LegalForm.ENTERPRISE, IssuerType.SCALE, ENTERPRISES | OF_SCALE),
        (LegalForm.ENTERPRISE, IssuerType.GROUP, ENTERPRISES | OF_SCALE | {"redemption_places", "files.group_proof"}),
        (LegalForm.ENTERPRISE, IssuerType.BRAND, ENTERPRISES | OF_SCALE | {"redemption_places", "files.group_proof"}),
    ],
)
def test_each_form_and_type_lacks_its_own(form: LegalForm, issuer_type: IssuerType, more: set[str]) -> None:
    filing = Filing(legal_form=form, issuer_type=issuer_type)
    assert lacking(filing) == (EVERYBODY - {"legal_form", "issuer_type"}) | more | {"files.licence"}


def test_a_whole_filing_lacks_nothing_and_each_field_it_has_to_have_is_missed_by_name() -> None:
    assert lacking(FILING, "licence") == set()
    for field in (EVERYBODY | ENTERPRISES) - {"legal_form", "issuer_type", "bank_account"}:
        assert lacking(replace(FILING, **{field: getattr(EMPTY, field)}), "licence") == {field}
    for part in ("account_name", "account_number", "account_bank"):
        assert lacking(replace(FILING, **{part: ""}), "licence") == {"bank_account"}


def test_nothing_is_a_statement_where_a_number_is_asked() -> None:
    zero = replace(FILING, last_year_revenue_fen=0, last_year_card_sales_fen=0, registered_capital_fen=0)
    assert lacking(zero, "licence") == set()


def test_a_lease_has_an_end_and_an_insurance_a_policy() -> None:
    leased = replace(FILING, premises=Premises.LEASED, insurer="人保财险")
    assert lacking(leased, "licence") == {"lease_end", "insurance_policy_no"}
    assert lacking(replace(leased, lease_end=date(2030, 1, 1), insurance_policy_no="P-1234"), "licence") == set()


@pytest.mark.parametrize("form, issuer_type", [
    (LegalForm.ENTERPRISE, IssuerType.INDIVIDUAL),
    (LegalForm.INDIVIDUAL_BUSINESS, IssuerType.OTHER),
    (LegalForm.INDIVIDUAL_BUSINESS, IssuerType.SCALE),
])  # fmt: skip
def test_a_type_of_issuer_belongs_to_one_legal_form(form: LegalForm, issuer_type: IssuerType) -> None:
    filing = replace(FILING, legal_form=form, issuer_type=issuer_type)
    assert code_of(lambda: require_complete(filing, tuple(FileKind))) == "issuer_type_differs"


@pytest.mark.parametrize("end, code", [(date(2026, 3, 31), "lease_too_short"), (date(2026, 4, 1), "")])
def test_a_lease_lasts_until_cards_are_sold_at_least(end: date, code: str) -> None:
    leased = replace(FILING, premises=Premises.LEASED, lease_end=end)
    assert code_of(lambda: require_complete(leased, ("licence",))) == code


def test_what_is_missing_comes_before_what_does_not_fit_and_is_told_as_data() -> None:
    filing = replace(FILING, issuer_type=IssuerType.INDIVIDUAL, street="")
    with pytest.raises(Unprocessable) as refused:
        require_complete(filing, ())
    assert (refused.value.code, refused.value.facts) == ("application_incomplete", {"missing": ["street", "files.licence"]})


def test_the_tables_name_fields_and_kinds_that_there_are() -> None:
    known = {one.name for one in fields(Filing)}
    assert {need.field for need in REQUIRED} | set(SEALED) <= known
    assert {need.with_field for need in REQUIRED} <= known | {""}
    assert set(REQUIRED_FILES) <= set(FileKind)


@pytest.mark.parametrize(
    "text, shown", [("13812345678", "138****5678"), ("林晓", "林*"), ("欧阳小林", "欧***"), ("林", "林*"), ("", "")]
)
def test_a_mask_shows_enough_to_recognise_and_too_little_to_use(text: str, shown: str) -> None:
    assert masked(text) == shown
