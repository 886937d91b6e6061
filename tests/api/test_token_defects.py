"""What is wrong with a token, once each, on every route that needs one: the same 401 (threat T11)."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import jwt
import pytest

from chalicelib import config, ids
from chalicelib.api import tokens
from chalicelib.api.http import ENDPOINTS
from chalicelib.domain.principal import Role
from chalicelib.domain.staff import Staff, StaffState
from chalicelib.store import reads
from tests.api.test_roles import path_of
from tests.platform import running
from tests.town import Town, settled


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


@cache
def rsa() -> tuple[bytes, bytes]:
    """A private and a public key, PEM."""
    from cryptography.hazmat.primitives import serialization as forms
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    private = generate_private_key(65537, 2048)
    pem = private.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.PKCS8, forms.NoEncryption())
    return pem, private.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo)


def confused(town: Town) -> str:
    """Signed with HMAC, by the bytes of a public key, which libraries refuse to do and an attacker does not."""
    import hashlib
    import hmac

    signed_part = f"{part({'alg': 'HS256', 'typ': tokens.TYPE})}.{part(claims(town))}"
    return f"{signed_part}.{part(hmac.new(rsa()[1], signed_part.encode(), hashlib.sha256).digest())}"


def of_staff(town: Town, whose: Role = Role.OWNER, /, **other: Any) -> str:
    """A well-formed token of a member of staff, in all but `other` like the one the person has."""
    own = jwt.decode(town.tokens[whose], options={"verify_signature": False})
    return signed(own | other)


def of_the_manager(town: Town) -> str:
    return str(jwt.decode(town.tokens[Role.MANAGER], options={"verify_signature": False})["jti"])


def of_a_changed_person(town: Town, **other: Any) -> str:
    """The token of a person whose row says something else by now."""
    own = jwt.decode(town.tokens[Role.OWNER], options={"verify_signature": False})
    person = reads.get(Staff, own["sub"])
    assert person is not None
    twin = replace(person, staff_id=ids.random_id("stf"), **other)
    town.platform.put(twin)
    return signed(own | {"sub": twin.staff_id})


DEFECTS: dict[str, Any] = {
    "a signature by another kind of key (RS256)": lambda town: signed(claims(town), rsa()[0], "RS256"),
    "a public key taken for a secret": confused,
    "a role above the person's own": lambda town: of_staff(town, Role.CASHIER, role="owner"),
    "an official's role for a merchant's person": lambda town: of_staff(town, role="operator"),
    "a disabled person": lambda town: of_a_changed_person(town, state=StaffState.DISABLED),
    "an invited person": lambda town: of_a_changed_person(town, state=StaffState.INVITED),
    "a person of another role by now": lambda town: of_a_changed_person(town, role=Role.CASHIER),
    "a revoked session": lambda town: of_a_changed_person(town, sessions=()),
    "a session that never was": lambda town: of_staff(town, jti="ses_0"),
    "somebody else's session": lambda town: of_staff(town, jti=of_the_manager(town)),
    "an id that is a list": lambda town: of_staff(town, jti=["ses_0"]),
    "a person who is not there": lambda town: of_staff(town, sub="stf_0"),
    "a consumer's id with a staff member's session": lambda town: of_staff(town, sub=town.consumer_id),
    "no issuer": lambda town: signed(claims(town, iss=None)),
    "no audience": lambda town: signed(claims(town, aud=None)),
    "no subject": lambda town: signed(claims(town, sub=None)),
    "no role": lambda town: signed(claims(town, role=None)),
    "no time of issue": lambda town: signed(claims(town, iat=None)),
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


GUARDED = [declared for declared in ENDPOINTS if declared.who]


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with running(tmp_path_factory.mktemp("tokens") / "clock.json") as platform:
        yield settled(platform)


@pytest.mark.filterwarnings("ignore:The HMAC key is")
@pytest.mark.parametrize("defect", DEFECTS)
def test_a_defective_token_is_no_token_on_any_route(everybody: Town, defect: str) -> None:
    """Of every route that needs one, with the same answer each time; and nothing is written."""
    token = DEFECTS[defect](everybody)
    before = everybody.platform.dump()
    for declared in GUARDED:
        body = b"{}" if declared.method in ("POST", "PATCH") else None
        sent = {"Authorization": f"Bearer {token}"}
        answer = everybody.platform.call(declared.method, path_of(declared), body, headers=sent)
        assert (answer.status, answer.code) == (401, "token_invalid"), declared
    assert everybody.platform.dump() == before
    assert everybody.platform.get(f"/v1/store-codes/{everybody.store_code}", headers=sent).status == 401, "nor on a public one"


def test_the_good_tokens_that_the_defects_are_made_of_are_good(everybody: Town) -> None:
    """Else every defect would be refused for another reason."""
    for token in (signed(claims(everybody)), of_staff(everybody), of_a_changed_person(everybody)):
        assert everybody.platform.get(f"/v1/store-codes/{everybody.store_code}", token).status == 200
