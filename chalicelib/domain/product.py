"""A card product: "pay 1000, get 1300". A sold card keeps the terms it was sold under."""
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.money import AMOUNT_MAX_FEN, fen_to_yuan
from chalicelib.domain.refusals import Unprocessable, absent, key_reused

CONTRACT_VERSION = "2026-01"
"""Version of the model contract (《单用途商业预付卡购买合同》, stored value) that new products are sold under."""


class ProductState(StrEnum):
    ON_SALE = "on_sale"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Product:
    """A stored-value card: the consumer pays `price_fen` and may spend `price_fen + bonus_fen` of face value."""

    product_id: str
    merchant_id: str
    name: str
    price_fen: int
    bonus_fen: int
    created_at: datetime
    fingerprint: str
    contract_version: str = CONTRACT_VERSION
    state: ProductState = ProductState.ON_SALE
    version: int = 1

    def __post_init__(self) -> None:
        assert type(self.price_fen) is int
        assert type(self.bonus_fen) is int
        assert 0 < self.price_fen <= AMOUNT_MAX_FEN
        assert 0 <= self.bonus_fen <= AMOUNT_MAX_FEN


def offer(
    merchant: Merchant | None, earlier: Product | None, product: Product, rules: Rules, trace: Trace
) -> Decision[Product]:
    """Put a product on sale. Order of refusals: key reused, merchant absent, sales stopped, bonus above the line."""
    if earlier is not None:
        if earlier.fingerprint != product.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    if merchant is None:
        raise absent("商户", "merchant")
    merchant.require_selling()
    bonus_max_fen = product.price_fen * rules.bonus_line_percent // 100
    if product.bonus_fen > bonus_max_fen:
        raise Unprocessable(
            "bonus_above_line",
            f"赠送 {fen_to_yuan(product.bonus_fen)} 元超过上限 {fen_to_yuan(bonus_max_fen)} 元",
            f"a bonus of {product.bonus_fen} fen is above {bonus_max_fen} fen, {rules.bonus_line_percent} % of the price",
            param="bonus_fen",
            facts={"has_fen": product.bonus_fen, "max_fen": bonus_max_fen},
        )
    terms = f"{product.name}: {product.price_fen} + {product.bonus_fen}"
    return Decision(product, (create(product), create(entry(trace, product.product_id, "product.offer", "", terms))))
