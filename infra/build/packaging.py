"""Runs `chalice package` in a copy of what is packaged, so that Chalice's caches and locks stay out of the checkout."""
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.build.failure import BuildFailed

MISSING = "Could not install dependencies"
TIME_LIMIT_SECONDS = 600


@dataclass(frozen=True)
class Packed:
    template: dict[str, Any]
    zip: Path


def package(root: Path, work: Path, stage: str, merge: dict[str, Any], tell: Callable[[str], None]) -> Packed:
    """Raises BuildFailed where Chalice only warns: a package without a dependency is no package."""
    project, out = work / "project", work / "packed"
    _copy(root, project)
    merge_file = work / "merge.json"
    merge_file.write_text(json.dumps(merge), encoding="utf-8")
    shutil.rmtree(out, ignore_errors=True)
    started = time.monotonic()
    tell(f"package {stage}: chalice package --merge-template infra/resources.yaml ...")
    arguments = ["package", "--stage", stage, "--merge-template", str(merge_file), "--template-format", "json", str(out)]
    done = subprocess.run(
        [sys.executable, "-c", "from chalice.cli import main; main()", *arguments],
        cwd=project, env=_environment(), capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS, check=False,
    )
    printed = done.stdout + done.stderr
    if done.returncode != 0 or MISSING in printed or not (out / "sam.json").exists():
        _forget_deployments(project)
        raise BuildFailed(f"chalice package failed; see requirements.txt and app.py:\n{printed.strip()}")
    tell(f"package {stage}: {time.monotonic() - started:.1f} s")
    return Packed(json.loads((out / "sam.json").read_text(encoding="utf-8")), out / "deployment.zip")


def _environment() -> dict[str, str]:
    """Chalice wants a region to write a template that works in any; no credential of the machine has a part in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return kept | {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_EC2_METADATA_DISABLED": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _copy(root: Path, project: Path) -> None:
    if not (root / "app.py").exists():
        raise BuildFailed("app.py is missing: there is nothing to package.")
    (project / ".chalice").mkdir(parents=True, exist_ok=True)
    for old in (project / ".chalice").glob("*.json"):
        old.unlink()
    for settings in (root / ".chalice").glob("*.json"):
        shutil.copyfile(settings, project / ".chalice" / settings.name)
    for name in ("app.py", "requirements.txt"):
        shutil.copyfile(root / name, project / name)
    shutil.rmtree(project / "chalicelib", ignore_errors=True)
    shutil.copytree(root / "chalicelib", project / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))


def _forget_deployments(project: Path) -> None:
    """An incomplete package must not be found again by Chalice's cache."""
    shutil.rmtree(project / ".chalice" / "deployments", ignore_errors=True)
