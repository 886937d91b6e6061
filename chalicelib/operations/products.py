"""A merchant's card products."""

from dataclasses import astuple, dataclass
from typing import Any

from chalicelib import ids
from chalicelib.domain import product as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.product import NEVER_SHOWN, Product, ProductEvent, ProductState, ProductVersion, Review
from chalicelib.domain.refusals import BadRequest, absent
from chalicelib.domain.store import Store
from chalicelib.domain.terms import Terms
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


@dataclass(frozen=True)
class Wanted:
    """What an owner wants to sell."""

    name: str
    terms: Terms

    @property
    def fingerprint(self) -> str:
        return ids.fingerprint(self.name, repr(astuple(self.terms)))


def offer(merchant_id: str, wanted: Wanted, key: str, caller: Principal, trace: Trace) -> Done[Product]:
    caller.require_own(merchant_id)
    product = _product(
        merchant_id, ids.derived_within("prd", merchant_id, caller.principal_id, "product", key), wanted, trace
    )
    version_id = ids.derived_within("ver", product.product_id, "first")

    def decide() -> Decision[Product]:
        merchant, earlier = _load(merchant_id, wanted, (Product, (merchant_id, product.product_id)))
        law = rules_on(merchant.district, business_date(trace.at))
        return rules.offer(merchant, earlier, product, version_id, law, trace)

    return commit(decide)


def revise(
    merchant_id: str, product_id: str, wanted: Wanted, key: str, caller: Principal, trace: Trace
) -> Done[Product]:
    caller.require_own(merchant_id)
    version_id = ids.derived_within("ver", product_id, caller.principal_id, "version", key)
    made = _product(merchant_id, product_id, wanted, trace)

    def decide() -> Decision[Product]:
        merchant, product, earlier = _load(
            merchant_id, wanted, (Product, (merchant_id, product_id)), (ProductVersion, (merchant_id, version_id))
        )
        law = rules_on(merchant.district, business_date(trace.at))
        return rules.revise(merchant, product, earlier, made, version_id, law, trace)

    return commit(decide)


def _product(merchant_id: str, product_id: str, wanted: Wanted, trace: Trace) -> Product:
    return Product(
        product_id=product_id,
        merchant_id=merchant_id,
        name=wanted.name,
        terms=wanted.terms,
        created_at=trace.at,
        fingerprint=wanted.fingerprint,
    )


def _load(merchant_id: str, wanted: Wanted, *more: tuple[type[Any], tuple[str, ...]]) -> list[Any]:
    """The merchant and what else is named. The stores that the card is good at have to be the merchant's own."""
    stores = [(Store, (merchant_id, store_id)) for store_id in dict.fromkeys(wanted.terms.stores)]
    found = reads.get_together((Merchant, (merchant_id,)), *more, *stores)
    if found[0] is None:
        raise absent("商户", "merchant")
    if None in found[1 + len(more) :]:
        raise absent("门店", "store")
    return found[: 1 + len(more)]


def review(
    merchant_id: str, product_id: str, event: ProductEvent, reason: str, seen: int | None, key: str, reviewer: Principal,
    trace: Trace,
) -> Done[Product]:  # fmt: skip
    if event is not ProductEvent.APPROVE and not reason:
        raise BadRequest("reason_required", "请填写原因", f"to {event} needs a reason", param="reason")
    asked = Review(event, reviewer, reason, ids.fingerprint(key), seen)

    def decide() -> Decision[Product]:
        product = reads.get(Product, merchant_id, product_id)
        if product is None:
            raise absent("卡产品", "product")
        waiting = reads.get(ProductVersion, merchant_id, product.waiting_id) if product.waiting_id else None
        return rules.review(product, waiting, asked, trace)

    return commit(decide)


def withdraw(merchant_id: str, product_id: str, caller: Principal, trace: Trace) -> Done[Product]:
    caller.require_own(merchant_id)

    def decide() -> Decision[Product]:
        product = reads.get(Product, merchant_id, product_id)
        if product is None:
            raise absent("卡产品", "product")
        return rules.withdraw(product, trace)

    return commit(decide)


def sees_all(merchant_id: str, who: Principal | None) -> bool:
    """Its owner and the operators also see what is not on sale."""
    return who is not None and (who.role is Role.OPERATOR or (who.role is Role.OWNER and who.works_for(merchant_id)))


def visible(merchant_id: str, product_id: str, who: Principal | None) -> Product:
    """As anyone sees it: only while it is on sale."""
    product = reads.get(Product, merchant_id, product_id)
    if product is None or not (product.state is ProductState.ON_SALE or sees_all(merchant_id, who)):
        raise absent("卡产品", "product")
    return product


def with_contract(merchant_id: str, product_id: str, who: Principal | None) -> tuple[Merchant, Product]:
    """Whose contract may be read: also what was on sale once, since somebody may have a card of it."""
    merchant, product = reads.get_together((Merchant, (merchant_id,)), (Product, (merchant_id, product_id)))
    if merchant is None or product is None or (product.state in NEVER_SHOWN and not sees_all(merchant_id, who)):
        raise absent("卡产品", "product")
    return merchant, product


def versions(merchant_id: str, product_id: str) -> list[ProductVersion]:
    """All versions of a product's terms, oldest first."""
    found = reads.owned(ProductVersion, merchant_id, f"ver_{ids.part_of(product_id)}")
    return sorted(found, key=lambda one: one.terms_version)
