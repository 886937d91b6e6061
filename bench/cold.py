"""From a fresh interpreter to the first DynamoDB answer, with nothing but the unpacked package on its path.

ours    our deployment package: import app, one consistent read by the store
stock   what `chalice package` ships for an app with boto3 and one route: sources without bytecode, made here from the very
        distributions of this environment; import app, boto3.client("dynamodb"), one consistent GetItem

Both ask the same stub. Lambda's file system is read-only, so that neither may write bytecode (-B).
"""
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import world

HEAVY = (
    "argon2", "boto3", "pyotp", "pypinyin", "reportlab", "requests", "s3transfer", "segno", "stdnum", "unittest", "wechatpayv3",
)
STOCK_PARTS = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six.py")
STOCK_APP = """
from chalice import Chalice
app = Chalice(app_name="stock")
@app.route("/")
def index():
    return {}
"""
READY = {
    "ours": """
import app
from chalicelib.domain.card import Card
from chalicelib.store import reads
assert reads.get(Card, CARD_ID) is not None
""",
    "stock": """
import app, boto3
key = {"pk": {"S": CARD_ID}, "sk": {"S": "card"}}
assert boto3.client("dynamodb").get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
""",
}
CONFIRM = """
import app
from bench_world import confirmation, consumer_token
answer = app.app(confirmation(1, consumer_token()), None)
assert answer["statusCode"] == 200, answer
"""
TIMED = """
import json, sys, time
sys.path.insert(0, PATH)
started = time.perf_counter(), time.process_time()
{work}
spent = time.perf_counter() - started[0], time.process_time() - started[1]
print(json.dumps({{"seconds": spent, "modules": sorted(sys.modules)}}))
"""


@dataclass(frozen=True)
class Cold:
    """Medians in seconds; `ratio` of wall times, `cpu_ratio` of CPU times; modules as loaded after one confirmation."""

    ours: float
    stock: float
    ratio: float
    cpu_ratio: float
    confirm: float
    heavy: list[str]
    packages: list[str]
    modules: int


def measure(package: Path, directory: Path, stub_url: str, runs: int) -> Cold:
    trees = {"ours": directory / "ours", "stock": directory / "stock"}
    with zipfile.ZipFile(package) as archive:
        archive.extractall(trees["ours"])
    _make_stock(trees["stock"])
    works = {"ours": READY["ours"], "stock": READY["stock"], "confirm": _confirming(directory)}
    told: dict[str, list[dict[str, Any]]] = {name: [] for name in works}
    for _ in range(runs + 1):
        for name, work in works.items():
            told[name].append(_fresh(trees.get(name, trees["ours"]), work, stub_url))
    walls, cpus = ({name: _median(runs, which) for name, runs in told.items()} for which in (0, 1))
    modules = told["confirm"][0]["modules"]
    return Cold(
        ours=walls["ours"],
        stock=walls["stock"],
        ratio=walls["ours"] / walls["stock"],
        cpu_ratio=cpus["ours"] / cpus["stock"],
        confirm=walls["confirm"],
        heavy=[name for name in HEAVY if name in modules],
        packages=_packages(modules),
        modules=len(modules),
    )


def _median(told: list[dict[str, Any]], which: int) -> float:
    """Without the first run, which finds the files on disk for all the others."""
    return statistics.median(one["seconds"][which] for one in told[1:])


def _confirming(directory: Path) -> str:
    """One confirmation in a fresh process; the time includes making the token, which a client does not ask of us."""
    shutil.copyfile(Path(world.__file__), directory / "bench_world.py")
    return f"sys.path.append({str(directory)!r})\n{CONFIRM}"


def _fresh(tree: Path, work: str, stub_url: str) -> dict[str, Any]:
    names = {"PATH": str(tree), "CARD_ID": world.CARD_ID, "TABLE": world.TABLES["cards"]}
    script = "".join(f"{name} = {value!r}\n" for name, value in names.items()) + TIMED.format(work=work)
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", script],
        cwd=tree, env=os.environ | world.environment(AWS_ENDPOINT_URL=stub_url),
        capture_output=True, text=True, check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the package in {tree} does not run by itself:\n{done.stderr[-2000:]}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _make_stock(tree: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    tree.mkdir()
    (tree / "app.py").write_text(STOCK_APP, encoding="utf-8")
    (tree / "chalice").mkdir()
    for name in ("__init__.py", "app.py"):
        shutil.copyfile(_place("chalice") / name, tree / "chalice" / name)
    for part in STOCK_PARTS:
        place = _place(part.removesuffix(".py"))
        if part.endswith(".py"):
            shutil.copyfile(place, tree / part)
        else:
            shutil.copytree(place, tree / part, ignore=ignored)


def _place(module: str) -> Path:
    found = importlib.util.find_spec(module)
    assert found is not None
    assert found.origin is not None
    origin = Path(found.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def _packages(modules: list[str]) -> list[str]:
    """Top-level packages that are neither Python's nor ours."""
    known = sys.stdlib_module_names | {"app", "chalicelib", "bench_world"}
    return sorted({name.partition(".")[0] for name in modules} - known)
