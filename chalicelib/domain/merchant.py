"""A merchant on the platform, made when the regulator approves its application, and its stores."""
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.refusals import Conflict, absent, key_reused


class LegalForm(StrEnum):
    ENTERPRISE = "enterprise"
    INDIVIDUAL_BUSINESS = "individual_business"


class Industry(StrEnum):
    BEAUTY = "beauty"
    CATERING = "catering"
    FRESH_FOOD = "fresh_food"
    LIFE_SERVICES = "life_services"


class MerchantState(StrEnum):
    ACTIVE = "active"
    SALES_STOPPED = "sales_stopped"


@dataclass(frozen=True)
class BankAccount:
    name: str
    number: str
    bank: str

    @property
    def masked(self) -> str:
        return f"**** {self.number[-4:]}"


@dataclass(frozen=True)
class Merchant:
    """`pinyin` and `initials` are what a consumer may type instead of the name's characters."""

    merchant_id: str
    name: str
    licence_no: str
    legal_form: LegalForm
    legal_representative: str
    industry: Industry
    district: str
    address: str
    account_name: str
    account_number: str
    account_bank: str
    filing_no: str
    filed_on: date
    licence_checked_at: datetime
    pinyin: str
    initials: str
    state: MerchantState = MerchantState.ACTIVE
    version: int = 1

    @property
    def account(self) -> BankAccount:
        return BankAccount(self.account_name, self.account_number, self.account_bank)

    def require_selling(self) -> None:
        if self.state is not MerchantState.ACTIVE:
            raise Conflict("sales_stopped", "该商户已停止售卡", f"merchant {self.merchant_id} may not sell cards: {self.state}")


@dataclass(frozen=True)
class Store:
    """`code_version`: the printed QR code that is valid; a higher one revokes all older prints."""

    store_id: str
    merchant_id: str
    name: str
    district: str
    address: str
    opened_at: datetime
    fingerprint: str
    code_version: int = 1
    version: int = 1


def open_store(merchant: Merchant | None, earlier: Store | None, store: Store, trace: Trace) -> Decision[Store]:
    if earlier is not None:
        if earlier.fingerprint != store.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    if merchant is None:
        raise absent("商户", "merchant")
    made = replace(store, merchant_id=merchant.merchant_id)
    return Decision(made, (create(made), create(entry(trace, made.store_id, "store.open", "", made.name))))
