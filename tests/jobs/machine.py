"""A small reader of state machines, so that the ones we deploy run in a test: JSONPath, one Map item after the other, no waiting.

A task is called again as often as its Retry allows. What this reader does not know is an error.
"""
import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[2] / "infra" / "workflows"
STEPS_MAX = 2_000

Call = Callable[[dict[str, Any]], Any]


class Failed(Exception):
    pass


def load(name: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((FOLDER / f"{name}.asl.json").read_text("utf-8"))
    return read


def run(machine: dict[str, Any], data: Any, call: Call, context: Any = None) -> Any:
    at: str | None = machine["StartAt"]
    for _ in range(STEPS_MAX):
        assert at is not None
        at, data = _step(machine["States"][at], data, call, context)
        if at is None:
            return data
    raise AssertionError("the machine does not end")


def _step(state: dict[str, Any], data: Any, call: Call, context: Any) -> tuple[str | None, Any]:
    kind = state["Type"]
    if kind == "Fail":
        raise Failed(state["Error"])
    if kind == "Succeed":
        return None, data
    if kind == "Choice":
        return _choose(state, data), data
    if kind == "Task":
        try:
            made = _try(state, _filled(state["Parameters"], data, context), call)
        except Exception as error:
            (catch,) = state["Catch"]
            return catch["Next"], _placed(data, catch["ResultPath"], {"Error": type(error).__name__})
    elif kind == "Map":
        made = [_item(state, data, item, call) for item in _at(data, state["ItemsPath"])]
    elif kind == "Pass":
        made = state["Result"] if "Result" in state else _filled(state.get("Parameters", {}), data, context)
    else:
        assert kind == "Wait"
        return state["Next"], data
    return (None if state.get("End") else state["Next"]), _placed(data, state.get("ResultPath", "$"), made)


def _item(state: dict[str, Any], data: Any, item: Any, call: Call) -> Any:
    selected = _filled(state["ItemSelector"], data, {"Map": {"Item": {"Value": item}}})
    return run(state["ItemProcessor"], selected, call)


def _try(state: dict[str, Any], event: dict[str, Any], call: Call) -> Any:
    (retry,) = state["Retry"]
    for _ in range(retry["MaxAttempts"]):
        try:
            return call(deepcopy(event))
        except Exception:
            continue
    return call(deepcopy(event))


def _choose(state: dict[str, Any], data: Any) -> str:
    for choice in state["Choices"]:
        value = _at(data, choice["Variable"])
        if "StringEquals" in choice and value == choice["StringEquals"]:
            return str(choice["Next"])
        if "NumericGreaterThanEquals" in choice and value >= choice["NumericGreaterThanEquals"]:
            return str(choice["Next"])
    return str(state["Default"])


def _filled(template: dict[str, Any], data: Any, context: Any) -> dict[str, Any]:
    return {
        key.removesuffix(".$"): _at(context if value.startswith("$$") else data, value) if key.endswith(".$") else value
        for key, value in template.items()
    }


def _at(data: Any, path: str) -> Any:
    for name in path.lstrip("$").strip(".").split("."):
        data = data[name] if name else data
    return deepcopy(data)


def _placed(data: Any, path: str, made: Any) -> Any:
    if path == "$":
        return made
    return {**data, path.removeprefix("$."): made}
