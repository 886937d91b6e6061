"""infra/resources.yaml as the tests need it: its tables as arguments of CreateTable."""

from functools import cache
from typing import Any

import yaml

from tests.source import ROOT

LOGICAL_NAMES = ("MerchantsTable", "CardsTable", "ConsumersTable", "CasesTable", "RunsTable", "AuditTable")


class _Template(yaml.SafeLoader):
    """CloudFormation's short tags (!Ref, !Sub ...) become {tag: value}."""


def _tagged(loader: _Template, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {tag: loader.construct_mapping(node, deep=True)}


_Template.add_multi_constructor("!", _tagged)


@cache
def template() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.load((ROOT / "infra" / "resources.yaml").read_text(encoding="utf-8"), _Template)
    return loaded


def tables() -> dict[str, dict[str, Any]]:
    """By logical name: what CreateTable takes. Encryption, TTL and recovery are asserted on the template, not here."""
    found = {
        name: made["Properties"] for name, made in template()["Resources"].items() if made.get("Type") == "AWS::DynamoDB::Table"
    }
    taken = ("AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes", "GlobalSecondaryIndexes")
    return {
        name: {"TableName": name, **{part: properties[part] for part in taken if part in properties}}
        for name, properties in found.items()
    }
