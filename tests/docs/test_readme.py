"""What the documents promise is there: files, verbs, figures."""
import re
from pathlib import Path

import pytest

from chalicelib.domain.money import fen_to_yuan, share
from infra.diagrams import READMES, ROOT

DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_to_one(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))
    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("name", sorted(READMES))
def test_every_verb_in_a_readme_is_in_the_makefile(name: str) -> None:
    verbs = set(re.findall(r"\bmake ([a-z][a-z-]+)\b", _code_of(name)))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    known = set(re.findall(r"^([a-z][a-z-]+):", makefile, re.MULTILINE))
    assert {"run", "test", "serve", "reset", "check", "bench", "test-fast"} <= verbs
    assert verbs <= known


@pytest.mark.parametrize("name", sorted(READMES))
def test_the_worked_example_is_what_the_code_computes(name: str) -> None:
    assert fen_to_yuan(share(1000_00, 130_00, 1300_00)) == "100.00"
    assert re.search(r"1000 × 130 / 1300` ?= \*\*100\.00\*\*", (ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(READMES))
def test_every_parameter_of_the_template_is_explained(name: str) -> None:
    template = (ROOT / "infra" / "resources.yaml").read_text(encoding="utf-8")
    section = template.partition("Parameters:\n")[2].partition("\nConditions:")[0]
    parameters = re.findall(r"^  (\w+):", section, re.MULTILINE)
    text = (ROOT / name).read_text(encoding="utf-8")
    assert len(parameters) > 8
    assert [parameter for parameter in parameters if parameter not in text] == []


def test_both_readmes_have_the_same_structure() -> None:
    english, chinese = ((ROOT / name).read_text(encoding="utf-8") for name in sorted(READMES))
    for part in (r"^## ", r"^```", r"^\|", r"^\d+\. "):
        found = [len(re.findall(part, text, re.MULTILINE)) for text in (english, chinese)]
        assert found[0] == found[1] > 0, part


def test_every_decision_is_in_the_list_of_decisions() -> None:
    folder = ROOT / "docs" / "decisions"
    listed = (folder / "README.md").read_text(encoding="utf-8")
    pages = [path.name for path in folder.glob("0*.md")]
    assert [name for name in pages if f"({name})" not in listed] == []


def _code_of(name: str) -> str:
    """What stands in code, where a verb is meant to be typed."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
