"""A merchant on the platform, made when the regulator approves its application, with what it may do."""
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any

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


class LicenceStatus(StrEnum):
    """What is known of a licence: the registry's own five words, and ours for none registered and for one past its last day."""

    NORMAL = "normal"
    ABNORMAL = "abnormal"
    DEREGISTERING = "deregistering"
    DEREGISTERED = "deregistered"
    REVOKED = "revoked"
    NOT_FOUND = "not_found"
    EXPIRED = "expired"


LICENCE_WORDS: Mapping[LicenceStatus, tuple[str, str]] = {
    LicenceStatus.NORMAL: ("营业执照登记状态正常", "the business licence is in good standing"),
    LicenceStatus.ABNORMAL: ("营业执照被列入经营异常名录", "the business licence is on the list of abnormal operations"),
    LicenceStatus.DEREGISTERING: ("营业执照正在注销", "the business licence is being deregistered"),
    LicenceStatus.DEREGISTERED: ("营业执照已注销", "the business licence is deregistered"),
    LicenceStatus.REVOKED: ("营业执照已被吊销", "the business licence is revoked"),
    LicenceStatus.NOT_FOUND: ("登记机关查无此营业执照", "the registry knows no such business licence"),
    LicenceStatus.EXPIRED: ("营业执照已过期", "the business licence has ended"),
}

STOP_WORDS: Mapping[StopReason, tuple[str, str]] = {
    StopReason.LICENCE: ("营业执照未通过核验", "the business licence did not pass verification"),
    StopReason.CLOSING: ("商户正在办理退出", "the merchant is leaving the platform"),
    StopReason.ORDER: ("监管部门责令停止售卡", "the authority has ordered to stop selling cards"),
}


@dataclass(frozen=True)
class Reason:
    """A reason in words. `since`: the business date on which the platform learnt of it, None where nobody wrote it down."""

    code: str
    text: str
    text_en: str
    since: date | None = None

    def facts(self) -> dict[str, Any]:
        since = self.since.isoformat() if self.since else None
        return {"code": self.code, "text": self.text, "text_en": self.text_en, "since": since}


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
    `registered_capital_fen` and `last_year_revenue_fen` are 0 where nobody stated them.
    `licence_checked_at`: of the registry's last definitive answer. `licence_valid_until`: the licence's last day, None without an
    end. `registered_otherwise`: a digest of the name and legal representative at the registry, "" while they are those here."""

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
    licence_status: LicenceStatus = LicenceStatus.NORMAL
    licence_status_since: date | None = None
    licence_valid_until: date | None = None
    established_on: date | None = None
    registered_capital_fen: int = 0
    last_year_revenue_fen: int = 0
    registered_otherwise: str = ""
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

    @property
    def stop_reasons(self) -> tuple[Reason, ...]:
        """Why it may not sell, for people; empty while it may."""
        return tuple(self._stop_in_words(StopReason(stop)) for stop in self.stops)

    def _stop_in_words(self, stop: StopReason) -> Reason:
        if stop is StopReason.LICENCE and self.licence_status is not LicenceStatus.NORMAL:
            return Reason(stop.value, *LICENCE_WORDS[self.licence_status], self.licence_status_since)
        return Reason(stop.value, *STOP_WORDS[stop])
    def touched(self, now: datetime) -> "Merchant":
        """The same merchant, of which people see something else from now on: its stores."""
        return replace(self, updated_at=now, version=self.version + 1)

    def require_selling(self) -> None:
        if self.state is not MerchantState.ACTIVE:
            reasons = self.stop_reasons
            raise Conflict(
                "sales_stopped",
                f"该商户已停止售卡：{'；'.join(reason.text for reason in reasons)}",
                f"merchant {self.merchant_id} may not sell cards: {'; '.join(reason.text_en for reason in reasons)}",
                facts={"reasons": [reason.facts() for reason in reasons]},
            )
