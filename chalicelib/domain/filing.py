"""What an applicant states, and what of it is required: tables of data, by legal form and by type of issuer.

The fields are those of the filing form of the 单用途商业预付卡管理办法(试行) (the Measures below, articles 7 to 10), of the
counterparts' forms and of this platform's contract. A part that was not stated yet is None, or "" for text; 0 is a statement.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from chalicelib.domain.merchant import Industry, LegalForm
from chalicelib.domain.refusals import Unprocessable


class IssuerType(StrEnum):
    """Measures, articles 2 and 7: a group issues for the companies it controls, a brand for those that use its mark; an issuer of
    scale had 5 million CNY of revenue last year, or 1 million of registered capital in its first. Individual businesses stand
    outside of the Measures; they file here by the platform's contract."""

    INDIVIDUAL = "individual"
    OTHER = "other"
    SCALE = "scale"
    GROUP = "group"
    BRAND = "brand"


class Premises(StrEnum):
    OWNED = "owned"
    LEASED = "leased"


class FundMode(StrEnum):
    """All prepaid money lies at the custodian bank until it is used. The Measures also know insurance and no protection at all;
    on this platform neither takes the place of custody, so that nothing else can be chosen."""

    CUSTODY = "custody"


class FileKind(StrEnum):
    LICENCE = "licence"
    PREMISES = "premises"
    ARTICLES_OF_ASSOCIATION = "articles_of_association"
    AUDITED_REPORT = "audited_report"
    GROUP_PROOF = "group_proof"
    CONTRACT = "contract"
    CARD_SAMPLE = "card_sample"
    OTHER = "other"


@dataclass(frozen=True)
class Filing:
    """The fields of SEALED hold what `chalicelib.sealing` made of them, never the text itself."""

    name: str = ""
    brand: str = ""
    licence_no: str = ""
    legal_form: LegalForm | None = None
    issuer_type: IssuerType | None = None
    legal_representative: str = ""
    legal_representative_id_no: str = ""
    industry: Industry | None = None
    industry_code_2: str = ""
    industry_code_3: str = ""
    registered_capital_fen: int | None = None
    established_on: date | None = None
    address: str = ""
    premises: Premises | None = None
    lease_end: date | None = None
    contact_name: str = ""
    contact_phone: str = ""
    sector_authority: str = ""
    district: str = ""
    street: str = ""
    mall: str = ""
    store_count: int | None = None
    issue_starts_on: date | None = None
    last_year_revenue_fen: int | None = None
    last_year_card_sales_fen: int | None = None
    year_end_prepaid_fen: int | None = None
    fund_mode: FundMode | None = None
    insurer: str = ""
    insurance_policy_no: str = ""
    redemption_places: str = ""
    commitment_accepted: bool = False
    account_name: str = ""
    account_number: str = ""
    account_bank: str = ""


SEALED = ("legal_representative_id_no", "contact_name", "contact_phone", "account_number")
"""What says who somebody is, or where money goes."""

EMPTY = Filing()
EVERY_FORM = frozenset(LegalForm)
EVERY_TYPE = frozenset(IssuerType)
ENTERPRISE = frozenset({LegalForm.ENTERPRISE})
OF_SCALE = frozenset({IssuerType.SCALE, IssuerType.GROUP, IssuerType.BRAND})
OF_MANY = frozenset({IssuerType.GROUP, IssuerType.BRAND})


@dataclass(frozen=True)
class Requirement:
    """`with_field` = `with_value`: asked only where another field has this value ("": where it was stated at all)."""

    field: str
    forms: frozenset[LegalForm] = EVERY_FORM
    types: frozenset[IssuerType] = EVERY_TYPE
    with_field: str = ""
    with_value: str = ""


