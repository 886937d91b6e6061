"""Keys and secrets of both sides, made on the first start and kept in the state directory.

credentials.json   what the counterparts have given to the platform (the content of its secret)
platform_key.pem   WeChat Pay's own private key, which the platform never sees
"""
import json
import os
import secrets
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

CLIENTS = ("custodian", "business_registry", "regulator")
KEY_BITS = 2048

Credentials = dict[str, dict[str, str]]


def load_or_make(state: Path) -> tuple[Credentials, RSAPrivateKey]:
    state.mkdir(parents=True, exist_ok=True)
    given, key = state / "credentials.json", state / "platform_key.pem"
    if not given.exists():
        platform = _new_key()
        _write(key, _private_pem(platform))
        _write(given, json.dumps(_make(platform), indent=1))
    credentials: Credentials = json.loads(given.read_text())
    if missing := _of_channels().keys() - credentials.keys():
        made = _of_channels()
        credentials |= {name: made[name] for name in sorted(missing)}
        _write(given, json.dumps(credentials, indent=1))
    loaded: Any = serialization.load_pem_private_key(key.read_bytes(), None)
    return credentials, loaded


def _make(platform: RSAPrivateKey) -> Credentials:
    appid = "wx" + secrets.token_hex(8)
    pay = {
        "appid": appid,
        "mchid": "19" + _digits(8),
        "merchant_private_key": _private_pem(_new_key()),
        "merchant_serial": secrets.token_hex(20).upper(),
        "apiv3_key": secrets.token_hex(16),
        "platform_public_key": _public_pem(platform),
        "platform_public_key_id": "PUB_KEY_ID_" + secrets.token_hex(16).upper(),
    }
    clients = {
        name: {"client_id": f"fangxinchong-{name}", "key": secrets.token_hex(32)} for name in CLIENTS
    }
    clients["custodian"]["custody_account"] = "3901" + _digits(15)
    wechat = {"appid": appid, "secret": secrets.token_hex(16)}
    return {"wechat": wechat, "wechat_pay": pay, **_of_channels(), **clients}


def _of_channels() -> Credentials:
    """A state directory of before they were there gets them when it is opened."""
    return {
        "unionpay": {"appid": secrets.token_hex(16), "secret": secrets.token_hex(16)},
        "zheliban": {"servicecode": "fxc" + _digits(6), "servicepwd": secrets.token_hex(8)},
        "yongpai": {"client_id": "fangxinchong", "client_secret": secrets.token_urlsafe(24)},
    }


def _digits(count: int) -> str:
    return "".join(secrets.choice("0123456789") for _ in range(count))


def _new_key() -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=KEY_BITS)


def _private_pem(key: RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _public_pem(key: RSAPrivateKey) -> str:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(path.name + ".new")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    fresh.replace(path)
