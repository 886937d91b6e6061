"""What a scanned store code resolves to: the verified merchant, the store, the cards on sale; for a consumer also the own
balances there. The code holds no balance and no card."""

from typing import Any

from chalice.app import Blueprint

from chalicelib import config, ids, keys
from chalicelib.api.cards import CardView, card_view
from chalicelib.api.http import EVERYONE, Call, endpoint
from chalicelib.api.models import View
from chalicelib.domain.codes import StoreCode, invalid_store_code, read_store_code, sign_store_code
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Role
from chalicelib.domain.product import Product, ProductState
from chalicelib.domain.store import Store
from chalicelib.store import reads

routes = Blueprint(__name__)


class OnSale(View):
    product_id: str
    kind: str
    name: str
    price_fen: int
    bonus_fen: int
    face_fen: int
    contract_version: str


class StoreCodeView(View):
    """`cards` and `balance`: of the consumer who asks; empty and 0 for anyone else."""

    merchant_id: str
    merchant_name: str
    licence_no: str
    filing_no: str
    custody: str = "full"
    state: str
    store_id: str
    store_name: str
    address: str
    products: list[OnSale]
    cards: list[CardView]
    balance_face_fen: int
    balance_custody_fen: int


def printed(store: Store) -> tuple[str, str]:
    """The code of a store's present print, and the link in its QR."""
    code = sign_store_code(keys.code_keys(), StoreCode(store.store_id, store.code_version))
    return code, f"{config.settings().public_url}/m/{code}"


def resolve(code: str) -> tuple[Merchant, Store]:
    """Order of refusals: foreign or altered, no such store, revoked print; all look alike."""
    read = read_store_code(keys.code_keys(), code)
    merchant_id = ids.owner_of("mch", read.store_id)
    merchant, store = reads.get_together((Merchant, (merchant_id,)), (Store, (merchant_id, read.store_id)))
    if merchant is None or store is None or store.code_version != read.version:
        raise invalid_store_code()
    return merchant, store


@endpoint(
    routes,
    "GET",
    "/v1/store-codes/{code}",
    "Scan a store: merchant, licence, products, and my balance there",
    who=EVERYONE,
    answer=StoreCodeView,
)
def scan(call: Call, code: str) -> Any:
    merchant, store = resolve(code)
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
        store_id=store.store_id,
        store_name=store.name,
        address=store.address,
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

    _, store = resolve(code)
    drawn = io.BytesIO()
    segno.make(printed(store)[1], error="q", micro=False).save(drawn, kind="svg", scale=8, border=4)
    return drawn.getvalue().decode()
