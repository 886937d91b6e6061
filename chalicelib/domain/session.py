"""Sessions of staff and officials: one per sign-in, good for as long as its token, ended by anybody who has the right to.

The person's row names the sessions that are good, and every request reads that row: taking an id off the list, or all of them,
is one write with the row's version and works at once. The session's own row says when it began, and on what.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.refusals import absent
from chalicelib.domain.staff import Staff

SESSIONS_MAX = 10
"""More sign-ins than this at once: the oldest session falls."""
SESSION_VALID = timedelta(minutes=30)
USER_AGENT_CHARS_MAX = 200


@dataclass(frozen=True)
class Session:
    """`session_id` is the token's `jti`. `user_agent`: what the client called itself, cut, printable characters only."""

    staff_id: str
    session_id: str
    created_at: datetime
    expires_at: datetime
    user_agent: str
    version: int = 1


def begun(staff_id: str, session_id: str, user_agent: str, now: datetime) -> Session:
    shown = "".join(char for char in user_agent if char.isprintable())[:USER_AGENT_CHARS_MAX]
    return Session(staff_id, session_id, now, now + SESSION_VALID, shown)


def joined(staff: Staff, session: Session) -> Staff:
    """The person with this session, oldest first."""
    return replace(staff, sessions=(*staff.sessions, session.session_id)[-SESSIONS_MAX:])


def revoke(staff: Staff | None, session: Session | None, trace: Trace) -> Decision[Session]:
    """One session of the person's own. Absent for an id that never was one; ended already: a repetition."""
    if staff is None or session is None or session.staff_id != staff.staff_id:
        raise absent("会话", "session")
    if session.session_id not in staff.sessions:
        return Decision(session, replayed=True)
    left = tuple(one for one in staff.sessions if one != session.session_id)
    after = replace(staff, sessions=left, version=staff.version + 1)
    audit = entry(trace, staff.staff_id, "session.revoke", session.session_id, "revoked")
    return Decision(session, (change(staff, after), create(audit)))


def revoke_all(staff: Staff | None, but: str, trace: Trace) -> Decision[Staff]:
    """All sessions of a person but one ("" for none)."""
    if staff is None:
        raise absent("员工", "member of staff")
    left = tuple(one for one in staff.sessions if one == but)
    if left == staff.sessions:
        return Decision(staff, replayed=True)
    after = replace(staff, sessions=left, version=staff.version + 1)
    audit = entry(trace, staff.staff_id, "session.revoke_all", str(len(staff.sessions)), str(len(left)))
    return Decision(after, (change(staff, after), create(audit)))
