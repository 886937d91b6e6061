from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.sandbox.testing import Town as Counterparts
from tests.api.office import Office
from tests.platform import Platform, forget, running


@pytest.fixture(scope="session")
def counterparts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counterparts]:
    """The sandbox as a process, and a listener that takes its notices."""
    started = Counterparts.start(tmp_path_factory.mktemp("counterparts"))
    yield started
    started.stop()


@pytest.fixture
def connected(counterparts: Counterparts, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Empty tables, and counterparts that answer; platform and sandbox share one clock."""
    clock_file = Path(counterparts.clock._path)
    with running(clock_file, counterparts.sandbox.url, counterparts.sandbox.credentials()) as started:
        yield started
    forget()
    counterparts.control("DELETE", "faults")


@pytest.fixture
def office(connected: Platform, counterparts: Counterparts) -> Office:
    return Office(connected, counterparts)
