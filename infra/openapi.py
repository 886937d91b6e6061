"""The OpenAPI 3.1 document, made of what every endpoint declares and of the models' own schemas.

python -m infra.openapi            writes chalicelib/api/openapi.json, which the API serves as it is
python -m infra.openapi --check    compares, and says in one sentence what to do when they differ
"""

import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from chalicelib.api import http, problems
from chalicelib.api.http import Endpoint

OPENAPI = Path(__file__).resolve().parents[1] / "chalicelib" / "api" / "openapi.json"
PLACES = "#/components/schemas/{model}"

Schema = dict[str, Any]
References = dict[Any, Schema]

PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457. `code` is stable, the texts are not; `errors` and `facts` say more where there is more to say.",
    "required": ["type", "title", "status", "detail", "code", "param", "request_id"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "for people, in Chinese"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "for people, in English"},
        "code": {"type": "string", "description": "see docs/errors.md"},
        "param": {"type": ["string", "null"], "description": "the field or header that is wrong"},
        "request_id": {"type": "string"},
        "facts": {"type": "object", "description": "what there is and what is needed"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}


def document() -> Schema:
    importlib.import_module("app")
    schemas, references = _schemas()
    paths: Schema = {}
    for declared in sorted(http.ENDPOINTS, key=lambda one: (one.path, one.method)):
        paths.setdefault(declared.path, {})[declared.method.lower()] = _operation(declared, references)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "放心充 prepaid-card escrow",
            "version": "v1",
            "description": "Amounts are whole fen. Times are RFC 3339 in +08:00. What is somebody else's looks absent.",
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
            "responses": {
                "Problem": {
                    "description": "A refusal; nothing was changed.",
                    "content": _json(_ref("Problem"), problems.PROBLEM_JSON),
                }
            },
        },
    }


def _schemas() -> tuple[Schema, References]:
    """Every model that a body or an answer uses. Bodies are what a client may send, answers what it gets."""
    asked: set[tuple[type[BaseModel], Any]] = set()
    for declared in http.ENDPOINTS:
        asked |= {(model, "validation") for model in (declared.body, declared.query) if model}
        asked |= {(model, "serialization") for model in (declared.answer,) if model}
    for model, _ in asked:
        model.model_rebuild()
    ordered = sorted(asked, key=lambda pair: (pair[0].__name__, pair[1]))
    references, definitions = models_json_schema(ordered, ref_template=PLACES)
    return {"Problem": PROBLEM, **definitions.get("$defs", {})}, dict(references)


def _operation(declared: Endpoint, references: References) -> Schema:
    operation: Schema = {
        "operationId": declared.operation_id,
        "tags": [declared.operation_id.rpartition("_")[0] or declared.operation_id],
        "summary": declared.summary,
        "parameters": _parameters(declared),
        "responses": _responses(declared, references),
        "security": [{"token": []}] if declared.who else [{}, {"token": []}],
        "x-roles": sorted(declared.who) or ["anyone"],
    }
    if declared.body:
        operation["requestBody"] = {"required": True, "content": _json(references[declared.body, "validation"])}
    elif declared.raw:
        operation["requestBody"] = {
            "required": True,
            "content": _json({"type": "object", "description": "as its sender signed it"}),
        }
    return operation


def _parameters(declared: Endpoint) -> list[Schema]:
    inside = {"type": "string", "minLength": 1, "maxLength": http.PATH_PARAMETER_CHARS_MAX}
    found = [{"name": name, "in": "path", "required": True, "schema": inside} for name in re.findall(r"{(\w+)}", declared.path)]
    if declared.query:
        properties = declared.query.model_json_schema(ref_template=PLACES)
        required = properties.get("required", [])
        found += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in properties["properties"].items()
        ]
    if declared.key:
        shortest, longest = http.KEY_CHARS
        text = {"type": "string", "minLength": shortest, "maxLength": longest, "pattern": "^[ -~]+$"}
        why = "the same key with the same body has one effect and one answer, for ever"
        found.append({"name": "Idempotency-Key", "in": "header", "required": True, "description": why, "schema": text})
    return found


def _responses(declared: Endpoint, references: References) -> Schema:
    schema = references[declared.answer, "serialization"] if declared.answer else _free(declared)
    answer: Schema = {"description": declared.summary, "content": _json(schema, declared.produces)}
    if declared.key:
        answer["headers"] = {
            "Idempotent-Replayed": {"description": "true when the effect was there already", "schema": {"type": "string"}}
        }
    refused = {str(status): {"$ref": "#/components/responses/Problem"} for status in _statuses(declared)}
    return {str(declared.status): answer, **refused}


def _statuses(declared: Endpoint) -> list[int]:
    """What may be refused here: the door's own statuses by declaration, the operation's by what kind of request it is."""
    writes = declared.method != "GET"
    found = {401, 500, 503} | ({400} if writes or declared.query else set()) | ({403} if declared.who else set())
    found |= {404} if "{" in declared.path or writes else set()
    found |= {409, 415, 422} if writes else set()
    found |= {422} if "{code}" in declared.path else set()
    return sorted(found)


def _free(declared: Endpoint) -> Schema:
    return {"type": "object"} if declared.produces == "application/json" else {"type": "string"}


def _json(schema: Schema, media_type: str = "application/json") -> Schema:
    return {media_type: {"schema": schema}}


def _ref(name: str) -> Schema:
    return {"$ref": PLACES.format(model=name)}


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main(arguments: list[str]) -> int:
    made = text()
    if arguments != ["--check"]:
        OPENAPI.write_text(made, encoding="utf-8")
        return 0
    if OPENAPI.is_file() and OPENAPI.read_text(encoding="utf-8") == made:
        return 0
    print("chalicelib/api/openapi.json is not what the routes say: run `python -m infra.openapi`, read the difference, keep it.")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
