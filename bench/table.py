"""Figures as a table for people: what, value, unit, target, met or not."""
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """`target`: as words; `met` is None for a figure that has none."""

    what: str
    value: str
    unit: str = ""
    target: str = ""
    met: bool | None = None

    def cells(self) -> tuple[str, ...]:
        return (self.what, self.value, self.unit, self.target, {None: "", True: "met", False: "NOT MET"}[self.met])


def text(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """The first column to the left, numbers to the right."""
    widths = [max(_width(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = [_line(head, widths), "  ".join("-" * width for width in widths)]
    return "\n".join(lines + [_line(row, widths) for row in rows])


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    padded = [cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)]
    return "  ".join(padded).rstrip()


def _width(cell: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in cell)
