import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import cold, redemption, search, stub, units
from bench.table import Line, text

PACKAGE_BYTES_MAX = 14_000_000
COLD_RUNS, COLD_MAX = 9, 0.9
CONFIRM_UNITS = 4
HEAD = ("what", "measured", "unit", "target", "")
UNITS_HEAD = (
    "operation", "read calls", "read units", "write calls", "write units", "rows written", "largest row, bytes",
    "index writes (billed on top)",
)


def of_redemption(directory: Path, _: Path | None) -> dict[str, Any]:
    lines = redemption.lines(directory)
    print(f"\nA confirmed redemption\n{redemption.COMMAND}\n{_figures(lines)}")
    return {line.what: line.value for line in lines}


def of_units(_: Path, __: Path | None) -> dict[str, Any]:
    bills = units.measure()
    rows = [
        (
            name, f"{bill.read_calls}", f"{bill.read_units:g}", f"{bill.write_calls}", f"{bill.write_units}",
            f"{bill.rows}", f"{bill.largest_bytes or ''}", f"{bill.index_units}",
        )
        for name, bill in bills.items()
    ]
    print(f"\nDynamoDB, from the requests (in this process against moto)\n{text(UNITS_HEAD, rows)}")
    of_confirm = bills["confirm"].write_units
    met = of_confirm == CONFIRM_UNITS
    print(_figures([Line("write units of a confirmed redemption", f"{of_confirm}", "units", f"= {CONFIRM_UNITS}", met)]))
    return {name: asdict(bill) for name, bill in bills.items()}


def of_cold(directory: Path, package: Path | None) -> dict[str, Any]:
    package = package or _built(directory)
    with stub.running() as running:
        found = cold.measure(package, directory, running.url, COLD_RUNS)
    size = package.stat().st_size
    lines = [
        Line("wall: ours / stock", f"{found.ratio:.2f}", "x", f"<= {COLD_MAX:g}", found.ratio <= COLD_MAX),
        Line("CPU: ours / stock", f"{found.cpu_ratio:.2f}", "x"),
        Line("ours, to the first answer", f"{found.ours * 1000:.0f}", "ms"),
        Line("stock chalice + boto3, to the first answer", f"{found.stock * 1000:.0f}", "ms"),
        Line("ours, to the first confirmation", f"{found.confirm * 1000:.0f}", "ms"),
        Line("heavy modules loaded by then", ", ".join(found.heavy) or "none", "", "none", not found.heavy),
        Line("modules loaded by then", f"{found.modules}", "modules"),
        Line("package", f"{size / 1e6:.2f}", "MB", f"< {PACKAGE_BYTES_MAX / 1e6:g}", size < PACKAGE_BYTES_MAX),
    ]
    print(f"\nA cold start, bare interpreter (python -I -S -B), {COLD_RUNS} interleaved runs, medians\n{_figures(lines)}")
    print(f"packages loaded: {', '.join(found.packages)}")
    return asdict(found) | {"package_bytes": size}


def of_search(_: Path, __: Path | None) -> dict[str, Any]:
    lines = search.lines()
    print(f"\nA search among {search.MERCHANTS:,} merchants, {search.QUERIES} queries of a kind\n{_figures(lines)}")
    return {line.what: line.value for line in lines}


Part = Callable[[Path, Path | None], dict[str, Any]]

PARTS: dict[str, Part] = {"units": of_units, "cold": of_cold, "redemption": of_redemption, "search": of_search}


def _built(directory: Path) -> Path:
    from infra.build import build

    return build("local", directory / "built", lambda line: print(f"  {line}", flush=True)).package


def _figures(lines: list[Line]) -> str:
    return text(HEAD, [line.cells() for line in lines])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="What we claim about speed and cost, measured.")
    parser.add_argument("--only", nargs="+", choices=sorted(PARTS), help="these parts alone")
    parser.add_argument("--package", type=Path, help="measure this package; it is built otherwise")
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    asked = parser.parse_args()
    started, figures = time.monotonic(), {}
    with tempfile.TemporaryDirectory(prefix="bench-") as directory:
        for name in asked.only or PARTS:
            print(f"{name} ...", flush=True)
            figures[name] = PARTS[name](Path(directory), asked.package)
    print(f"\n{time.monotonic() - started:.0f} s")
    if asked.json:
        asked.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
