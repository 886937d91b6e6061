"""A merchant's card products."""

from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cursors
from chalicelib.api.http import EVERYONE, Call, Reply, endpoint
from chalicelib.api.merchants import OWNER, page_of
from chalicelib.api.models import Body, Fen, FenOrNone, ListView, Name, View
from chalicelib.domain.product import Product
from chalicelib.operations import products

routes = Blueprint(__name__)


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


class ProductBody(Body):
    name: Annotated[Name, Field(max_length=40)]
    kind: Literal["stored_value"]
    price_fen: Fen
    bonus_fen: FenOrNone


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
    "/v1/merchants/{merchant_id}/products",
    "Its card products",
    who=EVERYONE,
    query=cursors.Page,
    answer=ListView[ProductView],
)
def index(call: Call, merchant_id: str) -> Any:
    found, following = page_of(Product, merchant_id, "prd_", call.query)
    data = [product_view(product) for product in found]
    return ListView[ProductView](data=data, has_more=following is not None, next_cursor=following)


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
def create(call: Call, merchant_id: str) -> Any:
    asked = call.body
    done = products.offer(merchant_id, asked.name, asked.price_fen, asked.bonus_fen, call.key, call.caller, call.trace)
    return Reply(product_view(done.answer), replayed=done.replayed)
