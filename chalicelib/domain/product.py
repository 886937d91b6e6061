"""A card product, from the owner's proposal to the shelf and off it.

    proposed -> on_sale     more bonus than the line allows: a second person looks at it first, never the one who made it
    on_sale -> suspended    the breaker: it gave too much bonus within a minute; a person lets it go on

New terms of a product that is on sale are a new version. Those above the line wait for the second person while the old ones are
sold on. A version, once written, is never changed, and a sold card keeps the terms it was sold under.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.alert import Alert, AlertKind
from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.money import fen_to_yuan
from chalicelib.domain.principal import Principal
from chalicelib.domain.refusals import Conflict, Forbidden, Unprocessable, absent, key_reused
from chalicelib.domain.state import move
from chalicelib.domain.terms import Terms, require_lawful

CONTRACT_VERSION = "2026-01"
"""Version of the model contracts (《单用途商业预付卡购买合同》, one for each kind) that new terms are sold under."""

VERSIONS_MAX = 100


class ProductState(StrEnum):
    PROPOSED = "proposed"
    ON_SALE = "on_sale"
    SUSPENDED = "suspended"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ProductEvent(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    SUSPEND = "suspend"
    RESUME = "resume"
    REVISE = "revise"
    WITHDRAW = "withdraw"


TRANSITIONS: Mapping[tuple[ProductState, ProductEvent], ProductState] = {
    (ProductState.PROPOSED, ProductEvent.APPROVE): ProductState.ON_SALE,
    (ProductState.PROPOSED, ProductEvent.REJECT): ProductState.REJECTED,
    (ProductState.ON_SALE, ProductEvent.SUSPEND): ProductState.SUSPENDED,
    (ProductState.SUSPENDED, ProductEvent.RESUME): ProductState.ON_SALE,
    (ProductState.ON_SALE, ProductEvent.REVISE): ProductState.ON_SALE,
    (ProductState.SUSPENDED, ProductEvent.REVISE): ProductState.SUSPENDED,
    (ProductState.ON_SALE, ProductEvent.WITHDRAW): ProductState.WITHDRAWN,
    (ProductState.SUSPENDED, ProductEvent.WITHDRAW): ProductState.WITHDRAWN,
}

NEVER_SHOWN = frozenset({ProductState.PROPOSED, ProductState.REJECTED})
"""What the public has never seen looks to it like what is not there."""


@dataclass(frozen=True)
class Product:
    """`terms_version` is the version that is sold, `versions` the number of versions there are; `waiting_id`: the version that
    waits for the second person while another one is sold, "" if none. `made_by`: who made the newest version. `decided`,
    `decided_by`, `decided_key`: the last review."""

    product_id: str
    merchant_id: str
    name: str
    terms: Terms
    created_at: datetime
    fingerprint: str
    made_by: str = ""
    contract_version: str = CONTRACT_VERSION
    state: ProductState = ProductState.ON_SALE
    terms_version: int = 1
    versions: int = 1
    waiting_id: str = ""
    decided: str = ""
    decided_by: str = ""
    decided_key: str = ""
    version: int = 1

    @property
    def price_fen(self) -> int:
        """Of the first offer."""
        return self.terms.offers[0].price_fen

    @property
    def bonus_fen(self) -> int:
        """Of the first offer."""
        return self.terms.offers[0].bonus_fen


@dataclass(frozen=True)
class ProductVersion:
    """What a product promised from some day on. Written once."""

    version_id: str
    merchant_id: str
    product_id: str
    terms_version: int
    name: str
    terms: Terms
    contract_version: str
    made_by: str
    made_at: datetime
    fingerprint: str
    version: int = 1


def offer(
    merchant: Merchant | None, earlier: Product | None, product: Product, version_id: str, rules: Rules, trace: Trace
) -> Decision[Product]:
    """Put a product on sale, or propose it when it gives more than the line. Order of refusals: key reused, merchant absent,
    sales stopped, then those of `terms.require_lawful`."""
    if earlier is not None:
        if earlier.fingerprint != product.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    if merchant is None:
        raise absent("商户", "merchant")
    merchant.require_selling()
    require_lawful(product.terms, merchant, rules)
    state = ProductState.PROPOSED if product.terms.given_above(rules.bonus_line_percent) else ProductState.ON_SALE
    made = replace(product, state=state, made_by=trace.principal_id)
    first = _version(made, version_id, made.name, made.terms, 1, made.fingerprint, trace)
    audit = entry(trace, made.product_id, "product.offer", "", f"{state}: {_said(made.name, made.terms)}")
    return Decision(made, (create(made), create(first), create(audit)))


def revise(
    merchant: Merchant | None,
    product: Product | None,
    earlier: ProductVersion | None,
    wanted: Product,
    version_id: str,
    rules: Rules,
    trace: Trace,
) -> Decision[Product]:
    """New terms (`wanted.name`, `.terms`, `.fingerprint`) for cards sold from now on. Order of refusals: absent, key reused,
    sales stopped, terms waiting already, rejected or withdrawn, too many versions, another kind, then `require_lawful`'s."""
    if merchant is None or product is None:
        raise absent("卡产品", "product")
    if earlier is not None:
        if earlier.fingerprint != wanted.fingerprint:
            raise key_reused()
        return Decision(product, replayed=True)
    merchant.require_selling()
    _require_revisable(product)
    if wanted.terms.kind is not product.terms.kind:
        raise Unprocessable(
            "kind_fixed", "卡产品的类型不能更改", f"the product is a {product.terms.kind} card and remains one", param="kind"
        )
    require_lawful(wanted.terms, merchant, rules)
    number = product.versions + 1
    written = _version(product, version_id, wanted.name, wanted.terms, number, wanted.fingerprint, trace)
    after = replace(product, versions=number, made_by=trace.principal_id, version=product.version + 1)
    waits = wanted.terms.given_above(rules.bonus_line_percent)
    after = replace(after, waiting_id=version_id) if waits else _adopted(after, written)
    before, said = _said(product.name, product.terms), _said(wanted.name, wanted.terms)
    audit = entry(trace, product.product_id, "product.propose_terms" if waits else "product.revise", before, said)
    return Decision(after, (change(product, after), create(written), create(audit)))


