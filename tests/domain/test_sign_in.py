"""Signing in: a one-time password is good once, guessing locks the guesser's place, a session ends when somebody ends it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.principal import Role
from chalicelib.domain.session import SESSIONS_MAX, Session, begun, joined, revoke, revoke_all
from chalicelib.domain.sign_in import (
    COUNTED_FOR,
    EVERYWHERE,
    FAILURES_EVERYWHERE_MAX,
    FAILURES_MAX,
    KNOWN_FOR,
    LOCKED_FOR,
    Lock,
    change_password,
    counted,
    require_another_password,
    require_unlocked,
    sign_in,
)
from chalicelib.domain.staff import Staff, StaffState, disable
from tests.domain.rows import Rows
from tests.domain.town import NOON, code_of, trace

HOME, CAFE = "home", "cafe"
SECOND = timedelta(seconds=1)
INVITED = Staff("stf_9", "li", "mch_1", Role.CASHIER, ("sto_1",), "", NOON, "hash", "f")
ACTIVE = replace(INVITED, state=StaffState.ACTIVE, password_hash="p", totp_secret="t", totp_step=100)


def tried(
    staff: Staff | None,
    password: bool = True,
    step: int | None = 101,
    here: Lock | None = None,
    at: datetime = NOON,
    own: str = "1",
) -> Decision[Any]:
    return sign_in(staff, here, HOME, password, step, begun("stf_9", f"ses_{own}", "phone", at))


def failing(times: int, lock: Lock | None = None, source: str = HOME, at: datetime = NOON) -> Lock | None:
    for _ in range(times):
        lock = counted(lock, "stf_9", source, at).value
    return lock


def locked(here: Lock | None, everywhere: Lock | None = None, at: datetime = NOON) -> bool:
    return code_of(lambda: require_unlocked(here, everywhere, at)) == "wrong_credentials"


def test_a_sign_in_begins_a_session_makes_the_place_known_and_uses_the_one_time_password_up() -> None:
    decision = tried(ACTIVE)
    staff, session, lock = (put.value for put in decision.puts)
    assert decision.answer.refusal is None
    assert (staff.totp_step, staff.sessions, staff.version) == (101, ("ses_1",), 2)
    assert (session.staff_id, session.created_at, session.expires_at) == ("stf_9", NOON, NOON + timedelta(minutes=30))
    assert (lock.source, lock.known_until, lock.failures) == (HOME, NOON + KNOWN_FOR, 0)
    assert tried(staff, own="2").answer.refusal.code == "wrong_credentials"
    assert tried(staff, step=102, own="2").answer.refusal is None


def test_the_very_same_sign_in_whose_answer_was_lost_is_answered_again() -> None:
    once = tried(ACTIVE).answer.staff
    again = tried(once)
    assert (again.answer.staff, again.answer.refusal, again.replayed) == (once, None, True)


@pytest.mark.parametrize("password, step", [(False, 101), (True, None), (True, 100), (True, 99), (False, None)])
def test_a_wrong_password_a_wrong_code_and_an_old_code_are_one_failure_each_and_look_alike(
    password: bool, step: int | None
) -> None:
    decision = tried(ACTIVE, password, step)
    (lock,) = (put.value for put in decision.puts)
    assert decision.answer.refusal.code == "wrong_credentials"
    assert (lock.staff_id, lock.source, lock.failures, lock.since) == ("stf_9", HOME, 1, NOON)


@pytest.mark.parametrize(
    "staff", [None, INVITED, replace(ACTIVE, state=StaffState.DISABLED)], ids=["unknown", "invited", "disabled"]
)
def test_who_is_not_active_fails_and_is_counted_like_a_wrong_password(staff: Staff | None) -> None:
    wrong, nobody = tried(ACTIVE, password=False), tried(staff)
    assert nobody.answer.refusal.code == "wrong_credentials"
    assert [put.value for put in nobody.puts] == [put.value for put in wrong.puts]


def test_five_failures_lock_the_place_for_fifteen_minutes_and_then_count_again_from_none() -> None:
    lock = None
    for failure in range(1, FAILURES_MAX + 1):
        assert not locked(lock)
        lock = failing(1, lock)
        assert locked(lock) is (failure == FAILURES_MAX)
    assert locked(lock, at=NOON + LOCKED_FOR - timedelta(microseconds=1))
    assert not locked(lock, at=NOON + LOCKED_FOR)
    assert not locked(failing(1, lock, at=NOON + LOCKED_FOR), at=NOON + LOCKED_FOR)


def test_a_failure_is_forgotten_an_hour_after_the_first() -> None:
    lock = failing(FAILURES_MAX - 1)
    assert locked(failing(1, lock, at=NOON + COUNTED_FOR - SECOND), at=NOON + COUNTED_FOR)
    again = failing(1, lock, at=NOON + COUNTED_FOR)
    assert (again.failures, again.since) == (1, NOON + COUNTED_FOR)


def test_a_success_forgets_the_failures_before_it() -> None:
    lock = failing(FAILURES_MAX - 1)
    after = tried(ACTIVE, here=lock).puts[2].value
    assert (after.failures, after.version) == (0, lock.version + 1)
    assert not locked(failing(FAILURES_MAX - 1, after))


def test_a_locked_place_stays_locked_for_the_right_password_too() -> None:
    """`sign_in` itself must hold the lock: whoever forgets `require_unlocked` would open it."""
    lock = failing(FAILURES_MAX)
    for password in (True, False):
        assert code_of(lambda password=password: tried(ACTIVE, password, here=lock)) == "wrong_credentials"
    assert tried(ACTIVE, here=lock, at=NOON + LOCKED_FOR).answer.refusal is None


def test_failures_from_everywhere_lock_every_place_but_those_that_are_the_persons_own() -> None:
    everywhere = failing(FAILURES_EVERYWHERE_MAX - 1, source=EVERYWHERE)
    assert not locked(None, everywhere)
    everywhere = failing(1, everywhere, EVERYWHERE)
    home = tried(ACTIVE).puts[2].value
    assert locked(None, everywhere)
    assert not locked(home, everywhere)
    assert locked(failing(FAILURES_MAX, home), everywhere), "one's own place, too, has only so many guesses"
    assert not locked(None, everywhere, at=NOON + LOCKED_FOR)
    late = NOON + KNOWN_FOR
    crowd = failing(FAILURES_EVERYWHERE_MAX, source=EVERYWHERE, at=late)
    assert locked(home, crowd, at=late), "not known any more"
    assert not locked(home, failing(FAILURES_EVERYWHERE_MAX, source=EVERYWHERE, at=late - SECOND), at=late - SECOND)


def test_a_lock_is_kept_until_it_says_nothing_any_more() -> None:
    assert failing(1).forgotten_at == NOON + COUNTED_FOR
    assert failing(FAILURES_MAX, at=NOON).forgotten_at == NOON + COUNTED_FOR
    assert tried(ACTIVE).puts[2].value.forgotten_at == NOON + KNOWN_FOR


@pytest.mark.parametrize("first", ["right", "wrong"])
def test_of_two_guesses_from_one_place_at_once_one_counts_and_the_other_is_decided_again(first: str) -> None:
    rows = Rows()
    rows.commit(Decision(ACTIVE, (create(ACTIVE),)))
    decided = {"right": tried(ACTIVE), "wrong": tried(ACTIVE, password=False)}
    rows.commit(decided.pop(first))
    before = rows.image()
    assert code_of(lambda: rows.commit(decided.popitem()[1])) == "contention"
    assert rows.image() == before


def test_two_tries_at_once_with_one_one_time_password_let_one_in() -> None:
    rows = Rows()
    rows.commit(Decision(ACTIVE, (create(ACTIVE),)))
    rows.commit(tried(ACTIVE))
    assert code_of(lambda: rows.commit(tried(ACTIVE, own="2"))) == "contention"
    lock = rows.get(Lock, "stf_9", HOME)
    assert tried(rows.get(Staff, "li"), here=lock, own="2").answer.refusal is not None


@pytest.mark.parametrize("first", ["sign in", "disable"])
def test_a_sign_in_and_a_disabling_at_once_cannot_both_count(first: str) -> None:
    rows = Rows()
    rows.commit(Decision(ACTIVE, (create(ACTIVE),)))
    decided = {"sign in": tried(ACTIVE), "disable": disable(ACTIVE, trace())}
    rows.commit(decided.pop(first))
    before = rows.image()
    assert code_of(lambda: rows.commit(decided.popitem()[1])) == "contention"
    assert rows.image() == before


def changed(staff: Staff, password: bool = True, step: int | None = 101, here: Lock | None = None) -> Decision[Any]:
    return change_password(staff, here, HOME, password, step, "q", "ses_2", trace())


def test_another_password_ends_all_other_sessions() -> None:
    staff = replace(ACTIVE, sessions=("ses_1", "ses_2", "ses_3"))
    after = changed(staff).answer.staff
    assert (after.password_hash, after.sessions, after.totp_step) == ("q", ("ses_2",), 101)
    audit = changed(staff).puts[2].value
    assert (audit.action, audit.after) == ("staff.change_password", "2 sessions ended")
    assert changed(after).replayed


def test_a_wrong_old_password_is_a_failure_to_sign_in() -> None:
    lock = None
    for _ in range(FAILURES_MAX):
        decision = changed(ACTIVE, password=False, here=lock)
        assert decision.answer.refusal.code == "wrong_credentials"
        lock = decision.puts[0].value
    assert code_of(lambda: changed(ACTIVE, here=lock)) == "wrong_credentials"
    assert code_of(lambda: tried(ACTIVE, here=lock)) == "wrong_credentials"
    assert changed(ACTIVE, step=100).answer.refusal.code == "wrong_credentials"
    assert code_of(lambda: require_another_password("same", "same")) == "password_unchanged"


def test_the_oldest_session_falls_when_there_are_too_many() -> None:
    staff = ACTIVE
    for number in range(SESSIONS_MAX + 2):
        staff = joined(staff, begun("stf_9", f"ses_{number}", "", NOON))
    assert staff.sessions == tuple(f"ses_{number}" for number in range(2, SESSIONS_MAX + 2))


@pytest.mark.parametrize(
    "given, kept", [("a" * 300, "a" * 200), ("a\r\nb\x00\x1b[31m\u202ec", "ab[31mc"), ("微信", "微信"), ("", "")]
)
def test_what_a_client_calls_itself_is_cut_and_cleaned(given: str, kept: str) -> None:
    assert begun("stf_9", "ses_1", given, NOON).user_agent == kept


def session(own: str, of: str = "stf_9") -> Session:
    return begun(of, own, "", NOON)


def test_a_revoked_session_is_off_the_list_and_revoking_it_again_is_a_repetition() -> None:
    rows = Rows()
    staff = replace(ACTIVE, sessions=("ses_1", "ses_2"))
    rows.commit(Decision(staff, (create(staff),)))
    rows.commit(revoke(staff, session("ses_1"), trace()))
    stored = rows.get(Staff, "li")
    assert stored.sessions == ("ses_2",)
    assert revoke(stored, session("ses_1"), trace("b")).replayed
    (audit,) = rows.all(AuditEntry)
    assert (audit.object_id, audit.action, audit.before) == ("stf_9", "session.revoke", "ses_1")
    for absent in (None, session("ses_2", of="stf_8")):
        assert code_of(lambda absent=absent: revoke(stored, absent, trace("c"))) == "not_found"


def test_all_sessions_end_or_all_but_one() -> None:
    staff = replace(ACTIVE, sessions=("ses_1", "ses_2", "ses_3"))
    assert revoke_all(staff, "ses_2", trace()).answer.sessions == ("ses_2",)
    assert revoke_all(staff, "", trace()).answer.sessions == ()
    assert revoke_all(replace(staff, sessions=("ses_2",)), "ses_2", trace()).replayed
    assert revoke_all(ACTIVE, "", trace()).replayed
    assert code_of(lambda: revoke_all(None, "", trace())) == "not_found"


def test_a_sign_in_and_the_end_of_all_sessions_at_once_cannot_both_be() -> None:
    rows = Rows()
    staff = replace(ACTIVE, sessions=("ses_0",))
    rows.commit(Decision(staff, (create(staff),)))
    late = revoke_all(staff, "", trace())
    rows.commit(tried(staff))
    assert code_of(lambda: rows.commit(late)) == "contention"
