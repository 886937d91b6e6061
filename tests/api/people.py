"""People who sign in over HTTP with a password and a one-time password."""

from dataclasses import dataclass
from typing import Any

from pyotp import TOTP, random_base32

from chalicelib import credentials
from chalicelib.domain.principal import PLATFORM, Role
from chalicelib.domain.staff import Staff, StaffState
from chalicelib.operations.staff import staff_id_of
from tests.platform import Answer, Platform

PASSWORD = "the-right-password"


@dataclass
class Person:
    platform: Platform
    username: str
    secret: str
    password: str = PASSWORD

    @property
    def staff_id(self) -> str:
        return staff_id_of(self.username)

    def code(self) -> str:
        """A fresh one-time password: a step later than the last."""
        self.platform.later(seconds=30)
        return TOTP(self.secret).at(self.platform.now())

    def attempt(self, password: str = "", username: str = "", code: str = "", **more: Any) -> Answer:
        body = {
            "username": username or self.username,
            "password": password or self.password,
            "totp": code or self.code(),
        }
        return self.platform.post("/v1/sessions", body, **more)

    def sign_in(self, **more: Any) -> str:
        made = self.attempt(**more)
        assert made.status == 201, made.text
        return str(made.json["token"])


def employed(platform: Platform, username: str, role: Role, organisation_id: str = PLATFORM, stores: Any = ()) -> Person:
    """An active person, as an invitation and its activation leave one."""
    secret = random_base32()
    hashed = credentials.password_hash(PASSWORD)
    platform.put(
        Staff(
            staff_id=staff_id_of(username),
            username=username,
            organisation_id=organisation_id,
            role=role,
            stores=tuple(stores),
            district="",
            invited_at=platform.now(),
            invitation_hash="",
            fingerprint="f",
            state=StaffState.ACTIVE,
            password_hash=hashed,
            totp_secret=secret,
        )
    )
    return Person(platform, username, secret)


def activated(platform: Platform, invitation: dict[str, Any], password: str = PASSWORD) -> Person:
    accepted = {
        "username": invitation["username"],
        "activation_code": invitation["activation_code"],
        "password": password,
    }
    made = platform.post("/v1/staff-activations", accepted)
    assert made.status == 201, made.text
    return Person(platform, invitation["username"], made.json["totp_secret"], password)
