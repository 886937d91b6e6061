"""The deployed search: the function builds the index under its own role, and the API finds by it under its own."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from chalicelib.domain.merchant import Merchant
from chalicelib.operations.applications import search_names
from chalicelib.operations.search import POINTER_KEY
from chalicelib.store.rows import to_row
from infra.local.client import Client
from infra.local.platform import Platform
from infra.local.stage import Stage
from tests.store.values import example

NAME, ID = "慈溪长乐健身中心", "mch_" + "7" * 26


def invoke(platform: Platform) -> Any:
    said = platform.client("lambda").invoke(FunctionName=platform.outputs["SearchFunction"], Payload=b"{}")
    output = json.loads(said["Payload"].read())
    assert not said.get("FunctionError"), output
    return output


def row(stage: Stage) -> dict[str, Any]:
    pinyin, initials = search_names(NAME)
    opened = stage.now() - timedelta(hours=1)
    plain = example(Merchant, empty=True)
    merchant = replace(plain, merchant_id=ID, name=NAME, pinyin=pinyin, initials=initials, district="330282", updated_at=opened)
    item: dict[str, Any] = to_row(merchant).serialize()
    return item


def test_the_deployed_index_is_built_and_finds_by_pinyin_with_a_slip(platform: Platform) -> None:
    stage, table = Stage(platform), platform.outputs["MerchantsTable"]
    item = row(stage)
    platform.client("dynamodb").put_item(TableName=table, Item=item)
    built = invoke(platform)
    assert built["outcome"] == "built"
    archive = platform.client("s3")
    pointer = json.loads(archive.get_object(Bucket=platform.outputs["Archive"], Key=POINTER_KEY)["Body"].read())
    assert pointer["merchants"] == built["merchants"] >= 1

    unlisted = {name: value for name, value in item.items() if not name.startswith("listed_")}
    platform.client("dynamodb").put_item(TableName=table, Item=unlisted)  # now the index alone knows of it
    stage.advance(timedelta(minutes=2))
    client = Client(platform.url, "consumer-search")
    for typed in ("长乐", "changle", "cxcl", "chagnle", "长le"):
        found = client.send("GET", f"/v1/merchants?q={quote(typed)}").json["data"]
        assert ID in [one["merchant_id"] for one in found], typed
    platform.client("dynamodb").delete_item(TableName=table, Key={name: item[name] for name in ("pk", "sk")})
