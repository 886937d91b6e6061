"""Canaries: what a person says of themselves through all four channels is in no log, row, file or error, nor in anybody else's
answer."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import config
from chalicelib.api.http import ENDPOINTS
from chalicelib.domain.principal import Role
from chalicelib.gateways import objects
from chalicelib.operations import reconciliation, reporting, settlement
from infra.local.sandbox.testing import Town as Counterparts
from infra.local.sandbox.testing import eventually
from tests.api.journey import Journey
from tests.api.logins import link, log_in
from tests.platform import DISTRICT, FRIDAY, Answer, Platform

ME = "/v1/consumers/me"
NAME, NICKNAME = "金丝雀", "黄莺canary"
PHONES = ("13911112222", "13933334444", "13955556666")
ID_NUMBER = "330282197707077719"
SUBJECTS = {channel: f"canary-{channel}-subject" for channel in ("wechat", "unionpay", "zheliban", "yongpai")}
PERSON: dict[str, dict[str, Any]] = {
    "wechat": {},
    "unionpay": {},
    "zheliban": {"name": NAME, "mobile": PHONES[0], "idnum": ID_NUMBER, "authlevel": "3"},
    "yongpai": {"phone_number": PHONES[1], "phone_number_verified": True},
}
CANARIES = (NAME, NICKNAME, *PHONES, ID_NUMBER, *SUBJECTS.values())


def sung(text: str) -> list[str]:
    """The canaries that are in a text, escaped or not."""
    escaped = {canary: json.dumps(canary)[1:-1] for canary in CANARIES}
    return [canary for canary in CANARIES if canary in text or escaped[canary] in text]


@pytest.fixture
def journey(connected: Platform, counterparts: Counterparts, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journey]:
    monkeypatch.setenv("PUBLIC_URL", counterparts.listener.url)
    config.settings.cache_clear()
    objects.connect.cache_clear()
    yield Journey(connected, counterparts)
    objects.connect.cache_clear()


def test_no_canary_sings_outside_of_its_owners_answers(journey: Journey, capsys: pytest.CaptureFixture[str]) -> None:
    journey.approved()
    journey.set_up()
    platform = journey.platform
    heard: list[Answer] = []
    token = _enter_by_all_channels(journey, heard)
    card, redemption, refund = _live(journey, token, heard)
    clear = journey.done(platform.get(f"{ME}/export", token))
    wanted = {NAME, NICKNAME, PHONES[0], *SUBJECTS.values()}
    assert wanted <= set(sung(json.dumps(clear, ensure_ascii=False))), "the owner sees all of it"
    _everybody_looks_at_everything(journey, {"card_id": card, "redemption_id": redemption, "refund_id": refund}, heard)
    masked = platform.get(f"/v1/redemptions/{redemption}", journey.facts["cashier"]).json["customer"]
    assert masked == {"nickname": "黄**", "phone": "139****2222"}
    _close_the_day(journey)
    assert len(heard) > 100
    assert [answer.text for answer in heard if sung(answer.text + str(answer.headers))] == []
    printed = capsys.readouterr()
    assert sung(printed.out + printed.err) == []
    assert sung(str(platform.dump())) == []
    files = _files()
    assert {key.partition("/")[0] for key in files} == {"bills", "reports"}
    assert {key: sung(content) for key, content in files.items() if sung(content)} == {}


def _enter_by_all_channels(journey: Journey, heard: list[Answer]) -> str:
    """A login, three links, a profile; and all the ways in which they are refused, whose bodies are heard."""
    platform, counterparts = journey.platform, journey.counterparts
    token = log_in(platform, counterparts, "zheliban", SUBJECTS["zheliban"], **PERSON["zheliban"])
    stranger = log_in(platform, counterparts, "unionpay", "somebody")
    journey.facts["stranger"] = stranger
    for channel in ("wechat", "unionpay", "yongpai"):
        heard.append(link(platform, counterparts, token, channel, SUBJECTS[channel], **PERSON[channel]))
        assert heard[-1].status == 201
        heard.append(link(platform, counterparts, token, channel, f"{SUBJECTS[channel]}-2"))
    for channel, operation, field in (
        ("zheliban", "user_info", "authlevel"), ("zheliban", "user_info", "userid"), ("unionpay", "token", "resp")
    ):  # fmt: skip
        counterparts.fault(channel, operation, "lie", field=field, value={"said": [NAME, ID_NUMBER, PHONES[0]]})
        code = counterparts.login_code(channel, SUBJECTS[channel], **PERSON[channel])
        heard.append(platform.post("/v1/sessions", {"channel": channel, "code": code}))
        assert heard[-1].code == "channel_unknown"
    assert platform.call("PATCH", ME, {"nickname": NICKNAME}, token=token).status == 200
    for wrong in ({"phone": f"{PHONES[2]}0"}, {"nickname": f"<{NAME}>"}, {"name": NAME}, {"phone": [PHONES[2]]}):
        heard.append(platform.call("PATCH", ME, wrong, token=token))
        assert heard[-1].code == "request_invalid"
    heard.append(platform.post(f"{ME}/identities", {"channel": "zheliban", "code": f"{ID_NUMBER} {NAME}"}, token))
    heard.append(platform.post(f"{ME}/identities/{PHONES[2]}/unlink", token=token))
    return token


def _live(journey: Journey, token: str, heard: list[Answer]) -> tuple[str, str, str]:
    """Buys, uses, asks for money back and leaves half of it to be agreed to."""
    platform = journey.platform
    order = journey.done(journey.order(token), 201)
    notice = journey.pay(order, SUBJECTS["wechat"])
    heard.append(journey.tell(notice))
    body = {"store_code": journey.facts["store"]["code"], "card_id": order["card_id"], "amount_fen": 13_000}
    redemption = journey.done(platform.post("/v1/redemptions", body, token), 201)["redemption_id"]
    journey.done(platform.post(f"/v1/redemptions/{redemption}/confirm", token=token))
    heard.append(platform.post(f"{ME}/erase", {"confirm": "erase"}, token))
    assert heard[-1].code == "cards_not_empty"
    asked = platform.post("/v1/refunds", {"card_id": order["card_id"], "cause": "neutral", "no_reason": True}, token)
    return order["card_id"], redemption, journey.done(asked, 201)["refund_id"]


def _everybody_looks_at_everything(journey: Journey, ids: dict[str, str], heard: list[Answer]) -> None:
    facts = journey.facts
    ids |= {
        "merchant_id": facts["merchant_id"],
        "application_id": facts["application"]["application_id"],
        "order_id": f"ord_{ids['card_id'].partition('_')[2]}",
        "code": facts["store"]["code"],
    }
    others = [facts[who] for who in ("owner", "cashier", "filer", "regulator", "stranger")]
    others += [journey.official(Role.CUSTODIAN, "sun"), ""]
    for declared in ENDPOINTS:
        path = declared.path
        for name, value in ids.items():
            path = path.replace(f"{{{name}}}", value)
        if declared.method == "GET":
            heard += [journey.platform.get(path, token) for token in others]


def _close_the_day(journey: Journey) -> None:
    """The next morning: settlement, the provider's bill, the report."""
    journey.counterparts.move_to(journey.platform.now().replace(hour=10, minute=40) + timedelta(days=1))
    now = journey.platform.now()
    settlement.fold(journey.facts["merchant_id"], FRIDAY, now)
    settlement.seal(FRIDAY, now)
    assert eventually(lambda: reconciliation.fetch_provider(FRIDAY) == "fetched")
    assert reporting.make(DISTRICT, FRIDAY, now).merchants == 1
    assert reporting.push(DISTRICT, FRIDAY, now) == "acknowledged"


def _files() -> dict[str, str]:
    import boto3

    client = boto3.client("s3")
    keys = [one["Key"] for one in client.list_objects_v2(Bucket="archive")["Contents"]]
    return {key: client.get_object(Bucket="archive", Key=key)["Body"].read().decode() for key in keys}
