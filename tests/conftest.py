"""For all tests: no proxy and no AWS account of this machine is ever asked. For those that want it: the platform in process."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.platform import Platform, running
from tests.town import Town, settled

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_DEFAULT_REGION="cn-northwest-1",
    AWS_EC2_METADATA_DISABLED="true",
)
for inherited in (
    "AWS_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "http_proxy",
    "https_proxy",
):
    os.environ.pop(inherited, None)


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Platform]:
    """Empty tables, no counterparts."""
    with running(tmp_path / "clock.json") as started:
        yield started


@pytest.fixture
def town(platform: Platform) -> Town:
    """Two merchants with stores and products, people of every role, a consumer with a card."""
    return settled(platform)
