from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from chalicelib.gateways.objects import Objects, s3_client


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "cn-northwest-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        boto3.client("s3").create_bucket(
            Bucket="archive", CreateBucketConfiguration={"LocationConstraint": "cn-northwest-1"}
        )
        yield Objects(s3_client(), "archive")


def test_what_was_put_comes_back(archive: Objects) -> None:
    archive.put("bills/2026-11-20.csv", "交易".encode(), "text/csv; charset=utf-8")
    assert archive.get("bills/2026-11-20.csv") == "交易".encode()


def test_what_was_never_put_is_none(archive: Objects) -> None:
    assert archive.get("bills/1999-01-01.csv") is None


def test_a_failure_of_the_archive_is_not_an_absence() -> None:
    with mock_aws(), pytest.raises(Exception, match="NoSuchBucket"):
        Objects(s3_client(), "nowhere").get("any")
