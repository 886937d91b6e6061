"""Posters on the deployed template: drawn by the function with its layer, opened by the link that the API hands out."""

import hashlib
import json
from typing import Any

import pytest
import urllib3

from infra.local.cast import Cast
from infra.local.platform import Platform
from tests.pdf import links_of, text_of


@pytest.fixture(scope="module")
def poster(played: tuple[Cast, Any]) -> dict[str, Any]:
    play = played[0]
    made: dict[str, Any] = play.owner.post(_path(play), status=201)
    return made


def _path(play: Cast) -> str:
    store = play.facts["store"]
    return f"/v1/merchants/{store['merchant_id']}/stores/{store['store_id']}/posters"


def _opened(url: str) -> urllib3.BaseHTTPResponse:
    return urllib3.request("GET", url, timeout=20, retries=False)


def test_the_link_opens_the_sheet_that_was_drawn(played: tuple[Cast, Any], poster: dict[str, Any]) -> None:
    opened = _opened(poster["url"])
    assert (opened.status, opened.headers["content-type"]) == (200, "application/pdf")
    assert (len(opened.data), hashlib.sha256(opened.data).hexdigest()) == (poster["size_bytes"], poster["sha256"])
    store = played[0].facts["store"]
    assert links_of(opened.data) == [store["code_url"]]
    for written in (store["name"], store["address"], poster["short_id"]):
        assert "".join(written.split()) in text_of(opened.data)


def test_asked_again_it_is_the_same_object(played: tuple[Cast, Any], poster: dict[str, Any]) -> None:
    again = played[0].owner.post(_path(played[0]), status=201)
    assert again["sha256"] == poster["sha256"]
    assert again["url"].partition("?")[0] == poster["url"].partition("?")[0]


def test_a_link_that_was_altered_or_has_no_signature_opens_nothing(poster: dict[str, Any]) -> None:
    path, _, query = poster["url"].partition("?")
    assert _opened(path).status == 403
    assert _opened(f"{path[:-5]}0.pdf?{query}").status == 403


def test_a_character_without_a_glyph_is_named_by_the_deployed_function(platform: Platform) -> None:
    asked = {"merchant_name": "𬭚", "licence_no": "1", "filing_no": "2", "store_id": "sto_1", "store_name": "店", "address": "路",
             "link": "https://x/m/1", "host": "https://x/m/", "short_id": "0000-0000", "code_version": 1}  # fmt: skip
    invoked = platform.client("lambda").invoke(
        FunctionName=platform.outputs["PostersFunction"], Payload=json.dumps({"task": "draw", "poster": asked}).encode()
    )
    assert "FunctionError" not in invoked
    assert json.loads(invoked["Payload"].read()) == {"outcome": "glyph_missing", "characters": ["𬭚"]}
