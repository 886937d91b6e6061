"""The platform in this process: the app behind chalice's test client, moto's tables made of infra/resources.yaml, one movable
clock, and rows for the people and things a test begins with."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from infra.local.sandbox.clock import Clock
from infra.local.sandbox.credentials import load_or_make
from infra.local.sandbox.testing import NOON
from tests import functions, resources
from tests.source import ROOT

NOBODY = "http://127.0.0.1:9"
"""Where the counterparts are when a test has none: nobody listens there."""

TABLE_SETTINGS = {f"{name.removesuffix('Table').upper()}_TABLE": name for name in resources.LOGICAL_NAMES}
COUNTERPARTS = {
    "WECHAT": "wechat",
    "WECHAT_PAY": "wechat-pay",
    "UNIONPAY": "unionpay",
    "ZHELIBAN": "zheliban",
    "YONGPAI": "yongpai",
    "CUSTODIAN": "custodian",
    "BUSINESS_REGISTRY": "registry",
    "REGULATOR": "regulator",
}


@cache
def invented() -> tuple[dict[str, dict[str, str]], Any]:
    """Credentials of counterparts that nobody runs, and WeChat Pay's private key, for notices made in a test."""
    with TemporaryDirectory() as directory:
        return load_or_make(Path(directory))


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: Mapping[str, Any]

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> str:
        """Of a problem; "" for anything else."""
        problem = str(self.headers.get("Content-Type")).startswith("application/problem+json")
        return str(self.json["code"]) if problem else ""

    @property
    def replayed(self) -> bool:
        return self.headers.get("Idempotent-Replayed") == "true"


@dataclass
class Platform:
    clock: Clock
    client: Any
    count: int = 0

    def at_address(self, address: str) -> None:
        """From now on requests come from there."""
        self.client.http._local_gateway.event_converter.LOCAL_SOURCE_IP = address

    def now(self) -> datetime:
        return self.clock.now()

    def later(self, **span: float) -> None:
        self.clock.advance(timedelta(**span).total_seconds())

    def key(self) -> str:
        self.count += 1
        return f"key-{self.count:08d}"

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str = "",
        key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """A dict is sent as JSON, bytes as they are. Without `key` a POST gets a fresh one; "" sends none."""
        sent = {"Content-Type": "application/json"} if method in ("POST", "PATCH") else {}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        if method == "POST" and key != "":
            sent["Idempotency-Key"] = key or self.key()
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        answer = self.client.http.request(method, path, headers={**sent, **(headers or {})}, body=raw)
        return Answer(answer.status_code, answer.body.decode(), answer.headers)

    def get(self, path: str, token: str = "", **more: Any) -> Answer:
        return self.call("GET", path, token=token, **more)

    def post(self, path: str, body: Any = None, token: str = "", key: str | None = None, **more: Any) -> Answer:
        return self.call("POST", path, body, token=token, key=key, **more)

    def event(self, method: str, path: str, resource: str = "/{proxy+}", headers: Mapping[str, str] | None = None) -> Answer:
        """A request as API Gateway hands it over when its path is none of the routes."""
        from app import app

        given = dict(headers or {})
        event = {
            "requestContext": {"resourcePath": resource, "httpMethod": method, "requestId": "request-1", "path": path},
            "headers": given,
            "multiValueHeaders": {name: [text] for name, text in given.items()},
            "multiValueQueryStringParameters": None,
            "pathParameters": {"proxy": path.lstrip("/")},
            "stageVariables": None,
            "body": None,
            "isBase64Encoded": False,
        }
        made = app(event, None)
        return Answer(made["statusCode"], made["body"], made["headers"] | {k: v[0] for k, v in made["multiValueHeaders"].items()})

    def token(self, principal_id: str, role: Any) -> str:
        """Of staff and officials with the session it is of; such a person must be there."""
        from chalicelib import ids
        from chalicelib.api import tokens
        from chalicelib.domain.session import begun, joined
        from chalicelib.domain.staff import Staff
        from chalicelib.store import reads

        staff = reads.get(Staff, principal_id)
        if staff is None:
            return tokens.issue(principal_id, role, self.now())[0]
        session = begun(principal_id, ids.random_id("ses"), "tests", self.now())
        self.put(session, joined(staff, session))
        return tokens.issue(principal_id, role, self.now(), session.session_id)[0]

    def put(self, *values: Any) -> None:
        from chalicelib.store.rows import to_row

        for value in values:
            to_row(value).save()

    def dump(self) -> dict[str, Any]:
        """Every item of every table, by table and key."""
        client = _client("dynamodb")
        found = {}
        for name in resources.tables():
            for page in client.get_paginator("scan").paginate(TableName=name):
                found |= {(name, item["pk"]["S"], item["sk"]["S"]): item for item in page["Items"]}
        return {repr(key): item for key, item in sorted(found.items())}


