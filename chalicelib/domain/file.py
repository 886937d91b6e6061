"""A file of an application: announced with its size and digest, put by the client straight into the bucket, then checked once.

What was checked is one version of one object: whatever is put there later is another version, which nobody is shown.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.application import Application, require_editable, touched
from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.filing import FileKind
from chalicelib.domain.refusals import Conflict, Unprocessable, key_reused
from chalicelib.domain.state import move

FILE_BYTES_MAX = 5 * 1024 * 1024
FILES_MAX = 12
"""Files that one application may announce in its life; with the claims on them a submission stays one transaction."""


class ContentType(StrEnum):
    JPEG = "image/jpeg"
    PNG = "image/png"
    PDF = "application/pdf"


MAGIC: Mapping[ContentType, bytes] = {
    ContentType.JPEG: b"\xff\xd8\xff",
    ContentType.PNG: b"\x89PNG\r\n\x1a\n",
    ContentType.PDF: b"%PDF-",
}
SUFFIX: Mapping[ContentType, str] = {ContentType.JPEG: "jpg", ContentType.PNG: "png", ContentType.PDF: "pdf"}


class FileState(StrEnum):
    ANNOUNCED = "announced"
    STORED = "stored"


class FileEvent(StrEnum):
    COMPLETE = "complete"


TRANSITIONS: Mapping[tuple[FileState, FileEvent], FileState] = {
    (FileState.ANNOUNCED, FileEvent.COMPLETE): FileState.STORED,
}


@dataclass(frozen=True)
class ApplicationFile:
    """`sha256`: 64 hexadecimal digits. `object_version`: the version of the object that was checked."""

    merchant_id: str
    file_id: str
    application_id: str
    kind: FileKind
    content_type: ContentType
    size_bytes: int
    sha256: str
    announced_by: str
    announced_at: datetime
    fingerprint: str
    state: FileState = FileState.ANNOUNCED
    object_version: str = ""
    stored_at: datetime | None = None
    version: int = 1

    def __post_init__(self) -> None:
        assert 0 < self.size_bytes <= FILE_BYTES_MAX

    @property
    def object_key(self) -> str:
        return f"applications/{self.application_id}/{self.file_id}"

    @property
    def download_name(self) -> str:
        return f"{self.kind}-{self.file_id[-8:]}.{SUFFIX[self.content_type]}"


def announce(
    application: Application, earlier: ApplicationFile | None, file: ApplicationFile, trace: Trace
) -> Decision[ApplicationFile]:
    """Order of refusals: key reused, application not open for changes, too many files."""
    if earlier is not None:
        if earlier.fingerprint != file.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    require_editable(application)
    if application.file_count >= FILES_MAX:
        raise Conflict(
            "too_many_files",
            f"一份申请最多上传 {FILES_MAX} 个文件",
            f"the application has {application.file_count} files, at most {FILES_MAX} are taken",
            facts={"has": application.file_count, "max": FILES_MAX},
        )
    after = replace(touched(application, trace), file_count=application.file_count + 1)
    audit = entry(trace, file.file_id, "file.announce", "", f"{file.kind} {file.sha256}")
    return Decision(file, (change(application, after), create(file), create(audit)))


def require_as_announced(file: ApplicationFile, content: bytes) -> None:
    """Order of refusals: other size, other digest, not what its type says."""
    if len(content) != file.size_bytes:
        said = f"the object has {len(content)} bytes, {file.size_bytes} were announced"
        raise Unprocessable("file_size_differs", "文件大小与申报不一致", said, param="size_bytes")
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise Unprocessable("file_hash_differs", "文件摘要与申报不一致", "the object has another SHA-256", param="sha256")
    if not content.startswith(MAGIC[file.content_type]):
        said = f"the object does not begin like {file.content_type}"
        raise Unprocessable("file_type_differs", "文件内容与申报的类型不符", said, param="content_type")


def not_uploaded() -> Conflict:
    return Conflict("file_not_uploaded", "文件尚未上传", "nothing was put at the address of this file yet")


def complete(
    application: Application, file: ApplicationFile, object_version: str, trace: Trace
) -> Decision[ApplicationFile]:
    """Call `require_as_announced` first. The application changes with it, so that a submission at the same time sees all
    files or none."""
    if file.state is FileState.STORED:
        return Decision(file, replayed=True)
    require_editable(application)
    state = move(TRANSITIONS, "file", "文件", file.state, FileEvent.COMPLETE)
    stored = replace(file, state=state, object_version=object_version, stored_at=trace.at, version=file.version + 1)
    kinds = tuple(sorted({*application.file_kinds, file.kind.value}))
    images = application.licence_images
    if file.kind is FileKind.LICENCE:
        images = tuple(sorted({*images, file.sha256}))
    after = replace(touched(application, trace), file_kinds=kinds, licence_images=images)
    audit = entry(trace, file.file_id, "file.complete", file.state, stored.state)
    return Decision(stored, (change(application, after), change(file, stored), create(audit)))


def show(file: ApplicationFile, trace: Trace) -> Decision[ApplicationFile]:
    """Who looked at which paper is written down."""
    if file.state is not FileState.STORED:
        raise not_uploaded()
    return Decision(file, (create(entry(trace, file.file_id, "file.show", file.state, file.state)),))
