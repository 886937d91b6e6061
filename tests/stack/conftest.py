"""The packaged template, deployed on the emulator for all tests here: roles enforced, no waiting, no schedules."""
import os
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib.store import rows, tables
from infra.local import run
from infra.local.cast import Cast
from infra.local.platform import Platform
from infra.local.run import WAIT_SCALE
from tests.platform import forget


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Ends with the last test here; what a test told this process about the deployment is forgotten then."""
    before = dict(os.environ)
    _forget()
    with Platform(tmp_path_factory.mktemp("platform"), persist=False, wait_scale=WAIT_SCALE) as started:
        yield started
    os.environ.clear()
    os.environ.update(before)
    _forget()


@pytest.fixture(scope="package")
def played(platform: Platform) -> tuple[Cast, Any]:
    """The story of `make run`, played once: its people, and the audit after the last step."""
    cast, balances = run.play(platform)
    for person in (cast.cashier, cast.owner):
        person.log_in(cast.stage.now())
    return cast, balances


def _forget() -> None:
    """Settings, and the clients that were made of them."""
    forget()
    tables._SHARED.clear()
    for model in (*tables.TABLES, *(shape.row for shape in rows.ROWS.values())):
        model._connection = None
