"""People: who may invite whom, the one-time code, the lock, and the one-time password that is good once."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.staff import (
    FAILURES_MAX,
    LOCKED_FOR,
    Staff,
    StaffState,
    activate,
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
    assert invite(INVITED, INVITED, OWNER, trace()).replayed
    assert (
        code_of(lambda: invite(replace(INVITED, fingerprint="g"), INVITED, OWNER, trace()))
        == "idempotency_key_reused"
    )
    assert (
        code_of(lambda: invite(replace(ACTIVE, fingerprint="g"), INVITED, OWNER, trace())) == "username_taken"
    )


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
    assert code_of(lambda: invite(None, foreign, OWNER, trace())) != ""


def test_a_manager_of_one_store_does_not_give_all_stores_away() -> None:
    bound = replace(MANAGER, stores=("sto_1",))
    assert code_of(lambda: invite(None, replace(INVITED, stores=("sto_1",)), bound, trace())) == ""
    assert code_of(lambda: invite(None, replace(INVITED, stores=()), bound, trace())) != ""
    assert code_of(lambda: invite(None, replace(INVITED, stores=("sto_2",)), bound, trace())) != ""


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
    assert activated(made).answer == made


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
    outcome = tried(locked, minutes=1)
    assert outcome.refusal is not None
    assert outcome.staff.locked_until is not None


@pytest.mark.parametrize(
    "staff",
    [None, INVITED, replace(ACTIVE, state=StaffState.DISABLED)],
    ids=["unknown", "invited", "disabled"],
)
def test_who_is_not_active_gets_the_answer_of_a_wrong_password(staff: Staff | None) -> None:
    assert code_of(lambda: require_unlocked(staff, NOON)) == "wrong_credentials"


def test_two_tries_at_once_with_one_one_time_password_let_one_in() -> None:
    rows = Rows()
    rows.commit(invite(None, INVITED, OWNER, trace()))
    rows.commit(activate(INVITED, "hash", "p", "t", trace("b")))
    staff = rows.get(Staff, "li")
    one, two = sign_in(staff, True, 101, NOON), sign_in(staff, True, 101, NOON)
    rows.commit(one)
    assert code_of(lambda: rows.commit(two)) == "contention"
    assert sign_in(rows.get(Staff, "li"), True, 101, NOON).answer.refusal is not None
