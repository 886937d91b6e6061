"""The archive: bills, statements and reports as they were received or made, in the platform's own bucket.

It is part of us, not a counterpart: when S3 does not answer, botocore's exception leaves, so that the job
fails and is run again. Answering None instead would say that a document does not exist.
"""
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

CONNECT_SECONDS_MAX = 2
READ_SECONDS_MAX = 4
NOT_MODIFIED = 304


@dataclass(frozen=True)
class Newer:
    """What became of an object that was seen before. `content` is None when it is the same still, and when it is gone; then
    the tag is empty, too."""

    etag: str
    content: bytes | None


class Objects:
    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, content: bytes, content_type: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    def put_once(self, key: str, content: bytes, content_type: str) -> None:
        """Nothing is written when there is an object already: for keys that name their content."""
        from botocore.exceptions import ClientError  # type: ignore[import-untyped,unused-ignore]

        try:
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type, IfNoneMatch="*")
        except ClientError as error:
            if error.response["Error"]["Code"] != "PreconditionFailed":
                raise

    def link(self, key: str, seconds: int) -> str:
        """Whoever has it may read this one object so long."""
        asked = {"Bucket": self._bucket, "Key": key}
        url: str = self._client.generate_presigned_url("get_object", Params=asked, ExpiresIn=seconds)
        return url

    def get(self, key: str) -> bytes | None:
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
        except self._client.exceptions.NoSuchKey:
            return None
        content: bytes = found["Body"].read()
        return content

    def newer(self, key: str, etag: str) -> Newer:
        """The object, if it is another one than that with this tag; an empty tag is that of no object."""
        unless = {"IfNoneMatch": etag} if etag else {}
        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key, **unless)
        except self._client.exceptions.NoSuchKey:
            return Newer("", None)
        except self._client.exceptions.ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != NOT_MODIFIED:
                raise
            return Newer(etag, None)
        return Newer(found["ETag"], None if found["ETag"] == etag else found["Body"].read())


def s3_client(**more: Any) -> Any:
    """`more`: of botocore's Config."""
    import botocore.session  # type: ignore[import-untyped,unused-ignore]
    from botocore.config import Config  # type: ignore[import-untyped,unused-ignore]

    limits = Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_SECONDS_MAX,
        read_timeout=READ_SECONDS_MAX,
        retries={"total_max_attempts": 1},
        **more,
    )
    return botocore.session.get_session().create_client("s3", config=limits)


@lru_cache(maxsize=1)
def connect() -> Objects:
    from chalicelib import config

    return Objects(s3_client(), config.settings().archive_bucket)
