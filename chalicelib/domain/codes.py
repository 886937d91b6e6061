"""Signed codes: what a store prints, and what a consumer's phone shows.

    code = base64url( key id (1 byte) | payload | HMAC-SHA256(key, kind | key id | payload) cut to 12 bytes )

A store code holds the store's id and print version and lives until it or its key is revoked; a payment code holds card, nonce and
expiry, lives 60 seconds and is good once. 96 bits of tag cannot be guessed online. No balance, name or number is inside.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.business_day import SHANGHAI
from chalicelib.domain.refusals import Unprocessable

PAYMENT_CODE_VALID = timedelta(seconds=60)
CLOCK_SKEW = timedelta(seconds=2)
CODE_CHARS_MAX = 120

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_TAG_BYTES = 12
_NONCE_BYTES = 12
_VERSION_BYTES = 2
_EXPIRY_BYTES = 5


@dataclass(frozen=True)
class CodeKeys:
    """`current` signs; every key of `by_id` verifies, so that a rotation does not kill the printed codes."""

    current: int
    by_id: Mapping[int, bytes]


@dataclass(frozen=True)
class StoreCode:
    store_id: str
    version: int


@dataclass(frozen=True)
class PaymentCode:
    card_id: str
    nonce: str
    expires_at: datetime


def sign_store_code(keys: CodeKeys, code: StoreCode) -> str:
    return _sign(keys, b"store", code.version.to_bytes(_VERSION_BYTES, "big") + code.store_id.encode("ascii"))


def read_store_code(keys: CodeKeys, text: str) -> StoreCode:
    """Unprocessable `store_code_invalid` for any foreign, altered or cut code."""
    payload = _verify(keys, b"store", text)
    if payload is None or len(payload) <= _VERSION_BYTES:
        raise invalid_store_code()
    return StoreCode(payload[_VERSION_BYTES:].decode("ascii"), int.from_bytes(payload[:_VERSION_BYTES], "big"))


def key_id_of(text: str) -> int | None:
    """The id of the key that a well-formed code names; nothing is said about whether it is genuine."""
    raw = _raw(text)
    return raw[0] if raw else None


def short_id(code: str) -> str:
    """Eight characters of a code's digest that a person compares by eye, without I, L, O and U. They prove nothing."""
    number = int.from_bytes(hashlib.sha256(code.encode()).digest()[:5], "big")
    chars = "".join(_ALPHABET[number >> (5 * position) & 31] for position in reversed(range(8)))
    return f"{chars[:4]}-{chars[4:]}"


def invalid_store_code() -> Unprocessable:
    return Unprocessable("store_code_invalid", "门店码无效或已停用，请向店员核实", "this store code is not valid or was revoked")


def sign_payment_code(keys: CodeKeys, code: PaymentCode) -> str:
    seconds = int(code.expires_at.timestamp()).to_bytes(_EXPIRY_BYTES, "big")
    return _sign(keys, b"payment", seconds + bytes.fromhex(code.nonce) + code.card_id.encode("ascii"))


def read_payment_code(keys: CodeKeys, text: str) -> PaymentCode:
    """Unprocessable `payment_code_invalid` for any foreign, altered or cut code. Whether it is fresh is asked when it is used."""
    payload = _verify(keys, b"payment", text)
    if payload is None or len(payload) <= _EXPIRY_BYTES + _NONCE_BYTES:
        raise Unprocessable("payment_code_invalid", "付款码无效", "this payment code is not valid", param="payment_code")
    expires_at = datetime.fromtimestamp(int.from_bytes(payload[:_EXPIRY_BYTES], "big"), SHANGHAI)
    nonce = payload[_EXPIRY_BYTES : _EXPIRY_BYTES + _NONCE_BYTES].hex()
    return PaymentCode(payload[_EXPIRY_BYTES + _NONCE_BYTES :].decode("ascii"), nonce, expires_at)


def require_fresh(expires_at: datetime, now: datetime) -> None:
    if now > expires_at + CLOCK_SKEW:
        raise Unprocessable(
            "payment_code_expired",
            "付款码已过期，请刷新",
            "this payment code has expired, show a fresh one",
            param="payment_code",
        )


def _sign(keys: CodeKeys, kind: bytes, payload: bytes) -> str:
    body = bytes([keys.current]) + payload
    return base64.urlsafe_b64encode(body + _tag(keys.by_id[keys.current], kind, body)).rstrip(b"=").decode("ascii")


def _verify(keys: CodeKeys, kind: bytes, text: str) -> bytes | None:
    raw = _raw(text)
    if raw is None:
        return None
    body, tag = raw[:-_TAG_BYTES], raw[-_TAG_BYTES:]
    key = keys.by_id.get(body[0])
    if key is None or not hmac.compare_digest(tag, _tag(key, kind, body)):
        return None
    return body[1:]


def _raw(text: str) -> bytes | None:
    """The bytes of a code in its one spelling; None for any other text."""
    if len(text) > CODE_CHARS_MAX or not text.isascii():
        return None
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        return None
    if len(raw) <= 1 + _TAG_BYTES or base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii") != text:
        return None
    return raw


def _tag(key: bytes, kind: bytes, body: bytes) -> bytes:
    return hmac.new(key, kind + b"\0" + body, hashlib.sha256).digest()[:_TAG_BYTES]
