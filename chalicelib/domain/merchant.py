"""A merchant on the platform, made when the regulator approves its application, with what it may do."""
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.refusals import Conflict
from chalicelib.domain.state import move


class LegalForm(StrEnum):
    ENTERPRISE = "enterprise"
    INDIVIDUAL_BUSINESS = "individual_business"


class Industry(StrEnum):
    BEAUTY = "beauty"
    CATERING = "catering"
    FRESH_FOOD = "fresh_food"
    LIFE_SERVICES = "life_services"
    EDUCATION = "education"
    FITNESS = "fitness"
    AUTOMOTIVE = "automotive"


class MerchantState(StrEnum):
    ACTIVE = "active"
    SALES_STOPPED = "sales_stopped"


class MerchantEvent(StrEnum):
    STOP = "stop"
    LIFT = "lift"


TRANSITIONS: Mapping[tuple[MerchantState, MerchantEvent], MerchantState] = {
    (MerchantState.ACTIVE, MerchantEvent.STOP): MerchantState.SALES_STOPPED,
    (MerchantState.SALES_STOPPED, MerchantEvent.STOP): MerchantState.SALES_STOPPED,
    (MerchantState.SALES_STOPPED, MerchantEvent.LIFT): MerchantState.ACTIVE,
}


class StopReason(StrEnum):
    """Why a merchant may not sell cards. Each reason is lifted by itself; sales go on when none is left."""

    LICENCE = "licence"
    CLOSING = "closing"
    ORDER = "order"


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
    """`pinyin` and `initials` are what a consumer may type instead of the name's characters. `stops`: the reasons (StopReason)
    why it may not sell; empty if and only if it is active. `updated_at`: of the last change that a search has to know.
    `registered_capital_fen` and `last_year_revenue_fen` are 0 where nobody stated them."""

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
    updated_at: datetime
    licence_status: str = "normal"
    licence_valid_until: date | None = None
    established_on: date | None = None
    registered_capital_fen: int = 0
    last_year_revenue_fen: int = 0
    stops: tuple[str, ...] = ()
    state: MerchantState = MerchantState.ACTIVE
    version: int = 1

    @property
    def account(self) -> BankAccount:
        return BankAccount(self.account_name, self.account_number, self.account_bank)

    def __post_init__(self) -> None:
        assert (self.state is MerchantState.ACTIVE) == (not self.stops)

    def stopped(self, reason: StopReason, now: datetime) -> "Merchant":
        state = move(TRANSITIONS, "merchant", "商户", self.state, MerchantEvent.STOP)
        stops = tuple(sorted({*self.stops, reason.value}))
        return replace(self, state=state, stops=stops, updated_at=now, version=self.version + 1)

    def lifted(self, reason: StopReason, now: datetime) -> "Merchant":
        """Without this reason; still stopped while another one stands. Conflict `merchant_active` if there is none at all."""
        after = move(TRANSITIONS, "merchant", "商户", self.state, MerchantEvent.LIFT)
        stops = tuple(one for one in self.stops if one != reason.value)
        state = MerchantState.SALES_STOPPED if stops else after
        return replace(self, state=state, stops=stops, updated_at=now, version=self.version + 1)

    def touched(self, now: datetime) -> "Merchant":
        """The same merchant, of which people see something else from now on: its stores."""
        return replace(self, updated_at=now, version=self.version + 1)

    def require_selling(self) -> None:
        if self.state is not MerchantState.ACTIVE:
            why = ", ".join(self.stops)
            raise Conflict("sales_stopped", "该商户已停止售卡", f"merchant {self.merchant_id} may not sell cards: {why}")
