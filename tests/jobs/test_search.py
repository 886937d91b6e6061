"""The function that builds the index, in this process, with S3 and DynamoDB of moto."""

import json
from dataclasses import replace

import pytest

from chalicelib.gateways import objects
from chalicelib.jobs.search import handler
from chalicelib.operations.search import POINTER_KEY, Pointer
from tests.platform import Platform
from tests.town import Town, settled


@pytest.fixture
def town(platform: Platform) -> Town:
    return settled(platform)


def pointer() -> Pointer:
    return Pointer.of(objects.connect().get(POINTER_KEY) or b"")


def test_the_index_is_built_once_and_again_when_a_merchant_has_changed(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    first = handler({}, None)
    assert (first["outcome"], first["merchants"]) == ("built", 2)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["job"] == "search"
    town.platform.later(minutes=10)
    assert handler({}, None)["outcome"] == "built", "its merchants are younger than the overlap of the first build"
    key = pointer().key
    town.platform.later(minutes=10)
    assert handler({}, None) == {"outcome": "unchanged", "merchants": 2, "bytes": 0}
    town.platform.put(replace(town.rival, name="月湖茶楼", updated_at=town.platform.now()))
    assert handler({}, None)["outcome"] == "built"
    assert pointer().key != key


def test_the_same_merchants_make_the_same_object_and_a_newer_pointer(town: Town) -> None:
    handler({}, None)
    before = pointer()
    town.platform.later(minutes=10)
    handler({}, None)
    assert pointer().key == before.key
    assert pointer().built_at > before.built_at


def test_an_index_is_written_again_after_a_day_though_nothing_has_changed(town: Town) -> None:
    town.platform.later(minutes=10)
    handler({}, None)
    town.platform.later(hours=23)
    assert handler({}, None)["outcome"] == "unchanged"
    town.platform.later(hours=2)
    assert handler({}, None)["outcome"] == "built"


def test_no_merchants_make_an_empty_index(platform: Platform) -> None:
    assert handler({}, None)["merchants"] == 0
    assert platform.get("/v1/merchants?q=yong").json["data"] == []
