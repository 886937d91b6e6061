"""A paper of an application: as announced or not at all, a bounded number of them, only while the application is open."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import file as files
from chalicelib.domain.application import Application, ApplicationState
from chalicelib.domain.file import FILES_MAX, ApplicationFile, ContentType
from chalicelib.domain.filing import FileKind
from tests.domain.test_application import DRAFT
from tests.domain.town import NOON, code_of, trace

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 100
EMPTY = replace(DRAFT, file_count=0, file_kinds=(), licence_images=())


def paper(content: bytes = PNG, own: str = "1", **other: Any) -> ApplicationFile:
    digest = hashlib.sha256(content).hexdigest()
    made = ApplicationFile(
        "mch_1", f"fil_{own}", "app_1", FileKind.LICENCE, ContentType.PNG, len(content), digest, "stf_1", NOON, f"f-{own}"
    )
    return replace(made, **other)


@pytest.mark.parametrize("content_type, begins", [("image/png", b"\x89PNG\r\n\x1a\n"), ("image/jpeg", b"\xff\xd8\xff\xe1"),
                                                  ("application/pdf", b"%PDF-1.7")])  # fmt: skip
def test_what_was_announced_is_taken_and_the_other_types_are_told_apart(content_type: str, begins: bytes) -> None:
    content = begins + b" and the rest"
    for announced in ContentType:
        file = paper(content, content_type=announced)
        outcome = code_of(lambda file=file: files.require_as_announced(file, content))
        assert outcome == ("" if announced == content_type else "file_type_differs")


def test_size_digest_and_type_are_asked_in_this_order() -> None:
    file = paper()
    other = b"x" * len(PNG)
    assert code_of(lambda: files.require_as_announced(file, other + b"x")) == "file_size_differs"
    assert code_of(lambda: files.require_as_announced(file, other[:-1])) == "file_size_differs"
    assert code_of(lambda: files.require_as_announced(file, other)) == "file_hash_differs"
    forged = replace(file, sha256=hashlib.sha256(other).hexdigest())
    assert code_of(lambda: files.require_as_announced(forged, other)) == "file_type_differs"
    assert code_of(lambda: files.require_as_announced(file, PNG)) == ""


def test_a_stored_paper_is_known_to_its_application_with_the_picture_of_the_licence() -> None:
    announced = files.announce(EMPTY, None, paper(), trace("a"))
    application = announced.puts[0].value
    assert (application.file_count, application.file_kinds, application.version) == (1, (), 2)
    stored = files.complete(application, paper(), "v-1", trace("b"))
    after: Application = stored.puts[0].value
    assert (after.file_kinds, after.licence_images) == (("licence",), (paper().sha256,))
    assert (stored.answer.state, stored.answer.object_version, stored.answer.stored_at) == ("stored", "v-1", NOON)
    contract = paper(own="2", kind=FileKind.CONTRACT, sha256="c" * 64)
    both = files.complete(after, contract, "v-2", trace("c")).puts[0].value
    assert (both.file_kinds, both.licence_images) == (("contract", "licence"), (paper().sha256,))


def test_completing_again_changes_nothing_whatever_was_put_there_since() -> None:
    stored = replace(paper(), state=files.FileState.STORED, object_version="v-1")
    again = files.complete(DRAFT, stored, "v-2", trace())
    assert (again.replayed, again.answer.object_version) == (True, "v-1")


@pytest.mark.parametrize("state", ApplicationState)
def test_papers_are_handed_in_while_the_application_is_open(state: ApplicationState) -> None:
    application = replace(EMPTY, state=state)
    refusal = "" if state in ("draft", "rejected") else f"application_{state}"
    assert code_of(lambda: files.announce(application, None, paper(), trace())) == refusal
    assert code_of(lambda: files.complete(application, paper(), "v", trace())) == refusal


def test_an_application_has_a_bounded_number_of_papers() -> None:
    full = replace(EMPTY, file_count=FILES_MAX)
    assert code_of(lambda: files.announce(full, None, paper(), trace())) == "too_many_files"
    assert code_of(lambda: files.announce(replace(full, file_count=FILES_MAX - 1), None, paper(), trace())) == ""
    assert files.announce(full, paper(), paper(), trace()).replayed, "an answer that was lost is given again"
    assert code_of(lambda: files.announce(EMPTY, paper(), paper(fingerprint="g"), trace())) == "idempotency_key_reused"


def test_only_what_is_stored_is_shown_and_each_look_is_written_down() -> None:
    assert code_of(lambda: files.show(paper(), trace())) == "file_not_uploaded"
    shown = files.show(replace(paper(), state=files.FileState.STORED), trace(who="reg_1", role="regulator"))
    (audit,) = shown.puts
    assert (audit.value.object_id, audit.value.action, audit.value.principal_id) == ("fil_1", "file.show", "reg_1")
