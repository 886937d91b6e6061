"""Papers of an application: announced, put into the bucket by the client, checked, shown."""

from chalicelib import ids
from chalicelib.domain import file as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.decision import Decision
from chalicelib.domain.file import FILES_MAX, ApplicationFile, ContentType
from chalicelib.domain.filing import FileKind
from chalicelib.domain.principal import Principal
from chalicelib.domain.refusals import CounterpartUnknown, absent
from chalicelib.gateways import uploads
from chalicelib.gateways.outcomes import NotFound, Unknown
from chalicelib.gateways.uploads import StoredObject, Uploads
from chalicelib.operations.applications import visible
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads

PUT_SECONDS = 15 * 60
GET_SECONDS = 5 * 60


def announce(
    application_id: str,
    kind: FileKind,
    content_type: ContentType,
    size_bytes: int,
    sha256: str,
    key: str,
    caller: Principal,
    trace: Trace,
) -> Done[ApplicationFile]:
    file = ApplicationFile(
        merchant_id=ids.renamed("mch", application_id),
        file_id=ids.derived("fil", application_id, caller.principal_id, "file", key),
        application_id=application_id,
        kind=kind,
        content_type=content_type,
        size_bytes=size_bytes,
        sha256=sha256,
        announced_by=caller.principal_id,
        announced_at=trace.at,
        fingerprint=ids.fingerprint(kind, content_type, str(size_bytes), sha256),
    )

    def decide() -> Decision[ApplicationFile]:
        application = visible(application_id, caller)
        return rules.announce(application, reads.get(ApplicationFile, file.merchant_id, file.file_id), file, trace)

    return commit(decide)


def address_to_put(file: ApplicationFile, bucket: Uploads | None = None) -> tuple[str, dict[str, str]]:
    return (bucket or uploads.connect()).address_to_put(
        file.object_key, file.content_type, file.size_bytes, file.sha256, PUT_SECONDS
    )


def complete(
    application_id: str, file_id: str, caller: Principal, trace: Trace, bucket: Uploads | None = None
) -> Done[ApplicationFile]:
    """The object is read and checked before anything is written."""
    visible(application_id, caller)
    file = _load(application_id, file_id)
    version = file.object_version
    if file.state is rules.FileState.ANNOUNCED:
        found = _found((bucket or uploads.connect()).read(file.object_key, file.size_bytes))
        rules.require_as_announced(file, found.content)
        version = found.version

    def decide() -> Decision[ApplicationFile]:
        return rules.complete(visible(application_id, caller), _load(application_id, file_id), version, trace)

    return commit(decide)


def _found(outcome: StoredObject | NotFound | Unknown) -> StoredObject:
    if isinstance(outcome, Unknown):
        raise CounterpartUnknown("storage_unknown", "文件存储暂无响应，请重试", "the store of files gave no answer, try again")
    if isinstance(outcome, NotFound):
        raise rules.not_uploaded()
    return outcome


def of_application(application_id: str, caller: Principal) -> list[ApplicationFile]:
    application = visible(application_id, caller)
    return reads.owned(ApplicationFile, application.merchant_id, "fil_", FILES_MAX)


def show(
    application_id: str, file_id: str, caller: Principal, trace: Trace, bucket: Uploads | None = None
) -> tuple[ApplicationFile, str]:
    """The file and where it can be fetched for some minutes; that it was asked for is written down first."""

    def decide() -> Decision[ApplicationFile]:
        visible(application_id, caller)
        return rules.show(_load(application_id, file_id), trace)

    file = commit(decide).answer
    signer = bucket or uploads.connect()
    return file, signer.address_to_get(
        file.object_key, file.object_version, file.download_name, file.content_type, GET_SECONDS
    )


def _load(application_id: str, file_id: str) -> ApplicationFile:
    file = reads.get(ApplicationFile, ids.renamed("mch", application_id), file_id)
    if file is None or file.application_id != application_id:
        raise absent("文件", "file")
    return file
