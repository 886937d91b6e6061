"""The model contracts that ship with the platform, filled for a product."""

from functools import lru_cache
from pathlib import Path

from chalicelib.domain.contract import Contract, contract_of
from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.product import Product
from chalicelib.domain.terms import Tier

CONTRACTS = Path(__file__).resolve().parents[1] / "contracts"


@lru_cache(maxsize=16)
def template(kind: str, version: str, language: str = "") -> str:
    """`language`: "" for the contract itself (zh-CN), ".en" for its English summary."""
    return (CONTRACTS / f"{kind}.{version}{language}.txt").read_text(encoding="utf-8")


def of_product(product: Product) -> str:
    """The template of the contract under which a product is sold."""
    return template(product.terms.kind, product.contract_version)


def filled(merchant: Merchant, product: Product, tier: Tier, rules: Rules) -> tuple[Contract, str]:
    """The contract, and its summary in English."""
    summary = template(product.terms.kind, product.contract_version, ".en")
    contract = contract_of(of_product(product), merchant, product, tier, rules)
    return contract, contract_of(summary, merchant, product, tier, rules).text
