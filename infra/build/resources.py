"""infra/resources.yaml as plain data, for one stage, and the last touches on the template that Chalice makes of it."""
import json
from pathlib import Path
from typing import Any

import yaml

from infra.build.failure import BuildFailed

WORKFLOW = "${workflow:"


class _Loader(yaml.SafeLoader):  # type: ignore[misc,unused-ignore]
    """YAML with CloudFormation's short tags."""


def _intrinsic(loader: _Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag in ("Ref", "Condition"):
        return {tag: value}
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _intrinsic)


def load(root: Path, stage: str) -> dict[str, Any]:
    """The merge template of a stage: workflows embedded, no aliases left. Raises BuildFailed."""
    text = (root / "infra" / "resources.yaml").read_text(encoding="utf-8")
    template: dict[str, Any] = _unshared(yaml.load(text, Loader=_Loader))
    template["Parameters"]["Stage"]["Default"] = stage
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        definition = properties.get("Definition")
        if isinstance(definition, str) and definition.startswith(WORKFLOW):
            properties["Definition"] = _workflow(root, definition[len(WORKFLOW) : -1])
        if stage == "local" and "DeletionPolicy" in resource:
            resource["DeletionPolicy"] = resource["UpdateReplacePolicy"] = "Delete"
    return template


def finish(template: dict[str, Any], version: str) -> dict[str, Any]:
    """What only the finished package can tell: its digest is the version. Package and layer lie beside the template."""
    template["Parameters"]["Version"]["Default"] = version
    for resource in template["Resources"].values():
        if resource.get("Type") == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = "./package.zip"
    return template


def _unshared(data: Any) -> Any:
    """A copy in which every alias is a value of its own."""
    return json.loads(json.dumps(data))


def _workflow(root: Path, name: str) -> Any:
    path = root / "infra" / "workflows" / f"{name}.asl.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BuildFailed(f"infra/workflows/{name}.asl.json is missing: infra/resources.yaml names that workflow.") from None
    except json.JSONDecodeError as error:
        raise BuildFailed(f"infra/workflows/{name}.asl.json is not JSON ({error}).") from None
