"""How the tests read a template."""
from collections.abc import Iterator
from typing import Any

Template = dict[str, Any]


def of_type(template: Template, kind: str) -> dict[str, Any]:
    """Properties by logical name."""
    found = {name: made.get("Properties", {}) for name, made in template["Resources"].items() if made["Type"] == kind}
    assert found, f"the template has no {kind}"
    return found


def values(node: Any) -> Iterator[Any]:
    """Every scalar, and every key, of a document."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from values(value)
    elif isinstance(node, list):
        for value in node:
            yield from values(value)
    else:
        yield node


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """(role, statement) of every policy of every role."""
    for role, properties in of_type(template, "AWS::IAM::Role").items():
        for policy in properties["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield role, statement


def functions(template: Template) -> dict[str, Any]:
    return of_type(template, "AWS::Serverless::Function")
