"""What a reader, and a phone's camera, sees on a PDF."""

import io
from collections.abc import Sequence

from pypdf import PdfReader

from chalicelib.pages.poster import CODE_SIDE

Module = tuple[int, int]


def text_of(sheet: bytes) -> str:
    """All of its text without white space, as it is extracted by the fonts' own tables."""
    return "".join("".join(page.extract_text() for page in PdfReader(io.BytesIO(sheet)).pages).split())


def matrix_of(sheet: bytes) -> list[list[bool]]:
    """The QR code's modules, read from the rectangles that were painted."""
    boxes = _boxes(sheet)
    module = min(height for *_, height in boxes)
    left, top = min(x for x, *_ in boxes), max(y + height for _, y, _, height in boxes)
    size = round(CODE_SIDE / module)
    matrix = [[False] * size for _ in range(size)]
    for x, y, width, height in boxes:
        row = round((top - y - height) / module)
        for column in range(round((x - left) / module), round((x + width - left) / module)):
            matrix[row][column] = True
    return matrix


def links_of(sheet: bytes) -> list[str]:
    """What the page links to beside its QR code, which must be the very same."""
    import segno

    found = []
    for page in PdfReader(io.BytesIO(sheet)).pages:
        for annotation in page.get("/Annots") or []:
            link = str(annotation.get_object()["/A"]["/URI"])
            assert matrix_of(sheet) == plain(segno.make(link, error="q", micro=False).matrix)
            found.append(link)
    return found


def plain(matrix: Sequence[Sequence[int]]) -> list[list[bool]]:
    return [[bool(module) for module in row] for row in matrix]


def _boxes(sheet: bytes) -> list[tuple[float, float, float, float]]:
    (page,) = PdfReader(io.BytesIO(sheet)).pages
    painted = page.get_contents()
    assert painted is not None
    boxes = [tuple(float(number) for number in operands) for operands, operator in painted.operations if operator == b"re"]
    return [(x, y, width, height) for x, y, width, height in boxes]
