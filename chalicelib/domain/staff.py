"""Staff of a merchant, and the officials of the platform: invited, activated with a password and a TOTP secret, disabled.

A person is looked up on every request, so a disabled one is out at once. Wrong passwords lock the account for a while; a
TOTP step is good once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.principal import MERCHANT_ROLES, Principal, Role
from chalicelib.domain.refusals import Conflict, Forbidden, NotAuthenticated, Refusal, absent, key_reused
from chalicelib.domain.state import move

FAILURES_MAX = 5
LOCKED_FOR = timedelta(minutes=15)
INVITATION_VALID = timedelta(days=7)
ANSWER_REPEATED_FOR = timedelta(minutes=10)
"""Whoever lost the answer to an activation may ask again so long, with the same code and password."""


class StaffState(StrEnum):
    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class StaffEvent(StrEnum):
    ACTIVATE = "activate"
    DISABLE = "disable"


TRANSITIONS: Mapping[tuple[StaffState, StaffEvent], StaffState] = {
    (StaffState.INVITED, StaffEvent.ACTIVATE): StaffState.ACTIVE,
    (StaffState.INVITED, StaffEvent.DISABLE): StaffState.DISABLED,
    (StaffState.ACTIVE, StaffEvent.DISABLE): StaffState.DISABLED,
}

MAY_INVITE: Mapping[Role, frozenset[Role]] = {
    Role.OPERATOR: frozenset({Role.OWNER}),
    Role.OWNER: frozenset({Role.MANAGER, Role.CASHIER}),
    Role.MANAGER: frozenset({Role.CASHIER}),
}


@dataclass(frozen=True)
class Staff:
    """`invitation_hash`: of the one-time activation code, which is shown once to whoever invites. `registered_by`: the consumer
    who registered this owner; "" for everybody who was invited."""

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
    failures: int = 0
    locked_until: datetime | None = None
    registered_by: str = ""
    version: int = 1

    def as_principal(self) -> Principal:
        return Principal(self.role, self.staff_id, self.organisation_id, self.stores, self.district)


def invite(earlier: Staff | None, staff: Staff, inviter: Principal, trace: Trace) -> Decision[Staff]:
    """Order of refusals: another organisation (as absent), role not yours to give, stores not yours, user name taken,
    key reused."""
    if inviter.role is not Role.OPERATOR and inviter.organisation_id != staff.organisation_id:
        raise absent("商户", "merchant")
    if staff.role not in MAY_INVITE.get(inviter.role, frozenset()):
        raise Forbidden("role_not_yours_to_give", "无权授予该角色", f"a {inviter.role} may not invite a {staff.role}")
    if inviter.stores and not (staff.stores and set(staff.stores) <= set(inviter.stores)):
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


def wrong_credentials() -> NotAuthenticated:
    """One answer for an unknown name, a wrong password, a wrong TOTP and a lock: nothing to learn by trying."""
    return NotAuthenticated(
        "wrong_credentials", "用户名、密码或动态口令错误", "user name, password or one-time password is wrong"
    )


def activate(staff: Staff, invitation_hash: str, password_hash: str, totp_secret: str, trace: Trace) -> Decision[Staff]:
    """Order of refusals: wrong or old code, not invited any more. `password_hash` is salted: found stored, it is this very
    activation, whose answer was lost a moment ago."""
    if staff.invitation_hash != invitation_hash or trace.at >= staff.invited_at + INVITATION_VALID:
        raise wrong_credentials()
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


def disable(staff: Staff, trace: Trace) -> Decision[Staff]:
    """Out at once: a token is worth nothing without an active person."""
    if staff.state is StaffState.DISABLED:
        return Decision(staff, replayed=True)
    state = move(TRANSITIONS, "staff", "员工", staff.state, StaffEvent.DISABLE)
    after = replace(staff, state=state, version=staff.version + 1)
    return Decision(
        after, (change(staff, after), create(entry(trace, staff.staff_id, "staff.disable", staff.state, after.state)))
    )


@dataclass(frozen=True)
class SignIn:
    """The outcome of a try. `refusal` is raised by the door after the failure was counted."""

    staff: Staff
    refusal: Refusal | None


def require_unlocked(staff: Staff | None, now: datetime) -> Staff:
    """Asked before any password is hashed."""
    if staff is None or staff.state is not StaffState.ACTIVE:
        raise wrong_credentials()
    if staff.locked_until is not None and now < staff.locked_until:
        raise wrong_credentials()
    return staff


def sign_in(staff: Staff, password_matches: bool, totp_step: int | None, now: datetime) -> Decision[SignIn]:
    """`totp_step`: the 30-second step whose code was given, None if none matches. A step is accepted once."""
    require_unlocked(staff, now)
    if password_matches and totp_step is not None and totp_step > staff.totp_step:
        after = replace(staff, totp_step=totp_step, failures=0, locked_until=None, version=staff.version + 1)
        return Decision(SignIn(after, None), (change(staff, after),))
    failures = staff.failures + 1
    locked = now + LOCKED_FOR if failures >= FAILURES_MAX else None
    after = replace(staff, failures=0 if locked else failures, locked_until=locked, version=staff.version + 1)
    return Decision(SignIn(after, wrong_credentials()), (change(staff, after),))
