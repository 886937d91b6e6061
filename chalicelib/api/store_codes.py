"""What a scanned store code resolves to: the verified merchant, the store, the cards on sale; for a consumer also the own
balances there. The code holds no balance and no card. And the code's print: as a picture, renewed."""

from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from chalicelib import clock, config
from chalicelib.api.cards import CardView, card_view
from chalicelib.api.http import EVERYONE, Call, Reply, endpoint
from chalicelib.api.merchants import OWNER
from chalicelib.api.models import Body, ReasonView, View, reason_views
from chalicelib.domain.business_day import business_date
from chalicelib.domain.codes import short_id
from chalicelib.domain.principal import Role
from chalicelib.domain.product import Product, ProductState
from chalicelib.domain.store import Store, StoreState
from chalicelib.operations import store_codes
from chalicelib.store import reads

routes = Blueprint(__name__)

CHECK_BEFORE_PAYING = "付款前请核对：以上商户名称、门店名称和地址应与您所在的门店一致；不一致请勿付款，并告知店员。"
CHECK_BEFORE_PAYING_EN = (
    "Before you pay: the merchant, store and address above must be those of the shop you are in. "
    "If they are not, do not pay, and tell the staff."
)


class OnSale(View):
    product_id: str
    kind: str
    name: str
    price_fen: int
    bonus_fen: int
    face_fen: int
    contract_version: str


class NoticeView(View):
    """A store's announced move or closing. `on`: the first day at the new address, or the first day without the store."""

    kind: str
    text: str
    on: str
    district: str
    address: str


def notice_view(store: Store) -> NoticeView | None:
    if store.state not in (StoreState.MOVING, StoreState.CLOSING) or store.effective_on is None:
        return None
    return NoticeView(
        kind=store.state,
        text=store.notice,
        on=store.effective_on.isoformat(),
        district=store.next_district,
        address=store.next_address,
    )


class StoreCodeView(View):
    """`cards` and `balance`: of the consumer who asks; empty and 0 for anyone else. `stop_reasons`: why the merchant may not sell
    cards, empty while it may. `receipts_today`: redemptions posted at this
    store on the business date, counted up to 99; `receipts_today_more`: there may be more. `check`: what to compare before
    paying. `short_id`: stands on the poster, too."""

    merchant_id: str
    merchant_name: str
    licence_no: str
    filing_no: str
    custody: str = "full"
    state: str
    stop_reasons: list[ReasonView]
    store_id: str
    store_name: str
    address: str
    district: str
    short_id: str
    receipts_today: int
    receipts_today_more: bool
    check: str = CHECK_BEFORE_PAYING
    check_en: str = CHECK_BEFORE_PAYING_EN
    notice: NoticeView | None
    products: list[OnSale]
    cards: list[CardView]
    balance_face_fen: int
    balance_custody_fen: int


class RotateBody(Body):
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class StorePrintView(View):
    """The only print of a store that is accepted."""

    merchant_id: str
    store_id: str
    code_version: int
    code: str
    code_url: str
    short_id: str


def printed(store: Store) -> tuple[str, str]:
    """The code of a store's present print, and the link in its QR."""
    code = store_codes.code_of(store, clock.now())
    return code, link_of(code)


def link_of(code: str) -> str:
    return f"{config.settings().public_url}/m/{code}"


@endpoint(
    routes,
    "GET",
    "/v1/store-codes/{code}",
    "Scan a store: merchant, licence, products, and my balance there",
    who=EVERYONE,
    answer=StoreCodeView,
)
def scan(call: Call, code: str) -> Any:
    merchant, store = store_codes.resolve(code, call.now)
    receipts, more = reads.receipts_of(merchant.merchant_id, store.store_id, business_date(call.now))
    products = [
        product for product in reads.owned(Product, merchant.merchant_id, "prd_") if product.state is ProductState.ON_SALE
    ]
    mine = []
    if call.principal is not None and call.principal.role is Role.CONSUMER:
        mine = [card_view(card) for card in reads.cards_of(call.principal.principal_id, merchant.merchant_id)]
    return StoreCodeView(
        merchant_id=merchant.merchant_id,
        merchant_name=merchant.name,
        licence_no=merchant.licence_no,
        filing_no=merchant.filing_no,
        state=merchant.state,
        stop_reasons=reason_views(merchant.stop_reasons),
        store_id=store.store_id,
        store_name=store.name,
        address=store.address,
        district=store.district,
        short_id=short_id(code),
        receipts_today=receipts,
        receipts_today_more=more,
        notice=notice_view(store),
        products=[_on_sale(product) for product in products],
        cards=mine,
        balance_face_fen=sum(card.face_fen for card in mine),
        balance_custody_fen=sum(card.custody_fen for card in mine),
    )


def _on_sale(product: Product) -> OnSale:
    return OnSale(
        product_id=product.product_id,
        kind=product.terms.kind,
        name=product.name,
        price_fen=product.price_fen,
        bonus_fen=product.bonus_fen,
        face_fen=product.price_fen + product.bonus_fen,
        contract_version=product.contract_version,
    )


@endpoint(
    routes,
    "GET",
    "/v1/store-codes/{code}/qr.svg",
    "The store's QR code, to be printed",
    who=EVERYONE,
    answer=None,
    produces="image/svg+xml",
)
def picture(call: Call, code: str) -> Any:
    import io

    import segno

    store_codes.resolve(code, call.now)
    drawn = io.BytesIO()
    segno.make(link_of(code), error="q", micro=False).save(drawn, kind="svg", scale=8, border=4)
    return drawn.getvalue().decode()


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/stores/{store_id}/code/rotate",
    "A new code for a store; all its older prints are refused from now on",
    who=OWNER,
    body=RotateBody,
    answer=StorePrintView,
    key=True,
)
def rotate(call: Call, merchant_id: str, store_id: str) -> Any:
    done = store_codes.rotate(merchant_id, store_id, call.body.reason, call.key, call.caller, call.trace)
    code, link = printed(done.answer)
    view = StorePrintView(
        merchant_id=merchant_id,
        store_id=store_id,
        code_version=done.answer.code_version,
        code=code,
        code_url=link,
        short_id=short_id(code),
    )
    return Reply(view, replayed=done.replayed)