@cache
def _client(service: str) -> Any:
    """Made after moto was imported; making one costs more than most tests."""
    import botocore.session

    return botocore.session.get_session().create_client(service)


_KEPT: list[Any] = []
"""Where the counterparts were when the caches of the process were filled."""


def environment(sandbox_url: str, clock_file: Path) -> dict[str, str]:
    urls = {f"{name}_URL": f"{sandbox_url}/{path}" for name, path in COUNTERPARTS.items()}
    return {
        "STAGE": "local",
        "VERSION": "test",
        "ARCHIVE_BUCKET": "archive",
        "UPLOADS_BUCKET": "uploads",
        "APP_SECRET": "app",
        "COUNTERPARTS_SECRET": "counterparts",
        "PERSONAL_KEY": "alias/persons",
        "PUBLIC_URL": "https://platform.example",
        "POSTERS_FUNCTION": "posters",
        "CLOCK_OFFSET_FILE": str(clock_file),
        **TABLE_SETTINGS,
        **urls,
    }


@contextmanager
def running(
    clock_file: Path, sandbox_url: str = NOBODY, credentials: dict[str, dict[str, str]] | None = None
) -> Iterator[Platform]:
    """A fresh, empty platform at noon of a Friday; the process' environment is as before afterwards."""
    import moto
    from chalice.test import Client

    before = dict(os.environ)
    os.environ.update(environment(sandbox_url, clock_file), AWS_ENDPOINT_URL_LAMBDA=functions.url())
    clock = Clock(clock_file)
    clock.move_to(NOON)
    with moto.mock_aws():
        _forget_keys()
        if [sandbox_url, os.environ["PUBLIC_URL"]] != _KEPT:
            forget()
            _KEPT[:] = [sandbox_url, os.environ["PUBLIC_URL"]]
        _create(credentials or invented()[0])
        from app import app
        from chalicelib.operations import search

        search.forget()
        yield Platform(clock, Client(app, "local", str(ROOT)))
    os.environ.clear()
    os.environ.update(before)


def _create(credentials: dict[str, dict[str, str]]) -> None:
    dynamodb = _client("dynamodb")
    for arguments in resources.tables().values():
        dynamodb.create_table(**arguments)
    kms = _client("kms")
    kms.create_alias(AliasName="alias/persons", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    s3 = _client("s3")
    for bucket in ("archive", "uploads"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    s3.put_bucket_versioning(Bucket="uploads", VersioningConfiguration={"Status": "Enabled"})
    secrets = _client("secretsmanager")
    secrets.create_secret(Name="app", SecretString="0123456789abcdef" * 4)
    secrets.create_secret(Name="counterparts", SecretString=json.dumps(credentials))


def _forget_keys() -> None:
    """Every platform has keys of its own."""
    from chalicelib.operations import code_keys

    code_keys.forget()


def forget() -> None:
    """What a container keeps between requests."""
    from chalicelib import config
    from chalicelib.gateways import (
        business_registry,
        custodian,
        key_service,
        objects,
        regulator,
        unionpay_login,
        uploads,
        wechat_login,
        wechat_pay,
        yongpai_login,
        zheliban_login,
    )

    config.forget()
    _forget_keys()
    logins = (unionpay_login, wechat_login, yongpai_login, zheliban_login)
    for gateway in (business_registry, custodian, key_service, objects, regulator, uploads, wechat_pay, *logins):
        gateway.connect.cache_clear()
    _KEPT.clear()


DISTRICT = "330212"
FRIDAY = date(2026, 11, 20)
