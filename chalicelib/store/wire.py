"""DynamoDB over one signed HTTP exchange: what PynamoDB asks of a botocore client, without the client's weight.

PynamoDB hands over DynamoDB's own JSON. botocore's client would hold it against its model, copy it, and do the same to the
answer, which is most of what a handler costs (docs/decisions/0011). Credentials, signature, HTTP session, errors
and the `before-send` event are botocore's; one exchange is one attempt.
"""
import json
import os
import socket
import zlib
from typing import Any

import botocore.session  # type: ignore[import-untyped]
from botocore.auth import SigV4Auth  # type: ignore[import-untyped]
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]
from botocore.exceptions import ChecksumError, ClientError  # type: ignore[import-untyped]
from botocore.httpsession import URLLib3Session  # type: ignore[import-untyped]

API = "DynamoDB_20120810"


class Wire:
    """`events` is the session's emitter: a handler of `before-send.dynamodb.<operation>` may answer in the network's place."""

    _request_signer = None

    def __init__(self, connect_timeout_seconds: float, read_timeout_seconds: float) -> None:
        session = botocore.session.get_session()
        self._region: str = session.get_config_variable("region")
        self._url = _endpoint(self._region)
        self._credentials = session.get_credentials()
        self.events = session.get_component("event_emitter")
        self._http = URLLib3Session(
            timeout=(connect_timeout_seconds, read_timeout_seconds),
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
        )

    def _make_api_call(self, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """PynamoDB's one call. ClientError for DynamoDB's no, another BotoCoreError when no whole answer came."""
        request = AWSRequest(
            "POST",
            self._url,
            headers={"X-Amz-Target": f"{API}.{operation}", "Content-Type": "application/x-amz-json-1.0"},
            data=json.dumps(arguments).encode(),
        )
        SigV4Auth(self._credentials.get_frozen_credentials(), "dynamodb", self._region).add_auth(request)
        prepared = request.prepare()
        answers = self.events.emit(f"before-send.dynamodb.{operation}", request=prepared)
        answered = next((given for _, given in answers if given is not None), None)
        return _read(operation, answered or self._http.send(prepared))


def _endpoint(region: str) -> str:
    """The endpoint that the environment names, else the region's own in its partition."""
    named = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB") or os.environ.get("AWS_ENDPOINT_URL")
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{(named or f'https://dynamodb.{region}.{suffix}').rstrip('/')}/"


def _read(operation: str, answer: Any) -> dict[str, Any]:
    expected = answer.headers.get("x-amz-crc32")
    if expected is not None and int(expected) != zlib.crc32(answer.content):
        raise ChecksumError(checksum_type="crc32", expected_checksum=expected, actual_checksum=zlib.crc32(answer.content))
    try:
        said: dict[str, Any] = json.loads(answer.content)
    except ValueError:
        said = {}
    if answer.status_code == 200 and said is not None and answer.content:
        return said
    code = str(said.get("__type", answer.status_code)).rpartition("#")[2]
    error = {"Code": code, "Message": said.get("message") or said.get("Message") or ""}
    headers = {"HTTPStatusCode": answer.status_code, "HTTPHeaders": dict(answer.headers)}
    reasons = said.get("CancellationReasons", [])
    raise ClientError({"Error": error, "CancellationReasons": reasons, "ResponseMetadata": headers}, operation)
