"""A merchant's card products: offered by its owner, looked at by a second person where they give much, sold, withdrawn."""

from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field, model_validator

from chalicelib.api import cursors
from chalicelib.api.http import EVERYONE, Call, Reply, endpoint
from chalicelib.api.merchants import OWNER, present
from chalicelib.api.models import Body, Fen, FenOrNone, Id, ListView, Name, View, rfc3339
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.product import Product, ProductEvent, ProductState, ProductVersion
from chalicelib.domain.refusals import absent
from chalicelib.domain.terms import DAYS_MAX, TIERS_MAX, VISITS_MAX, ProductKind, Terms, Tier
from chalicelib.operations import products
from chalicelib.operations.products import Wanted, sees_all
from chalicelib.store import reads

routes = Blueprint(__name__)

OPERATOR = frozenset({Role.OPERATOR})
STORES_MAX = 50
READS_MAX = 5
"""A page is filled from at most so many reads, however many products are not for the reader's eyes."""

Visits = Annotated[int, Field(ge=0, le=VISITS_MAX)]
Days = Annotated[int, Field(ge=0, le=DAYS_MAX)]
PLAIN = r"^[^\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]*$"
"""No control, format or direction characters: this text becomes a part of a contract."""
ProductName = Annotated[Name, Field(max_length=40)]


class TierBody(Body):
    price_fen: Fen
    bonus_fen: FenOrNone = 0


class ProductBody(Body):
    """A stored-value card has `tiers`, ascending in price; `price_fen` with `bonus_fen` is short for one tier. `list_price_fen`:
    of one visit, or of a month of a period card. `validity_days`: null for no expiry."""

    name: ProductName
    kind: Literal["stored_value", "count", "period", "deposit"]
    tiers: Annotated[list[TierBody], Field(max_length=TIERS_MAX)] = []
    price_fen: FenOrNone = 0
    bonus_fen: FenOrNone = 0
    visits: Visits = 0
    gift_visits: Visits = 0
    list_price_fen: FenOrNone = 0
    term_days: Days = 0
    gift_days: Days = 0
    purpose: Annotated[str, Field(max_length=100, pattern=PLAIN)] = ""
    validity_days: Annotated[int, Field(ge=1, le=DAYS_MAX)] | None = None
    stores: Annotated[list[Id], Field(max_length=STORES_MAX)] = []
    bonus_day_cap_fen: Fen | None = None
    bonus_minute_cap_fen: Fen | None = None

    @model_validator(mode="after")
    def _a_bonus_belongs_to_a_price(self) -> "ProductBody":
        if self.bonus_fen and not self.is_short:
            raise ValueError("bonus_fen goes with the price_fen of a stored-value card that has no tiers")
        return self

    @property
    def is_short(self) -> bool:
        return self.kind == "stored_value" and not self.tiers and self.price_fen > 0

    def wanted(self) -> Wanted:
        tiers = tuple(Tier(one.price_fen, one.bonus_fen) for one in self.tiers)
        terms = Terms(
            kind=ProductKind(self.kind),
            tiers=(Tier(self.price_fen, self.bonus_fen),) if self.is_short else tiers,
            price_fen=0 if self.is_short else self.price_fen,
            visits=self.visits,
            gift_visits=self.gift_visits,
            list_price_fen=self.list_price_fen,
            term_days=self.term_days,
            gift_days=self.gift_days,
            purpose=self.purpose,
            validity_days=self.validity_days,
            stores=tuple(self.stores),
            bonus_day_cap_fen=self.bonus_day_cap_fen,
            bonus_minute_cap_fen=self.bonus_minute_cap_fen,
        )
        return Wanted(self.name, terms)


class TierView(View):
    price_fen: int
    bonus_fen: int
    face_fen: int


class TermsView(View):
    """What does not belong to the kind is 0, empty or null."""

    kind: str
    name: str
    tiers: list[TierView]
    price_fen: int
    visits: int
    gift_visits: int
    list_price_fen: int
    term_days: int
    gift_days: int
    purpose: str
    validity_days: int | None
    stores: list[str]
    contract_version: str
    terms_version: int


class ProductView(TermsView):
    """`price_fen`, `bonus_fen`, `face_fen`: of the first offer. `terms_version`: the version that is sold. `waiting`: new terms
    that wait for a second person, for the owner and the operators only."""

    product_id: str
    merchant_id: str
    bonus_fen: int
    face_fen: int
    state: str
    waiting: bool | None = None


class VersionView(TermsView):
    """`standing`: sold, waiting, or past (sold before, or rejected)."""

    version_id: str
    product_id: str
    made_at: str
    standing: str


class ReviewBody(Body):
    """`resume`: let a suspended product go on. `terms_version`: the version that was looked at."""

    decision: Literal["approve", "reject", "resume"]
    reason: Annotated[str, Field(max_length=200)] = ""
    terms_version: Annotated[int, Field(ge=1, le=1_000)] | None = None


class ProductsQuery(cursors.Page):
    state: Literal["proposed", "on_sale", "suspended", "rejected", "withdrawn"] | None = None


