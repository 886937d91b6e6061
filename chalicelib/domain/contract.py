"""The contract of a card, as the consumer reads it before paying: a template of ours, filled from merchant, product and law.

What a consumer accepted is named by the digest of the text, which the order keeps. The text has no date and no name of the
consumer, so that everybody who is offered the same reads the same, and the same digest tells it.
"""

import base64
import hashlib
from dataclasses import dataclass
from string import Template

from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.money import fen_to_yuan
from chalicelib.domain.product import Product
from chalicelib.domain.terms import Tier

DIGEST_CHARS = 43



@dataclass(frozen=True)
class Contract:
    """`digest`: SHA-256 of the text in UTF-8, base64url without padding."""

    version: str
    terms_version: int
    text: str
    digest: str


def contract_of(template: str, merchant: Merchant, product: Product, tier: Tier, rules: Rules) -> Contract:
    """KeyError for a placeholder that nothing fills."""
    text = Template(template).substitute(_facts(merchant, product, tier, rules))
    digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
    return Contract(product.contract_version, product.terms_version, text, digest)


def _facts(merchant: Merchant, product: Product, tier: Tier, rules: Rules) -> dict[str, str]:
    given = {
        "contract_version": product.contract_version,
        "terms_version": str(product.terms_version),
        "merchant": merchant.name,
        "licence_no": merchant.licence_no,
        "legal_representative": merchant.legal_representative,
        "address": merchant.address,
        "filing_no": merchant.filing_no,
        "product": product.name,
        "price": fen_to_yuan(tier.price_fen),
    }
    made = given | _of_terms(product, tier) | _of_law(rules)
    return {name: " ".join(text.split()) for name, text in made.items()}


def _of_terms(product: Product, tier: Tier) -> dict[str, str]:
    terms = product.terms
    expiry = "无有效期" if terms.validity_days is None else f"自付款之日起 {terms.validity_days} 日"
    expiry_en = "none" if terms.validity_days is None else f"{terms.validity_days} days from payment"
    return {
        "bonus": fen_to_yuan(tier.bonus_fen),
        "face": fen_to_yuan(tier.face_fen),
        "visits": str(terms.visits),
        "gift_visits": str(terms.gift_visits),
        "all_visits": str(terms.visits + terms.gift_visits),
        "list_price": fen_to_yuan(terms.list_price_fen),
        "term_days": str(terms.term_days),
        "gift_days": str(terms.gift_days),
        "all_days": str(terms.term_days + terms.gift_days),
        "purpose": terms.purpose,
        "expiry": expiry,
        "expiry_en": expiry_en,
        "where": "发卡商户的全部门店" if not terms.stores else f"指定的 {len(terms.stores)} 家门店（{'、'.join(terms.stores)}）",
        "where_en": "all stores" if not terms.stores else f"{len(terms.stores)} named stores",
    }


def _of_law(rules: Rules) -> dict[str, str]:
    unused = "，且卡尚未使用" if rules.cooling_off_unused_only else ""
    answer_in = "个工作日" if rules.complaint_answer_in_working_days else "日"
    priced = "优惠前的价格" if rules.cooling_used_pricing == "list" else "实际支付与赠送折算后的价格"
    return {
        "cooling_off_days": str(rules.cooling_off_days),
        "cooling_off_condition": unused,
        "cooling_off_condition_en": " and nothing was used" if unused else "",
        "cooling_off_priced": priced,
        "cooling_off_article": rules.cooling_off_article,
        "cooling_off_refund_due_days": str(rules.cooling_off_refund_due_days),
        "cooling_off_refund_due_article": rules.article("cooling_off_refund_due_days"),
        "refund_due_days": str(rules.refund_due_days),
        "refund_due_article": rules.refund_due_article,
        "closing_notice_days": str(rules.closing_notice_days),
        "closing_notice_article": rules.closing_notice_article,
        "complaint_answer_days": f"{rules.complaint_answer_days} {answer_in}",
        "retention_years": str(rules.retention_years),
    }
