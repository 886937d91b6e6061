"""What a card product promises: its kind, its prices, what is given on top; and what the law lets it promise.

    stored_value   one to ten tiers "pay 1000, get 1300"; what is given on top is face value, never cash
    count          n visits for a price, with gift visits
    period         unlimited use for a number of days, with gift days
    deposit        意向金: a sum for one purpose, given back or turned into it; a count card of one
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum

from chalicelib.domain.jurisdiction import CUSTODY, CustodyMode, Rules
from chalicelib.domain.merchant import Industry, LegalForm, Merchant
from chalicelib.domain.money import AMOUNT_MAX_FEN, fen_to_yuan
from chalicelib.domain.refusals import Unprocessable

TIERS_MAX = 10
VISITS_MAX = 1_000
DAYS_MAX = 3_660


class ProductKind(StrEnum):
    STORED_VALUE = "stored_value"
    COUNT = "count"
    PERIOD = "period"
    DEPOSIT = "deposit"


@dataclass(frozen=True)
class Tier:
    """Pay `price_fen`, spend `price_fen + bonus_fen` of face value."""

    price_fen: int
    bonus_fen: int = 0

    def __post_init__(self) -> None:
        assert type(self.price_fen) is int
        assert type(self.bonus_fen) is int
        assert 0 < self.price_fen <= AMOUNT_MAX_FEN
        assert 0 <= self.bonus_fen <= AMOUNT_MAX_FEN

    @property
    def face_fen(self) -> int:
        return self.price_fen + self.bonus_fen


@dataclass(frozen=True)
class Terms:
    """What does not belong to the kind is 0, empty or None. `list_price_fen`: of one visit, or of a month of a period card.
    `validity_days`: days from purchase until the card expires, None: never. `stores`: where it is good, empty: everywhere.
    `bonus_*_cap_fen`: lower caps of the product's own on the bonus it gives in a day and a minute."""

    kind: ProductKind
    tiers: tuple[Tier, ...] = ()
    price_fen: int = 0
    visits: int = 0
    gift_visits: int = 0
    list_price_fen: int = 0
    term_days: int = 0
    gift_days: int = 0
    purpose: str = ""
    validity_days: int | None = None
    stores: tuple[str, ...] = ()
    bonus_day_cap_fen: int | None = None
    bonus_minute_cap_fen: int | None = None

    def __post_init__(self) -> None:
        assert 0 <= self.price_fen <= AMOUNT_MAX_FEN
        assert 0 <= self.list_price_fen <= AMOUNT_MAX_FEN
        assert 0 <= self.visits <= VISITS_MAX
        assert 0 <= self.gift_visits <= VISITS_MAX
        assert 0 <= self.term_days <= DAYS_MAX
        assert 0 <= self.gift_days <= DAYS_MAX
        assert len(self.tiers) <= TIERS_MAX

    @property
    def offers(self) -> tuple[Tier, ...]:
        """What may be bought, cheapest first. A card without tiers has one price and no bonus in money."""
        return self.tiers or (Tier(self.price_fen),)

    def offer(self, price_fen: int | None) -> Tier | None:
        """The offer at this price, the first without one; None if there is no such price."""
        return next((tier for tier in self.offers if price_fen in (None, tier.price_fen)), None)

    def given_above(self, percent: int) -> bool:
        """More is given on top than `percent` of what is paid for: of money, visits or days."""
        pairs = [(tier.bonus_fen, tier.price_fen) for tier in self.tiers]
        pairs += [(self.gift_visits, self.visits), (self.gift_days, self.term_days)]
        return any(given * 100 > paid * percent for given, paid in pairs)


def stored_value(price_fen: int, bonus_fen: int = 0) -> Terms:
    """A stored-value card of one tier."""
    return Terms(ProductKind.STORED_VALUE, (Tier(price_fen, bonus_fen),))


NEEDED: Mapping[ProductKind, frozenset[str]] = {
    ProductKind.STORED_VALUE: frozenset({"tiers"}),
    ProductKind.COUNT: frozenset({"price_fen", "visits", "list_price_fen"}),
    ProductKind.PERIOD: frozenset({"price_fen", "term_days", "list_price_fen"}),
    ProductKind.DEPOSIT: frozenset({"price_fen", "purpose"}),
}
ALLOWED: Mapping[ProductKind, frozenset[str]] = {
    ProductKind.STORED_VALUE: frozenset({"bonus_day_cap_fen", "bonus_minute_cap_fen"}),
    ProductKind.COUNT: frozenset({"gift_visits"}),
    ProductKind.PERIOD: frozenset({"gift_days"}),
    ProductKind.DEPOSIT: frozenset(),
}
OF_EVERY_KIND = frozenset({"kind", "validity_days", "stores"})


