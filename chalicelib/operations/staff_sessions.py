"""Signing in with a password, the sessions that begin with it, and how they end."""

from datetime import datetime

from chalicelib import credentials, ids
from chalicelib.domain import session as rules
from chalicelib.domain import sign_in as locks
from chalicelib.domain.audit import Trace
from chalicelib.domain.decision import Decision
from chalicelib.domain.principal import Principal
from chalicelib.domain.rights import StaffRight
from chalicelib.domain.session import Session
from chalicelib.domain.sign_in import EVERYWHERE, Lock
from chalicelib.domain.staff import Staff, StaffState, require_over, wrong_credentials
from chalicelib.operations.attempts import Done, commit
from chalicelib.operations.staff import staff_id_of
from chalicelib.store import reads

Present = tuple[Staff | None, Lock | None, Lock | None]


def sign_in(username: str, password: str, totp: str, address: str, user_agent: str, now: datetime) -> tuple[Staff, Session]:
    """Counts a failure before it refuses. Neither the refusal nor its time tells which part was wrong, or whether there is such a
    person. `address`: the client's, as the gateway saw it."""
    staff_id, source = staff_id_of(username), credentials.source_of(address)
    staff, here, everywhere = _load(staff_id, source)
    locks.require_unlocked(here, everywhere, now)
    matches, step = _checked(staff, password, totp, now)
    session = rules.begun(staff_id, ids.random_id("ses"), user_agent, now)

    def decide() -> Decision[locks.Tried]:
        present, lock, _ = _load(staff_id, source)
        return locks.sign_in(present, lock, source, matches and _same_password(staff, present), step, session)

    return _admitted(commit(decide).answer, staff_id, now), session


def change_password(
    caller: Principal, old: str, new: str, totp: str, address: str, trace: Trace
) -> Done[Staff]:
    """The own password. Asked again with the same content after a lost answer, it is a repetition."""
    locks.require_another_password(old, new)
    source = credentials.source_of(address)
    staff, here, everywhere = _load(caller.principal_id, source)
    locks.require_unlocked(here, everywhere, trace.at)
    matches, step = _checked(staff, old, totp, trace.at)
    password_hash = _replacement(staff, matches and step is not None, new, step)

    def decide() -> Decision[locks.Tried]:
        present, lock, _ = _load(caller.principal_id, source)
        unchanged = matches and _same_password(staff, present)
        return locks.change_password(present, lock, source, unchanged, step, password_hash, caller.session_id, trace)

    done = commit(decide)
    return Done(_admitted(done.answer, caller.principal_id, trace.at), done.replayed)


def _replacement(staff: Staff | None, right: bool, new: str, step: int | None) -> str:
    """The hash to store; the stored one if this very change is done already. Nothing is hashed for who was wrong."""
    if right:
        return credentials.password_hash(new)
    done = staff is not None and step == staff.totp_step and credentials.password_matches(staff.password_hash, new)
    return staff.password_hash if staff is not None and done else ""


def _checked(staff: Staff | None, password: str, totp: str, now: datetime) -> tuple[bool, int | None]:
    active = staff is not None and staff.state is StaffState.ACTIVE
    password_hash = staff.password_hash if staff is not None and active else credentials.NOBODYS_PASSWORD_HASH
    totp_secret = staff.totp_secret if staff is not None and active else credentials.NOBODYS_TOTP_SECRET
    return credentials.password_matches(password_hash, password), credentials.totp_step(totp_secret, totp, now)


def _same_password(before: Staff | None, present: Staff | None) -> bool:
    """Between the hashing and the commit nobody set another password."""
    return before is not None and present is not None and before.password_hash == present.password_hash


def _load(staff_id: str, source: str) -> Present:
    staff, here, everywhere = reads.get_together((Staff, (staff_id,)), (Lock, (staff_id, source)), (Lock, (staff_id, EVERYWHERE)))
    return staff, here, everywhere


def _admitted(tried: locks.Tried, staff_id: str, now: datetime) -> Staff:
    """Raises the refusal after the failure was counted everywhere, too: by a write of its own, so that a crowd of failures from
    elsewhere cannot hinder this source's own count."""
    if tried.refusal is None and tried.staff is not None:
        return tried.staff

    def decide() -> Decision[None]:
        return Decision(None, (locks.counted(reads.get(Lock, staff_id, EVERYWHERE), staff_id, EVERYWHERE, now),))

    commit(decide)
    raise tried.refusal or wrong_credentials()


def of(staff_id: str, now: datetime) -> list[Session]:
    """The sessions of a person that are good, oldest first."""
    staff = reads.get(Staff, staff_id)
    if staff is None or not staff.sessions:
        return []
    found = reads.get_together(*((Session, (staff_id, session_id)) for session_id in staff.sessions))
    return [session for session in found if session is not None and now < session.expires_at]


def revoke(session_id: str, caller: Principal, trace: Trace) -> Done[Session]:
    own = caller.principal_id

    def decide() -> Decision[Session]:
        staff, session = reads.get_together((Staff, (own,)), (Session, (own, session_id)))
        return rules.revoke(staff, session, trace)

    return commit(decide)


def revoke_others(caller: Principal, trace: Trace) -> Done[Staff]:
    return commit(lambda: rules.revoke_all(reads.get(Staff, caller.principal_id), caller.session_id, trace))


def revoke_of(merchant_id: str, staff_id: str, caller: Principal, trace: Trace) -> Done[Staff]:
    """All sessions of a member of staff, by whoever may."""

    def decide() -> Decision[Staff]:
        staff = require_over(StaffRight.REVOKE_SESSIONS, reads.get(Staff, staff_id), merchant_id, caller)
        return rules.revoke_all(staff, "", trace)

    return commit(decide)
