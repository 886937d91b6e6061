"""Instructions per call: one child of N calls and one of 2N under callgrind. The difference is N calls; the start cancels out."""
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from bench import world

CALLGRIND = ("valgrind", "--tool=callgrind")
COLLECTED = re.compile(r"Collected : (\d+)")


def available() -> bool:
    return shutil.which("valgrind") is not None


def per_call(names: Iterable[str], calls: int, directory: Path, stub_url: str) -> dict[str, float]:
    """By name. The two children of a name run side by side: they count instructions, not time."""
    counted = {}
    for name in names:
        children = [_start(name, count, directory, stub_url) for count in (calls, 2 * calls)]
        fewer, more = [_collected(child) for child in children]
        counted[name] = (more - fewer) / calls
    return counted


def _start(name: str, calls: int, directory: Path, stub_url: str) -> "subprocess.Popen[str]":
    profile = directory / f"callgrind.{name}.{calls}"
    return subprocess.Popen(
        [*CALLGRIND, f"--callgrind-out-file={profile}", sys.executable, "-m", "bench.load", name, str(calls)],
        cwd=world.ROOT, env=os.environ | world.environment(AWS_ENDPOINT_URL=stub_url, PYTHONHASHSEED="0"),
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )


def _collected(child: "subprocess.Popen[str]") -> int:
    _, told = child.communicate()
    found = COLLECTED.search(told)
    if child.returncode != 0 or found is None:
        raise RuntimeError(f"a child under callgrind failed:\n{told[-2000:]}")
    return int(found[1])
