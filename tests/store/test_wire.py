"""What comes back on the wire from DynamoDB: whole or not at all."""
import json
import zlib
from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ChecksumError, ClientError

from chalicelib.store.wire import _endpoint, _read

BODY = json.dumps({"Item": {"pk": {"S": "crd_1"}}}).encode()


@dataclass
class Answer:
    status_code: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)


def test_an_answer_with_its_own_checksum_is_read() -> None:
    assert _read("GetItem", Answer(200, BODY, {"x-amz-crc32": str(zlib.crc32(BODY))})) == json.loads(BODY)


def test_an_answer_that_was_altered_on_the_way_is_no_answer() -> None:
    with pytest.raises(ChecksumError):
        _read("GetItem", Answer(200, BODY.replace(b"crd_1", b"crd_2"), {"x-amz-crc32": str(zlib.crc32(BODY))}))


@pytest.mark.parametrize("content", [b"", b"<html>bad gateway</html>"])
def test_an_answer_that_is_not_dynamodbs_is_an_error_with_its_status(content: bytes) -> None:
    with pytest.raises(ClientError) as caught:
        _read("GetItem", Answer(502, content))
    assert caught.value.response["Error"]["Code"] == "502"


def test_the_endpoint_is_the_regions_own_in_its_partition_unless_the_environment_names_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB"):
        monkeypatch.delenv(name, raising=False)
    assert _endpoint("us-east-1") == "https://dynamodb.us-east-1.amazonaws.com/"
    assert _endpoint("cn-northwest-1") == "https://dynamodb.cn-northwest-1.amazonaws.com.cn/"
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:4566")
    assert _endpoint("cn-northwest-1") == "http://127.0.0.1:4566/"
