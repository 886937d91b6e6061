"""Tables in moto, and a clock that a test sets: the functions run as in the stage `local`, with a clock file of their own."""
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from chalicelib import config
from chalicelib.store import tables
from tests.jobs.town import Town

SETTINGS = (
    "version",
    "archive_bucket",
    "uploads_bucket",
    "app_secret",
    "counterparts_secret",
    "personal_key",
    "public_url",
    "wechat_url",
    "wechat_pay_url",
    "unionpay_url",
    "zheliban_url",
    "yongpai_url",
    "custodian_url",
    "business_registry_url",
    "regulator_url",
)


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    before = dict(os.environ)
    os.environ.update({name.upper(): name for name in SETTINGS})
    os.environ.update({f"{name}_TABLE".upper(): name for name in ("merchants", "cards", "consumers", "cases", "runs", "audit")})
    os.environ.update(AWS_DEFAULT_REGION="cn-northwest-1", AWS_ACCESS_KEY_ID="x", AWS_SECRET_ACCESS_KEY="x")
    clock_file = tmp_path / "clock"
    os.environ.update(STAGE="local", CLOCK_OFFSET_FILE=str(clock_file))
    config.forget()
    with mock_aws():
        for table in tables.TABLES:
            table.create_table(billing_mode="PAY_PER_REQUEST")
        yield Town(clock_file)
    os.environ.clear()
    os.environ.update(before)
    config.forget()