def _require_revisable(product: Product) -> None:
    if product.waiting_id or product.state is ProductState.PROPOSED:
        raise Conflict("terms_waiting", "已有条款待审核，请等待审核结果", "terms of this product wait for a second person")
    move(TRANSITIONS, "product", "卡产品", product.state, ProductEvent.REVISE)
    if product.versions >= VERSIONS_MAX:
        raise Conflict("too_many_versions", "该卡产品修改次数过多", f"a product has at most {VERSIONS_MAX} versions")


@dataclass(frozen=True)
class Review:
    """What a reviewer decided. `key`: of the request, so that a retry decides nothing new. `seen`: the version of the terms that
    the reviewer looked at, None if not told."""

    event: ProductEvent
    reviewer: Principal
    reason: str
    key: str
    seen: int | None = None


def review(product: Product, waiting: ProductVersion | None, asked: Review, trace: Trace) -> Decision[Product]:
    """Approve or reject what waits (`waiting`: the version `product.waiting_id`), or let a suspended product go on. The same
    decision by the same person again: what is there. Revised terms are approved by whoever says which version was seen.
    Order of refusals: the maker reviews, other terms than those seen, nothing to decide in this state."""
    who, event = asked.reviewer.principal_id, asked.event
    on_terms = bool(product.waiting_id) and event is not ProductEvent.RESUME
    nothing_to_decide = not on_terms and (product.state, event) not in TRANSITIONS
    if product.decided_by == who and (product.decided_key == asked.key or (nothing_to_decide and product.decided == event)):
        return Decision(product, replayed=True)
    if who == product.made_by:
        raise Forbidden("second_person_needed", "须由另一人审核", "a product is made and approved by different persons")
    assert waiting is None or waiting.version_id == product.waiting_id
    present = waiting.terms_version if on_terms and waiting else product.terms_version
    blind = asked.seen is None and event is ProductEvent.APPROVE and present > 1
    if blind or asked.seen not in (None, present):
        raise Conflict(
            "terms_changed",
            f"待审核的是第 {present} 版条款，请重新查看",
            f"version {present} of the terms is to be decided, not {asked.seen}",
            param="terms_version",
            facts={"has": asked.seen, "needs": present},
        )
    after = replace(product, decided=event.value, decided_by=who, decided_key=asked.key, version=product.version + 1)
    if on_terms and waiting:
        after = _adopted(after, waiting) if event is ProductEvent.APPROVE else replace(after, waiting_id="")
        before, said = _said(product.name, product.terms), _said(after.name, after.terms)
    else:
        after = replace(after, state=move(TRANSITIONS, "product", "卡产品", product.state, event))
        before, said = str(product.state), str(after.state)
    audit = entry(trace, product.product_id, f"product.{event}", before, said, asked.reason)
    return Decision(after, (change(product, after), create(audit)))


