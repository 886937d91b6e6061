"""DynamoDB units of each operation: the app in this process, its tables in moto as infra/resources.yaml makes them, the payment
provider in the sandbox; counted from the requests that botocore sends."""
import contextlib
import io
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import world
from bench.meter import Bill, Meter

RESOURCES = {name: f"{name.capitalize()}Table" for name in world.TABLES}


class Failed(Exception):
    """An operation that is to be measured was refused."""


def measure() -> dict[str, Bill]:
    from moto import mock_aws

    from infra.local.sandbox.process import SandboxProcess
    from infra.local.sandbox.testing import Listener

    with tempfile.TemporaryDirectory() as directory:
        home = Path(directory)
        with _started(SandboxProcess.start(home, home / "clock")) as provider, _started(Listener().start()) as listener:
            urls = {"WECHAT_URL": f"{provider.url}/wechat", "WECHAT_PAY_URL": f"{provider.url}/wechat-pay"}
            os.environ.update(world.environment(PUBLIC_URL=listener.url, **urls))
            with mock_aws():
                tables = _tables()
                meter = Meter({name: _index_keys(properties) for name, properties in tables.items()})
                meter.listen()
                _deploy(tables, json.dumps(provider.credentials()))
                return Journey(meter, provider, listener).travel()


@contextmanager
def _started(what: Any) -> Iterator[Any]:
    try:
        yield what
    finally:
        what.stop()


def _tables() -> dict[str, dict[str, Any]]:
    from infra.build import resources

    declared = resources.load(world.ROOT, "local")
    return {world.TABLES[name]: declared["Resources"][resource]["Properties"] for name, resource in RESOURCES.items()}


def _index_keys(properties: dict[str, Any]) -> list[tuple[str, ...]]:
    indexes = properties.get("GlobalSecondaryIndexes", []) + properties.get("LocalSecondaryIndexes", [])
    assert all(index["Projection"]["ProjectionType"] == "ALL" for index in indexes)
    return [tuple(key["AttributeName"] for key in index["KeySchema"]) for index in indexes]


def _deploy(tables: dict[str, dict[str, Any]], counterparts: str) -> None:
    import botocore.session

    session = botocore.session.get_session()
    database, secrets = session.create_client("dynamodb"), session.create_client("secretsmanager")
    wanted = ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")
    for name, properties in tables.items():
        database.create_table(TableName=name, **{key: properties[key] for key in wanted if key in properties})
    keys = session.create_client("kms")
    keys.create_alias(AliasName=os.environ["PERSONAL_KEY"], TargetKeyId=keys.create_key()["KeyMetadata"]["KeyId"])
    secrets.create_secret(Name=os.environ["APP_SECRET"], SecretString=world.APP_SECRET)
    secrets.create_secret(Name=os.environ["COUNTERPARTS_SECRET"], SecretString=counterparts)


class Journey:
    """One consumer, one store: everything in the order in which it happens."""

    def __init__(self, meter: Meter, provider: Any, listener: Any) -> None:
        from app import app
        from bench.people import settle

        self.app, self.meter, self.provider, self.listener = app, meter, provider, listener
        self.people = settle()
        self.bills: dict[str, Bill] = {}
        self.calls = 0

    def travel(self) -> dict[str, Bill]:
        people = self.people
        scan = ("GET", "/v1/store-codes/{code}", {"code": people.store_code})
        self.ask("scan, anonymous", *scan, bearer="")
        order = self.ask("order", "POST", "/v1/orders", body=people.order)
        self.pay(order)
        self.ask("scan, consumer with a card", *scan)
        card_id = order["card_id"]
        code = self.ask("payment code", "POST", "/v1/cards/{card_id}/payment-codes", {"card_id": card_id})
        shown = {"payment_code": code["payment_code"], "store_id": people.store_id, "amount_fen": 13_000}
        asked = self.ask("open redemption, staff", "POST", "/v1/redemptions", body=shown, bearer=people.staff_token)
        self.ask("confirm", "POST", "/v1/redemptions/{redemption_id}/confirm", _named(asked, "redemption_id"))
        wish = {"store_code": people.store_code, "card_id": card_id, "amount_fen": 5_000}
        asked = self.ask("open redemption, consumer", "POST", "/v1/redemptions", body=wish)
        self.ask("decline", "POST", "/v1/redemptions/{redemption_id}/decline", _named(asked, "redemption_id"))
        refund = {"card_id": card_id, "cause": "consumer", "no_reason": True}
        self.ask("refund request, automatic", "POST", "/v1/refunds", body=refund)
        return self.bills

    def ask(
        self, name: str, method: str, resource: str, path: dict[str, str] | None = None, body: Any = None,
        bearer: str | None = None,
    ) -> Any:
        self.calls += 1
        held = self.people.consumer_token if bearer is None else bearer
        headers = {"Idempotency-Key": f"bench-{self.calls:08d}"} | ({"Authorization": f"Bearer {held}"} if held else {})
        event = world.proxy_event(method, resource, path or {}, headers, json.dumps(body or {}))
        return self.call(name, event)

    def pay(self, order: dict[str, Any]) -> None:
        """The consumer pays at the provider; its notice comes to our listener and from there to the app."""
        from infra.local.sandbox.testing import eventually

        paid = {"payment_parameters": order["payment_parameters"], "openid": self.people.open_id}
        self.provider.control("POST", "payments", paid)
        notice = eventually(lambda: self.listener.notices[-1] if self.listener.notices else None)
        event = world.proxy_event("POST", "/v1/notifications/wechat-pay", {}, notice.headers, notice.body.decode())
        self.call("paid notice", event)

    def call(self, name: str, event: dict[str, Any]) -> Any:
        bill = self.meter.fresh()
        with contextlib.redirect_stdout(io.StringIO()):
            answer = self.app(event, None)
        if answer["statusCode"] not in (200, 201):
            raise Failed(f"{name}: {answer['statusCode']} {answer['body'][:400]}")
        self.bills[name] = bill
        return json.loads(answer["body"])


def _named(answer: dict[str, Any], name: str) -> dict[str, str]:
    return {name: answer[name]}
