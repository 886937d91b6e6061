"""The smallest body that a route's model takes, made of the model's own JSON Schema."""

from functools import cache
from typing import Any

from hypothesis import find, settings
from hypothesis import strategies as st
from pydantic import BaseModel

BY_NAME = {
    "licence_no": "91330212MA2AF3C43F",
    "username": "somebody.new",
    "opening_hours": ["09:00-21:00"] * 7,
    "sha256": "0" * 64,
    "password": "a-long-password-1",
}
"""Where a rule beside the schema decides: a check digit, a text that must not be one of a list."""


def smallest(model: type[BaseModel] | None) -> dict[str, Any] | None:
    """None for a route that takes no body."""
    if model is None:
        return None
    schema = model.model_json_schema()
    made = _of(schema, schema.get("$defs", {}), "")
    assert isinstance(made, dict)
    return made


def _of(schema: dict[str, Any], definitions: dict[str, Any], name: str) -> Any:
    if name in BY_NAME:
        return BY_NAME[name]
    if "$ref" in schema:
        return _of(definitions[schema["$ref"].rpartition("/")[2]], definitions, name)
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            return _of(schema[several][0], definitions, name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    return _plain(schema, definitions)


def _plain(schema: dict[str, Any], definitions: dict[str, Any]) -> Any:
    kind = schema["type"]
    if kind == "object":
        known = schema.get("properties", {})
        return {name: _of(known[name], definitions, name) for name in schema.get("required", [])}
    if kind == "array":
        return [_of(schema["items"], definitions, "") for _ in range(schema.get("minItems", 0))]
    if kind == "integer":
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    assert kind == "string", schema
    return "2027-06-01" if schema.get("format") == "date" else _text(schema.get("pattern", ""), schema.get("minLength", 0))


@cache
def _text(pattern: str, at_least: int) -> str:
    if not pattern:
        return "x" * max(at_least, 1)
    few = settings(database=None, derandomize=True)
    return find(st.from_regex(pattern, fullmatch=True), lambda text: len(text) >= max(at_least, 1), settings=few)
