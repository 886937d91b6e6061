"""An owner who is not on the platform yet: a consumer registers, and is invited as the owner of an organisation to be.

The organisation is an id only, until its application is approved.
"""

from dataclasses import dataclass, replace

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.refusals import Conflict, key_reused
from chalicelib.domain.staff import Staff

REGISTRATIONS_MAX = 3


@dataclass(frozen=True)
class Registrations:
    """The organisations that a consumer registered, oldest first."""

    consumer_id: str
    organisations: tuple[str, ...]
    version: int = 1


def register(known: Registrations | None, earlier: Staff | None, staff: Staff, trace: Trace) -> Decision[Staff]:
    """Order of refusals: user name taken, key reused, too many registrations."""
    taken = Conflict("username_taken", "用户名已被使用", f"user name {staff.username} is taken", param="username")
    if earlier is not None:
        if (earlier.organisation_id, earlier.invitation_hash) != (staff.organisation_id, staff.invitation_hash):
            raise taken
        return Decision(earlier, replayed=True)
    before = known or Registrations(staff.registered_by, (), 0)
    if staff.organisation_id in before.organisations:
        raise key_reused()
    if len(before.organisations) >= REGISTRATIONS_MAX:
        raise Conflict(
            "too_many_registrations",
            f"每位用户最多登记 {REGISTRATIONS_MAX} 家商户",
            f"{len(before.organisations)} merchants were registered by this consumer, no more are taken",
            facts={"has": len(before.organisations), "max": REGISTRATIONS_MAX},
        )
    after = replace(before, organisations=(*before.organisations, staff.organisation_id), version=before.version + 1)
    counted = create(after) if known is None else change(known, after)
    audit = entry(trace, staff.staff_id, "staff.register", "", f"{staff.role} of {staff.organisation_id}")
    return Decision(staff, (create(staff), counted, create(audit)))
