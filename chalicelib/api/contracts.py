"""The contract of a card product, to be read before paying."""

import re
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import BeforeValidator, Field

from chalicelib.api.http import EVERYONE, Call, Reply, endpoint
from chalicelib.api.models import Body, View
from chalicelib.domain.business_day import business_date
from chalicelib.domain.contract import Contract
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.money import AMOUNT_MAX_FEN
from chalicelib.domain.order import require_offer
from chalicelib.operations import contracts, products

routes = Blueprint(__name__)

TEXT = "text/plain; charset=utf-8"


def _digits(given: object) -> object:
    if not isinstance(given, str) or re.fullmatch(r"[0-9]{1,9}", given, re.ASCII) is None:
        raise ValueError("digits only")
    return int(given)


class ContractQuery(Body):
    """`price_fen`: of the offer; the first one if absent."""

    price_fen: Annotated[int, Field(ge=1, le=AMOUNT_MAX_FEN), BeforeValidator(_digits)] | None = None


class ContractView(View):
    """`text` (zh-CN) is the contract; `contract_hash`, its SHA-256 (UTF-8; base64url without padding), is what an order keeps.
    `summary_en` is for reading only."""

    contract_version: str
    terms_version: int
    price_fen: int
    contract_hash: str
    text: str
    summary_en: str


def _read(call: Call, merchant_id: str, product_id: str) -> tuple[Contract, str, int]:
    merchant, product = products.with_contract(merchant_id, product_id, call.principal)
    tier = require_offer(product, call.query.price_fen)
    contract, summary = contracts.filled(merchant, product, tier, rules_on(merchant.district, business_date(call.now)))
    return contract, summary, tier.price_fen


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}/products/{product_id}/contract",
    "The contract at a price, with its version and digest",
    who=EVERYONE,
    query=ContractQuery,
    answer=ContractView,
)
def show(call: Call, merchant_id: str, product_id: str) -> Any:
    contract, summary, price_fen = _read(call, merchant_id, product_id)
    return ContractView(
        contract_version=contract.version,
        terms_version=contract.terms_version,
        price_fen=price_fen,
        contract_hash=contract.digest,
        text=contract.text,
        summary_en=summary,
    )


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}/products/{product_id}/contract.txt",
    "The contract's text, byte for byte what the digest is of",
    who=EVERYONE,
    query=ContractQuery,
    answer=None,
    produces=TEXT,
)
def text(call: Call, merchant_id: str, product_id: str) -> Any:
    contract, _, _ = _read(call, merchant_id, product_id)
    return Reply(contract.text, headers={"X-Content-Type-Options": "nosniff"})
