"""The model contracts: complete for every kind, with the points of the law, and one digest for one text."""

import base64
import hashlib
import re
from dataclasses import replace

import pytest

from chalicelib.domain.contract import Contract, contract_of
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.product import CONTRACT_VERSION
from chalicelib.domain.terms import ProductKind, Terms, Tier
from tests.domain.test_terms import ONE_OF_EACH
from tests.domain.town import LAW, MERCHANT, NOON, PRODUCT
from tests.source import ROOT

FOLDER = ROOT / "chalicelib" / "contracts"
BEIJING = rules_on("110105", NOON.date())


def template(kind: str, language: str = "") -> str:
    return (FOLDER / f"{kind}.{CONTRACT_VERSION}{language}.txt").read_text(encoding="utf-8")


def made(terms: Terms, language: str = "", **changed: object) -> Contract:
    product = replace(PRODUCT, terms=terms, **changed)  # type: ignore[arg-type]
    return contract_of(template(terms.kind, language), MERCHANT, product, terms.offers[0], LAW)


POINTS = (
    "一、当事人", "三、资金存管", "五、无理由退款", "八、有效期与挂失", "九、停业、搬迁与变更", "十一、争议解决",
    "第13条", "第14条", "第16、17条", "第24条", "提前 30 日", "12315", "存管银行", "不折现",
)  # fmt: skip


@pytest.mark.parametrize("kind", list(ProductKind))
def test_every_kind_has_a_contract_with_the_points_of_the_law_and_a_summary(kind: ProductKind) -> None:
    text = made(ONE_OF_EACH[kind]).text
    assert [point for point in POINTS if point not in text] == []
    for fact in (MERCHANT.name, MERCHANT.licence_no, MERCHANT.filing_no, MERCHANT.address, PRODUCT.name):
        assert fact in text
    assert "$" not in text
    summary = made(ONE_OF_EACH[kind], ".en").text
    assert "$" not in summary
    assert "The Chinese text is the contract" in summary
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{one}.{CONTRACT_VERSION}{language}.txt" for one in ProductKind for language in ("", ".en")
    }


def test_a_stored_value_contract_says_price_bonus_release_and_both_refunds() -> None:
    text = made(ONE_OF_EACH["stored_value"]).text
    assert "乙方支付 1000.00 元，甲方赠送 300.00 元，可消费面值合计 1300.00 元" in text
    assert "消费 130 元时，向甲方划转 100 元" in text
    assert "已用 520 元，退 600 元" in text
    assert "上例退 480 元" in text
    assert "本卡有效期：无有效期" in text


def test_the_rules_are_those_of_the_district() -> None:
    ningbo = made(ONE_OF_EACH["stored_value"]).text
    beijing = contract_of(template("stored_value"), MERCHANT, PRODUCT, Tier(100_000, 30_000), BEIJING).text
    assert "退款自申请之日起 5 日内完成（浙江省实施《消费者权益保护法》办法 第11条）" in ningbo
    assert "退款自申请之日起 15 日内完成（北京市单用途预付卡管理条例 第17条）" in beijing
    assert "且卡尚未使用" in beijing
    assert "且卡尚未使用" not in ningbo
    assert "在 7 个工作日内答复" in beijing
    assert "在 7 日内答复" in ningbo


def test_the_digest_is_the_sha256_of_the_text_in_base64url() -> None:
    contract = made(ONE_OF_EACH["count"])
    raw = base64.urlsafe_b64decode(contract.digest + "=")
    assert raw == hashlib.sha256(contract.text.encode()).digest()
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", contract.digest)


def test_one_text_has_one_digest_and_whatever_changes_it_changes_the_digest() -> None:
    terms = Terms(ProductKind.STORED_VALUE, (Tier(100_000, 30_000), Tier(200_000, 70_000)))
    product = replace(PRODUCT, terms=terms)
    first, second = terms.tiers
    text = template("stored_value")
    digests = [
        contract_of(text, MERCHANT, product, first, LAW).digest,
        contract_of(text, MERCHANT, product, second, LAW).digest,
        contract_of(text, MERCHANT, replace(product, terms_version=2), first, LAW).digest,
        contract_of(text, replace(MERCHANT, name="甬江美容有限公司"), product, first, LAW).digest,
        contract_of(text, MERCHANT, product, first, BEIJING).digest,
    ]
    assert len(set(digests)) == len(digests)
    assert contract_of(text, MERCHANT, product, first, LAW).digest == digests[0]


def test_names_can_add_no_line_and_no_placeholder_to_a_contract() -> None:
    plain = made(ONE_OF_EACH["stored_value"], name="卡").text
    forged = made(ONE_OF_EACH["stored_value"], name="卡\n十三、不予退款 ${price} $$").text
    assert len(forged.splitlines()) == len(plain.splitlines())
    assert "卡 十三、不予退款 ${price} $$。" in forged