def _terms(of: Product | ProductVersion) -> dict[str, Any]:
    terms = of.terms
    same = ("visits", "gift_visits", "list_price_fen", "term_days", "gift_days", "purpose", "validity_days")
    return {
        **{name: getattr(terms, name) for name in same},
        "kind": terms.kind.value,
        "name": of.name,
        "tiers": [TierView(price_fen=one.price_fen, bonus_fen=one.bonus_fen, face_fen=one.face_fen) for one in terms.tiers],
        "price_fen": terms.offers[0].price_fen,
        "stores": list(terms.stores),
        "contract_version": of.contract_version,
        "terms_version": of.terms_version,
    }


def product_view(product: Product, who: Principal | None = None) -> ProductView:
    first = product.terms.offers[0]
    return ProductView(
        **_terms(product),
        product_id=product.product_id,
        merchant_id=product.merchant_id,
        bonus_fen=first.bonus_fen,
        face_fen=first.face_fen,
        state=product.state,
        waiting=bool(product.waiting_id) if sees_all(product.merchant_id, who) else None,
    )


def _version_view(version: ProductVersion, product: Product) -> VersionView:
    waits = version.version_id == product.waiting_id or product.state is ProductState.PROPOSED
    sold = version.terms_version == product.terms_version and product.state is not ProductState.REJECTED
    return VersionView(
        **_terms(version),
        version_id=version.version_id,
        product_id=version.product_id,
        made_at=rfc3339(version.made_at),
        standing="waiting" if waits else "sold" if sold else "past",
    )


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}/products",
    "Its card products: those on sale; all of them for its owner and the operators",
    who=EVERYONE,
    query=ProductsQuery,
    answer=ListView[ProductView],
)
def index(call: Call, merchant_id: str) -> Any:
    present(merchant_id)
    found, following = _page(merchant_id, call.query, sees_all(merchant_id, call.principal))
    data = [product_view(product, call.principal) for product in found]
    return ListView[ProductView](data=data, has_more=following is not None, next_cursor=following)


def _page(merchant_id: str, asked: ProductsQuery, everything: bool) -> tuple[list[Product], str | None]:
    """A page, and the cursor of the next one. It may be short, even empty, and not be the last."""
    scope = f"{merchant_id}/prd_"
    after = cursors.unseal(scope, asked.cursor) if asked.cursor else ""
    found: list[Product] = []
    for _ in range(READS_MAX):
        read = reads.owned(Product, merchant_id, "prd_", asked.limit + 1, after)
        for product in read[: asked.limit]:
            if len(found) == asked.limit:
                return found, cursors.seal(scope, after)
            after = product.product_id
            if (everything or product.state is ProductState.ON_SALE) and asked.state in (None, product.state):
                found.append(product)
        if len(read) <= asked.limit:
            return found, None
    return found, cursors.seal(scope, after)


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/products",
    "Put a card product on sale; one that gives more than the line is proposed",
    who=OWNER,
    body=ProductBody,
    answer=ProductView,
    status=201,
    key=True,
)
def create(call: Call, merchant_id: str) -> Any:
    done = products.offer(merchant_id, call.body.wanted(), call.key, call.caller, call.trace)
    return Reply(product_view(done.answer, call.caller), replayed=done.replayed)


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}/products/{product_id}",
    "One card product",
    who=EVERYONE,
    answer=ProductView,
)
def show(call: Call, merchant_id: str, product_id: str) -> Any:
    return product_view(products.visible(merchant_id, product_id, call.principal), call.principal)


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/products/{product_id}/versions",
    "New terms for cards sold from now on; those above the line wait for a second person",
    who=OWNER,
    body=ProductBody,
    answer=ProductView,
    status=201,
    key=True,
)
def revise(call: Call, merchant_id: str, product_id: str) -> Any:
    done = products.revise(merchant_id, product_id, call.body.wanted(), call.key, call.caller, call.trace)
    return Reply(product_view(done.answer, call.caller), replayed=done.replayed)


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}/products/{product_id}/versions",
    "All versions of its terms, oldest first",
    who=OWNER | OPERATOR,
    answer=ListView[VersionView],
)
def versions(call: Call, merchant_id: str, product_id: str) -> Any:
    product = products.visible(merchant_id, product_id, call.caller)
    if not sees_all(merchant_id, call.caller):
        raise absent("卡产品", "product")
    found = products.versions(merchant_id, product_id)
    return ListView[VersionView](data=[_version_view(version, product) for version in found])


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/products/{product_id}/review",
    "Approve or reject what waits, or let a suspended product go on; never by who made it",
    who=OPERATOR,
    body=ReviewBody,
    answer=ProductView,
    key=True,
)
def review(call: Call, merchant_id: str, product_id: str) -> Any:
    asked = call.body
    done = products.review(
        merchant_id,
        product_id,
        ProductEvent(asked.decision),
        asked.reason,
        asked.terms_version,
        call.key,
        call.caller,
        call.trace,
    )
    return Reply(product_view(done.answer, call.caller), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/products/{product_id}/withdraw",
    "Take a product off the shelf for good; sold cards stay good",
    who=OWNER,
    answer=ProductView,
    key=True,
)
def withdraw(call: Call, merchant_id: str, product_id: str) -> Any:
    done = products.withdraw(merchant_id, product_id, call.caller, call.trace)
    return Reply(product_view(done.answer, call.caller), replayed=done.replayed)
