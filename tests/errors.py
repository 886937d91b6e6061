"""Every code that a client may see, read out of the source, with its statuses."""

import ast
import importlib
import re
from enum import StrEnum
from typing import Any

from chalicelib.api import problems
from chalicelib.domain.application import ApplicationState
from chalicelib.domain.card import CardState
from chalicelib.domain.refusals import Conflict
from tests.source import ROOT, calls_of, python_files

STATUS = {refusal.__name__: status for refusal, status in problems.STATUS.items()}
DYNAMIC: dict[str, tuple[type[StrEnum], frozenset[str]]] = {
    "card_{self.state}": (CardState, frozenset({"active"})),
    "application_{application.state}": (ApplicationState, frozenset()),
    "{noun}_{state}": (StrEnum, frozenset()),
}
"""Codes that are put together, with the states they may name and those they may not. The last one is `domain.state.move`,
whose states come from the transition tables below."""


def codes() -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    for path in python_files("chalicelib"):
        for name, call in calls_of(path):
            if name in STATUS and call.args:
                for code in _codes_of(call.args[0]):
                    found.setdefault(code, set()).add(STATUS[name])
            if name.endswith("Problem") and len(call.args) > 1 and isinstance(call.args[0], ast.Constant):
                _add_constants(found, call)
    for code in _of_transitions():
        found.setdefault(code, set()).add(problems.STATUS[Conflict])
    for status, (code, _) in problems._OF_CHALICE.items():
        found.setdefault(code, set()).add(status)
    for code in ("json_invalid", "request_invalid"):
        found.setdefault(code, set()).add(400)
    for code, status in _of_the_gateway():
        found.setdefault(code, set()).add(status)
    return found


def _codes_of(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    assert isinstance(node, ast.JoinedStr), f"a code that is neither a literal nor put together: {ast.unparse(node)}"
    states, never = DYNAMIC[ast.unparse(node)[2:-1]]
    prefix = ast.unparse(node)[2:-1].partition("{")[0]
    return {f"{prefix}{state}" for state in states} - {f"{prefix}{state}" for state in never}


def _add_constants(found: dict[str, set[int]], call: ast.Call) -> None:
    status, code = call.args[0], call.args[1]
    if isinstance(status, ast.Constant) and isinstance(code, ast.Constant):
        found.setdefault(str(code.value), set()).add(int(str(status.value)))


def _of_transitions() -> set[str]:
    """`<noun>_<state>` for every state that some event does not leave."""
    found = set()
    for path in python_files("chalicelib/domain"):
        for name, call in calls_of(path):
            if name == "move" and isinstance(call.args[0], ast.Name) and isinstance(call.args[1], ast.Constant):
                module: Any = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
                edges = getattr(module, call.args[0].id)
                states, events = {type(state) for state, _ in edges}.pop(), {type(event) for _, event in edges}.pop()
                ends = {state for state in states if any((state, event) not in edges for event in events)}
                found |= {f"{call.args[1].value}_{state}" for state in ends}
    return found


def _of_the_gateway() -> set[tuple[str, int]]:
    """API Gateway answers some requests by itself, with bodies that the template holds."""
    text = (ROOT / "infra" / "resources.yaml").read_text(encoding="utf-8")
    return {(code, int(status)) for status, code in re.findall(r'"status":(\d+),"code":"(\w+)"', text)}
