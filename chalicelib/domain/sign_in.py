"""Signing in with password and one-time password, and the locks against those who guess.

Failures are counted in two places: by user name and source (the client's network address, hashed), and by user name alone.

    here         5 failures lock this user name for this source        15 minutes
    everywhere   100 failures lock this user name for every source     15 minutes
                 that did not sign in as this person before            (in the last 30 days)

Failures are forgotten one hour after the first of them. So nobody locks a person out at home by guessing from elsewhere, and
many sources together still get a bounded number of guesses. A user name that nobody has is counted and locked just the same:
neither answer nor time tells whether there is such a person.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.refusals import Refusal, Unprocessable
from chalicelib.domain.session import Session, joined
from chalicelib.domain.staff import Staff, StaffState, wrong_credentials

FAILURES_MAX = 5
FAILURES_EVERYWHERE_MAX = 100
COUNTED_FOR = timedelta(hours=1)
LOCKED_FOR = timedelta(minutes=15)
KNOWN_FOR = timedelta(days=30)
EVERYWHERE = "everywhere"


@dataclass(frozen=True)
class Lock:
    """Failures of signing in as one person (`staff_id`, derived from the user name) from one `source`, or from EVERYWHERE.

    `since`: of the first failure that counts. `known_until`: so long the source is one of the person's own."""

    staff_id: str
    source: str
    since: datetime
    failures: int = 0
    locked_until: datetime | None = None
    known_until: datetime | None = None
    version: int = 1

    @property
    def forgotten_at(self) -> datetime:
        """From then on this row says nothing that its absence does not say."""
        until = [at for at in (self.locked_until, self.known_until) if at is not None]
        return max([self.since + COUNTED_FOR, *until])

    def locks(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until

    def knows(self, now: datetime) -> bool:
        return self.known_until is not None and now < self.known_until


@dataclass(frozen=True)
class Tried:
    """The outcome of a try. `refusal` is raised by the door after the failure was counted."""

    staff: Staff | None
    refusal: Refusal | None


def require_unlocked(here: Lock | None, everywhere: Lock | None, now: datetime) -> None:
    """Asked before any password is hashed."""
    if here is not None and here.locks(now):
        raise wrong_credentials()
    known = here is not None and here.knows(now)
    if not known and everywhere is not None and everywhere.locks(now):
        raise wrong_credentials()


def counted(lock: Lock | None, staff_id: str, source: str, now: datetime) -> Put:
    """One failure more. With the last one that is allowed the lock begins, and the count from none."""
    before = lock or Lock(staff_id, source, now)
    stale = now >= before.since + COUNTED_FOR
    failures, since = (1, now) if stale or not before.failures else (before.failures + 1, before.since)
    after = replace(before, failures=failures, since=since, locked_until=None)
    if failures >= (FAILURES_EVERYWHERE_MAX if source == EVERYWHERE else FAILURES_MAX):
        after = replace(after, failures=0, since=now, locked_until=now + LOCKED_FOR)
    return create(after) if lock is None else change(lock, replace(after, version=lock.version + 1))


def _known(lock: Lock | None, staff_id: str, source: str, now: datetime) -> Put:
    after = Lock(staff_id, source, now, known_until=now + KNOWN_FOR)
    return create(after) if lock is None else change(lock, replace(after, version=lock.version + 1))


def _right(staff: Staff | None, password_matches: bool, totp_step: int | None) -> Staff | None:
    """The person, if all was right. A 30-second step is accepted once."""
    if staff is None or staff.state is not StaffState.ACTIVE or not password_matches:
        return None
    return staff if totp_step is not None and totp_step > staff.totp_step else None


def sign_in(
    staff: Staff | None, here: Lock | None, source: str, password_matches: bool, totp_step: int | None, session: Session
) -> Decision[Tried]:
    """`session`: the one that begins; its person's id is the user name's, whether there is such a person or not.

    Success writes the source's row, too, in the same transaction: of guesses that run at once from one source, none is admitted
    after the failures that lock it."""
    now = session.created_at
    if staff is not None and session.session_id in staff.sessions:
        return Decision(Tried(staff, None), replayed=True)
    require_unlocked(here, None, now)
    person = _right(staff, password_matches, totp_step)
    if person is None:
        return Decision(Tried(staff, wrong_credentials()), (counted(here, session.staff_id, source, now),))
    assert totp_step is not None
    after = replace(joined(person, session), totp_step=totp_step, version=person.version + 1)
    known = _known(here, person.staff_id, source, now)
    return Decision(Tried(after, None), (change(person, after), create(session), known))


def require_another_password(old: str, new: str) -> None:
    if old == new:
        raise Unprocessable(
            "password_unchanged", "新密码与旧密码相同", "the new password is the old one", param="new_password"
        )


def change_password(
    staff: Staff | None,
    here: Lock | None,
    source: str,
    password_matches: bool,
    totp_step: int | None,
    password_hash: str,
    session_id: str,
    trace: Trace,
) -> Decision[Tried]:
    """The own password, from the session `session_id`; all others end. `password_hash`: of the new one, salted: found stored, it
    is this very change. A wrong old password counts as a failure to sign in."""
    assert staff is not None
    if staff.password_hash == password_hash:
        return Decision(Tried(staff, None), replayed=True)
    require_unlocked(here, None, trace.at)
    person = _right(staff, password_matches, totp_step)
    if person is None:
        return Decision(Tried(staff, wrong_credentials()), (counted(here, staff.staff_id, source, trace.at),))
    assert totp_step is not None
    left = tuple(one for one in person.sessions if one == session_id)
    after = replace(
        person, password_hash=password_hash, totp_step=totp_step, sessions=left, version=person.version + 1
    )
    audit = entry(trace, person.staff_id, "staff.change_password", "", f"{len(person.sessions) - len(left)} sessions ended")
    known = _known(here, person.staff_id, source, trace.at)
    return Decision(Tried(after, None), (change(person, after), known, create(audit)))