REQUIRED = (
    # the identity of the business: Measures, article 8; 浙江省实施《消费者权益保护法》办法, article 10 (a licence of six months)
    Requirement("name"),
    Requirement("licence_no"),
    Requirement("legal_form"),
    Requirement("issuer_type"),
    Requirement("legal_representative"),
    Requirement("legal_representative_id_no"),
    Requirement("industry"),
    Requirement("established_on"),
    # an individual business has no registered capital (促进个体工商户发展条例)
    Requirement("registered_capital_fen", ENTERPRISE),
    # where it is and who answers there: consumers find it (消法实施条例, article 22), the county files it (Measures, article 7)
    Requirement("address"),
    Requirement("premises"),
    Requirement("lease_end", with_field="premises", with_value=Premises.LEASED),
    Requirement("district"),
    Requirement("street"),
    Requirement("contact_name"),
    Requirement("contact_phone"),
    Requirement("store_count"),
    Requirement("issue_starts_on"),
    # who supervises it and how much it may sell: Measures, articles 4, 7, 25 and 31, which are for enterprises
    Requirement("sector_authority", ENTERPRISE),
    Requirement("last_year_revenue_fen", ENTERPRISE),
    Requirement("last_year_card_sales_fen", ENTERPRISE),
    Requirement("year_end_prepaid_fen", ENTERPRISE),
    # Measures, article 10: a group or a brand says where its cards are redeemed
    Requirement("redemption_places", types=OF_MANY),
    # where the money lies: Measures, articles 26 to 28; an insurance is named by its policy
    Requirement("fund_mode"),
    Requirement("insurance_policy_no", with_field="insurer"),
    Requirement("account_name"),
    Requirement("account_number"),
    Requirement("account_bank"),
    Requirement("commitment_accepted"),
)

REQUIRED_FILES: Mapping[FileKind, frozenset[IssuerType]] = {
    FileKind.LICENCE: EVERY_TYPE,  # Measures, article 8
    FileKind.AUDITED_REPORT: OF_SCALE,  # Measures, article 9, like the next three
    FileKind.ARTICLES_OF_ASSOCIATION: OF_SCALE,
    FileKind.CONTRACT: OF_SCALE,
    FileKind.CARD_SAMPLE: OF_SCALE,
    FileKind.GROUP_PROOF: OF_MANY,  # Measures, article 10: shares, or the trademark
}

SAID_AS = {"account_name": "bank_account", "account_number": "bank_account", "account_bank": "bank_account"}
"""Fields that clients know under another name."""


def missing(filing: Filing, file_kinds: tuple[str, ...]) -> tuple[str, ...]:
    """What is still missing, in the order of the tables: names of fields, and `files.<kind>`. Where form or type are not stated
    yet, what every form or type needs."""
    absent = [need.field for need in REQUIRED if _asked(need, filing) and not _stated(filing, need.field)]
    named = list(dict.fromkeys(SAID_AS.get(field, field) for field in absent))
    files = [f"files.{kind}" for kind, types in REQUIRED_FILES.items() if _of_type(types, filing) and kind not in file_kinds]
    return (*named, *files)


def _asked(need: Requirement, filing: Filing) -> bool:
    if need.forms != EVERY_FORM and filing.legal_form not in need.forms:
        return False
    if not _of_type(need.types, filing):
        return False
    if not need.with_field:
        return True
    return getattr(filing, need.with_field) == need.with_value if need.with_value else _stated(filing, need.with_field)


def _of_type(types: frozenset[IssuerType], filing: Filing) -> bool:
    return types == EVERY_TYPE or filing.issuer_type in types


def _stated(filing: Filing, field: str) -> bool:
    """`commitment_accepted` is stated by being accepted."""
    value = getattr(filing, field)
    return value is not None and value != "" and value is not False


def require_complete(filing: Filing, file_kinds: tuple[str, ...]) -> None:
    """Order: something missing; a type of issuer that the legal form cannot be; a lease that ends before cards are sold."""
    lacking = missing(filing, file_kinds)
    if lacking:
        raise Unprocessable(
            "application_incomplete",
            f"申请材料不完整，还缺 {len(lacking)} 项",
            f"the application lacks {', '.join(lacking)}",
            param=lacking[0],
            facts={"missing": list(lacking)},
        )
    individual = filing.legal_form is LegalForm.INDIVIDUAL_BUSINESS
    if individual != (filing.issuer_type is IssuerType.INDIVIDUAL):
        raise Unprocessable(
            "issuer_type_differs",
            "发卡类型与主体类型不符：个体工商户对应 individual，企业对应 other、scale、group、brand",
            f"an {filing.legal_form} cannot be an issuer of the type {filing.issuer_type}",
            param="issuer_type",
        )
    if filing.lease_end is not None and filing.issue_starts_on is not None and filing.lease_end < filing.issue_starts_on:
        raise Unprocessable(
            "lease_too_short",
            "经营场所租期须覆盖发卡起始日",
            f"the lease ends on {filing.lease_end}, cards are sold from {filing.issue_starts_on}",
            param="lease_end",
        )


def field_names() -> tuple[str, ...]:
    return tuple(one.name for one in fields(Filing))


def masked(text: str) -> str:
    """138****5678; a short text keeps its first character only: 林*."""
    if len(text) >= 8:
        return f"{text[:3]}****{text[-4:]}"
    return f"{text[:1]}{'*' * max(len(text) - 1, 1)}" if text else ""
