"""The keys of store codes: which one signs, which ones verify, and that revoking one takes two operators."""

from dataclasses import replace

import pytest

from chalicelib.domain import code_key as rules
from chalicelib.domain.audit import AuditEntry, Trace
from chalicelib.domain.code_key import KEY_ID_MAX, CodeKey, CodeKeyState
from tests.domain.town import NOON, code_of


def by(person: str) -> Trace:
    return Trace(f"aud_{person}", "request", person, "operator", NOON)


ANN, BOB = by("stf_ann"), by("stf_bob")
CURRENT = CodeKey(2, "wrapped-2", "ckr_2", NOON)
FORMER = CodeKey(1, "wrapped-1", "", NOON, CodeKeyState.VERIFYING)
REVOKING = replace(FORMER, state=CodeKeyState.REVOKING, proposed_by="stf_ann", reason="leaked", version=2)
RING = [FORMER, CURRENT]


def audits(puts: tuple[object, ...]) -> list[AuditEntry]:
    return [put.value for put in puts if isinstance(put.value, AuditEntry)]  # type: ignore[attr-defined]


def test_the_first_key_is_made_once_and_found_by_everybody_else() -> None:
    made = rules.first_key([], "wrapped", ANN)
    assert (made.answer.key_id, made.answer.state, made.puts[0].expect) == (1, "current", None)
    found = rules.first_key([made.answer], "another", BOB)
    assert (found.answer, found.replayed) == (made.answer, True)


def test_a_rotation_makes_one_current_key_and_lets_the_former_verify() -> None:
    done = rules.rotate(RING, "wrapped-3", "ckr_3", ANN)
    made, former, audit = (put.value for put in done.puts)
    assert (made.key_id, made.state, made.wrapped) == (3, "current", "wrapped-3")
    assert (former.key_id, former.state, former.version) == (2, "verifying", 2)
    assert former.verifies
    assert (audit.action, audit.before, audit.after) == ("code_key.rotate", "2", "3")


def test_the_same_request_to_rotate_finds_the_key_it_made_also_after_another_rotation() -> None:
    ring = [FORMER, replace(CURRENT, state=CodeKeyState.VERIFYING), CodeKey(3, "wrapped-3", "ckr_3", NOON)]
    again = rules.rotate(ring, "unused", "ckr_2", ANN)
    assert (again.answer.key_id, again.replayed, again.puts) == (2, True, ())


def test_ids_end_with_the_byte_that_a_code_has_for_them() -> None:
    last = replace(CURRENT, key_id=KEY_ID_MAX)
    assert code_of(lambda: rules.rotate([last], "w", "ckr_x", ANN)) == "code_keys_exhausted"


def test_between_two_reads_of_a_rotation_the_newer_key_signs() -> None:
    assert rules.current_of([replace(FORMER, state=CodeKeyState.CURRENT), CURRENT]) is CURRENT
    assert rules.current_of([FORMER]) is None


def test_one_operator_proposes_and_another_one_revokes() -> None:
    proposed = rules.propose(FORMER, "leaked", ANN).answer
    assert (proposed.state, proposed.proposed_by, proposed.verifies) == ("revoking", "stf_ann", True)
    assert code_of(lambda: rules.approve(proposed, ANN)) == "second_person_needed"
    revoked = rules.approve(proposed, BOB)
    assert (revoked.answer.state, revoked.answer.approved_by, revoked.answer.verifies) == ("revoked", "stf_bob", False)
    assert [(one.action, one.reason) for one in audits(revoked.puts)] == [("code_key.revoke", "leaked")]


def test_the_current_key_is_rotated_before_it_can_be_revoked() -> None:
    assert code_of(lambda: rules.propose(CURRENT, "leaked", ANN)) == "code_key_current"


def test_a_proposal_can_be_taken_back_and_made_again_by_another_person() -> None:
    back = rules.withdraw(REVOKING, BOB).answer
    assert (back.state, back.proposed_by, back.reason) == ("verifying", "", "")
    again = rules.propose(back, "leaked after all", BOB).answer
    assert code_of(lambda: rules.approve(again, BOB)) == "second_person_needed"
    assert rules.approve(again, ANN).answer.state == "revoked"


def test_repeating_what_one_did_changes_nothing_and_what_another_did_is_refused() -> None:
    assert rules.propose(REVOKING, "leaked", ANN).replayed
    assert code_of(lambda: rules.propose(REVOKING, "other", ANN)) == "code_key_revoking"
    assert code_of(lambda: rules.propose(REVOKING, "leaked", BOB)) == "code_key_revoking"
    revoked = rules.approve(REVOKING, BOB).answer
    assert rules.approve(revoked, BOB).replayed
    verbs = (lambda: rules.approve(revoked, ANN), lambda: rules.withdraw(revoked, ANN), lambda: rules.propose(revoked, "x", ANN))
    assert {code_of(verb) for verb in verbs} == {"code_key_revoked"}
    assert rules.withdraw(FORMER, ANN).replayed


@pytest.mark.parametrize("state", [state for state in CodeKeyState if state is not CodeKeyState.REVOKED])
def test_every_state_but_revoked_verifies(state: CodeKeyState) -> None:
    assert replace(CURRENT, state=state).verifies


def test_a_key_that_never_was_is_absent() -> None:
    for verb in (lambda: rules.propose(None, "x", ANN), lambda: rules.approve(None, ANN), lambda: rules.withdraw(None, ANN)):
        assert code_of(verb) == "not_found"
