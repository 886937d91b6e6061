"""The diagrams in the READMEs are what the transition tables say."""
import pytest

from infra import diagrams
from infra.diagrams import BEGIN, END, MACHINES, READMES, ROOT


@pytest.mark.parametrize("name", sorted(READMES))
def test_the_diagrams_of_a_readme_are_what_the_tables_say(name: str) -> None:
    present = (ROOT / name).read_text(encoding="utf-8")
    assert diagrams.redrawn(present, READMES[name]) == present, "run `python -m infra.diagrams`"


def test_every_transition_table_of_the_domain_is_drawn() -> None:
    drawn = [id(machine.table) for machine in MACHINES]
    assert {name for name, table in diagrams.tables().items() if id(table) not in drawn} == set()


def test_every_edge_and_every_end_is_an_arrow() -> None:
    order = diagrams.diagram(MACHINES[1])
    assert order.splitlines()[3:-1] == [
        "    [*] --> created",
        "    created --> paid: pay",
        "    created --> closed: close",
        "    closed --> paid: pay",
        "    paid --> [*]",
    ]


def test_only_what_stands_between_the_markers_is_rewritten() -> None:
    redrawn = diagrams.redrawn(f"above\n{BEGIN}\nold\n{END}\nbelow\n", READMES["README.md"])
    assert redrawn.startswith(f"above\n{BEGIN}\n")
    assert redrawn.endswith(f"{END}\nbelow\n")
    assert "old" not in redrawn


def test_a_document_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="markers"):
        diagrams.redrawn("no markers here", READMES["README.md"])
