"""docs/errors.md has one line for each code that a client may see, with its status, and none for anything else."""

import re

from tests.errors import codes
from tests.source import ROOT


def documented() -> list[tuple[str, set[int], str, str]]:
    lines = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8").splitlines()
    rows = [re.fullmatch(r"\| `(\w+)` \| ([\d, ]+) \| (.+) \| (.+) \|", line) for line in lines if line.startswith("| `")]
    return [(row[1], {int(status) for status in row[2].split(", ")}, row[3], row[4]) for row in rows if row]


def test_every_code_has_exactly_one_line_with_its_status() -> None:
    listed = [code for code, *_ in documented()]
    assert listed == sorted(set(listed))
    assert {code: statuses for code, statuses, *_ in documented()} == codes()


def test_every_line_says_it_in_chinese_and_in_english() -> None:
    for code, _, chinese, english in documented():
        assert re.search(r"[\u4e00-\u9fff]", chinese), code
        assert english.isascii(), code
