"""Staff of a merchant, and the officials of the platform: invited, activated with a password and a TOTP secret, disabled.

A person is looked up on every request, so a disabled one is out at once. Who may do what to whom is in `domain.rights`, how a
person signs in in `domain.sign_in`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.principal import MERCHANT_ROLES, Principal, Role
from chalicelib.domain.refusals import Conflict, Forbidden, NotAuthenticated, absent, key_reused
from chalicelib.domain.rights import StaffRight, over
from chalicelib.domain.state import move

INVITATION_VALID = timedelta(days=7)
ANSWER_REPEATED_FOR = timedelta(minutes=10)
"""Whoever lost the answer to an activation may ask again so long, with the same code and password."""


class StaffState(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class StaffEvent(StrEnum):
    ACTIVATE = "activate"
    CHANGE = "change"
    RESET = "reset"
    DISABLE = "disable"


TRANSITIONS: Mapping[tuple[StaffState, StaffEvent], StaffState] = {
    (StaffState.INVITED, StaffEvent.ACTIVATE): StaffState.ACTIVE,
    (StaffState.INVITED, StaffEvent.CHANGE): StaffState.INVITED,
    (StaffState.INVITED, StaffEvent.RESET): StaffState.INVITED,
    (StaffState.INVITED, StaffEvent.DISABLE): StaffState.DISABLED,
    (StaffState.ACTIVE, StaffEvent.CHANGE): StaffState.ACTIVE,
    (StaffState.ACTIVE, StaffEvent.RESET): StaffState.INVITED,
    (StaffState.ACTIVE, StaffEvent.DISABLE): StaffState.DISABLED,
}


@dataclass(frozen=True)
class Staff:
    """`invitation_hash`: of the one-time activation code, which is shown once to whoever invites. `stores`: where the person is
    bound to; none means all of the merchant's. `sessions`: ids of those that are good, oldest first (`domain.session`).
    `registered_by`: the consumer who registered this owner; "" for everybody who was invited. `invited_by`: who has seen the
    present activation code."""

    staff_id: str
    username: str
    organisation_id: str
    role: Role
    stores: tuple[str, ...]
    district: str
    invited_at: datetime
    invitation_hash: str
    fingerprint: str
    state: StaffState = StaffState.INVITED
    password_hash: str = ""
    totp_secret: str = ""
    totp_step: int = 0
    activated_at: datetime | None = None
    registered_by: str = ""
    invited_by: str = ""
    sessions: tuple[str, ...] = ()
    version: int = 1

    def as_principal(self, session_id: str = "") -> Principal:
        return Principal(self.role, self.staff_id, self.organisation_id, self.stores, self.district, session_id)


def invite(earlier: Staff | None, staff: Staff, inviter: Principal, trace: Trace) -> Decision[Staff]:
    """Order of refusals: another organisation (as absent), role not yours to give, stores not yours, user name taken,
    key reused."""
    if inviter.role is not Role.OPERATOR and inviter.organisation_id != staff.organisation_id:
        raise absent("商户", "merchant")
    if staff.role not in over(StaffRight.INVITE, inviter.role):
        raise Forbidden("role_not_yours_to_give", "无权授予该角色", f"a {inviter.role} may not invite a {staff.role}")
    if not _within(staff.stores, inviter.stores):
        raise Forbidden(
            "stores_not_yours_to_give", "无权授予这些门店", "whoever is bound to stores may give rights in these only"
        )
    taken = Conflict("username_taken", "用户名已被使用", f"user name {staff.username} is taken", param="username")
    if earlier is not None:
        if earlier.organisation_id != staff.organisation_id:
            raise taken
        if earlier.invitation_hash != staff.invitation_hash:
            raise taken
        if earlier.fingerprint != staff.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    assert staff.role in MERCHANT_ROLES
    audit = entry(trace, staff.staff_id, "staff.invite", "", f"{staff.role} of {staff.organisation_id}")
    return Decision(staff, (create(staff, otherwise=taken), create(audit)))


def _within(stores: tuple[str, ...], own: tuple[str, ...]) -> bool:
    """Whether whoever is bound to `own` may give and take rights in `stores`; none means all stores, on both sides."""
    return not own or (bool(stores) and set(stores) <= set(own))


def require_over(right: StaffRight, staff: Staff | None, merchant_id: str, caller: Principal) -> Staff:
    """The person, if the caller has the right over them; else they are absent: of another merchant, role not below the caller's,
    stores not the caller's."""
    gone = absent("员工", "member of staff")
    if staff is None or staff.organisation_id != merchant_id or staff.role not in over(right, caller.role):
        raise gone
    if caller.role is not Role.OPERATOR and (not caller.works_for(merchant_id) or not _within(staff.stores, caller.stores)):
        raise gone
    return staff


