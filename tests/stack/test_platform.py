"""The platform that the other tests here stand on: what was deployed is what the template says."""
import json
from typing import Any

import pytest
import urllib3

from infra.local.failure import PlatformFailed
from infra.local.platform import Platform
from infra.local.proxy import Proxy

TABLES = ("MerchantsTable", "CardsTable", "ConsumersTable", "CasesTable", "RunsTable", "AuditTable")


def _get(platform: Platform, path: str, method: str = "GET", **more: Any) -> urllib3.BaseHTTPResponse:
    return urllib3.request(method, platform.url + path, timeout=20, retries=False, **more)


def test_the_deployed_api_is_healthy_and_says_the_digest_of_its_package(platform: Platform) -> None:
    answer = _get(platform, "/v1/health")
    assert answer.status == 200
    assert platform.build.digest[:12] in answer.data.decode()


@pytest.mark.parametrize("path", ["/", "/nothing", "/v1/no/such/route"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_an_unknown_route_is_a_problem_document(platform: Platform, method: str, path: str) -> None:
    answer = _get(platform, path, method)
    assert answer.status == 404
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("name", TABLES)
def test_a_deployed_table_forgets_what_is_due_and_can_be_restored(platform: Platform, name: str) -> None:
    dynamodb, table = platform.client("dynamodb"), platform.outputs[name]
    life = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert (life["TimeToLiveStatus"], life["AttributeName"]) == ("ENABLED", "ttl")
    backups = dynamodb.describe_continuous_backups(TableName=table)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"


def test_a_forged_notice_reaches_the_guard_and_is_refused_there(platform: Platform) -> None:
    body = json.dumps({"id": "x", "原": 1}, ensure_ascii=False).encode() + b"  \n"
    answer = _get(platform, "/v1/notifications/wechat-pay", "POST", body=body, headers={"Wechatpay-Serial": "none"})
    assert 400 <= answer.status < 500
    assert answer.status not in (403, 404, 415)


def test_a_port_that_is_taken_is_said_in_one_sentence(platform: Platform) -> None:
    port = int(platform.url.rsplit(":", 1)[1])
    with pytest.raises(PlatformFailed, match=f"Port {port} is in use"):
        Proxy(port, platform._target).start()
