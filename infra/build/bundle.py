"""From Chalice's deployment zip to ours: without dead weight, with bytecode, and the same bytes every time.

Lambda's file system is read-only, so that without bytecode in the package every cold start compiles every module again. The
bytecode is unchecked (no look at the source's time) and made under /var/task, where Lambda unpacks it. Our own modules keep
their source beside it, for tracebacks; dependencies are bytecode only (2.4 MB less). Dependencies are prepared once per set of
pins; a change of our own code costs a second.
"""
import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from infra.build.failure import BuildFailed

LIMIT_BYTES = 14_000_000
OURS = ("app.py", "chalicelib")
SERVICES = frozenset({"dynamodb", "kms", "s3", "secretsmanager", "sts"})
"""The only botocore service models that are kept; a client of another service fails in the first test that makes one."""
STDNUM_COUNTRIES = frozenset({"cn"})
DROPPED_DATA = ("dateutil/zoneinfo/", "stdnum/imsi.dat", "stdnum/isbn.dat", "stdnum/oui.dat", "boto3/data/")
DROPPED_SUFFIXES = (".pyi", ".c", ".h", ".pxd", ".pyx", ".rst", ".md", ".typed", ".exe")
DROPPED_FOLDERS = frozenset({"tests", "test", "testing", "__pycache__", "examples", "bin"})
COMPILERS = 2
EPOCH = (1980, 1, 1, 0, 0, 0)


def bundle(packed: Path, resolved: Path, work: Path, out: Path, tell: Callable[[str], None]) -> str:
    """Our code of `packed` and the dependencies of `resolved`; returns the sha256. Raises BuildFailed when it grew too heavy."""
    started = time.monotonic()
    with zipfile.ZipFile(resolved) as archive:
        dependencies = _dependencies(archive, work, tell)
    with zipfile.ZipFile(packed) as archive:
        tree = work / "ours"
        _unpack(archive, [name for name in archive.namelist() if _is_ours(name)], tree)
    _compile(tree, keep_source=True)
    part = out.with_suffix(".part")
    shutil.copyfile(dependencies, part)
    _append(part, tree)
    part.replace(out)
    size = out.stat().st_size
    tell(f"bundle: {size / 1e6:.1f} MB in {time.monotonic() - started:.1f} s")
    if size >= LIMIT_BYTES:
        raise BuildFailed(f"The package has {size} bytes; the limit is {LIMIT_BYTES}. Look at infra/build/bundle.py.")
    return hashlib.sha256(out.read_bytes()).hexdigest()


def _dependencies(archive: zipfile.ZipFile, work: Path, tell: Callable[[str], None]) -> Path:
    kept = sorted(info.filename for info in archive.infolist() if not info.is_dir() and _is_kept(info.filename))
    digest = hashlib.sha256(sys.version.encode() + Path(__file__).read_bytes())
    for name in kept:
        digest.update(f"{name} {archive.getinfo(name).CRC}\n".encode())
    made = work / f"dependencies-{digest.hexdigest()[:16]}.zip"
    if not made.exists():
        started = time.monotonic()
        tell("bundle: bytecode for the dependencies ...")
        for old in work.glob("dependencies-*.zip"):
            old.unlink()
        tree = work / "dependencies"
        _unpack(archive, kept, tree)
        _compile(tree, keep_source=False)
        part = made.with_suffix(".part")
        part.unlink(missing_ok=True)
        _append(part, tree)
        part.replace(made)
        shutil.rmtree(tree)
        tell(f"bundle: bytecode for the dependencies {time.monotonic() - started:.1f} s")
    return made


def _is_ours(name: str) -> bool:
    return name.split("/", 1)[0] in OURS and not name.endswith("/")


def _is_kept(name: str) -> bool:
    parts = name.split("/")
    if _is_ours(name) or parts[0].endswith((".dist-info", ".data")):
        return False
    if DROPPED_FOLDERS.intersection(parts[:-1]) or name.endswith(DROPPED_SUFFIXES):
        return False
    if name.startswith(DROPPED_DATA):
        return False
    if name.startswith("botocore/data/") and len(parts) > 3:
        return parts[2] in SERVICES
    return not (parts[0] == "stdnum" and len(parts) > 2) or parts[1] in STDNUM_COUNTRIES


def _unpack(archive: zipfile.ZipFile, names: Iterable[str], tree: Path) -> None:
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in names:
        archive.extract(name, tree)


def _compile(tree: Path, keep_source: bool) -> None:
    """In processes of their own with a fixed hash seed and a fixed share each: what else a process holds shows in bytecode."""
    sources = sorted(str(path.relative_to(tree)) for path in tree.rglob("*.py"))
    environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    started = []
    for share in range(COMPILERS):
        compiler = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("bytecode.py")), "beside" if keep_source else "instead"],
            cwd=tree, env=environment, stdin=subprocess.PIPE, text=True,
        )
        started.append((compiler, "\n".join(sources[share::COMPILERS])))
    for compiler, names in started:
        if compiler.stdin:
            compiler.stdin.write(names)
            compiler.stdin.close()
    exits = [compiler.wait() for compiler, _ in started]
    if any(exits):
        raise BuildFailed("A module of the package does not compile; the message stands above.")


def _append(path: Path, tree: Path) -> None:
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for file in sorted(path for path in tree.rglob("*") if path.is_file()):
            info = zipfile.ZipInfo(str(file.relative_to(tree)), EPOCH)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3
            info.external_attr = (0o100755 if ".so" in file.suffixes else 0o100644) << 16
            archive.writestr(info, file.read_bytes())
