"""How much prepaid money a merchant may hold (R16; 单用途商业预付卡管理办法 Art. 25)."""

from collections.abc import Mapping
from datetime import date

from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.merchant import Industry, LegalForm, Merchant
from chalicelib.domain.money import fen_to_yuan
from chalicelib.domain.refusals import Unprocessable

PERCENT_OF: Mapping[Industry, str] = {
    Industry.CATERING: "balance_percent_retail",
    Industry.FRESH_FOOD: "balance_percent_retail",
    Industry.BEAUTY: "balance_percent_services",
    Industry.LIFE_SERVICES: "balance_percent_services",
}
"""The trades that the 办法 covers: retail with lodging and catering, and resident services. It covers no education, fitness or
cars, and no individual businesses."""


def cap_fen(merchant: Merchant, rules: Rules, day: date) -> int | None:
    """None: there is no cap, or what it is made of is not known. A firm younger than a year has no year's revenue."""
    percent_name = PERCENT_OF.get(merchant.industry)
    if merchant.legal_form is not LegalForm.ENTERPRISE or percent_name is None:
        return None
    if merchant.established_on is not None and day < _a_year_after(merchant.established_on):
        return merchant.registered_capital_fen * rules.balance_young_capital_times or None
    percent: int = getattr(rules, percent_name)
    return merchant.last_year_revenue_fen * percent // 100 or None


def require_room(cap: int | None, closing_fen: int, price_fen: int) -> None:
    """`closing_fen`: what was in custody for the merchant's cards at the end of its latest folded day. What was sold since
    then is not in it."""
    if cap is not None and closing_fen + price_fen > cap:
        raise Unprocessable(
            "balance_cap_reached",
            f"该商户预收资金余额上限为 {fen_to_yuan(cap)} 元，暂不能售出该卡",
            f"the merchant may hold {cap} fen; it holds {closing_fen} and this card costs {price_fen}",
            facts={"has_fen": closing_fen, "needs_fen": price_fen, "max_fen": cap},
        )


def _a_year_after(day: date) -> date:
    last = day.month == 2 and day.day == 29
    return date(day.year + 1, 3, 1) if last else date(day.year + 1, day.month, day.day)
