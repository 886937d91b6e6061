"""Owners who are not on the platform yet."""

from chalicelib import credentials, ids
from chalicelib.domain import registration as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.decision import Decision
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.registration import Registrations
from chalicelib.domain.staff import Staff
from chalicelib.operations import consumers
from chalicelib.operations.attempts import Done, commit
from chalicelib.operations.staff import staff_id_of
from chalicelib.store import reads


def register(username: str, key: str, consumer: Principal, trace: Trace) -> tuple[Done[Staff], str]:
    """The invitation and its activation code, which is shown to the consumer and stored as a hash."""
    consumers.present(consumer.principal_id)
    staff_id = staff_id_of(username)
    code = credentials.activation_code(staff_id, f"{consumer.principal_id}\0{key}")
    staff = Staff(
        staff_id=staff_id,
        username=username,
        organisation_id=ids.derived("mch", consumer.principal_id, "registration", key),
        role=Role.OWNER,
        stores=(),
        district="",
        invited_at=trace.at,
        invitation_hash=credentials.activation_hash(code),
        fingerprint=ids.fingerprint(username),
        registered_by=consumer.principal_id,
    )

    def decide() -> Decision[Staff]:
        known = reads.get(Registrations, consumer.principal_id)
        return rules.register(known, reads.get(Staff, staff_id), staff, trace)

    return commit(decide), code
