from collections.abc import Iterator

import pytest

from infra.local.sandbox.testing import Town


@pytest.fixture(scope="session")
def shared_town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town.start(tmp_path_factory.mktemp("gateways"))
    yield town
    town.stop()


@pytest.fixture
def town(shared_town: Town) -> Iterator[Town]:
    """The shared sandbox without faults; every test uses numbers of its own."""
    yield shared_town
    shared_town.control("DELETE", "faults")
