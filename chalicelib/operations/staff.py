"""A merchant's staff: invited, activated, assigned, reset, disabled."""

from chalicelib import credentials, ids
from chalicelib.domain import staff as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import absent
from chalicelib.domain.rights import StaffRight
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
    _require_present(merchant_id, stores, trace)
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
        invited_by=caller.principal_id,
    )
    return commit(lambda: rules.invite(reads.get(Staff, staff_id), staff, caller, trace)), code


def _require_present(merchant_id: str, stores: tuple[str, ...], trace: Trace) -> None:
    found = reads.get_together((Merchant, (merchant_id,)), *((Store, (merchant_id, store_id)) for store_id in set(stores)))
    if found[0] is None:
        raise absent("商户", "merchant")
    if None in found:
        raise absent("门店", "store")
    for store in found[1:]:
        store.as_of(business_date(trace.at)).require_not_closed()


def disable(merchant_id: str, staff_id: str, caller: Principal, trace: Trace) -> Done[Staff]:
    """The owner's staff, not the owner: an operator disables an owner."""

    def decide() -> Decision[Staff]:
        staff = rules.require_over(StaffRight.DISABLE, reads.get(Staff, staff_id), merchant_id, caller)
        return rules.disable(staff, trace)

    return commit(decide)


def assign(
    merchant_id: str, staff_id: str, role: Role | None, stores: tuple[str, ...] | None, caller: Principal, trace: Trace
) -> Done[Staff]:
    """Another role, other stores; None leaves it."""
    caller.require_own(merchant_id)
    rules.require_over(StaffRight.CHANGE, reads.get(Staff, staff_id), merchant_id, caller)
    if stores:
        _require_present(merchant_id, stores, trace)

    def decide() -> Decision[Staff]:
        staff = rules.require_over(StaffRight.CHANGE, reads.get(Staff, staff_id), merchant_id, caller)
        return rules.assign(staff, role or staff.role, staff.stores if stores is None else stores, trace)

    return commit(decide)


def reset(merchant_id: str, staff_id: str, key: str, caller: Principal, trace: Trace) -> tuple[Done[Staff], str]:
    """The person as invited anew, and the new activation code, which is shown to the caller and stored as a hash."""
    code = credentials.activation_code(staff_id, f"reset\0{caller.principal_id}\0{key}")

    def decide() -> Decision[Staff]:
        staff = rules.require_over(StaffRight.RESET, reads.get(Staff, staff_id), merchant_id, caller)
        return rules.reset(staff, credentials.activation_hash(code), trace)

    return commit(decide), code


def staff_id_of(username: str) -> str:
    """A user name is one person for ever: the id is derived from it."""
    return ids.derived("stf", username)


def activate(username: str, code: str, password: str, trace: Trace) -> Staff:
    """Set the password and get a TOTP secret, once; again with the same password for a while, if the answer was lost."""
    given = credentials.activation_hash(code)
    staff = rules.require_invited(reads.get(Staff, staff_id_of(username)), given, trace.at)
    same = bool(staff.password_hash) and credentials.password_matches(staff.password_hash, password)
    password_hash = staff.password_hash if same else credentials.password_hash(password)
    totp_secret = credentials.new_totp_secret()

    def decide() -> Decision[Staff]:
        present = rules.require_invited(reads.get(Staff, staff.staff_id), given, trace.at)
        return rules.activate(present, given, password_hash, totp_secret, trace)

    return commit(decide).answer
