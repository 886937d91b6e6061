"""Papers of an application over HTTP: put straight into the bucket, checked once, shown as that version to those who may see."""

import hashlib

import pytest
import requests

from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.file import FILE_BYTES_MAX, FILES_MAX
from chalicelib.domain.principal import Role
from chalicelib.gateways import uploads
from chalicelib.gateways.outcomes import NotFound, Unknown
from tests.api.office import OTHER_LICENCE, REJECT, Office
from tests.api.papers import JPEG, PDF, PNG, announced, announcement, completed, hand_in, put


@pytest.mark.parametrize(
    "content, content_type", [(PNG + b"x", "image/png"), (JPEG + b"x", "image/jpeg"), (PDF + b"x", "application/pdf")]
)
def test_a_paper_is_put_checked_and_fetched_as_it_was(office: Office, content: bytes, content_type: str) -> None:
    path = office.begun({})
    file = hand_in(office.platform, path, office.clerk, content, content_type=content_type)
    assert (file["state"], file["sha256"]) == ("stored", hashlib.sha256(content).hexdigest())
    shown = office.ok(office.platform.get(f"{path}/files/{file['file_id']}", office.clerk))
    fetched = requests.get(shown["url"], timeout=5)
    assert (fetched.content, fetched.headers["Content-Type"]) == (content, content_type)
    assert fetched.headers["Content-Disposition"].startswith("attachment; filename=")
    assert office.ok(office.platform.get(path, office.clerk))["file_count"] == 1


def test_what_is_put_there_later_is_another_version_that_nobody_is_shown(office: Office) -> None:
    path = office.begun({})
    file = announced(office.platform, path, office.clerk, PNG + b"the licence")
    put(file, PNG + b"the licence")
    assert completed(office.platform, path, office.clerk, file).status == 200
    put(file, PNG + b"a forgery!!")
    again = completed(office.platform, path, office.clerk, file)
    assert (again.status, again.replayed) == (200, True)
    shown = office.ok(office.platform.get(f"{path}/files/{file['file_id']}", office.clerk))
    assert requests.get(shown["url"], timeout=5).content == PNG + b"the licence"


def test_the_address_signs_type_length_and_digest_for_fifteen_minutes(office: Office) -> None:
    file = announced(office.platform, office.begun({}), office.clerk, PNG)
    url = file["upload"]["url"]
    assert "X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bx-amz-checksum-sha256" in url
    assert "X-Amz-Expires=900" in url
    assert file["upload"]["headers"]["Content-Length"] == str(len(PNG))


@pytest.mark.parametrize(
    "content, said, code",
    [
        (PNG + b"longer", {"size_bytes": len(PNG)}, "file_size_differs"),
        (PNG + b"shorter", {"size_bytes": len(PNG) + 100}, "file_size_differs"),
        (PNG + b"other", {"sha256": "0" * 64}, "file_hash_differs"),
        (b"MZ\x90\x00 a program", {}, "file_type_differs"),
        (b"<svg onload=alert(1)>", {}, "file_type_differs"),
        (PDF, {"content_type": "image/jpeg"}, "file_type_differs"),
    ],
)
def test_what_is_not_as_announced_is_refused_and_can_be_put_again(
    office: Office, content: bytes, said: dict[str, object], code: str
) -> None:
    path = office.begun({})
    made = office.platform.post(f"{path}/files", announcement(content) | said, office.clerk)
    file = office.ok(made, 201)
    put(file, content)
    before = office.platform.dump()
    assert completed(office.platform, path, office.clerk, file).code == code
    assert office.platform.dump() == before
    assert "files.licence" in office.ok(office.platform.get(path, office.clerk))["missing"]


def test_nothing_put_is_nothing_stored_and_nothing_shown(office: Office) -> None:
    path = office.begun({})
    file = announced(office.platform, path, office.clerk, PNG)
    assert completed(office.platform, path, office.clerk, file).code == "file_not_uploaded"
    assert office.platform.get(f"{path}/files/{file['file_id']}", office.clerk).code == "file_not_uploaded"
    (listed,) = office.ok(office.platform.get(f"{path}/files", office.clerk))["data"]
    assert listed["state"] == "announced"


def test_a_silent_bucket_is_not_an_empty_one(office: Office) -> None:
    assert isinstance(uploads.Uploads(uploads.s3_client(), "nowhere").read("any", 10), Unknown)
    assert isinstance(uploads.connect().read("applications/none", 10), NotFound)


@pytest.mark.parametrize(
    "wrong",
    [
        {"size_bytes": FILE_BYTES_MAX + 1},
        {"size_bytes": 0},
        {"content_type": "image/svg+xml"},
        {"kind": "selfie"},
        {"sha256": "A" * 64},
        {"sha256": "0" * 63},
        {"name": "../../etc"},
    ],
)
def test_an_announcement_beyond_the_limits_is_refused(office: Office, wrong: dict[str, object]) -> None:
    path = office.begun({})
    before = office.platform.dump()
    answer = office.platform.post(f"{path}/files", announcement(PNG) | wrong, office.clerk)
    assert (answer.code, answer.json["param"]) == ("request_invalid", next(iter(wrong)))
    assert office.platform.dump() == before


def test_the_same_announcement_is_one_file_and_there_is_a_bounded_number(office: Office) -> None:
    path = office.begun({})
    said = announcement(PNG)
    one, again = (office.platform.post(f"{path}/files", said, office.clerk, "file-key-1") for _ in range(2))
    assert (one.json["file_id"], again.replayed) == (again.json["file_id"], True)
    other = office.platform.post(f"{path}/files", said | {"kind": "other"}, office.clerk, "file-key-1")
    assert other.code == "idempotency_key_reused"
    for _ in range(FILES_MAX - 1):
        announced(office.platform, path, office.clerk, PNG)
    full = office.platform.post(f"{path}/files", said, office.clerk)
    assert (full.status, full.code, full.json["facts"]) == (409, "too_many_files", {"has": FILES_MAX, "max": FILES_MAX})
    assert len(office.ok(office.platform.get(f"{path}/files", office.clerk))["data"]) == FILES_MAX


def test_the_picture_of_another_merchants_licence_is_refused_until_that_one_is_rejected(office: Office) -> None:
    picture = PNG + b"the same scan"
    first = office.submitted(office.company(), picture=picture)
    second = office.begun(office.company(name="月湖餐饮有限公司", licence_no=OTHER_LICENCE) | {"industry": "catering"})
    hand_in(office.platform, second, office.clerk, picture)
    before = office.platform.dump()
    refused = office.submit(second)
    assert (refused.status, refused.code) == (409, "licence_image_reused")
    assert office.platform.dump() == before
    office.ok(office.review(first, office.reviewer, REJECT))
    assert office.submit(second).status == 200
    assert office.submit(first).code == "licence_image_reused"


def test_every_look_at_a_paper_is_written_down(office: Office) -> None:
    from chalicelib.store.rows import to_value
    from chalicelib.store.tables import AuditTable

    path = office.submitted(office.company())
    (file,) = office.ok(office.platform.get(f"{path}/files", office.regulator))["data"]
    for who in (office.clerk, office.regulator):
        assert office.platform.get(f"{path}/files/{file['file_id']}", who).status == 200
    trail: list[AuditEntry] = [to_value(row) for row in AuditTable.query(file["file_id"])]
    looks = [(one.principal_id, one.role) for one in trail if one.action == "file.show"]
    assert looks == [("stf_clerk", Role.OPERATOR), ("stf_regulator", Role.REGULATOR)]
