"""The layer of the function Posters: reportlab, what it needs of Pillow, and the fonts. The same bytes every time.

Chalice fetches what requirements-posters.txt pins; most of it is for pictures and charts, which a poster has none of.
"""
import shutil
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from infra.build import bundle, packaging
from infra.build.failure import BuildFailed

LIMIT_BYTES = 9_000_000
FOLDER = "python"
"""Below /opt; Lambda puts it on the path."""
FONTS = Path(__file__).resolve().parents[1] / "fonts" / "poster_fonts"
TOP = ("reportlab", "PIL", "pillow.libs")
DROPPED = ("reportlab/fonts/", "reportlab/graphics/", "reportlab/platypus/")
SHARED = ("libtiff", "libjpeg", "libopenjp2", "libxcb", "libXau", "libzstd", "liblzma")
"""What PIL's one extension that is kept is linked to."""


def make(root: Path, work: Path, out: Path, tell: Callable[[str], None]) -> None:
    """Raises BuildFailed when it grew too heavy."""
    started = time.monotonic()
    resolved = packaging.resolve(root, work, tell, pins="requirements-posters")
    tree = work / "layer"
    with zipfile.ZipFile(resolved) as archive:
        bundle.unpack(archive, [name for name in archive.namelist() if _is_kept(name)], tree / FOLDER)
    bundle.compile_all(tree / FOLDER, keep_source=False, folder=f"/opt/{FOLDER}")
    shutil.copytree(FONTS, tree / FOLDER / FONTS.name, ignore=shutil.ignore_patterns("__pycache__"))
    part = out.with_suffix(".part")
    part.unlink(missing_ok=True)
    bundle.append(part, tree)
    part.replace(out)
    shutil.rmtree(tree)
    size = out.stat().st_size
    tell(f"layer: {size / 1e6:.1f} MB in {time.monotonic() - started:.1f} s")
    if size >= LIMIT_BYTES:
        raise BuildFailed(f"The layer has {size} bytes; the limit is {LIMIT_BYTES}. Look at infra/build/layer.py.")


def _is_kept(name: str) -> bool:
    top, _, rest = name.partition("/")
    if top not in TOP or name.endswith("/") or name.startswith(DROPPED):
        return False
    if top == "pillow.libs":
        return rest.startswith(SHARED)
    if ".so" in rest:
        return rest.startswith("_imaging.")
    return rest.endswith(".py")
