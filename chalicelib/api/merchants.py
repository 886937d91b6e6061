"""Merchants as anyone sees them, and what their owners set up."""

from typing import Annotated, Any, Literal, TypeVar

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cursors
from chalicelib.api.applications import District
from chalicelib.api.http import EVERYONE, Call, Reply, endpoint
from chalicelib.api.models import Body, Fen, FenOrNone, Id, ListView, Text, View
from chalicelib.api.sessions import Username
from chalicelib.api.store_codes import printed
from chalicelib.domain.merchant import Industry, Merchant, Store
from chalicelib.domain.principal import Role
from chalicelib.domain.product import Product
from chalicelib.domain.refusals import absent
from chalicelib.operations import merchants
from chalicelib.store import reads

routes = Blueprint(__name__)

Owned = TypeVar("Owned", Store, Product)

OWNER = frozenset({Role.OWNER})
INVITERS = frozenset({Role.OWNER, Role.MANAGER, Role.OPERATOR})


class MerchantView(View):
    """`custody`: all of the prepaid money is held at the custodian bank."""

    merchant_id: str
    name: str
    licence_no: str
    legal_form: str
    legal_representative: str
    industry: str
    district: str
    address: str
    filing_no: str
    filed_on: str
    custody: str = "full"
    state: str


class StoreView(View):
    store_id: str
    merchant_id: str
    name: str
    district: str
    address: str
    code: str
    code_url: str


class ProductView(View):
    product_id: str
    merchant_id: str
    kind: str = "stored_value"
    name: str
    price_fen: int
    bonus_fen: int
    face_fen: int
    contract_version: str
    state: str


class Search(Body):
    q: Annotated[str, Field(max_length=50)] = ""
    district: str = Field(default="", pattern=r"^([0-9]{6})?$")
    industry: Industry | None = None


class StoreBody(Body):
    name: Text
    district: District
    address: Annotated[str, Field(min_length=1, max_length=200)]


class ProductBody(Body):
    name: Annotated[str, Field(min_length=1, max_length=40)]
    kind: Literal["stored_value"]
    price_fen: Fen
    bonus_fen: FenOrNone


class Invitation(Body):
    username: Username
    role: Literal["owner", "manager", "cashier"]
    stores: Annotated[list[Id], Field(max_length=50)] = []


class InvitationView(View):
    staff_id: str
    username: str
    role: str
    activation_code: str


class StaffView(View):
    staff_id: str
    username: str
    role: str
    state: str


def merchant_view(merchant: Merchant) -> MerchantView:
    return MerchantView(
        merchant_id=merchant.merchant_id,
        name=merchant.name,
        licence_no=merchant.licence_no,
        legal_form=merchant.legal_form,
        legal_representative=merchant.legal_representative,
        industry=merchant.industry,
        district=merchant.district,
        address=merchant.address,
        filing_no=merchant.filing_no,
        filed_on=merchant.filed_on.isoformat(),
        state=merchant.state,
    )


def store_view(store: Store) -> StoreView:
    code, url = printed(store)
    return StoreView(
        store_id=store.store_id,
        merchant_id=store.merchant_id,
        name=store.name,
        district=store.district,
        address=store.address,
        code=code,
        code_url=url,
    )


def product_view(product: Product) -> ProductView:
    return ProductView(
        product_id=product.product_id,
        merchant_id=product.merchant_id,
        name=product.name,
        price_fen=product.price_fen,
        bonus_fen=product.bonus_fen,
        face_fen=product.price_fen + product.bonus_fen,
        contract_version=product.contract_version,
        state=product.state,
    )


@endpoint(
    routes,
    "GET",
    "/v1/merchants",
    "Search merchants by name (characters, pinyin, initials), district, industry",
    who=EVERYONE,
    query=Search,
    answer=ListView[MerchantView],
)
def search(call: Call) -> Any:
    wanted = call.query
    found = [merchant for merchant in reads.listed("merchants") if _matches(merchant, wanted)]
    page = [merchant_view(merchant) for merchant in found[: reads.PAGE_MAX]]
    return ListView[MerchantView](data=page, has_more=len(found) > reads.PAGE_MAX)


