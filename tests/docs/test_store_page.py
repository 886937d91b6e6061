"""The page that a browser gets when somebody scans a store's printed code."""
import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

from chalicelib.domain.codes import StoreCode, sign_store_code
from chalicelib.domain.merchant import StopReason
from chalicelib.domain.product import ProductState
from chalicelib.operations import code_keys
from tests.platform import Answer
from tests.town import Town

VOID = frozenset({"meta", "br", "img"})


class Outline(HTMLParser):
    """The tags of a page, its text, and whether every tag is closed where it should be."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(town: Town, code: str = "") -> Answer:
    return town.platform.get(f"/m/{code or town.store_code}")


def test_a_scanned_store_shows_who_it_is_and_what_it_sells(town: Town) -> None:
    page = page_of(town)
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    text = Outline(page.text).text
    merchant, store = town.merchant, town.store
    for shown in (merchant.name, merchant.licence_no, merchant.filing_no, store.name, store.address):
        assert shown in text
    assert "2026-11-20" in text
    assert "付 ¥1000.00，可用 ¥1300.00" in text
    assert "pay 1000.00, spend 1300.00 CNY" in text
    assert "Open in WeChat to see your balance" in text


def test_no_balance_and_no_bank_account_is_on_the_page(town: Town) -> None:
    page = page_of(town).text
    assert town.card.card_id not in page
    assert town.merchant.account_number not in page


def test_nothing_can_run_on_the_page_or_frame_it(town: Town) -> None:
    page = page_of(town)
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";"))
    closed = ("default-src", "base-uri", "form-action", "frame-ancestors")
    assert {policy[name] for name in closed} == {"'none'"}
    assert "script-src" not in policy
    assert "unsafe-inline" not in page.headers["Content-Security-Policy"]
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "no-referrer"


def test_the_one_style_of_the_page_is_the_one_that_the_policy_allows(town: Town) -> None:
    page = page_of(town)
    (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in page.headers["Content-Security-Policy"]
    assert not any(name == "style" or name.startswith("on") for name, _ in Outline(page.text).attributes)


def test_a_malicious_name_is_text_and_nothing_else(town: Town) -> None:
    plain = Outline(page_of(town).text).tags
    bad = "\"><script>alert('1')</script>${licence_no}&amp;"
    town.platform.put(
        replace(town.store, name=bad, address=f"<b>{bad}"),
        replace(town.merchant, name=f"</title><img src=x onerror=alert(1)>{bad}"),
        replace(town.product, name=f"<svg onload=alert(1)>{bad}"),
    )
    page = page_of(town)
    outline = Outline(page.text)
    assert page.status == 200
    assert "script" not in outline.tags
    assert outline.tags == plain
    assert bad in outline.text


def test_only_cards_on_sale_are_shown(town: Town) -> None:
    town.platform.put(replace(town.product, state=ProductState.WITHDRAWN))
    page = page_of(town).text
    assert town.product.name not in page
    assert "No card is on sale" in page


def test_a_merchant_that_may_not_sell_offers_nothing(town: Town) -> None:
    town.platform.put(town.merchant.stopped(StopReason.LICENCE, town.platform.now()))
    page = page_of(town).text
    assert town.product.name not in page
    assert "may not sell cards at present" in page


def test_a_code_of_ours_that_was_revoked_or_altered_gets_a_page_for_people(town: Town) -> None:
    revoked = sign_store_code(code_keys.signing(town.platform.now()), StoreCode(town.store.store_id, town.store.code_version + 1))
    altered = town.store_code[:-2] + ("AA" if town.store_code[-2:] != "AA" else "BB")
    for code in (revoked, altered, "nothing-at-all"):
        page = page_of(town, code)
        assert page.status == 422
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "Content-Security-Policy" in page.headers
        text = Outline(page.text).text
        assert "门店码无效或已停用" in text
        assert "store_code_invalid" in text


def test_the_picture_on_the_page_is_the_code_that_was_scanned(town: Town) -> None:
    sources = [value for name, value in Outline(page_of(town).text).attributes if name == "src"]
    assert sources == [f"../v1/store-codes/{town.store_code}/qr.svg"]
    assert "<svg" in town.platform.get(f"/v1/store-codes/{town.store_code}/qr.svg").text
