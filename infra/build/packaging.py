"""Runs `chalice package` in a copy of what is packaged, so that Chalice's caches stay out of the checkout."""
import hashlib
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
ANY_APP = """\
from chalice.app import Chalice

app = Chalice(app_name="dependencies")
app.lambda_function(name="none")(lambda event, context: None)
"""
TIME_LIMIT_SECONDS = 600


@dataclass(frozen=True)
class Packed:
    template: dict[str, Any]
    zip: Path


def package(root: Path, work: Path, stage: str, merge: dict[str, Any], tell: Callable[[str], None]) -> Packed:
    """The template, and a package of our own code. Dependencies are resolve()d apart: Chalice would fetch them anew after
    every change of a line. Raises BuildFailed."""
    project, out, merge_file = work / "project", work / "packed", work / "merge.json"
    _copy(root, project)
    merge_file.write_text(json.dumps(merge), encoding="utf-8")
    started = time.monotonic()
    tell(f"package {stage}: chalice package --merge-template infra/resources.yaml ...")
    _chalice(project, out, "--stage", stage, "--merge-template", str(merge_file))
    tell(f"package {stage}: {time.monotonic() - started:.1f} s")
    return Packed(json.loads((out / "sam.json").read_text(encoding="utf-8")), out / "deployment.zip")


def resolve(root: Path, work: Path, tell: Callable[[str], None], pins: str = "requirements") -> Path:
    """Chalice's package of everything in <pins>.txt, for Lambda's platform; once per set of pins. Raises BuildFailed."""
    requirements = root / f"{pins}.txt"
    key = hashlib.sha256(f"{sys.version}\n{os.uname().machine}\n".encode() + requirements.read_bytes()).hexdigest()[:16]
    made = work / f"resolved-{pins}-{key}.zip"
    if not made.exists():
        started = time.monotonic()
        tell(f"dependencies: chalice fetches what {pins}.txt pins ...")
        project, out = work / "dependencies-project", work / "dependencies-packed"
        (project / ".chalice").mkdir(parents=True, exist_ok=True)
        (project / ".chalice" / "config.json").write_text('{"version": "2.0", "app_name": "dependencies"}', encoding="ascii")
        (project / "app.py").write_text(ANY_APP, encoding="ascii")
        shutil.copyfile(requirements, project / "requirements.txt")
        _chalice(project, out)
        for old in work.glob(f"resolved-{pins}-{'?' * len(key)}.zip"):
            old.unlink()
        (out / "deployment.zip").replace(made)
        tell(f"dependencies: {time.monotonic() - started:.1f} s")
    return made


def _chalice(project: Path, out: Path, *options: str) -> None:
    """Raises BuildFailed where Chalice only warns: a package without a dependency is no package."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(project / ".chalice" / "deployments", ignore_errors=True)
    arguments = ["package", "--template-format", "json", *options, str(out)]
    done = subprocess.run(
        [sys.executable, "-c", "from chalice.cli import main; main()", *arguments],
        cwd=project, env=_environment(), capture_output=True, text=True, timeout=TIME_LIMIT_SECONDS, check=False,
    )  # fmt: skip
    printed = done.stdout + done.stderr
    if done.returncode != 0 or MISSING in printed or not (out / "sam.json").exists():
        raise BuildFailed(f"chalice package failed; see app.py and requirements.txt (and the network):\n{printed.strip()}")


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
    shutil.rmtree(project, ignore_errors=True)
    (project / ".chalice").mkdir(parents=True)
    for settings in (root / ".chalice").glob("*.json"):
        shutil.copyfile(settings, project / ".chalice" / settings.name)
    shutil.copyfile(root / "app.py", project / "app.py")
    (project / "requirements.txt").touch()
    shutil.copytree(root / "chalicelib", project / "chalicelib", ignore=shutil.ignore_patterns("__pycache__"))
