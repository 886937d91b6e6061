"""A merchant's staff, and everybody who signs in with a password."""

from datetime import datetime

from chalicelib import credentials, ids
from chalicelib.domain import staff as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.decision import Decision
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import absent
from chalicelib.domain.staff import Staff
from chalicelib.domain.store import Store
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


def invite(
    merchant_id: str, username: str, role: Role, stores: tuple[str, ...], key: str, caller: Principal, trace: Trace
) -> tuple[Done[Staff], str]:
    """The invitation and its activation code, which is shown to the inviter and stored as a hash."""
    if caller.role is not Role.OPERATOR:
        caller.require_own(merchant_id)
    _require_present(merchant_id, stores)
    staff_id = staff_id_of(username)
    code = credentials.activation_code(staff_id, key)
    staff = Staff(
        staff_id=staff_id,
        username=username,
        organisation_id=merchant_id,
        role=role,
        stores=stores,
        district="",
        invited_at=trace.at,
        invitation_hash=credentials.activation_hash(code),
        fingerprint=ids.fingerprint(role, *stores),
    )
    return commit(lambda: rules.invite(reads.get(Staff, staff_id), staff, caller, trace)), code


def _require_present(merchant_id: str, stores: tuple[str, ...]) -> None:
    found = reads.get_together((Merchant, (merchant_id,)), *((Store, (merchant_id, store_id)) for store_id in set(stores)))
    if found[0] is None:
        raise absent("商户", "merchant")
    if None in found:
        raise absent("门店", "store")


def disable(merchant_id: str, staff_id: str, caller: Principal, trace: Trace) -> Done[Staff]:
    """The owner's staff, not the owner: an operator disables an owner."""

    def decide() -> Decision[Staff]:
        if caller.role is not Role.OPERATOR:
            caller.require_own(merchant_id)
        staff = reads.get(Staff, staff_id)
        if staff is None or staff.organisation_id != merchant_id or staff.role not in rules.MAY_INVITE[caller.role]:
            raise absent("员工", "member of staff")
        return rules.disable(staff, trace)

    return commit(decide)


def staff_id_of(username: str) -> str:
    """A user name is one person for ever: the id is derived from it."""
    return ids.derived("stf", username)


def activate(username: str, code: str, password: str, trace: Trace) -> Staff:
    """Set the password and get a TOTP secret, once; again with the same password for a while, if the answer was lost."""
    staff = reads.get(Staff, staff_id_of(username))
    if staff is None:
        raise rules.wrong_credentials()
    same = bool(staff.password_hash) and credentials.password_matches(staff.password_hash, password)
    password_hash = staff.password_hash if same else credentials.password_hash(password)
    totp_secret = credentials.new_totp_secret()
    given = credentials.activation_hash(code)

    def decide() -> Decision[Staff]:
        present = reads.get(Staff, staff.staff_id)
        if present is None:
            raise rules.wrong_credentials()
        return rules.activate(present, given, password_hash, totp_secret, trace)

    return commit(decide).answer


def sign_in(username: str, password: str, totp: str, now: datetime) -> Staff:
    """Counts a failure before it refuses. The refusal tells nothing about which part was wrong."""
    staff = rules.require_unlocked(reads.get(Staff, staff_id_of(username)), now)
    matches = credentials.password_matches(staff.password_hash, password)
    step = credentials.totp_step(staff.totp_secret, totp, now)

    def decide() -> Decision[rules.SignIn]:
        present = rules.require_unlocked(reads.get(Staff, staff.staff_id), now)
        return rules.sign_in(present, matches, step, now)

    tried = commit(decide).answer
    if tried.refusal is not None:
        raise tried.refusal
    return tried.staff
