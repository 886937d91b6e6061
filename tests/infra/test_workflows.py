"""The state machines as documents: each task can fail without losing the business date, and every way leads to an end."""
import json
from collections.abc import Iterator
from typing import Any

import pytest

from infra.build import ROOT
from tests.infra.reading import functions, of_type

Template = dict[str, Any]
Machine = dict[str, Any]
NAMES = ("settlement", "reconciliation", "reporting")
ERRORS = {"States.ALL", "States.TaskFailed", "States.Timeout"}
"""Nothing decides by the name of an exception: business outcomes are returned, and a Choice decides."""


def _machine(name: str) -> Machine:
    loaded: Machine = json.loads((ROOT / "infra" / "workflows" / f"{name}.asl.json").read_text(encoding="utf-8"))
    return loaded


def _parts(machine: Machine) -> Iterator[Machine]:
    """The machine and those inside its Map and Parallel states."""
    yield machine
    for state in machine["States"].values():
        inner = [state[key] for key in ("Iterator", "ItemProcessor") if key in state] + state.get("Branches", [])
        for part in inner:
            yield from _parts(part)


def _states(machine: Machine) -> Iterator[tuple[str, dict[str, Any]]]:
    for part in _parts(machine):
        yield from part["States"].items()


def _ways(state: dict[str, Any]) -> set[str]:
    named = {state[key] for key in ("Next", "Default") if key in state}
    return named | {one["Next"] for key in ("Choices", "Catch") for one in state.get(key, [])}


@pytest.mark.parametrize("name", NAMES)
def test_every_task_is_limited_in_time_tried_again_and_caught(name: str) -> None:
    tasks = [(title, state) for title, state in _states(_machine(name)) if state["Type"] == "Task"]
    assert tasks
    for title, task in tasks:
        assert task["TimeoutSeconds"] > 0, title
        assert all(1 <= retry["MaxAttempts"] <= 10 for retry in task["Retry"]), title
        assert task["Retry"], title
        assert ["States.ALL"] in [caught["ErrorEquals"] for caught in task["Catch"]], title


@pytest.mark.parametrize("name", NAMES)
def test_a_function_may_run_as_long_as_its_longest_task_and_no_longer(production: Template, name: str) -> None:
    tasks = [state["TimeoutSeconds"] for _, state in _states(_machine(name)) if state["Type"] == "Task"]
    assert functions(production)[name.capitalize()]["Timeout"] == max(tasks)


@pytest.mark.parametrize("name", NAMES)
def test_no_way_depends_on_the_name_of_an_exception(name: str) -> None:
    handlers = [handler for _, state in _states(_machine(name)) for handler in state.get("Retry", []) + state.get("Catch", [])]
    assert {error for handler in handlers for error in handler["ErrorEquals"]} <= ERRORS


@pytest.mark.parametrize("name", NAMES)
def test_every_task_calls_the_machines_own_function_with_the_name_of_a_task(name: str) -> None:
    function = f"${{{name.capitalize()}FunctionArn}}"
    for title, state in _states(_machine(name)):
        if state["Type"] == "Task":
            assert state["Resource"] == function, title
            assert state["Parameters"]["task"], title


@pytest.mark.parametrize("name", NAMES)
def test_every_state_is_reached_and_every_way_leads_to_a_state(name: str) -> None:
    for part in _parts(_machine(name)):
        reached, todo = set[str](), [part["StartAt"]]
        while todo:
            title = todo.pop()
            assert title in part["States"], f"{name}: no state {title}"
            if title not in reached:
                reached.add(title)
                todo += _ways(part["States"][title])
        assert reached == set(part["States"])


@pytest.mark.parametrize("name", NAMES)
def test_every_way_ends(name: str) -> None:
    for part in _parts(_machine(name)):
        assert [title for title, state in part["States"].items() if state["Type"] == "Succeed" or state.get("End")]
        for title, state in part["States"].items():
            assert _ways(state) or state.get("End") or state["Type"] in ("Succeed", "Fail"), title


@pytest.mark.parametrize("name", NAMES)
def test_a_machine_cannot_run_for_ever(name: str) -> None:
    assert 0 < _machine(name)["TimeoutSeconds"] <= 86_400


def test_the_template_carries_the_machines_as_they_are_written(production: Template) -> None:
    machines = of_type(production, "AWS::StepFunctions::StateMachine")
    assert set(machines) == {f"{name.capitalize()}Machine" for name in NAMES}
    for name in NAMES:
        machine = machines[f"{name.capitalize()}Machine"]
        assert machine["StateMachineType"] == "STANDARD"
        assert machine["Definition"] == _machine(name)