def require_lawful(terms: Terms, merchant: Merchant, rules: Rules, custody: CustodyMode = CUSTODY) -> None:
    """Order of refusals: fields of another kind, tiers not ascending, expiry, limits of education, cap on a card."""
    _require_fields_of_kind(terms)
    prices = [tier.price_fen for tier in terms.tiers]
    if prices != sorted(set(prices)):
        raise Unprocessable("tiers_not_ascending", "档位须按价格由低到高", "tiers go up in price", param="tiers")
    _require_lawful_expiry(terms, rules)
    if merchant.industry is Industry.EDUCATION:
        _require_within_education_limits(terms, rules)
    if custody not in rules.caps_waived_in_custody:
        _require_below_cap(terms, merchant, rules)


def _require_fields_of_kind(terms: Terms) -> None:
    given = {one.name for one in fields(terms) if getattr(terms, one.name) not in (0, "", (), None)} - OF_EVERY_KIND
    needed, allowed = NEEDED[terms.kind], ALLOWED[terms.kind]
    missing, surplus = sorted(needed - given), sorted(given - needed - allowed)
    if missing or surplus:
        raise Unprocessable(
            "kind_fields_mismatch",
            f"{terms.kind} 类卡缺少 {'、'.join(missing) or '（无）'}，不应有 {'、'.join(surplus) or '（无）'}",
            f"a {terms.kind} card lacks {', '.join(missing) or 'nothing'} and may not have {', '.join(surplus) or 'nothing'}",
            param=(missing + surplus)[0],
            facts={"missing": missing, "surplus": surplus},
        )


def _require_lawful_expiry(terms: Terms, rules: Rules) -> None:
    if terms.kind is ProductKind.STORED_VALUE and terms.validity_days and not rules.named_stored_value_may_expire:
        article = rules.article("named_stored_value_may_expire")
        raise Unprocessable(
            "expiry_not_allowed",
            f"记名储值卡不得设有效期（{article}）",
            f"a stored-value card in a person's name has no expiry ({article})",
            param="validity_days",
            facts={"article": article},
        )


def _require_within_education_limits(terms: Terms, rules: Rules) -> None:
    """R23. Gift lessons and gift days are lessons and days, too."""
    has = {
        "education_lessons_max": (terms.visits + terms.gift_visits, "visits"),
        "education_days_max": (terms.term_days + terms.gift_days, "term_days"),
        "education_charge_max_fen": (terms.offers[-1].price_fen, "tiers" if terms.tiers else "price_fen"),
    }
    for name, (given, param) in has.items():
        most: int = getattr(rules, name)
        if given > most:
            raise Unprocessable(
                "education_limit_exceeded",
                f"校外培训单次收费不得超过 3 个月或 {rules.education_lessons_max} 课时，"
                f"且不超过 {fen_to_yuan(rules.education_charge_max_fen)} 元（{rules.article(name)}）",
                f"{param} {given} is above {most}, the limit {name} of education",
                param=param,
                facts={"limit": name, "has": given, "max": most, "article": rules.article(name)},
            )


def _require_below_cap(terms: Terms, merchant: Merchant, rules: Rules) -> None:
    """R10, for cards in a person's name; all cards of the platform are."""
    enterprise = merchant.legal_form is LegalForm.ENTERPRISE
    name = "named_cap_enterprise_fen" if enterprise else "named_cap_other_fen"
    cap_fen: int | None = getattr(rules, name)
    face_fen = max(tier.face_fen for tier in terms.offers)
    if cap_fen is not None and face_fen > cap_fen:
        raise Unprocessable(
            "card_cap_exceeded",
            f"单张记名卡限额 {fen_to_yuan(cap_fen)} 元，该卡面值 {fen_to_yuan(face_fen)} 元（{rules.article(name)}）",
            f"a card may hold {cap_fen} fen, this one would hold {face_fen} ({rules.article(name)})",
            param="tiers" if terms.tiers else "price_fen",
            facts={"has_fen": face_fen, "max_fen": cap_fen, "article": rules.article(name)},
        )
