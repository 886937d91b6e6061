"""The first officials of a deployment: operators, regulators, the custodian's clerk.

Nobody can invite them over the API, so that no stolen token can make one. Whoever may write the table with the deployment's own
credentials runs this once per person, with the function's environment set:

    python -m infra.officials --username wang --role operator --district 330212
"""
import argparse
import getpass
import sys
from dataclasses import dataclass
from datetime import datetime

from chalicelib import clock, credentials, ids
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.principal import OFFICIAL_ROLES, PLATFORM, Role
from chalicelib.domain.refusals import Conflict
from chalicelib.domain.staff import Staff, StaffState
from chalicelib.operations.merchants import staff_id_of
from chalicelib.store import writes


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
    writes.commit(Decision(staff, (create(staff, otherwise=taken),)))
    return Official(username, password, secret)


def main() -> int:
    parser = argparse.ArgumentParser(description="appoint an official of the platform")
    parser.add_argument("--username", required=True)
    parser.add_argument("--role", required=True, choices=sorted(role.value for role in OFFICIAL_ROLES))
    parser.add_argument("--district", default="")
    asked = parser.parse_args()
    password = getpass.getpass("password (12 characters or more): ")
    if len(password) < credentials.PASSWORD_CHARS[0]:
        print("the password is too short", file=sys.stderr)
        return 2
    try:
        made = appoint(asked.username, Role(asked.role), asked.district, password, clock.now())
    except Conflict as refusal:
        print(refusal.detail_en, file=sys.stderr)
        return 1
    print(credentials.totp_uri(made.totp_secret, made.username))
    return 0


if __name__ == "__main__":
    sys.exit(main())