def _matches(merchant: Merchant, wanted: Search) -> bool:
    if wanted.district and merchant.district != wanted.district:
        return False
    if wanted.industry and merchant.industry is not wanted.industry:
        return False
    text = wanted.q.strip().lower()
    return text in merchant.name.lower() or text in merchant.pinyin or text in merchant.initials


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}",
    "A merchant with its licence and filing number",
    who=EVERYONE,
    answer=MerchantView,
)
def show(call: Call, merchant_id: str) -> Any:
    return merchant_view(_present(merchant_id))


def _present(merchant_id: str) -> Merchant:
    merchant = reads.get(Merchant, merchant_id)
    if merchant is None:
        raise absent("商户", "merchant")
    return merchant


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}/stores",
    "Its stores",
    who=EVERYONE,
    query=cursors.Page,
    answer=ListView[StoreView],
)
def stores(call: Call, merchant_id: str) -> Any:
    found, following = _page(Store, merchant_id, "sto_", call.query)
    data = [store_view(store) for store in found]
    return ListView[StoreView](data=data, has_more=following is not None, next_cursor=following)


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}/products",
    "Its card products",
    who=EVERYONE,
    query=cursors.Page,
    answer=ListView[ProductView],
)
def products(call: Call, merchant_id: str) -> Any:
    found, following = _page(Product, merchant_id, "prd_", call.query)
    data = [product_view(product) for product in found]
    return ListView[ProductView](data=data, has_more=following is not None, next_cursor=following)


def _own_id(owned: Store | Product) -> str:
    return owned.store_id if isinstance(owned, Store) else owned.product_id


def _page(kind: type[Owned], merchant_id: str, prefix: str, asked: cursors.Page) -> tuple[list[Owned], str | None]:
    """A page of what a merchant owns, and the cursor of the next one."""
    _present(merchant_id)
    scope = f"{merchant_id}/{prefix}"
    after = cursors.unseal(scope, asked.cursor) if asked.cursor else ""
    found = reads.owned(kind, merchant_id, prefix, asked.limit + 1, after)
    if len(found) <= asked.limit:
        return found, None
    page = found[: asked.limit]
    return page, cursors.seal(scope, _own_id(page[-1]))


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/stores",
    "Open a store",
    who=OWNER,
    body=StoreBody,
    answer=StoreView,
    status=201,
    key=True,
)
def open_store(call: Call, merchant_id: str) -> Any:
    asked = call.body
    done = merchants.open_store(merchant_id, asked.name, asked.district, asked.address, call.key, call.caller, call.trace)
    return Reply(store_view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/products",
    "Put a card product on sale",
    who=OWNER,
    body=ProductBody,
    answer=ProductView,
    status=201,
    key=True,
)
def offer(call: Call, merchant_id: str) -> Any:
    asked = call.body
    done = merchants.offer(merchant_id, asked.name, asked.price_fen, asked.bonus_fen, call.key, call.caller, call.trace)
    return Reply(product_view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/staff",
    "Invite a person; the activation code is shown to the inviter only",
    who=INVITERS,
    body=Invitation,
    answer=InvitationView,
    status=201,
    key=True,
)
def invite(call: Call, merchant_id: str) -> Any:
    asked = call.body
    done, code = merchants.invite(
        merchant_id, asked.username, Role(asked.role), tuple(asked.stores), call.key, call.caller, call.trace
    )
    staff = done.answer
    answer = InvitationView(staff_id=staff.staff_id, username=staff.username, role=staff.role, activation_code=code)
    return Reply(answer, replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/staff/{staff_id}/disable",
    "Take a person's access away, at once",
    who=frozenset({Role.OWNER, Role.OPERATOR}),
    answer=StaffView,
    key=True,
)
def disable(call: Call, merchant_id: str, staff_id: str) -> Any:
    done = merchants.disable(merchant_id, staff_id, call.caller, call.trace)
    staff = done.answer
    view = StaffView(staff_id=staff.staff_id, username=staff.username, role=staff.role, state=staff.state)
    return Reply(view, replayed=done.replayed)
