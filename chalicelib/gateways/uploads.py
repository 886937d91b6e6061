"""The bucket of applicants' papers. Clients put and get the objects themselves, by addresses that are signed here for one object,
for some minutes; the platform reads what was put, once, to check it.

    PUT  content type, length and SHA-256 are signed with the address: S3 takes nothing else under it
    GET  of one version of the object, as a download
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from chalicelib.gateways.objects import s3_client
from chalicelib.gateways.outcomes import NotFound, Unknown

NOT_THERE = frozenset({"NoSuchKey", "AccessDenied", "403", "404"})
"""S3 says AccessDenied of what is absent to whoever may not list the bucket, as our functions may not."""


@dataclass(frozen=True)
class StoredObject:
    content: bytes
    version: str


class Uploads:
    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def address_to_put(
        self, key: str, content_type: str, size_bytes: int, sha256: str, seconds: int
    ) -> tuple[str, dict[str, str]]:
        """The address, and the headers that have to be sent with it."""
        import base64

        digest = base64.b64encode(bytes.fromhex(sha256)).decode()
        signed = {
            "Bucket": self._bucket,
            "Key": key,
            "ContentType": content_type,
            "ContentLength": size_bytes,
            "ChecksumSHA256": digest,
        }
        url: str = self._client.generate_presigned_url("put_object", signed, seconds)
        return url, {"Content-Type": content_type, "Content-Length": str(size_bytes), "x-amz-checksum-sha256": digest}

    def address_to_get(self, key: str, version: str, name: str, content_type: str, seconds: int) -> str:
        signed = {
            "Bucket": self._bucket,
            "Key": key,
            "VersionId": version,
            "ResponseContentDisposition": f"attachment; filename=\"{quote(name, safe='')}\"",
            "ResponseContentType": content_type,
        }
        url: str = self._client.generate_presigned_url("get_object", signed, seconds)
        return url

    def read(self, key: str, bytes_max: int) -> StoredObject | NotFound | Unknown:
        """The newest version. Of a larger object only as much is read as shows that it is too large."""
        from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped,unused-ignore]

        try:
            found = self._client.get_object(Bucket=self._bucket, Key=key)
            content: bytes = found["Body"].read(bytes_max + 1)
            found["Body"].close()
        except ClientError as error:
            code = str(error.response["Error"]["Code"])
            return NotFound() if code in NOT_THERE else Unknown(code)
        except BotoCoreError as error:
            return Unknown(type(error).__name__)
        return StoredObject(content, str(found.get("VersionId", "")))


@lru_cache(maxsize=1)
def connect() -> Uploads:
    """Checksums only where they are asked for: the one that is signed is the client's own."""
    from chalicelib import config

    client = s3_client(request_checksum_calculation="when_required")
    return Uploads(client, config.settings().uploads_bucket)
