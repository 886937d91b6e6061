"""The code package: complete, light, the same every time."""
import json
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.build import ROOT, WORK, build
from infra.build.bundle import LIMIT_BYTES, SERVICES
from infra.build.failure import BuildFailed
from infra.build.resources import load

IMPORT_EVERYTHING = """
import importlib, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
names = [found.name for found in pkgutil.walk_packages([sys.argv[1]]) if "." not in found.name]
ours = [found.name for found in pkgutil.walk_packages([sys.argv[1] + "/chalicelib"], "chalicelib.")]
for name in names + ours:
    importlib.import_module(name)
from stdnum.cn import uscc
from wechatpayv3 import WeChatPay
from pypinyin import lazy_pinyin
import botocore.session
for service in json.loads(sys.argv[2]):
    botocore.session.get_session().create_client(service, region_name="cn-northwest-1")
print(json.dumps([names, lazy_pinyin("\\u957f\\u4e50")]))
"""


@pytest.fixture(scope="module")
def unpacked(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    with zipfile.ZipFile(package) as archive:
        archive.extractall(folder)
    return folder


def test_everything_in_the_package_imports_on_a_bare_interpreter(unpacked: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_EVERYTHING, str(unpacked), json.dumps(sorted(SERVICES))],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names, pinyin = json.loads(done.stdout)
    assert {"app", "chalicelib", "chalice", "pydantic", "pynamodb", "cryptography", "wechatpayv3", "tzdata"} <= set(names)
    assert pinyin == ["chang", "le"]


def test_every_pinned_package_is_in_the_package(package: Path) -> None:
    pinned = [line.split("==")[0].lower() for line in (ROOT / "requirements.txt").read_text().splitlines() if "==" in line]
    modules = {"pyjwt": "jwt", "python_dateutil": "dateutil", "python_stdnum": "stdnum", "argon2_cffi": "argon2",
               "argon2_cffi_bindings": "_argon2_cffi_bindings"}  # fmt: skip
    with zipfile.ZipFile(package) as archive:
        top = {name.split("/")[0].split(".")[0] for name in archive.namelist()}
    names = [name.replace("-", "_") for name in pinned]
    assert {modules.get(name, name) for name in names} <= top


def test_the_texts_that_are_read_at_run_time_are_in_the_package(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        packed = set(archive.namelist())
    for folder in ("pages", "contracts"):
        texts = {path.relative_to(ROOT).as_posix() for path in (ROOT / "chalicelib" / folder).iterdir() if path.is_file()}
        assert texts
        assert texts <= packed


def test_the_package_is_light(package: Path) -> None:
    assert package.stat().st_size < LIMIT_BYTES


def test_tests_local_tools_and_state_stay_out(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
    assert len(names) == len(set(names))
    ours = {name.split("/")[0] for name in names}
    assert not ours & {"infra", "tests", "bench", "docs", ".local", ".chalice", "pip", "setuptools", "moto", "flask"}


def test_every_module_has_bytecode_that_is_never_checked(unpacked: Path) -> None:
    tag = sys.implementation.cache_tag
    for source in unpacked.rglob("*.py"):
        compiled = source.parent / "__pycache__" / f"{source.stem}.{tag}.pyc"
        assert compiled.exists(), source
    for compiled in unpacked.rglob("*.pyc"):
        assert struct.unpack("<I", compiled.read_bytes()[4:8]) == (1,), compiled


def test_bytecode_tells_no_path_of_the_machine_that_made_it(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        telling = [name for name in archive.namelist() if name.endswith(".pyc") and str(ROOT).encode() in archive.read(name)]
    assert not telling


def test_two_builds_are_the_same_byte_for_byte(package: Path, layer: Path, tmp_path: Path) -> None:
    """Packaged and compiled anew; only what Chalice fetched from the package index is taken over, so that no network is asked."""
    (tmp_path / "work").mkdir()
    for fetched in WORK.glob("resolved-*.zip"):
        shutil.copyfile(fetched, tmp_path / "work" / fetched.name)
    again = build("production", tmp_path / "out", work=tmp_path / "work")
    assert again.package.read_bytes() == package.read_bytes()
    assert again.layer.read_bytes() == layer.read_bytes()


def test_a_workflow_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    shutil.copyfile(ROOT / "infra" / "resources.yaml", tmp_path / "infra" / "resources.yaml")
    with pytest.raises(BuildFailed, match=r"infra/workflows/settlement.asl.json is missing"):
        load(tmp_path, "local")


def test_a_stage_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed, match="no stage 'live'"):
        build("live", tmp_path)
