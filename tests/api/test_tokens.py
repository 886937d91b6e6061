"""Tokens: one algorithm, one key, every claim; anything else is the same 401."""

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jwt
import pytest
from pyotp import TOTP, random_base32

from chalicelib import config, credentials
from chalicelib.api import tokens
from chalicelib.domain.principal import Role
from chalicelib.domain.staff import Staff, StaffState
from chalicelib.operations.staff import staff_id_of
from chalicelib.store import reads
from tests.platform import Platform
from tests.town import Town

HEADER = {"alg": tokens.ALGORITHM, "typ": tokens.TYPE}


def claims(town: Town, **other: Any) -> dict[str, Any]:
    now = int(town.platform.now().timestamp())
    good = {
        "iss": tokens.ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": town.consumer_id,
        "role": "consumer",
        "iat": now,
        "exp": now + 60,
        "jti": "1",
    }
    return {name: given for name, given in (good | other).items() if given is not None}


def signed(payload: dict[str, Any], key: bytes | None = None, algorithm: str = "HS256", **header: Any) -> str:
    return jwt.encode(payload, key or config.key_for("tokens"), algorithm, headers={"typ": tokens.TYPE} | header)


def part(given: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(given).encode() if isinstance(given, dict) else given).rstrip(b"=").decode()


def unsigned(town: Town) -> str:
    return f"{part({'alg': 'none', 'typ': tokens.TYPE})}.{part(claims(town))}."


def promoted(town: Town) -> str:
    """A good token whose payload was changed afterwards."""
    head, _, tag = signed(claims(town)).split(".")
    return f"{head}.{part(claims(town, role='operator'))}.{tag}"


def nested(town: Town) -> str:
    """A header that is nested deeper than any parser likes."""
    return f"{part(b'{' + b'[' * 1200)}.{part(claims(town))}.xx"


DEFECTS: dict[str, Any] = {
    "no signature (alg none)": unsigned,
    "another algorithm with the right key": lambda town: signed(claims(town), algorithm="HS512"),
    "another key": lambda town: signed(claims(town), b"k" * 32),
    "the key of another purpose": lambda town: signed(claims(town), config.key_for("cursors")),
    "a changed payload": promoted,
    "expired": lambda town: signed(claims(town, exp=int(town.platform.now().timestamp()))),
    "from the future": lambda town: signed(claims(town, iat=int(town.platform.now().timestamp()) + 120)),
    "another issuer": lambda town: signed(claims(town, iss="somebody")),
    "another audience": lambda town: signed(claims(town, aud="somewhere")),
    "an audience list": lambda town: signed(claims(town, aud=[tokens.AUDIENCE, "somewhere"])),
    "another type": lambda town: signed(claims(town), typ="JWT"),
    "no expiry": lambda town: signed(claims(town, exp=None)),
    "no id": lambda town: signed(claims(town, jti=None)),
    "a role that does not exist": lambda town: signed(claims(town, role="admin")),
    "a role that is a list": lambda town: signed(claims(town, role=["consumer"])),
    "an expiry that is a fraction": lambda town: signed(claims(town, exp=town.platform.now().timestamp() + 60.5)),
    "a key id that is a path to zeros": lambda town: signed(claims(town), b"\0" * 64, kid="../../dev/zero"),
    "critical extensions": lambda town: signed(claims(town), crit=["exp"], exp=1),
    "deep nesting": nested,
    "cut": lambda town: signed(claims(town))[:-2],
    "two tokens": lambda town: f"{signed(claims(town))} {signed(claims(town))}",
    "nothing after the scheme": lambda town: "",
    "bytes that are no base64": lambda town: "§.§.§",
    "too long": lambda town: signed(claims(town, note="x" * 3000)),
    "a staff role for a consumer's id": lambda town: signed(claims(town, role="owner")),
}


@pytest.mark.filterwarnings("ignore:The HMAC key is")
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defective_token_is_no_token(town: Town, defect: str) -> None:
    answer = town.platform.get("/v1/cards", headers={"Authorization": f"Bearer {DEFECTS[defect](town)}"})
    assert (answer.status, answer.code) == (401, "token_invalid")


@pytest.mark.parametrize("scheme", ["Basic", "Token", "bearer:", ""])
def test_another_scheme_is_no_token(town: Town, scheme: str) -> None:
    answer = town.platform.get("/v1/cards", headers={"Authorization": f"{scheme} {signed(claims(town))}"})
    assert answer.code == "token_invalid"


def test_a_good_token_opens_the_door_until_its_last_second(town: Town) -> None:
    token = town.platform.token(town.consumer_id, Role.CONSUMER)
    town.platform.clock.advance(tokens.CONSUMER_TOKEN_VALID.total_seconds() - 2)
    assert town.platform.get("/v1/cards", token).status == 200
    town.platform.later(seconds=3)
    assert town.platform.get("/v1/cards", token).status == 401


def test_a_disabled_person_is_out_at_once(town: Town) -> None:
    token = town.tokens[Role.OPERATOR]
    assert town.platform.get("/v1/merchant-applications", token).status == 200
    staff_id = jwt.decode(token, options={"verify_signature": False})["sub"]
    staff = reads.get(Staff, staff_id)
    assert staff is not None
    town.platform.put(replace(staff, state=StaffState.DISABLED))
    assert town.platform.get("/v1/merchant-applications", token).code == "token_invalid"


def test_a_token_of_an_earlier_role_is_not_worth_the_present_one(town: Town) -> None:
    token = town.tokens[Role.MANAGER]
    staff = reads.get(Staff, jwt.decode(token, options={"verify_signature": False})["sub"])
    assert staff is not None
    town.platform.put(replace(staff, role=Role.CASHIER))
    assert town.platform.get("/v1/redemptions/red_0", token).code == "token_invalid"


def test_wrong_passwords_lock_the_account_and_all_failures_look_alike(platform: Platform) -> None:
    secret = random_base32()
    hashed = credentials.password_hash("the-right-password")
    person = Staff(
        staff_id_of("wang"), "wang", "platform", Role.OPERATOR, (), "", platform.now(), "", "f", StaffState.ACTIVE, hashed, secret
    )
    platform.put(person)

    def attempt(password: str, username: str = "wang") -> Any:
        return platform.post(
            "/v1/sessions", {"username": username, "password": password, "totp": TOTP(secret).at(platform.now())}
        )

    refusals = [attempt("wrong"), attempt("the-right-password", "nobody"), *(attempt("wrong") for _ in range(4))]
    assert {answer.text for answer in refusals} == {refusals[0].text}
    assert attempt("the-right-password").code == "wrong_credentials", "locked"
    platform.clock.advance(timedelta(minutes=15).total_seconds())
    assert attempt("the-right-password").status == 201
