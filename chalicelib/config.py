"""Settings of a function, read from its environment on first use; secrets are fetched once per container."""
import hashlib
import hmac
import json
import os
from dataclasses import dataclass, fields
from functools import lru_cache


@dataclass(frozen=True)
class Settings:
    stage: str
    version: str
    merchants_table: str
    cards_table: str
    consumers_table: str
    cases_table: str
    runs_table: str
    audit_table: str
    archive_bucket: str
    uploads_bucket: str
    app_secret: str
    counterparts_secret: str
    personal_key: str
    public_url: str
    wechat_url: str
    wechat_pay_url: str
    unionpay_url: str
    zheliban_url: str
    yongpai_url: str
    custodian_url: str
    business_registry_url: str
    regulator_url: str


@lru_cache(maxsize=1)
def settings() -> Settings:
    """KeyError names the first variable that is missing."""
    return Settings(**{field.name: os.environ[field.name.upper()] for field in fields(Settings)})


def posters_function() -> str:
    """Which function draws posters; only the API is told."""
    return os.environ["POSTERS_FUNCTION"]


@lru_cache(maxsize=1)
def counterparts() -> dict[str, dict[str, str]]:
    """Credentials at the counterparts, by counterpart. They are put into the secret by hand, after deployment."""
    loaded: dict[str, dict[str, str]] = json.loads(_secret(settings().counterparts_secret))
    return loaded


@lru_cache(maxsize=8)
def key_for(purpose: str) -> bytes:
    """32 bytes for one purpose (tokens, codes, cursors ...), derived from the secret that the template generates."""
    return hmac.new(_app_secret().encode(), purpose.encode(), hashlib.sha256).digest()


@lru_cache(maxsize=1)
def _app_secret() -> str:
    secret = _secret(settings().app_secret)
    if len(secret) < 32:
        raise ValueError("the app secret is shorter than 32 characters")
    return secret


def _secret(secret_id: str) -> str:
    import botocore.session  # type: ignore[import-untyped]

    client = botocore.session.get_session().create_client("secretsmanager")
    text: str = client.get_secret_value(SecretId=secret_id)["SecretString"]
    return text


def forget() -> None:
    """For tests: the next use reads the environment again."""
    for cached in (settings, counterparts, key_for, _app_secret):
        cached.cache_clear()
