"""The officials of a deployment: operators, regulators, the custodian's clerk.

Nobody can invite them over the API, so that no stolen token can make one. Whoever may write the table with the deployment's own
credentials runs this once per person, with the function's environment set:

    python -m infra.officials --username wang --role operator --district 330212
    python -m infra.officials --username wang --dismiss
"""
import argparse
import getpass
import sys
from dataclasses import dataclass
from datetime import datetime

from chalicelib import clock, credentials, ids
from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.principal import OFFICIAL_ROLES, PLATFORM, Role
from chalicelib.domain.refusals import Conflict, Refusal, absent
from chalicelib.domain.staff import Staff, StaffState, disable
from chalicelib.operations.attempts import commit
from chalicelib.operations.staff import staff_id_of
from chalicelib.store import reads, writes


@dataclass(frozen=True)
class Official:
    """`totp_secret` goes into the person's authenticator and nowhere else."""

    username: str
    password: str
    totp_secret: str


def appoint(username: str, role: Role, district: str, password: str, now: datetime) -> Official:
    """Conflict `username_taken` if there is such a person."""
    assert role in OFFICIAL_ROLES
    secret = credentials.new_totp_secret()
    staff = Staff(
        staff_id=staff_id_of(username),
        username=username,
        organisation_id=PLATFORM,
        role=role,
        stores=(),
        district=district,
        invited_at=now,
        invitation_hash="",
        fingerprint=ids.random_id("off"),
        state=StaffState.ACTIVE,
        password_hash=credentials.password_hash(password),
        totp_secret=secret,
    )
    taken = Conflict("username_taken", "用户名已被使用", f"user name {username} is taken", param="username")
    audit = entry(_trace(now), staff.staff_id, "staff.appoint", "", f"{role} of {PLATFORM}")
    writes.commit(Decision(staff, (create(staff, otherwise=taken), create(audit))))
    return Official(username, password, secret)


def dismiss(username: str, now: datetime) -> None:
    """Out at once, tokens included. Absent for a name that is no official's."""

    def decide() -> Decision[Staff]:
        staff = reads.get(Staff, staff_id_of(username))
        if staff is None or staff.organisation_id != PLATFORM:
            raise absent("官员", "official")
        return disable(staff, _trace(now))

    commit(decide)


def _trace(now: datetime) -> Trace:
    """Whoever has the deployment's credentials; AWS's own trail says which person."""
    return Trace(ids.random_id("aud"), "officials", "deployment", "administrator", now)


def main() -> int:
    parser = argparse.ArgumentParser(description="appoint an official of the platform")
    parser.add_argument("--username", required=True)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--role", choices=sorted(role.value for role in OFFICIAL_ROLES))
    what.add_argument("--dismiss", action="store_true")
    parser.add_argument("--district", default="")
    asked = parser.parse_args()
    try:
        return _dismissed(asked.username) if asked.dismiss else _appointed(asked.username, Role(asked.role), asked.district)
    except Refusal as refusal:
        print(refusal.detail_en, file=sys.stderr)
        return 1


def _dismissed(username: str) -> int:
    dismiss(username, clock.now())
    print(f"{username} is out")
    return 0


def _appointed(username: str, role: Role, district: str) -> int:
    password = getpass.getpass("password (12 characters or more): ")
    if len(password) < credentials.PASSWORD_CHARS[0]:
        print("the password is too short", file=sys.stderr)
        return 2
    made = appoint(username, role, district, password, clock.now())
    print(credentials.totp_uri(made.totp_secret, made.username))
    return 0


if __name__ == "__main__":
    sys.exit(main())
