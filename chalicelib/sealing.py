"""Sealed fields: what says who somebody is, encrypted under that owner's own key (AES-256-GCM).

    sealed = base64url( nonce (12 bytes) | ciphertext and tag )      additional data: owner's id | field

A field cannot be read as another field, nor as another owner's. Without the wrapped key nothing can be read again:
erasing it is erasing everything sealed under it.
"""

import base64
import secrets
from collections import OrderedDict
from typing import Any

from chalicelib.domain.refusals import CounterpartUnknown
from chalicelib.gateways import key_service
from chalicelib.gateways.outcomes import Unknown

_NONCE_BYTES = 12
KEYS_REMEMBERED_MAX = 256
_CIPHERS: "OrderedDict[tuple[str, str], Any]" = OrderedDict()
"""(owner, wrapped key) -> cipher, of this container; the one used longest ago goes first."""


def new_key(owner_id: str) -> str:
    """The wrapped key (base64) of a new owner, to be stored with it."""
    made = key_service.connect().new_key(owner_id)
    if isinstance(made, Unknown):
        raise _silent()
    key, wrapped = made
    _remember(owner_id, wrapped, key)
    return wrapped


def forget(owner_id: str) -> None:
    """Drop the owner's key from this container's memory: the wrapped one is destroyed."""
    for held in [held for held in _CIPHERS if held[0] == owner_id]:
        del _CIPHERS[held]


def seal(owner_id: str, wrapped: str, field: str, text: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    raw = nonce + _cipher(owner_id, wrapped).encrypt(nonce, text.encode(), _context(owner_id, field))
    return base64.urlsafe_b64encode(raw).decode()


def unseal(owner_id: str, wrapped: str, field: str, sealed: str) -> str:
    """cryptography's InvalidTag for what was not sealed for this owner and field: a row that was tampered with."""
    raw = base64.urlsafe_b64decode(sealed)
    opened: bytes = _cipher(owner_id, wrapped).decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _context(owner_id, field))
    return opened.decode()


def _cipher(owner_id: str, wrapped: str) -> Any:
    held = _CIPHERS.get((owner_id, wrapped))
    if held is None:
        return _remember(owner_id, wrapped, unwrapped(owner_id, wrapped))
    _CIPHERS.move_to_end((owner_id, wrapped))
    return held


def _remember(owner_id: str, wrapped: str, key: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    _CIPHERS[owner_id, wrapped] = cipher = AESGCM(key)
    while len(_CIPHERS) > KEYS_REMEMBERED_MAX:
        _CIPHERS.popitem(last=False)
    return cipher


def unwrapped(owner_id: str, wrapped: str) -> bytes:
    """The 256 bits themselves, for what is no field."""
    key = key_service.connect().unwrap(owner_id, wrapped)
    if isinstance(key, Unknown):
        raise _silent()
    return key


def _context(owner_id: str, field: str) -> bytes:
    return f"{owner_id}\0{field}".encode()


def _silent() -> CounterpartUnknown:
    return CounterpartUnknown(
        "key_service_unknown", "加密服务暂无响应，请用同一请求重试", "the key service gave no answer, send the same request again"
    )
