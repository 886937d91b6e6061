"""The OpenAPI document says what the routes say, is valid, and is served as it is kept."""

import json
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app import app
from chalicelib.api.http import ENDPOINTS
from infra import openapi
from tests.platform import Platform


def kept() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(openapi.OPENAPI.read_text(encoding="utf-8"))
    return loaded


def test_the_document_is_valid_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(kept()).validate()


def test_the_kept_document_is_what_the_routes_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert openapi.main(["--check"]) == 0, capsys.readouterr().out


def test_every_route_of_the_app_is_an_endpoint_and_every_endpoint_is_in_the_document() -> None:
    routes = {(path, method) for path, methods in app.routes.items() for method in methods}
    assert routes == {(declared.path, declared.method) for declared in ENDPOINTS}
    described = {(path, method.upper()) for path, methods in kept()["paths"].items() for method in methods}
    assert described == routes
    assert len({declared.operation_id for declared in ENDPOINTS}) == len(ENDPOINTS)


def test_every_operation_names_its_roles_its_key_and_the_shape_of_its_problems() -> None:
    for declared in ENDPOINTS:
        operation = kept()["paths"][declared.path][declared.method.lower()]
        assert operation["x-roles"] == (sorted(declared.who) or ["anyone"])
        assert declared.key == any(given["name"] == "Idempotency-Key" for given in operation["parameters"])
        assert operation["responses"]["503"] == {"$ref": "#/components/responses/Problem"}


def test_a_stale_document_fails_with_one_sentence(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    stale = tmp_path / "openapi.json"
    monkeypatch.setattr(openapi, "OPENAPI", stale)
    for text in (None, "{}"):
        if text is not None:
            stale.write_text(text)
        assert openapi.main(["--check"]) == 1
        said = capsys.readouterr().out
        assert said.count("\n") == 1
        assert "python -m infra.openapi" in said
    assert openapi.main([]) == 0
    assert json.loads(stale.read_text()) == kept()


def test_anyone_may_fetch_the_document(platform: Platform) -> None:
    answer = platform.get("/v1/openapi.json")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.text == openapi.OPENAPI.read_text(encoding="utf-8")
