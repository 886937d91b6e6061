"""`make check`: everything about the source and the packaged template that can be held by a machine without running the platform.

All checks run, also after one failed; the exit status is 1 when any did.
"""
import subprocess
import sys
import time
from pathlib import Path

from infra.build import ROOT, STAGES, BuildFailed, build

REGIONS = ("us-east-1", "cn-northwest-1")
BUILDS = ROOT / ".local" / "build"


def main() -> int:
    try:
        templates = [build(stage, BUILDS / stage, lambda line: print(f"  {line}", flush=True)).template for stage in STAGES]
    except BuildFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    failed = [name for name, command in _commands(templates) if not _holds(name, command)]
    print(f"failed: {', '.join(failed)}" if failed else "all checks hold")
    return 1 if failed else 0


def _commands(templates: list[Path]) -> list[tuple[str, list[str]]]:
    return [
        ("style", ["ruff", "check", "."]),
        ("types", ["mypy"]),
        ("templates", ["cfnlint.runner.cli", "--regions", *REGIONS, "--", *(str(template) for template in templates)]),
        ("OpenAPI is what the routes say", ["infra.openapi", "--check"]),
        ("diagrams are what the transitions say", ["infra.diagrams", "--check"]),
        ("tidiness and package", ["pytest", "tests/test_tidy.py", "tests/infra"]),
    ]


def _holds(name: str, command: list[str]) -> bool:
    started = time.monotonic()
    print(f"{name} ...", flush=True)
    done = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False)
    print(f"{name}: {'holds' if done.returncode == 0 else 'FAILED'}, {time.monotonic() - started:.1f} s", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
