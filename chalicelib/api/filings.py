"""A filing as clients send it, in parts, and as they see it."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field, field_validator

from chalicelib.api.models import Body, District, Name, View
from chalicelib.domain.application import Application
from chalicelib.domain.filing import SEALED, FundMode, IssuerType, Premises, field_names, masked
from chalicelib.domain.merchant import Industry, LegalForm
from chalicelib.domain.principal import Principal, Role
from chalicelib.operations import filings

AMOUNT_MAX_FEN = 10**15
RESIDENT_ID_CHARS = 18
_READABLE = r"^[^\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+$"

LicenceNo = Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$", description="unified social credit code")]
Line = Annotated[str, Field(min_length=1, max_length=100, pattern=_READABLE)]
LongLine = Annotated[str, Field(min_length=1, max_length=200, pattern=_READABLE)]
Paragraph = Annotated[str, Field(min_length=1, max_length=1000, pattern=_READABLE)]
Fen = Annotated[int, Field(ge=0, le=AMOUNT_MAX_FEN, description="whole fen, may be 0")]
Day = Annotated[date, Field(ge=date(1900, 1, 1), le=date(2200, 1, 1))]
IndustryCode = Annotated[str, Field(pattern=r"^[A-Z0-9]{1,8}$", description="a code of GB/T 4754, freely chosen")]


class Account(Body):
    name: Line
    number: Annotated[str, Field(pattern=r"^[0-9]{8,30}$")]
    bank: Line


def _is_day(digits: str) -> bool:
    try:
        date.fromisoformat(f"{digits[:4]}-{digits[4:6]}-{digits[6:]}")
    except ValueError:
        return False
    return True


class FilingParts(Body):
    """Any part of a filing. A field that is not sent stays as it is; null clears it."""

    name: Name | None = None
    brand: Name | None = None
    licence_no: LicenceNo | None = None
    legal_form: LegalForm | None = None
    issuer_type: IssuerType | None = None
    legal_representative: Line | None = None
    legal_representative_id_no: Annotated[str, Field(pattern=r"^[0-9A-Z]{7,18}$")] | None = None
    industry: Industry | None = None
    industry_code_2: IndustryCode | None = None
    industry_code_3: IndustryCode | None = None
    registered_capital_fen: Fen | None = None
    established_on: Day | None = None
    address: LongLine | None = None
    premises: Premises | None = None
    lease_end: Day | None = None
    contact_name: Line | None = None
    contact_phone: Annotated[str, Field(pattern=r"^\+?[0-9-]{7,20}$")] | None = None
    sector_authority: Line | None = None
    district: District | None = None
    street: Line | None = None
    mall: Line | None = None
    store_count: Annotated[int, Field(ge=1, le=10_000)] | None = None
    issue_starts_on: Day | None = None
    last_year_revenue_fen: Fen | None = None
    last_year_card_sales_fen: Fen | None = None
    year_end_prepaid_fen: Fen | None = None
    fund_mode: FundMode | None = Field(None, description="custody is the only mode of this platform: all money at the bank")
    insurer: Line | None = None
    insurance_policy_no: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{4,40}$")] | None = None
    redemption_places: Paragraph | None = None
    commitment_accepted: bool | None = None
    bank_account: Account | None = None

    @field_validator("licence_no")
    @classmethod
    def _check_digit(cls, value: str | None) -> str | None:
        from stdnum.cn import uscc

        if value is not None and not uscc.is_valid(value):
            raise ValueError("not a unified social credit code: the check digit is wrong")
        return value

    @field_validator("legal_representative_id_no")
    @classmethod
    def _resident(cls, value: str | None) -> str | None:
        """With 18 characters it is a resident's number (GB 11643); else a passport's, or one of Hong Kong, Macau or Taiwan. The
        district in it is not looked up: old numbers keep the codes of districts that are no more."""
        from stdnum.cn import ric

        if value is not None and len(value) == RESIDENT_ID_CHARS:
            digits = value[:-1].isdigit() and ric.calc_check_digit(value) == value[-1]
            if not digits or not _is_day(value[6:14]):
                raise ValueError("not a resident's identity number: birthday or check digit is wrong")
        return value

    def parts(self) -> dict[str, Any]:
        """What was sent, by the names of the domain."""
        given = {name: getattr(self, name) for name in self.model_fields_set if name != "bank_account"}
        if "bank_account" in self.model_fields_set:
            for part in ("name", "number", "bank"):
                given[f"account_{part}"] = getattr(self.bank_account, part) if self.bank_account else None
        return given


class AccountView(View):
    name: str
    number: str
    bank: str


class FilingView(View):
    """Numbers and names of persons are masked, but for the owner who filed them."""

    name: str
    brand: str
    licence_no: str
    legal_form: str | None
    issuer_type: str | None
    legal_representative: str
    legal_representative_id_no: str
    industry: str | None
    industry_code_2: str
    industry_code_3: str
    registered_capital_fen: int | None
    established_on: date | None
    address: str
    premises: str | None
    lease_end: date | None
    contact_name: str
    contact_phone: str
    sector_authority: str
    district: str
    street: str
    mall: str
    store_count: int | None
    issue_starts_on: date | None
    last_year_revenue_fen: int | None
    last_year_card_sales_fen: int | None
    year_end_prepaid_fen: int | None
    fund_mode: str | None
    insurer: str
    insurance_policy_no: str
    redemption_places: str
    commitment_accepted: bool
    bank_account: AccountView | None


def fields_of(application: Application, who: Principal) -> dict[str, Any]:
    """The fields of a FilingView."""
    filing = application.filing
    in_clear = who.role is Role.OWNER and who.principal_id in application.filers
    seen = {name: getattr(filing, name) for name in field_names()}
    for name in SEALED:
        text = filings.opened(application, name)
        seen[name] = text if in_clear else masked(text)
    account = {part: seen.pop(f"account_{part}") for part in ("name", "number", "bank")}
    return seen | {"bank_account": AccountView(**account) if any(account.values()) else None}