def withdraw(product: Product, trace: Trace) -> Decision[Product]:
    """Off the shelf for good. Cards that were sold stay good. What waits for review is gone with it."""
    if product.state is ProductState.WITHDRAWN:
        return Decision(product, replayed=True)
    state = move(TRANSITIONS, "product", "卡产品", product.state, ProductEvent.WITHDRAW)
    after = replace(product, state=state, waiting_id="", version=product.version + 1)
    audit = entry(trace, product.product_id, "product.withdraw", product.state, state)
    return Decision(after, (change(product, after), create(audit)))


def suspend(product: Product, merchant: Merchant, alert_id: str, minute_fen: int, cap_fen: int, trace: Trace) -> tuple[Put, ...]:
    """The breaker's puts: nobody buys it until a person has looked, and somebody is told to look."""
    state = move(TRANSITIONS, "product", "卡产品", product.state, ProductEvent.SUSPEND)
    after = replace(product, state=state, version=product.version + 1)
    given, cap = fen_to_yuan(minute_fen), fen_to_yuan(cap_fen)
    alert = Alert(
        alert_id=alert_id,
        merchant_id=merchant.merchant_id,
        district=merchant.district,
        kind=AlertKind.BONUS_BREAKER,
        detail=f"卡产品“{product.name}”一分钟内赠送将达 {given} 元，超过上限 {cap} 元，已自动暂停销售",
        detail_en=f"product {product.product_id}: {given} CNY of bonus within a minute, above {cap}; suspended",
        raised_at=trace.at,
    )
    breaker = replace(trace, principal_id="bonus_breaker", role="system")
    audit = entry(breaker, product.product_id, "product.suspend", product.state, state, f"{minute_fen} > {cap_fen}")
    return change(product, after), create(alert), create(audit)


def _version(
    product: Product, version_id: str, name: str, terms: Terms, number: int, fingerprint: str, trace: Trace
) -> ProductVersion:
    return ProductVersion(
        version_id=version_id,
        merchant_id=product.merchant_id,
        product_id=product.product_id,
        terms_version=number,
        name=name,
        terms=terms,
        contract_version=CONTRACT_VERSION,
        made_by=trace.principal_id,
        made_at=trace.at,
        fingerprint=fingerprint,
    )


def _adopted(product: Product, version: ProductVersion) -> Product:
    return replace(
        product,
        name=version.name,
        terms=version.terms,
        contract_version=version.contract_version,
        terms_version=version.terms_version,
        waiting_id="",
    )


def _said(name: str, terms: Terms) -> str:
    """Terms in the audit trail."""
    if terms.tiers:
        return f"{name}: " + ", ".join(f"{tier.price_fen} + {tier.bonus_fen}" for tier in terms.tiers)
    more = f"{terms.visits} + {terms.gift_visits} visits" if terms.visits else f"{terms.term_days} + {terms.gift_days} days"
    return f"{name}: {terms.price_fen} for {terms.purpose or more}"
