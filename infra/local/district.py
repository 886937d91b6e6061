"""A pilot district to play in: 9 companies with 200 stores in four industries, the same ones every time.

Written by the platform's own decisions through the platform's own store, the companies also into the sandbox's business
registry. Returns at once when the district is there already.
"""
import random
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from stdnum.cn import uscc

from chalicelib import clock, ids
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Industry, LegalForm, Merchant
from chalicelib.domain.product import Product, offer
from chalicelib.domain.store import Store, open_store
from chalicelib.domain.terms import stored_value
from chalicelib.operations.applications import search_names
from chalicelib.store import reads, writes

SEED = 20211016
DISTRICT = "330212"
STORES = 200
COMPANIES = (
    ("宁波海曙丽人美发有限公司", Industry.BEAUTY),
    ("宁波鄞州云裳美容有限公司", Industry.BEAUTY),
    ("宁波青丝造型管理有限公司", Industry.BEAUTY),
    ("宁波甬味餐饮管理有限公司", Industry.CATERING),
    ("宁波东钱湖渔家餐饮有限公司", Industry.CATERING),
    ("宁波鲜果时光商贸有限公司", Industry.FRESH_FOOD),
    ("宁波四明生鲜超市有限公司", Industry.FRESH_FOOD),
    ("宁波洁净洗衣服务有限公司", Industry.LIFE_SERVICES),
    ("宁波暖居家政服务有限公司", Industry.LIFE_SERVICES),
)
OFFERS = ((500_00, 50_00), (1000_00, 300_00), (2000_00, 700_00))
STREETS = ("中山东路", "百丈东路", "天童北路", "江东南路", "钟公庙路", "首南中路", "下应北路", "四明中路")


class Registry(Protocol):
    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]: ...


def licence_no(draw: random.Random) -> str:
    """A unified social credit code of an enterprise in the district, with right check digits."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = "91" + DISTRICT + "".join(draw.choice(alphabet) for _ in range(9))
    return body + str(uscc.calc_check_digit(body + "0"))


def seed(registry: Registry) -> int:
    """Returns the number of stores written, 0 when the district was there."""
    if any(merchant.name == COMPANIES[0][0] for merchant in reads.listed("merchants")):
        return 0
    draw, now = random.Random(SEED), clock.now()
    merchants = [_merchant(name, industry, draw, now) for name, industry in COMPANIES]
    for merchant in merchants:
        registry.control("POST", "companies", _company(merchant))
        writes.commit(Decision(merchant, (create(merchant),)))
        for price_fen, bonus_fen in OFFERS:
            writes.commit(_product(merchant, price_fen, bonus_fen, now))
    for number in range(STORES):
        owner = number % len(merchants)
        merchants[owner] = _opened(merchants[owner], number, draw, now)
    return STORES


def _merchant(name: str, industry: Industry, draw: random.Random, now: datetime) -> Merchant:
    number = licence_no(draw)
    merchant_id = ids.derived("mch", "district", number)
    pinyin, initials = search_names(name)
    return Merchant(
        merchant_id=merchant_id,
        name=name,
        licence_no=number,
        legal_form=LegalForm.ENTERPRISE,
        legal_representative=draw.choice("王李张刘陈杨黄赵") + draw.choice(("伟", "芳", "娜", "敏", "静", "强")),
        industry=industry,
        district=DISTRICT,
        address=f"宁波市鄞州区{draw.choice(STREETS)}{draw.randint(1, 999)}号",
        account_name=name,
        account_number="3301" + "".join(draw.choice("0123456789") for _ in range(12)),
        account_bank="宁波银行",
        filing_no=f"BA{DISTRICT}{business_date(now):%Y%m%d}{ids.part_of(merchant_id)[:8]}",
        filed_on=business_date(now),
        licence_checked_at=now,
        pinyin=pinyin,
        initials=initials,
        updated_at=now,
    )


def _company(merchant: Merchant) -> dict[str, Any]:
    return {
        "licence_no": merchant.licence_no,
        "name": merchant.name,
        "legal_form": merchant.legal_form.value,
        "legal_representative": merchant.legal_representative,
        "established_on": date(2018, 3, 1).isoformat(),
        "address": merchant.address,
    }


def _trace(object_id: str, now: datetime) -> Trace:
    return Trace(ids.derived("aud", "district", object_id), "seed", "seed", "operator", now)


def _product(merchant: Merchant, price_fen: int, bonus_fen: int, now: datetime) -> Decision[Product]:
    name = f"储值卡 {price_fen // 100} 送 {bonus_fen // 100}"
    product = Product(
        product_id=ids.derived_within("prd", merchant.merchant_id, "district", name),
        merchant_id=merchant.merchant_id,
        name=name,
        terms=stored_value(price_fen, bonus_fen),
        created_at=now,
        fingerprint=ids.fingerprint(name),
    )
    version_id = ids.derived_within("ver", product.product_id, "first")
    law, trace = rules_on(DISTRICT, business_date(now)), _trace(product.product_id, now)
    return offer(merchant, None, product, version_id, law, trace)


def _opened(merchant: Merchant, number: int, draw: random.Random, now: datetime) -> Merchant:
    """The merchant as it is with the store."""
    street = draw.choice(STREETS)
    name = f"{street}{number + 1}号店"
    store = Store(
        store_id=ids.derived_within("sto", merchant.merchant_id, "district", str(number)),
        merchant_id=merchant.merchant_id,
        name=name,
        district=DISTRICT,
        address=f"宁波市鄞州区{street}{draw.randint(1, 999)}号",
        opened_at=now - timedelta(days=draw.randint(30, 900)),
        fingerprint=ids.fingerprint(name),
    )
    decided = open_store(merchant, None, store, _trace(store.store_id, now))
    writes.commit(decided)
    (after,) = (put.value for put in decided.puts if isinstance(put.value, Merchant))
    return after
