"""The poster as a PDF: one A4 sheet, outlines only, every font embedded, the same bytes for the same content.

reportlab and the fonts are in the layer of the one function that draws; they load when it does.
"""

import io
from functools import lru_cache
from typing import Any

from chalicelib.domain.poster import CHECKS, CUSTODY, Poster

WIDTH, HEIGHT = 595.0, 842.0
MARGIN = 56.0
LINE = WIDTH - 2 * MARGIN
CODE_SIDE = 260.0
QUIET_MODULES = 4
GREY, BLACK, GREEN = 0.35, 0.0, (0.0, 0.42, 0.27)
SIZE_MIN = 6


def missing(poster: Poster) -> list[str]:
    """The characters on it that no font has, each once, in order of code points."""
    texts = (poster.merchant_name, poster.store_name, poster.address, poster.licence_no, poster.filing_no, poster.host)
    return sorted({char for text in texts for char in _plain(text) if _font_of(char) is None})


def draw(poster: Poster) -> bytes:
    """Call `missing` first: KeyError for a character without a glyph."""
    from reportlab.pdfgen.canvas import Canvas

    made = io.BytesIO()
    canvas = Canvas(made, pagesize=(WIDTH, HEIGHT), invariant=1, pageCompression=1, initialFontName=next(iter(_fonts())))
    canvas.setTitle(f"{poster.store_name} {poster.short_id}")
    canvas.setAuthor("放心充")
    canvas.setSubject(poster.identity)
    _fill(_Sheet(canvas), poster)
    canvas.showPage()
    canvas.save()
    return made.getvalue()


def _fill(sheet: "_Sheet", poster: Poster) -> None:
    sheet.write("放心充  预付资金银行存管", 15, colour=GREEN)
    sheet.write("Prepaid money, kept in custody by a bank", 9, grey=GREY, after=14)
    sheet.write(poster.store_name, 26, lines_max=2, centred=True)
    sheet.write(poster.merchant_name, 14, lines_max=2, centred=True, after=8)
    sheet.code(poster.link)
    sheet.write(f"门店码编号 No. {poster.short_id}", 15, centred=True)
    sheet.write(poster.host, 9, grey=GREY, lines_max=2, centred=True, after=10)
    for label, value in (
        ("营业执照名称 Name on the licence", poster.merchant_name),
        ("统一社会信用代码 Licence no.", poster.licence_no),
        ("备案编号 Filing no.", poster.filing_no),
        ("门店地址 Address", poster.address),
    ):
        sheet.write(f"{label}：{value}", 10, lines_max=3)
    sheet.skip(8)
    sheet.list("付款前请核对 Check before you pay", CHECKS)
    sheet.list("您的钱在哪里 Where your money is", CUSTODY)
    sheet.write(f"第 {poster.code_version} 版 Print {poster.code_version}", 8, grey=GREY)


class _Sheet:
    """Writes downwards from the top margin."""

    def __init__(self, canvas: Any) -> None:
        self._canvas = canvas
        self._y = HEIGHT - MARGIN

    def skip(self, points: float) -> None:
        self._y -= points

    def write(
        self,
        text: str,
        size: int,
        *,
        lines_max: int = 1,
        centred: bool = False,
        grey: float = BLACK,
        colour: tuple[float, float, float] | None = None,
        after: float = 0.0,
    ) -> None:
        """In at most so many lines: what does not fit is written smaller."""
        plain = _plain(text)
        lines = _broken(plain, size)
        while len(lines) > lines_max and size > SIZE_MIN:
            size -= 1
            lines = _broken(plain, size)
        self._canvas.setFillColorRGB(*(colour or (grey, grey, grey)))
        for line in lines:
            self._y -= size * 1.35
            x = (WIDTH - _width(line, size)) / 2 if centred else MARGIN
            self._line(line, x, size)
        self._y -= after

    def list(self, heading: str, items: tuple[tuple[str, str], ...]) -> None:
        self.write(heading, 12, colour=GREEN)
        for number, (chinese, english) in enumerate(items, start=1):
            self.write(f"{number}. {chinese}", 10, lines_max=2)
            self.write(english, 8, grey=GREY, lines_max=2)
        self.skip(8)

    def code(self, link: str) -> None:
        """The QR code of error level Q as squares, with the quiet zone that readers need."""
        import segno

        matrix = [[bool(module) for module in row] for row in segno.make(link, error="q", micro=False).matrix]
        module = CODE_SIDE / len(matrix)
        left, top = (WIDTH - CODE_SIDE) / 2, self._y - QUIET_MODULES * module
        self._canvas.setFillColorRGB(BLACK, BLACK, BLACK)
        path = self._canvas.beginPath()
        for down, row in enumerate(matrix):
            for begin, end in _runs(row):
                path.rect(left + begin * module, top - (down + 1) * module, (end - begin) * module, module)
        self._canvas.drawPath(path, stroke=0, fill=1)
        self._canvas.linkURL(link, (left, top - CODE_SIDE, left + CODE_SIDE, top), thickness=0)
        self._y = top - CODE_SIDE - QUIET_MODULES * module

    def _line(self, line: str, x: float, size: int) -> None:
        for font, run in _in_fonts(line):
            self._canvas.setFont(font, size)
            self._canvas.drawString(x, self._y, run)
            x += _width(run, size)


def _runs(row: list[bool]) -> list[tuple[int, int]]:
    """Where dark modules begin and end in a row."""
    edges = [column for column in range(len(row) + 1) if (column < len(row) and row[column]) != (column > 0 and row[column - 1])]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _plain(text: str) -> str:
    return " ".join(text.split())


def _broken(text: str, size: int) -> list[str]:
    """Into lines, at the last space where there is one, else between any two characters."""
    lines, line = [], ""
    for char in text:
        if line and _width(line + char, size) > LINE:
            head, space, tail = line.rpartition(" ")
            kept = head if space and char != " " and tail.isascii() else line
            lines.append(kept)
            line = line[len(kept) :].lstrip()
        line += char
    return [*lines, line.strip()]


def _in_fonts(line: str) -> list[tuple[str, str]]:
    runs: list[tuple[str, str]] = []
    for char in line:
        font = _font_of(char)
        if font is None:
            raise KeyError(f"U+{ord(char):04X}")
        if runs and runs[-1][0] == font:
            runs[-1] = (font, runs[-1][1] + char)
        else:
            runs.append((font, char))
    return runs


def _width(text: str, size: int) -> float:
    fonts = _fonts()
    return sum(float(fonts[font].stringWidth(run, size)) for font, run in _in_fonts(text))


def _font_of(char: str) -> str | None:
    """None, too, for what cannot be seen: a sheet must not say another name than the eye reads."""
    if not char.isprintable():
        return None
    return next((name for name, font in _fonts().items() if ord(char) in font.face.charToGlyph), None)


@lru_cache(maxsize=1)
def _fonts() -> dict[str, Any]:
    from poster_fonts import FILES, FOLDER
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    fonts = {name.removesuffix(".ttf"): TTFont(name.removesuffix(".ttf"), str(FOLDER / name)) for name in FILES}
    for font in fonts.values():
        registerFont(font)
    return fonts
