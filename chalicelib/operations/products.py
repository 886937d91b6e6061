"""A merchant's card products."""

from chalicelib import ids
from chalicelib.domain import product as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal
from chalicelib.domain.product import Product
from chalicelib.domain.refusals import absent
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


def offer(
    merchant_id: str, name: str, price_fen: int, bonus_fen: int, key: str, caller: Principal, trace: Trace
) -> Done[Product]:
    caller.require_own(merchant_id)
    product = Product(
        product_id=ids.derived_within("prd", merchant_id, caller.principal_id, "product", key),
        merchant_id=merchant_id,
        name=name,
        price_fen=price_fen,
        bonus_fen=bonus_fen,
        created_at=trace.at,
        fingerprint=ids.fingerprint(name, str(price_fen), str(bonus_fen)),
    )

    def decide() -> Decision[Product]:
        merchant, earlier = reads.get_together((Merchant, (merchant_id,)), (Product, (merchant_id, product.product_id)))
        if merchant is None:
            raise absent("商户", "merchant")
        law = rules_on(merchant.district, business_date(trace.at))
        return rules.offer(merchant, earlier, product, law, trace)

    return commit(decide)
