"""Papers of an application. The bytes go straight to the bucket and come straight from it."""

from datetime import timedelta
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api.applications import FILERS, REVIEWERS
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, ListView, View, rfc3339
from chalicelib.domain.file import FILE_BYTES_MAX, ApplicationFile, ContentType, FileState
from chalicelib.domain.filing import FileKind
from chalicelib.operations import files

routes = Blueprint(__name__)


class Announcement(Body):
    kind: FileKind
    content_type: ContentType
    size_bytes: Annotated[int, Field(ge=1, le=FILE_BYTES_MAX)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class UploadView(View):
    """PUT the bytes to `url` with exactly these headers before `expires_at`; then complete the file."""

    method: str = "PUT"
    url: str
    headers: dict[str, str]
    expires_at: str


class FileView(View):
    file_id: str
    kind: FileKind
    content_type: ContentType
    size_bytes: int
    sha256: str
    state: FileState
    announced_at: str
    stored_at: str | None


class AnnouncedFileView(FileView):
    upload: UploadView | None


class DownloadView(FileView):
    """GET `url` before `expires_at`: the version that was checked, as a download."""

    url: str
    expires_at: str


def _fields(file: ApplicationFile) -> dict[str, Any]:
    return {
        "file_id": file.file_id,
        "kind": file.kind,
        "content_type": file.content_type,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256,
        "state": file.state,
        "announced_at": rfc3339(file.announced_at),
        "stored_at": rfc3339(file.stored_at) if file.stored_at else None,
    }


@endpoint(
    routes,
    "POST",
    "/v1/merchant-applications/{application_id}/files",
    "Announce a file and get the address to put it to",
    who=FILERS,
    body=Announcement,
    answer=AnnouncedFileView,
    status=201,
    key=True,
)
def create(call: Call, application_id: str) -> Any:
    asked = call.body
    done = files.announce(
        application_id, asked.kind, asked.content_type, asked.size_bytes, asked.sha256, call.key, call.caller, call.trace
    )
    upload = None
    if done.answer.state is FileState.ANNOUNCED:
        url, headers = files.address_to_put(done.answer)
        until = rfc3339(call.now + timedelta(seconds=files.PUT_SECONDS))
        upload = UploadView(url=url, headers=headers, expires_at=until)
    return Reply(AnnouncedFileView(**_fields(done.answer), upload=upload), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/merchant-applications/{application_id}/files/{file_id}/complete",
    "Have the platform check what was put",
    who=FILERS,
    answer=FileView,
    key=True,
)
def complete(call: Call, application_id: str, file_id: str) -> Any:
    done = files.complete(application_id, file_id, call.caller, call.trace)
    return Reply(FileView(**_fields(done.answer)), replayed=done.replayed)


@endpoint(
    routes,
    "GET",
    "/v1/merchant-applications/{application_id}/files",
    "Files of an application",
    who=FILERS | REVIEWERS,
    answer=ListView[FileView],
)
def index(call: Call, application_id: str) -> Any:
    found = files.of_application(application_id, call.caller)
    return ListView[FileView](data=[FileView(**_fields(file)) for file in found])


@endpoint(
    routes,
    "GET",
    "/v1/merchant-applications/{application_id}/files/{file_id}",
    "Where one file can be fetched for five minutes; that it was asked for is written down",
    who=FILERS | REVIEWERS,
    answer=DownloadView,
)
def show(call: Call, application_id: str, file_id: str) -> Any:
    file, url = files.show(application_id, file_id, call.caller, call.trace)
    until = rfc3339(call.now + timedelta(seconds=files.GET_SECONDS))
    return DownloadView(**_fields(file), url=url, expires_at=until)
