"""Pages for a browser that followed a printed code: no script, nothing of another origin, all values escaped.

What a person should read is said on a page, refusals included; their status is the one the API has for them.
"""
import base64
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from chalice.app import Blueprint

from chalicelib.api import problems
from chalicelib.api.http import EVERYONE, Call, Reply, endpoint
from chalicelib.api.store_codes import CHECK_BEFORE_PAYING, CHECK_BEFORE_PAYING_EN
from chalicelib.domain.business_day import business_date
from chalicelib.domain.codes import short_id
from chalicelib.domain.merchant import Merchant, MerchantState, Reason
from chalicelib.domain.money import fen_to_yuan
from chalicelib.domain.product import Product, ProductState
from chalicelib.domain.refusals import Refusal
from chalicelib.domain.store import Store, StoreState
from chalicelib.domain.terms import Tier
from chalicelib.operations import store_codes
from chalicelib.store import reads

routes = Blueprint(__name__)

PAGES = Path(__file__).resolve().parents[1] / "pages"
HTML = "text/html; charset=utf-8"


@endpoint(
    routes,
    "GET",
    "/m/{code}",
    "The page behind a printed store code: merchant, licence, filing number, cards on sale",
    who=EVERYONE,
    answer=None,
    produces=HTML,
)
def store(call: Call, code: str) -> Any:
    try:
        merchant, opened = store_codes.resolve(code, call.now)
        receipts = reads.receipts_of(merchant.merchant_id, opened.store_id, business_date(call.now))
        products = reads.owned(Product, merchant.merchant_id, "prd_")
    except Refusal as refusal:
        return Reply(_refusal_page(refusal), status=problems.STATUS[type(refusal)], headers=_headers())
    return Reply(_store_page(code, merchant, opened, products, receipts), headers=_headers())


def _store_page(
    code: str, merchant: Merchant, opened: Store, products: Iterable[Product], receipts: tuple[int, bool]
) -> str:
    count, more = receipts
    return _filled(
        "store.html",
        code=code,
        merchant=merchant.name,
        store=opened.name,
        address=opened.address,
        district=opened.district,
        receipts=f"{count}{'+' if more else ''}",
        short_id=short_id(code),
        check=CHECK_BEFORE_PAYING,
        check_en=CHECK_BEFORE_PAYING_EN,
        licence_no=merchant.licence_no,
        checked_on=business_date(merchant.licence_checked_at).isoformat(),
        filing_no=merchant.filing_no,
        markup={"notice": _notice(opened), "cards": _cards(merchant, products)},
    )


def _notice(opened: Store) -> str:
    """Already markup: what the store has announced, or nothing."""
    if opened.effective_on is None:
        return ""
    on = opened.effective_on.isoformat()
    chinese, english = f"本店将于 {on} 停业", f"This store closes on {on}."
    if opened.state is StoreState.MOVING:
        where = escape(opened.next_address)
        chinese, english = f"本店将于 {on} 迁至 {where}", f"This store moves on {on}."
    lines = f'<p>{chinese} <span lang="en">{english}</span></p>\n<p>{escape(opened.notice)}</p>'
    return f'<section>\n<h2>门店公告 <span lang="en">Notice</span></h2>\n{lines}\n</section>'


def _refusal_page(refusal: Refusal) -> str:
    return _filled("refusal.html", detail=refusal.detail, detail_en=refusal.detail_en, reason=refusal.code)


def _cards(merchant: Merchant, products: Iterable[Product]) -> str:
    """Already markup: a list, or the sentence that there is nothing to buy."""
    if merchant.state is not MerchantState.ACTIVE:
        stopped = '<p>该商户已停止售卡 <span lang="en">This merchant may not sell cards at present.</span></p>'
        return "\n".join([stopped, "<ul>", *(_reason(reason) for reason in merchant.stop_reasons), "</ul>"])
    rows = [_card(product) for product in products if product.state is ProductState.ON_SALE]
    if not rows:
        return '<p>暂无在售预付卡 <span lang="en">No card is on sale.</span></p>'
    return "\n".join(["<ul>", *rows, "</ul>"])


def _reason(reason: Reason) -> str:
    since, since_en = (f"（{reason.since} 起）", f" since {reason.since}") if reason.since else ("", "")
    return f'<li>{escape(reason.text)}{since} <span lang="en">{escape(reason.text_en)}{since_en}</span></li>'


def _card(product: Product) -> str:
    rows = [_offer(tier) for tier in product.terms.offers] if product.terms.tiers else [_other(product)]
    return f"<li>{escape(product.name)}{''.join(f'<br>{row}' for row in rows)}</li>"


def _offer(tier: Tier) -> str:
    price, face = fen_to_yuan(tier.price_fen), fen_to_yuan(tier.face_fen)
    return f'<span class="price">付 ¥{price}，可用 ¥{face}</span> <span lang="en">pay {price}, spend {face} CNY</span>'


def _other(product: Product) -> str:
    """A card of visits, days, or for a purpose."""
    terms, price = product.terms, fen_to_yuan(product.price_fen)
    visits, days = terms.visits + terms.gift_visits, terms.term_days + terms.gift_days
    gets = f"{visits} 次" if visits else f"{days} 日" if days else f"意向金：{terms.purpose}"
    gets_en = f"{visits} visits" if visits else f"{days} days" if days else "a deposit"
    chinese = f'<span class="price">付 ¥{price}，{escape(gets)}</span>'
    return f'{chinese} <span lang="en">pay {price} CNY for {gets_en}</span>'


def _filled(name: str, markup: dict[str, str] | None = None, **texts: str) -> str:
    """`texts` are escaped, `markup` is put in as it is."""
    escaped = {field: escape(text) for field, text in texts.items()}
    return _template(name).substitute(escaped, style=_style(), **(markup or {}))


@lru_cache(maxsize=4)
def _template(name: str) -> Template:
    return Template((PAGES / name).read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def _style() -> str:
    return (PAGES / "page.css").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _headers() -> dict[str, str]:
    """Nothing may run, be loaded or frame this page, but our style (by its hash) and our own pictures."""
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self'"
    return {
        "Content-Type": HTML,
        "Content-Security-Policy": f"{allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
