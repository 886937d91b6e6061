"""Papers of an application, handed in as a client does: announced, put to the signed address, completed."""

import hashlib
from typing import Any

import requests

from tests.platform import Answer, Platform

PNG = b"\x89PNG\r\n\x1a\n"
JPEG = b"\xff\xd8\xff\xe0"
PDF = b"%PDF-1.7\n"


def announcement(content: bytes, kind: str = "licence", content_type: str = "image/png", **other: Any) -> dict[str, Any]:
    digest = hashlib.sha256(content).hexdigest()
    return {"kind": kind, "content_type": content_type, "size_bytes": len(content), "sha256": digest} | other


def announced(platform: Platform, path: str, token: str, content: bytes, **said: Any) -> dict[str, Any]:
    made = platform.post(f"{path}/files", announcement(content, **said), token)
    assert made.status == 201, made.text
    answer: dict[str, Any] = made.json
    return answer


def put(file: dict[str, Any], content: bytes) -> None:
    said = requests.put(file["upload"]["url"], data=content, headers=file["upload"]["headers"], timeout=5)
    assert said.status_code == 200, said.text


def completed(platform: Platform, path: str, token: str, file: dict[str, Any]) -> Answer:
    return platform.post(f"{path}/files/{file['file_id']}/complete", token=token)


def hand_in(platform: Platform, path: str, token: str, content: bytes = PNG + b"a licence", **said: Any) -> dict[str, Any]:
    file = announced(platform, path, token, content, **said)
    put(file, content)
    stored = completed(platform, path, token, file)
    assert stored.status == 200, stored.text
    answer: dict[str, Any] = stored.json
    return answer