def may_see(staff: Staff, caller: Principal) -> bool:
    """An owner sees everybody; a manager managers and cashiers who work where the manager does."""
    if staff.organisation_id != caller.organisation_id or staff.role not in over(StaffRight.SEE, caller.role):
        return False
    return not staff.stores or not caller.stores or bool(set(staff.stores) & set(caller.stores))


def wrong_credentials() -> NotAuthenticated:
    """One answer for an unknown name, a wrong password, a wrong TOTP and a lock: nothing to learn by trying."""
    return NotAuthenticated(
        "wrong_credentials", "用户名、密码或动态口令错误", "user name, password or one-time password is wrong"
    )


def require_invited(staff: Staff | None, invitation_hash: str, now: datetime) -> Staff:
    """Asked before any password is hashed."""
    if staff is None or staff.invitation_hash != invitation_hash or now >= staff.invited_at + INVITATION_VALID:
        raise wrong_credentials()
    return staff


def activate(staff: Staff, invitation_hash: str, password_hash: str, totp_secret: str, trace: Trace) -> Decision[Staff]:
    """Order of refusals: wrong or old code, not invited any more. `password_hash` is salted: found stored, it is this very
    activation, whose answer was lost a moment ago."""
    require_invited(staff, invitation_hash, trace.at)
    just_now = staff.activated_at is not None and trace.at < staff.activated_at + ANSWER_REPEATED_FOR
    if staff.state is StaffState.ACTIVE and staff.password_hash == password_hash and just_now:
        return Decision(staff, replayed=True)
    state = move(TRANSITIONS, "staff", "员工", staff.state, StaffEvent.ACTIVATE)
    after = replace(
        staff,
        state=state,
        password_hash=password_hash,
        totp_secret=totp_secret,
        activated_at=trace.at,
        version=staff.version + 1,
    )
    audit = entry(trace, staff.staff_id, "staff.activate", staff.state, after.state)
    return Decision(after, (change(staff, after), create(audit)))


def assign(staff: Staff, role: Role, stores: tuple[str, ...], trace: Trace) -> Decision[Staff]:
    """Another role, other stores. All sessions end with a role: what is open on the screen is the old one's."""
    if (staff.role, staff.stores) == (role, stores):
        return Decision(staff, replayed=True)
    assert role in MERCHANT_ROLES
    state = move(TRANSITIONS, "staff", "员工", staff.state, StaffEvent.CHANGE)
    sessions = staff.sessions if role is staff.role else ()
    after = replace(staff, state=state, role=role, stores=stores, sessions=sessions, version=staff.version + 1)
    audit = entry(trace, staff.staff_id, "staff.change", _assigned(staff), _assigned(after))
    return Decision(after, (change(staff, after), create(audit)))


def _assigned(staff: Staff) -> str:
    return f"{staff.role} at {', '.join(staff.stores) or 'all stores'}"


def reset(staff: Staff, invitation_hash: str, trace: Trace) -> Decision[Staff]:
    """Invited anew: the old password, one-time passwords and sessions are worth nothing from now on. The same code again is a
    repetition, whatever has become of the person since."""
    if staff.invitation_hash == invitation_hash:
        return Decision(staff, replayed=True)
    state = move(TRANSITIONS, "staff", "员工", staff.state, StaffEvent.RESET)
    after = replace(
        staff,
        state=state,
        invited_at=trace.at,
        invitation_hash=invitation_hash,
        invited_by=trace.principal_id,
        password_hash="",
        totp_secret="",
        totp_step=0,
        activated_at=None,
        sessions=(),
        version=staff.version + 1,
    )
    return Decision(after, (change(staff, after), create(entry(trace, staff.staff_id, "staff.reset", staff.state, after.state))))


def disable(staff: Staff, trace: Trace) -> Decision[Staff]:
    """Out at once: a token is worth nothing without an active person."""
    if staff.state is StaffState.DISABLED:
        return Decision(staff, replayed=True)
    state = move(TRANSITIONS, "staff", "员工", staff.state, StaffEvent.DISABLE)
    after = replace(staff, state=state, sessions=(), version=staff.version + 1)
    return Decision(
        after, (change(staff, after), create(entry(trace, staff.staff_id, "staff.disable", staff.state, after.state)))
    )
