"""A store's poster: the printed sheet with the code, who the merchant is, and what to check before paying.

The same content is the same sheet, byte for byte; `identity` tells one content from another.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from chalicelib.domain.codes import short_id
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.refusals import Unprocessable
from chalicelib.domain.store import Store

CHECKS = (
    (
        "扫码后核对商户名称、门店名称和地址，应与您所在的门店一致。",
        "The page must show the merchant, store and address of the shop you are in.",
    ),
    (
        "网址应以二维码下方的地址开头，页面上的门店码编号应与本海报相同。",
        "The link must begin with the address under the code; the page must show the same code number as this poster.",
    ),
    (
        "每次消费都须由您本人在手机上确认；不要把付款码发给他人。",
        "You confirm every use on your own phone. Never send a payment code to anybody.",
    ),
)
"""What a person compares before paying: zh-CN, English."""

CUSTODY = (
    (
        "您充值的钱全额进入银行存管账户，商户拿不到未消费的部分。",
        "Your money goes to a custody account at a bank; the merchant cannot take what you have not used.",
    ),
    (
        "每次您确认消费后，对应金额才结算给商户；未消费的余额依法可退。",
        "Only what you confirm is paid to the merchant; what is left can be refunded as the law provides.",
    ),
)
"""How custody works, in two sentences."""


@dataclass(frozen=True)
class Poster:
    """What is written on it. `link` is in the QR code, in full."""

    merchant_name: str
    licence_no: str
    filing_no: str
    store_id: str
    store_name: str
    address: str
    link: str
    host: str
    short_id: str
    code_version: int

    @property
    def identity(self) -> str:
        """128 bits of the content, in hex."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Printed:
    """A finished sheet in the archive."""

    key: str
    sha256: str
    size_bytes: int
    pages: int


def poster_of(merchant: Merchant, store: Store, code: str, public_url: str) -> Poster:
    return Poster(
        merchant_name=merchant.name,
        licence_no=merchant.licence_no,
        filing_no=merchant.filing_no,
        store_id=store.store_id,
        store_name=store.name,
        address=store.address,
        link=f"{public_url}/m/{code}",
        host=f"{public_url}/m/",
        short_id=short_id(code),
        code_version=store.code_version,
    )


def object_key(poster: Poster, sha256: str) -> str:
    """Where the archive keeps it: posters/<store>/<code version>-<sha256>.pdf"""
    return f"posters/{poster.store_id}/{poster.code_version}-{sha256}.pdf"


def glyph_missing(characters: Sequence[str]) -> Unprocessable:
    named = " ".join(f"{one} (U+{ord(one):04X})" for one in characters)
    return Unprocessable(
        "glyph_missing",
        f"海报字体中没有这些字：{named}",
        f"the poster's fonts have no glyph for {named}",
        facts={"characters": [f"U+{ord(one):04X}" for one in characters]},
    )
