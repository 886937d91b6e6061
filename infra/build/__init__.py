"""Makes what is deployed: one SAM template (JSON) and one code package, from the app, its settings and infra/resources.yaml.

    python -m infra.build --stage production --out DIR      ->  DIR/template.json, DIR/package.zip, DIR/layer.zip

Same inputs, same bytes, on the same Python. The package runs on the Python that builds it: Chalice names that one as the runtime.
"""
import hashlib
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.build import bundle, layer, packaging, resources
from infra.build.failure import BuildFailed
from infra.build.lock import locked

ROOT = Path(__file__).parents[2]
WORK = ROOT / ".local" / "build"
STAGES = ("local", "staging", "production")

__all__ = ["ROOT", "STAGES", "Build", "BuildFailed", "build"]


@dataclass(frozen=True)
class Build:
    template: Path
    package: Path
    digest: str
    """sha256 of the package, hex"""
    layer: Path
    """What only the function Posters has beside the package"""


def build(stage: str, out: Path, tell: Callable[[str], None] = lambda line: None, work: Path = WORK) -> Build:
    """Nothing is done when `out` already holds what these inputs make. `work` keeps dependencies between builds.

    Raises BuildFailed with one sentence that says what to do.
    """
    if stage not in STAGES:
        raise BuildFailed(f"There is no stage {stage!r}; choose one of {', '.join(STAGES)}.")
    out.mkdir(parents=True, exist_ok=True)
    work.mkdir(parents=True, exist_ok=True)
    with locked(work / "lock"):
        inputs = _digest_of_inputs(stage)
        made = _present(out, inputs)
        return made or _build(stage, out, work, inputs, tell)


def _build(stage: str, out: Path, work: Path, inputs: str, tell: Callable[[str], None]) -> Build:
    (out / "inputs").unlink(missing_ok=True)
    merge = resources.load(ROOT, stage)
    packed = packaging.package(ROOT, work, stage, merge, tell)
    package = out / "package.zip"
    digest = bundle.bundle(packed.zip, packaging.resolve(ROOT, work, tell), work, package, tell)
    layer.make(ROOT, work, out / "layer.zip", tell)
    template = resources.finish(packed.template, version=digest[:12])
    (out / "template.json").write_text(json.dumps(template, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (out / "inputs").write_text(f"{inputs}\n{digest}\n", encoding="ascii")
    return Build(out / "template.json", package, digest, out / "layer.zip")


def _present(out: Path, inputs: str) -> Build | None:
    try:
        of_inputs, digest = (out / "inputs").read_text(encoding="ascii").split()
    except (FileNotFoundError, ValueError):
        return None
    return Build(out / "template.json", out / "package.zip", digest, out / "layer.zip") if of_inputs == inputs else None


def _digest_of_inputs(stage: str) -> str:
    digest = hashlib.sha256(f"{sys.version}\n{os.uname().machine}\n{stage}\n".encode())
    for path in _inputs():
        digest.update(f"{path.relative_to(ROOT)}\n{path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _inputs() -> list[Path]:
    single = [ROOT / "app.py", ROOT / "requirements.txt", ROOT / "requirements-posters.txt", ROOT / "infra" / "resources.yaml"]
    found = [path for path in single if path.exists()]
    for folder, pattern in (
        (ROOT / "chalicelib", "**/*"),
        (ROOT / ".chalice", "*.json"),
        (ROOT / "infra" / "workflows", "*.json"),
        (ROOT / "infra" / "build", "*.py"),
        (layer.FONTS, "**/*"),
    ):
        found += [path for path in folder.glob(pattern) if path.is_file() and "__pycache__" not in path.parts]
    return sorted(found)
