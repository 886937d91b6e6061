"""People: who may invite whom, the one-time code, the lock, and the one-time password that is good once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import NotAuthenticated
from chalicelib.domain.staff import (
    FAILURES_MAX,
    LOCKED_FOR,
    Staff,
    StaffState,
    activate,
    disable,
    invite,
    require_unlocked,
    sign_in,
)
from tests.domain.rows import Rows
from tests.domain.town import NOON, code_of, trace

OPERATOR = Principal(Role.OPERATOR, "off_1", "platform")
OWNER = Principal(Role.OWNER, "stf_1", "mch_1")
MANAGER = Principal(Role.MANAGER, "stf_2", "mch_1")
INVITED = Staff("stf_9", "li", "mch_1", Role.CASHIER, ("sto_1",), "", NOON, "hash", "f")
ACTIVE = replace(INVITED, state=StaffState.ACTIVE, password_hash="p", totp_secret="t", totp_step=100)


@pytest.mark.parametrize("inviter", list(Role))
@pytest.mark.parametrize("invited", list(Role))
def test_each_role_gives_only_the_roles_below_it(inviter: Role, invited: Role) -> None:
    allowed = {
        Role.OPERATOR: {Role.OWNER},
        Role.OWNER: {Role.MANAGER, Role.CASHIER},
        Role.MANAGER: {Role.CASHIER},
    }.get(inviter, set())
    who = Principal(inviter, "x", "platform" if inviter is Role.OPERATOR else "mch_1")
    outcome = code_of(lambda: invite(None, replace(INVITED, role=invited), who, trace()))
    assert outcome == ("" if invited in allowed else "role_not_yours_to_give")


def test_a_role_that_is_not_yours_comes_before_a_name_that_is_taken() -> None:
    other = replace(INVITED, organisation_id="mch_2")
    assert (
        code_of(lambda: invite(other, replace(INVITED, role=Role.OWNER), MANAGER, trace()))
        == "role_not_yours_to_give"
    )
    assert code_of(lambda: invite(other, INVITED, OWNER, trace())) == "username_taken"


def test_the_same_invitation_again_is_the_same_and_one_with_another_body_is_refused() -> None:
    """The invitation's hash is the key's: one key, one invitation. Whatever has become of the person since."""
    for present in (INVITED, ACTIVE, replace(ACTIVE, state=StaffState.DISABLED)):
        again = invite(present, INVITED, OWNER, trace())
        assert (again.answer, again.replayed) == (present, True)
        assert (
            code_of(lambda present=present: invite(replace(present, fingerprint="g"), INVITED, OWNER, trace()))
            == "idempotency_key_reused"
        )


@pytest.mark.parametrize("body", ["f", "g"], ids=["the same body", "another body"])
@pytest.mark.parametrize("present", [INVITED, ACTIVE], ids=["invited", "active"])
def test_another_invitation_to_a_name_that_is_there_is_a_name_taken(present: Staff, body: str) -> None:
    other = replace(present, invitation_hash="another key's", fingerprint=body)
    assert code_of(lambda: invite(other, INVITED, OWNER, trace())) == "username_taken"
    elsewhere = replace(present, organisation_id="mch_2", fingerprint=body)
    assert code_of(lambda: invite(elsewhere, INVITED, OWNER, trace())) == "username_taken"


def test_an_invitation_is_refused_in_the_stated_order() -> None:
    bound = replace(MANAGER, stores=("sto_1",))
    taken = replace(INVITED, invitation_hash="another key's", fingerprint="g")
    reused = replace(INVITED, fingerprint="g")
    wrong = replace(INVITED, organisation_id="mch_2", role=Role.OWNER, stores=("sto_2",))
    assert code_of(lambda: invite(taken, wrong, bound, trace())) == "not_found"
    wrong = replace(wrong, organisation_id="mch_1")
    assert code_of(lambda: invite(taken, wrong, bound, trace())) == "role_not_yours_to_give"
    wrong = replace(wrong, role=Role.CASHIER)
    assert code_of(lambda: invite(taken, wrong, bound, trace())) == "stores_not_yours_to_give"
    wrong = replace(wrong, stores=("sto_1",))
    assert code_of(lambda: invite(taken, wrong, bound, trace())) == "username_taken"
    assert code_of(lambda: invite(reused, wrong, bound, trace())) == "idempotency_key_reused"
    assert code_of(lambda: invite(None, wrong, bound, trace())) == ""


def test_two_invitations_of_one_name_at_once_make_one_person() -> None:
    rows = Rows()
    one = invite(None, INVITED, OWNER, trace("a"))
    two = invite(None, replace(INVITED, staff_id="stf_8"), OWNER, trace("b"))
    rows.commit(one)
    before = rows.image()
    assert code_of(lambda: rows.commit(two)) == "username_taken"
    assert rows.image() == before


def test_nobody_invites_into_another_organisation() -> None:
    """T4. The organisation of the invited one comes from a request; only an operator invites across."""
    foreign = replace(INVITED, organisation_id="mch_2")
    assert code_of(lambda: invite(None, foreign, OWNER, trace())) == "not_found"
    assert code_of(lambda: invite(foreign, foreign, OWNER, trace())) == "not_found"
    assert code_of(lambda: invite(None, foreign, MANAGER, trace())) == "not_found"
    assert code_of(lambda: invite(None, replace(foreign, role=Role.OWNER), OPERATOR, trace())) == ""


def test_a_manager_of_one_store_does_not_give_all_stores_away() -> None:
    bound = replace(MANAGER, stores=("sto_1",))
    assert code_of(lambda: invite(None, replace(INVITED, stores=("sto_1",)), bound, trace())) == ""
    for stores in ((), ("sto_2",), ("sto_1", "sto_2")):
        given = replace(INVITED, stores=stores)
        assert code_of(lambda given=given: invite(None, given, bound, trace())) == "stores_not_yours_to_give"
        assert code_of(lambda given=given: invite(None, given, MANAGER, trace())) == ""


def activated(staff: Staff, code: str = "hash", **later: float) -> Any:
    return activate(staff, code, "p", "t", trace(at=NOON + timedelta(**later)))


def test_an_invitation_is_good_for_seven_days_with_its_own_code() -> None:
    made = activated(INVITED, days=6, hours=23, minutes=59, seconds=59).answer
    assert (made.state, made.password_hash, made.totp_secret, made.version) == (
        StaffState.ACTIVE,
        "p",
        "t",
        2,
    )
    assert code_of(lambda: activated(INVITED, days=7)) == "wrong_credentials"
    assert code_of(lambda: activated(INVITED, code="other")) == "wrong_credentials"


def test_a_wrong_code_comes_before_the_state_and_a_used_one_says_so() -> None:
    assert code_of(lambda: activated(ACTIVE, code="other")) == "wrong_credentials"
    used = replace(ACTIVE, password_hash="another salt, another hash")
    assert code_of(lambda: activated(used)) == "staff_active"
    assert code_of(lambda: activated(replace(used, state=StaffState.DISABLED))) == "staff_disabled"


def test_the_very_same_activation_whose_answer_was_lost_is_answered_again() -> None:
    made = activated(INVITED).answer
    assert (activated(made).answer, activated(made).replayed) == (made, True)


def test_a_lost_activation_is_answered_again_for_ten_minutes_to_an_active_person() -> None:
    made = activated(INVITED, days=1).answer
    assert activated(made, days=1, minutes=9, seconds=59).replayed
    assert code_of(lambda: activated(made, days=1, minutes=10)) == "staff_active"
    assert code_of(lambda: activated(made, code="other", days=1)) == "wrong_credentials"
    disabled = disable(made, trace(at=made.activated_at)).answer
    assert code_of(lambda: activated(disabled, days=1)) == "staff_disabled"


@pytest.mark.parametrize("before", [INVITED, ACTIVE], ids=lambda staff: staff.state)
def test_a_disabled_person_is_out_at_once_and_one_audit_entry_says_who_did_it(before: Staff) -> None:
    rows = Rows()
    rows.commit(Decision(before, (create(before),)))
    disabled = disable(before, trace("aud_7", NOON, "stf_1", "owner"))
    rows.commit(disabled)
    stored = rows.get(Staff, "li")
    assert stored == replace(before, state=StaffState.DISABLED, version=2)
    (audit,) = rows.all(AuditEntry)
    assert (audit.object_id, audit.action, audit.before, audit.after) == (
        "stf_9",
        "staff.disable",
        before.state,
        "disabled",
    )
    assert (audit.principal_id, audit.role, audit.at) == ("stf_1", "owner", NOON)
    for refused in (lambda: require_unlocked(stored, NOON), lambda: sign_in(stored, True, 101, NOON)):
        assert code_of(refused) == "wrong_credentials"


def test_disabling_again_is_a_repetition_without_a_second_audit_entry() -> None:
    disabled = disable(ACTIVE, trace()).answer
    again = disable(disabled, trace("aud_8"))
    assert (again.answer, again.replayed, again.puts) == (disabled, True, ())


def test_nobody_comes_back_from_disabled() -> None:
    disabled = replace(INVITED, state=StaffState.DISABLED)
    assert code_of(lambda: activated(disabled)) == "staff_disabled"
    assert invite(disabled, INVITED, OWNER, trace()).answer.state is StaffState.DISABLED


@pytest.mark.parametrize("first", ["sign in", "disable"])
def test_a_sign_in_and_a_disabling_at_once_cannot_both_count(first: str) -> None:
    rows = Rows()
    rows.commit(Decision(ACTIVE, (create(ACTIVE),)))
    decided = {"sign in": sign_in(ACTIVE, True, 101, NOON), "disable": disable(ACTIVE, trace())}
    rows.commit(decided.pop(first))
    before = rows.image()
    assert code_of(lambda: rows.commit(decided.popitem()[1])) == "contention"
    assert rows.image() == before


def tried(staff: Staff, password: bool = True, step: int | None = 101, **later: float) -> Any:
    return sign_in(staff, password, step, NOON + timedelta(**later)).answer


@pytest.mark.parametrize(
    "password, step", [(False, 101), (True, None), (True, 100), (True, 99), (False, None)]
)
def test_a_wrong_password_a_wrong_code_and_an_old_code_are_one_failure_each_and_look_alike(
    password: bool, step: int | None
) -> None:
    outcome = tried(ACTIVE, password, step)
    assert outcome.refusal.code == "wrong_credentials"
    assert (outcome.staff.failures, outcome.staff.totp_step, outcome.staff.version) == (1, 100, 2)


def test_a_one_time_password_is_good_once() -> None:
    first = tried(ACTIVE)
    assert first.refusal is None
    assert tried(first.staff).refusal.code == "wrong_credentials"
    assert tried(first.staff, step=102).refusal is None


def test_five_failures_lock_for_fifteen_minutes_and_then_count_again_from_none() -> None:
    staff = ACTIVE
    for failure in range(1, FAILURES_MAX + 1):
        assert require_unlocked(staff, NOON) is staff
        staff = tried(staff, password=False).staff
        assert (staff.locked_until is not None) is (failure == FAILURES_MAX)
    assert code_of(lambda: require_unlocked(staff, NOON)) == "wrong_credentials"
    assert (
        code_of(lambda: require_unlocked(staff, NOON + LOCKED_FOR - timedelta(microseconds=1)))
        == "wrong_credentials"
    )
    assert require_unlocked(staff, NOON + LOCKED_FOR).failures == 0
    assert tried(staff, password=False, minutes=15).staff.locked_until is None
    assert tried(staff, minutes=15).staff.locked_until is None


def test_a_success_forgets_the_failures_before_it() -> None:
    staff = ACTIVE
    for _ in range(FAILURES_MAX - 1):
        staff = tried(staff, password=False).staff
    assert tried(staff).staff.failures == 0


def test_a_locked_account_stays_locked_for_the_right_password_too() -> None:
    """`sign_in` itself must hold the lock: whoever forgets `require_unlocked` would open it."""
    locked = replace(ACTIVE, locked_until=NOON + LOCKED_FOR)
    for password in (True, False):
        refused = pytest.raises(NotAuthenticated, match="wrong_credentials")
        with refused:
            tried(locked, password, minutes=1)
        with refused:
            tried(locked, password, minutes=14, seconds=59)
    opened = tried(locked, minutes=15)
    assert (opened.refusal, opened.staff.locked_until, opened.staff.failures) == (None, None, 0)


@pytest.mark.parametrize(
    "staff",
    [None, INVITED, replace(ACTIVE, state=StaffState.DISABLED)],
    ids=["unknown", "invited", "disabled"],
)
def test_who_is_not_active_gets_the_answer_of_a_wrong_password(staff: Staff | None) -> None:
    assert code_of(lambda: require_unlocked(staff, NOON)) == "wrong_credentials"
    assert code_of(lambda: sign_in(staff, True, 101, NOON)) == "wrong_credentials"


def test_two_tries_at_once_with_one_one_time_password_let_one_in() -> None:
    rows = Rows()
    rows.commit(invite(None, INVITED, OWNER, trace()))
    rows.commit(activate(INVITED, "hash", "p", "t", trace("b")))
    staff = rows.get(Staff, "li")
    one, two = sign_in(staff, True, 101, NOON), sign_in(staff, True, 101, NOON)
    rows.commit(one)
    assert code_of(lambda: rows.commit(two)) == "contention"
    assert sign_in(rows.get(Staff, "li"), True, 101, NOON).answer.refusal is not None
