"""The packaged template, deployed on the emulator for all tests here: roles enforced, no waiting, no schedules."""
from collections.abc import Iterator

import pytest

from infra.local.platform import Platform


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    with Platform(tmp_path_factory.mktemp("platform"), persist=False, wait_scale=0) as started:
        yield started
