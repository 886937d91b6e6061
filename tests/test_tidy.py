"""The rules of the house that a machine can hold. Each test names the files that break its rule."""

import ast
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from chalicelib.api import problems
from chalicelib.domain import refusals
from chalicelib.domain.refusals import Refusal
from tests.source import (
    ROOT,
    all_code,
    calls_of,
    imports_of,
    name_of,
    packages_of,
    python_files,
    texts,
    tree_of,
)

FUNCTION_LINES_MAX = 40
FILE_LINES_MAX = 400
APP_LINES_MAX = 80

STORE_LIBRARIES = {"pynamodb", "boto3", "botocore"}
MAY_CALL_AWS = ("chalicelib/store/", "chalicelib/gateways/", "infra/", "tests/", "bench/")
FETCHES_SECRETS = "chalicelib/config.py"
"""The one exception: settings include the secrets, which live in AWS Secrets Manager."""

MAY_KNOW_CHALICE = ("chalicelib/api/", "chalicelib/jobs/", "app.py", "tests/", "infra/", "bench/")
MAY_READ_THE_STORE = ("chalicelib/store/", "chalicelib/operations/", "chalicelib/api/", "chalicelib/jobs/")
IMPURE_NAMES = {"float", "Decimal", "random", "uuid4", "uuid1", "secrets", "urandom"}
IMPURE_CALLS = re.compile(r"(datetime|date|time)\.(now|today|utcnow|time|monotonic|perf_counter|sleep)$")


def test_the_domain_imports_the_standard_library_and_itself_only() -> None:
    foreign = {
        f"{name_of(path)}: {module}"
        for path in python_files("chalicelib/domain")
        for module in imports_of(path)
        if not module.startswith("chalicelib.domain") and module.partition(".")[0] not in sys.stdlib_module_names
    }
    assert not foreign


def test_the_domain_knows_no_clock_no_chance_and_no_float() -> None:
    found = []
    for path in python_files("chalicelib/domain"):
        names = {(node.id, node.lineno) for node in ast.walk(tree_of(path)) if isinstance(node, ast.Name)}
        found += [f"{name_of(path)}:{line} {name}" for name, line in names if name in IMPURE_NAMES]
        found += [f"{name_of(path)}: import {name}" for name in packages_of(path) & (IMPURE_NAMES | {"time", "uuid", "os"})]
        found += [f"{name_of(path)}:{call.lineno} {name}" for name, call in calls_of(path) if IMPURE_CALLS.search(name)]
        constants = (node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Constant))
        found += [f"{name_of(path)}:{node.lineno} {node.value}" for node in constants if isinstance(node.value, float)]
    assert not found


def test_only_the_doors_know_chalice() -> None:
    assert not _importers({"chalice"}, MAY_KNOW_CHALICE)


def test_only_store_and_gateways_call_aws_and_the_settings_fetch_secrets() -> None:
    assert _importers(STORE_LIBRARIES, MAY_CALL_AWS) == {FETCHES_SECRETS}


def test_the_store_is_used_from_operations_and_read_from_the_doors() -> None:
    for path in python_files("chalicelib"):
        used = {module for module in imports_of(path) if module.startswith("chalicelib.store")}
        assert not used or name_of(path).startswith(MAY_READ_THE_STORE), name_of(path)
        if name_of(path).startswith("chalicelib/api/"):
            assert not {module for module in used if "writes" in module}, f"{name_of(path)} writes"


def _importers(packages: set[str], allowed: tuple[str, ...]) -> set[str]:
    users = {name_of(path) for path in all_code() if packages_of(path) & packages}
    return {name for name in users if not name.startswith(allowed)}


def test_no_function_is_longer_than_forty_lines() -> None:
    long = []
    for path in all_code():
        for node in ast.walk(tree_of(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    long.append(f"{name_of(path)}:{node.lineno} {node.name} has {lines} lines")
    assert not long


def test_no_file_of_code_is_longer_than_four_hundred_lines_and_the_app_stays_a_table_of_contents() -> None:
    lengths = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in all_code()}
    assert not {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX}
    assert lengths["app.py"] < APP_LINES_MAX


def test_tests_replace_nothing_by_a_patch_or_a_mock_without_a_spec() -> None:
    found = []
    for path in python_files("tests", "bench"):
        for name, call in calls_of(path):
            last = name.rpartition(".")[2]
            vague = last in ("Mock", "MagicMock", "AsyncMock") and not any(given.arg == "spec" for given in call.keywords)
            if last == "patch" or name.startswith("patch.") or vague:
                found.append(f"{name_of(path)}:{call.lineno} {name}")
    assert not [entry for entry in found if not entry.endswith(" http.patch")]


def test_nothing_is_left_for_later() -> None:
    later = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
    left_out = re.compile(r"\bpytest\.(mark\.)?(ski" + r"p|ski" + r"pif|xfail)|@unittest\.ski" + r"p|NotImplemented" + "Error")
    found = []
    for path in texts():
        for number, line in enumerate(_lines(path), start=1):
            if later.search(line) or left_out.search(line):
                found.append(f"{name_of(path)}:{number}")
    assert not found


def test_no_path_of_a_machine_is_written_down() -> None:
    machine = re.compile(r"(?<![\w.:/}{-])/(home|root|Users|wo" + r"rk)/\w")
    found = [f"{name_of(path)}:{n}" for path in texts() for n, line in enumerate(_lines(path), 1) if machine.search(line)]
    assert not found


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def test_every_refusal_has_exactly_one_status() -> None:
    known = set(_below(Refusal))
    assert set(problems.STATUS) == known
    table = next(
        node.value
        for node in ast.walk(tree_of(ROOT / "chalicelib/api/problems.py"))
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "STATUS"
    )
    assert isinstance(table, ast.Dict)
    assert max(Counter(ast.unparse(key) for key in table.keys if key).values()) == 1
    tree = (refusals.__doc__ or "").split("\n\n")[1]
    assert set(re.findall(r"\+- (\w+)", tree)) == {refusal.__name__ for refusal in known}


def _below(refusal: type[Any]) -> list[type[Any]]:
    return [one for direct in refusal.__subclasses__() for one in (direct, *_below(direct))]


def test_no_other_file_maps_a_refusal_to_a_status() -> None:
    names = {refusal.__name__ for refusal in _below(Refusal)}
    for path in python_files("chalicelib/operations", "chalicelib/domain", "chalicelib/store"):
        numbers = {node.value for node in ast.walk(tree_of(path)) if isinstance(node, ast.Constant) and type(node.value) is int}
        assert not numbers & {401, 403, 404, 409, 415, 422}, f"{name_of(path)} speaks HTTP beside {names}"
