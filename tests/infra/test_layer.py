"""The layer of the function Posters: what draws, and the fonts; light, and enough on a bare interpreter."""
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.build import ROOT
from infra.build.layer import FONTS, LIMIT_BYTES

DRAW = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[2] + "/python"]
from chalicelib.domain.poster import Poster
from chalicelib.pages.poster import draw, missing
text = "\\u7532"
poster = Poster(text, "1", "2", "sto_1", text, text, "https://x/m/1", "https://x/m/", "0000-0000", 1)
assert missing(poster) == []
sheet = draw(poster)
import poster_fonts, reportlab, PIL
assert all(module.__file__.startswith(sys.argv[2]) for module in (poster_fonts, reportlab, PIL))
print(len(sheet))
"""


@pytest.fixture(scope="module")
def unpacked(package: Path, layer: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folders = tmp_path_factory.mktemp("task"), tmp_path_factory.mktemp("opt")
    for made, folder in zip((package, layer), folders, strict=True):
        with zipfile.ZipFile(made) as archive:
            archive.extractall(folder)
    return folders


def test_package_and_layer_draw_a_poster_on_a_bare_interpreter(unpacked: tuple[Path, Path]) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", DRAW, *(str(folder) for folder in unpacked)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 5_000


def test_the_layer_is_light_and_holds_nothing_but_what_draws(layer: Path) -> None:
    assert layer.stat().st_size < LIMIT_BYTES
    with zipfile.ZipFile(layer) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names} == {"python"}
    assert {name.split("/")[1] for name in names} == {"reportlab", "PIL", "pillow.libs", "poster_fonts"}
    assert len(names) == len(set(names))


def test_a_font_travels_with_its_licence(layer: Path) -> None:
    with zipfile.ZipFile(layer) as archive:
        packed = {name: archive.read(name) for name in archive.namelist() if "/poster_fonts/" in name}
    licence = packed["python/poster_fonts/LICENSE-Apache-2.0.txt"].decode()
    assert "Apache License" in licence
    assert {Path(name).name for name in packed if name.endswith(".ttf")} == {path.name for path in FONTS.glob("*.ttf")}
    assert all(path.name in (ROOT / "infra" / "fonts" / "README.md").read_text(encoding="utf-8") for path in FONTS.glob("*.ttf"))


def test_what_draws_is_not_in_the_package(package: Path) -> None:
    with zipfile.ZipFile(package) as archive:
        top = {name.split("/")[0] for name in archive.namelist()}
    assert not top & {"reportlab", "PIL", "poster_fonts"}
