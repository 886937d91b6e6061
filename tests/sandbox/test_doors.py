"""The counterparts let nobody in who is not who they say, and answer under their own signature."""
import hashlib
import hmac
import json
import secrets
from typing import Any

import pytest
import urllib3

from infra.local.sandbox.testing import Town

PREFIXES = {"custodian": "/custodian", "business_registry": "/registry", "regulator": "/regulator"}
PATH = "/v1/instructions/pay_nobody?x=1"


def ask(town: Town, name: str, **wrong: Any) -> tuple[int, dict[str, Any]]:
    """A GET that is signed by hand as the documents say, with whatever `wrong` replaces."""
    given = town.sandbox.credentials()[name]
    target = PREFIXES[name] + (PATH if name == "custodian" else "/v1/licences/91330212MA2AEXAM2N")
    said = {
        "key": given["key"], "client": given["client_id"], "nonce": secrets.token_hex(16),
        "timestamp": str(int(town.clock.now().timestamp())), "target": target, "method": "GET", **wrong,
    }
    digest = hashlib.sha256(said.get("body", b"")).hexdigest()
    lines = [said["method"], said["target"], said["timestamp"], said["nonce"], digest]
    headers = {
        "X-Client-Id": said["client"], "X-Timestamp": said["timestamp"], "X-Nonce": said["nonce"],
        "X-Signature": hmac.new(said["key"].encode(), "\n".join(lines).encode(), hashlib.sha256).hexdigest(),
    }
    answer = urllib3.request("GET", town.sandbox.url + target, headers=headers, retries=False)
    return answer.status, json.loads(answer.data)


@pytest.mark.parametrize(("name", "status"), [("custodian", 404), ("business_registry", 404)])
def test_a_request_signed_as_documented_is_let_in(town: Town, name: str, status: int) -> None:
    assert ask(town, name)[0] == status


@pytest.mark.parametrize("name", ["custodian", "business_registry"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "0" * 64}, {"client": "somebody"}, {"target": "/custodian/v1/other"}, {"method": "POST"},
        {"body": b"another body"},
    ],
)
def test_a_request_signed_otherwise_is_not_let_in(town: Town, name: str, wrong: dict[str, Any]) -> None:
    status, said = ask(town, name, **wrong)
    assert (status, said["code"]) == (401, "bad_signature")


@pytest.mark.parametrize("name", ["custodian", "business_registry"])
@pytest.mark.parametrize("seconds", [-303, 303])
def test_a_request_outside_the_window_is_not_let_in(town: Town, name: str, seconds: int) -> None:
    timestamp = str(int(town.clock.now().timestamp()) + seconds)
    assert ask(town, name, timestamp=timestamp)[1]["code"] == "outside_the_window"


@pytest.mark.parametrize("name", ["custodian", "business_registry"])
def test_a_nonce_is_good_for_one_request(town: Town, name: str) -> None:
    nonce = secrets.token_hex(16)
    assert ask(town, name, nonce=nonce)[0] == 404
    assert ask(town, name, nonce=nonce) == (
        401, {"code": "nonce_was_used", "message": "the request is not authenticated"}
    )


def test_wechat_pay_takes_no_unsigned_request_and_signs_its_refusal(town: Town) -> None:
    url = f"{town.sandbox.url}/wechat-pay/v3/pay/transactions/out-trade-no/ord_1?mchid=1"
    answer = urllib3.request("GET", url, retries=False)
    assert answer.status == 401 and answer.json()["code"] == "SIGN_ERROR"
    assert answer.headers["Wechatpay-Serial"].startswith("PUB_KEY_ID_")


def test_wechat_pay_takes_no_signature_of_another_key_or_another_request(town: Town) -> None:
    from chalicelib.gateways.wechat_guard import guarded_client

    given = town.sandbox.credentials()
    other = {**given["wechat_pay"], "merchant_private_key": another_private_key()}
    path = f"/v3/pay/transactions/out-trade-no/ord_123456?mchid={other['mchid']}"
    url = f"{town.sandbox.url}/wechat-pay{path}"
    _, forger = guarded_client(url, other, town.clock.now)
    _, merchant = guarded_client(url, given["wechat_pay"], town.clock.now)
    forged, genuine = forger._headers("GET", path, b""), merchant._headers("GET", path, b"")
    assert urllib3.request("GET", url, headers=forged, retries=False).status == 401
    assert urllib3.request("GET", url + "&x=1", headers=genuine, retries=False).status == 401
    assert urllib3.request("GET", url, headers=genuine, retries=False).status == 404


def another_private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    return generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def test_the_secrets_are_readable_by_their_owner_only(town: Town) -> None:
    for name in ("credentials.json", "platform_key.pem"):
        assert (town.sandbox.state / name).stat().st_mode & 0o077 == 0


def test_the_platforms_private_key_is_not_among_what_was_given(town: Town) -> None:
    given = town.sandbox.credentials()
    assert set(given) == {
        "wechat", "unionpay", "zheliban", "yongpai", "wechat_pay", "custodian", "business_registry", "regulator",
    }
    kept = (town.sandbox.state / "platform_key.pem").read_text()
    assert all(kept.strip() not in value for part in given.values() for value in part.values())
