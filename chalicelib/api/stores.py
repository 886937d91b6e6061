"""A merchant's stores."""

from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cursors
from chalicelib.api.http import EVERYONE, Call, Reply, endpoint
from chalicelib.api.merchants import OWNER, page_of
from chalicelib.api.models import Body, District, ListView, Name, View
from chalicelib.api.store_codes import printed
from chalicelib.domain.store import Store
from chalicelib.operations import stores

routes = Blueprint(__name__)


class StoreView(View):
    store_id: str
    merchant_id: str
    name: str
    district: str
    address: str
    code: str
    code_url: str


class StoreBody(Body):
    name: Name
    district: District
    address: Annotated[str, Field(min_length=1, max_length=200)]


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


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}/stores",
    "Its stores",
    who=EVERYONE,
    query=cursors.Page,
    answer=ListView[StoreView],
)
def index(call: Call, merchant_id: str) -> Any:
    found, following = page_of(Store, merchant_id, "sto_", call.query)
    data = [store_view(store) for store in found]
    return ListView[StoreView](data=data, has_more=following is not None, next_cursor=following)


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
def create(call: Call, merchant_id: str) -> Any:
    asked = call.body
    done = stores.open_store(merchant_id, asked.name, asked.district, asked.address, call.key, call.caller, call.trace)
    return Reply(store_view(done.answer), replayed=done.replayed)
