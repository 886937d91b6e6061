"""Merchants as anyone sees them."""

import json
from dataclasses import astuple
from typing import Annotated, Any, TypeVar

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cursors
from chalicelib.api.http import EVERYONE, Call, endpoint
from chalicelib.api.models import ListView, ReasonView, View, reason_views, rfc3339
from chalicelib.domain.colour import Colour
from chalicelib.domain.merchant import Industry, Merchant, MerchantState
from chalicelib.domain.principal import Role
from chalicelib.domain.product import Product
from chalicelib.domain.refusals import absent
from chalicelib.domain.search import Filters, Position, Wanted
from chalicelib.domain.store import Store
from chalicelib.operations import search as searches
from chalicelib.operations import standing
from chalicelib.store import reads

routes = Blueprint(__name__)

Owned = TypeVar("Owned", Store, Product)

OWNER = frozenset({Role.OWNER})


class MerchantView(View):
    """`custody`: all of the prepaid money is held at the custodian bank. `stop_reasons`: why it may not sell cards, empty while
    it may. `licence_checked_at`: of the registry's last definitive answer."""

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
    licence_status: str
    licence_checked_at: str
    state: str
    stop_reasons: list[ReasonView]


class ColouredMerchantView(MerchantView):
    """`colour_reasons`: why it is not green."""

    colour: Colour
    colour_reasons: list[ReasonView]


class Search(cursors.Page):
    """`q`: a part of the name, its pinyin or its initials, or a mixture; pinyin may have a slip in it."""

    q: Annotated[str, Field(max_length=50)] = ""
    district: str = Field(default="", pattern=r"^([0-9]{6})?$")
    industry: Industry | None = None
    state: MerchantState | None = None
    cursor: Annotated[str, Field(max_length=800)] = ""


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
        licence_status=merchant.licence_status,
        licence_checked_at=rfc3339(merchant.licence_checked_at),
        state=merchant.state,
        stop_reasons=reason_views(merchant.stop_reasons),
    )


@endpoint(
    routes,
    "GET",
    "/v1/merchants",
    "Search merchants by name (characters, pinyin, initials), district, industry, state",
    who=EVERYONE,
    query=Search,
    answer=ListView[MerchantView],
)
def search(call: Call) -> Any:
    """Best matches first; without `q` all, by name. A page may be shorter than asked for though more follow."""
    asked: Search = call.query
    wanted = Wanted.of(asked.q)
    filters = Filters(asked.district, asked.industry or "", asked.state or "")
    scope = "/".join(("merchants", wanted.key, str(wanted.everything), filters.district, filters.industry, filters.state))
    after = Position(*json.loads(cursors.unseal(scope, asked.cursor))) if asked.cursor else None
    found = searches.find(wanted, filters, after, asked.limit, call.now)
    last = cursors.seal(scope, json.dumps(astuple(found.last), ensure_ascii=False)) if found.last else None
    page = [merchant_view(merchant) for merchant in found.merchants]
    return ListView[MerchantView](data=page, has_more=last is not None, next_cursor=last)


@endpoint(
    routes,
    "GET",
    "/v1/merchants/{merchant_id}",
    "A merchant with its licence, filing number and risk colour",
    who=EVERYONE,
    answer=ColouredMerchantView,
)
def show(call: Call, merchant_id: str) -> Any:
    merchant = present(merchant_id)
    seen = standing.colour(merchant, call.now)
    plain = dict(merchant_view(merchant))
    return ColouredMerchantView(**plain, colour=seen.colour, colour_reasons=reason_views(seen.reasons))


def present(merchant_id: str) -> Merchant:
    merchant = reads.get(Merchant, merchant_id)
    if merchant is None:
        raise absent("商户", "merchant")
    return merchant


def _own_id(owned: Store | Product) -> str:
    return owned.store_id if isinstance(owned, Store) else owned.product_id


def page_of(kind: type[Owned], merchant_id: str, prefix: str, asked: cursors.Page) -> tuple[list[Owned], str | None]:
    """A page of what a merchant owns, and the cursor of the next one."""
    present(merchant_id)
    scope = f"{merchant_id}/{prefix}"
    after = cursors.unseal(scope, asked.cursor) if asked.cursor else ""
    found = reads.owned(kind, merchant_id, prefix, asked.limit + 1, after)
    if len(found) <= asked.limit:
        return found, None
    page = found[: asked.limit]
    return page, cursors.seal(scope, _own_id(page[-1]))
