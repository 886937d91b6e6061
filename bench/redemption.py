"""One confirmed redemption: the handler against the bare call, both against the same stub, in one run."""
import json
import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench import instructions, stub, world
from bench.table import Line

ROUNDS, CALLS, INSTRUCTION_CALLS = 15, 80, 20
HANDLER_MAX = 2.0
COMMAND = f"""
CPU           python -m bench.load cpu {ROUNDS} {CALLS}    rounds interleaved, median of the rounds' ratios
instructions  valgrind --tool=callgrind python -m bench.load handler|write {INSTRUCTION_CALLS} and {2 * INSTRUCTION_CALLS}
handler = the Chalice app with a proxy event; write = botocore's TransactWriteItems of the same two items
pair = botocore's BatchGetItem of the two rows, then that write
"""


@dataclass(frozen=True)
class Counted:
    """What the stub saw of the handler alone, over `confirmed` answers."""

    confirmed: int
    posted: int
    reads: int
    writes: int


class NotWhatWasAsked(Exception):
    """The stub saw something else than one posting write per confirmation."""


def lines(directory: Path) -> list[Line]:
    with stub.running() as running:
        counted = _count(running, calls=20)
        found = _of_counts(counted) + _of_cpu(running)
        if not instructions.available():
            return [*found, Line("instructions", "not measured: valgrind is not installed (apt-get install valgrind)")]
        return found + _of_instructions(running, directory)


def _count(running: stub.Stub, calls: int) -> Counted:
    from bench.load import WARM_CALLS

    before = running.counts()
    _child(running, "handler", str(calls))
    seen = running.counts() - before
    reads = seen["BatchGetItem"] + seen["GetItem"] + seen["Query"]
    counted = Counted(calls + WARM_CALLS, seen["posted"], reads, seen["TransactWriteItems"])
    if counted.posted != counted.confirmed:
        raise NotWhatWasAsked(f"{counted.confirmed} confirmations, but {counted.posted} posting writes")
    return counted


def _of_counts(counted: Counted) -> list[Line]:
    reads, writes = counted.reads / counted.confirmed, counted.writes / counted.confirmed
    return [
        Line("read calls per confirmation", f"{reads:g}", "calls", "<= 1", reads <= 1),
        Line("write calls per confirmation", f"{writes:g}", "calls", "<= 1", writes <= 1),
    ]


def _of_cpu(running: stub.Stub) -> list[Line]:
    rounds = json.loads(_child(running, "cpu", str(ROUNDS), str(CALLS)))
    spent = {name: statistics.median(one[name] for one in rounds) for name in rounds[0]}
    ratio = statistics.median(one["handler"] / one["write"] for one in rounds)
    floor = statistics.median(one["pair"] / one["write"] for one in rounds)
    return [
        Line("CPU: handler / bare write", f"{ratio:.2f}", "x", f"<= {HANDLER_MAX:g}", ratio <= HANDLER_MAX),
        Line("CPU: bare read + bare write / bare write", f"{floor:.2f}", "x"),
        *(Line(f"CPU: {name}", f"{spent[name] * 1000:.2f}", "ms/call") for name in ("handler", "write", "pair")),
    ]


def _of_instructions(running: stub.Stub, directory: Path) -> list[Line]:
    counted = instructions.per_call(("handler", "write"), INSTRUCTION_CALLS, directory, running.url)
    ratio = counted["handler"] / counted["write"]
    return [
        Line("instructions: handler / bare write", f"{ratio:.2f}", "x", f"<= {HANDLER_MAX:g}", ratio <= HANDLER_MAX),
        *(Line(f"instructions: {name}", f"{counted[name] / 1e6:.2f}", "M/call") for name in ("handler", "write")),
    ]


def _child(running: stub.Stub, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", *arguments],
        cwd=world.ROOT, env=os.environ | world.environment(AWS_ENDPOINT_URL=running.url),
        capture_output=True, text=True, check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"bench.load {' '.join(arguments)} failed:\n{done.stderr[-2000:]}")
    return done.stdout
