"""Signing in over HTTP: who guesses locks the own place only, and every refusal looks alike."""

import pytest
from argon2 import PasswordHasher

from chalicelib import credentials
from chalicelib.domain.principal import Role
from chalicelib.domain.sign_in import EVERYWHERE, FAILURES_EVERYWHERE_MAX, FAILURES_MAX, Lock
from chalicelib.operations.staff import staff_id_of
from chalicelib.store import reads
from tests.api.people import PASSWORD, Person, employed
from tests.platform import Platform

HOME, ELSEWHERE = "203.0.113.7", "198.51.100.9"
WRONG = "wrong"


@pytest.fixture
def wang(platform: Platform) -> Person:
    platform.at_address(HOME)
    return employed(platform, "wang", Role.OPERATOR)


def lock_of(username: str, source: str) -> Lock | None:
    return reads.get(Lock, staff_id_of(username), source)


def test_wrong_passwords_lock_the_place_and_all_failures_look_alike(wang: Person) -> None:
    code = wang.code()
    refusals = [wang.attempt(WRONG, code=code), wang.attempt(username="nobody", code=code), wang.attempt(code="000000")]
    refusals += [wang.attempt(WRONG, code=code) for _ in range(FAILURES_MAX - 2)]
    refusals += [wang.attempt(code=code)]
    assert {(answer.status, answer.text) for answer in refusals} == {(401, refusals[0].text)}
    wang.platform.later(minutes=15)
    assert wang.attempt().status == 201


def test_who_guesses_elsewhere_locks_nobody_out_at_home(wang: Person) -> None:
    wang.platform.at_address(ELSEWHERE)
    code = wang.code()
    for _ in range(FAILURES_MAX + 1):
        assert wang.attempt(WRONG, code=code).code == "wrong_credentials"
    assert wang.attempt().code == "wrong_credentials", "locked there"
    wang.platform.at_address(HOME)
    assert wang.attempt().status == 201


def test_a_name_that_nobody_has_is_counted_and_locked_just_the_same(wang: Person) -> None:
    """Else the lock would tell who exists."""
    code = wang.code()
    for username in ("wang", "nobody"):
        for _ in range(FAILURES_MAX):
            wang.attempt(WRONG, username=username, code=code)
    source = credentials.source_of(HOME)
    real, invented = lock_of("wang", source), lock_of("nobody", source)
    assert real is not None
    assert invented is not None
    assert (real.failures, real.locked_until is None) == (invented.failures, invented.locked_until is None) == (0, False)
    crowds = [lock_of(username, EVERYWHERE) for username in ("wang", "nobody")]
    assert [crowd.failures for crowd in crowds if crowd] == [FAILURES_MAX, FAILURES_MAX]


def test_a_crowd_of_places_locks_all_but_the_persons_own(wang: Person) -> None:
    wang.sign_in()
    crowd = Lock(wang.staff_id, EVERYWHERE, wang.platform.now(), failures=FAILURES_EVERYWHERE_MAX - 1)
    wang.platform.put(crowd)
    wang.platform.at_address(ELSEWHERE)
    assert wang.attempt(WRONG).code == "wrong_credentials"
    assert wang.attempt().code == "wrong_credentials", "a place that never signed in"
    wang.platform.at_address(HOME)
    assert wang.attempt().status == 201


def test_what_a_header_says_about_the_address_is_not_believed(wang: Person) -> None:
    code = wang.code()
    for number in range(FAILURES_MAX):
        wang.attempt(WRONG, code=code, headers={"X-Forwarded-For": f"192.0.2.{number}", "Forwarded": f"for=192.0.2.{number}"})
    assert wang.attempt(headers={"X-Forwarded-For": "192.0.2.99"}).code == "wrong_credentials"


def test_an_address_is_kept_as_a_keyed_hash_only(wang: Person) -> None:
    wang.sign_in()
    assert HOME not in str(wang.platform.dump())
    assert len(credentials.source_of(HOME)) == 32


@pytest.mark.parametrize(
    "one, other, same",
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("203.0.113.7", "::ffff:203.0.113.7", True),
        ("203.0.113.7", "203.0.113.8", False),
        ("", "no address", True),
    ],
)
def test_one_subscriber_is_one_place(platform: Platform, one: str, other: str, same: bool) -> None:
    assert (credentials.source_of(one) == credentials.source_of(other)) is same


def test_nobodys_password_costs_as_much_as_anybodys() -> None:
    assert not PasswordHasher().check_needs_rehash(credentials.NOBODYS_PASSWORD_HASH)
    assert not credentials.password_matches(credentials.NOBODYS_PASSWORD_HASH, PASSWORD)
    assert len(credentials.NOBODYS_TOTP_SECRET) == len(credentials.new_totp_secret())


def test_a_wrong_activation_code_is_refused_before_any_password_is_hashed(wang: Person) -> None:
    """Whether there is such a person costs no time that tells."""
    body = {"username": "wang", "activation_code": "x" * 20, "password": "p" * 12}
    before = wang.platform.dump()
    known = wang.platform.post("/v1/staff-activations", body)
    unknown = wang.platform.post("/v1/staff-activations", body | {"username": "nobody"})
    assert (known.status, known.text) == (unknown.status, unknown.text)
    assert wang.platform.dump() == before


def test_another_password_ends_all_other_sessions_at_once(wang: Person) -> None:
    here, there = wang.sign_in(), wang.sign_in()
    body = {"old_password": PASSWORD, "totp": wang.code(), "new_password": "another-password"}
    assert wang.platform.post("/v1/staff/me/password", body | {"new_password": PASSWORD}, here).code == "password_unchanged"
    assert wang.platform.post("/v1/staff/me/password", body | {"new_password": "short"}, here).code == "request_invalid"
    done = wang.platform.post("/v1/staff/me/password", body, here)
    assert (done.status, done.json) == (200, {"staff_id": wang.staff_id})
    assert wang.platform.post("/v1/staff/me/password", body, here).replayed, "the answer was lost"
    assert wang.platform.get("/v1/sessions", there).code == "token_invalid"
    assert wang.platform.get("/v1/sessions", here).status == 200
    assert wang.attempt().code == "wrong_credentials"
    assert wang.attempt("another-password").status == 201


def test_guessing_the_old_password_with_a_found_token_locks_like_signing_in(wang: Person) -> None:
    token, code = wang.sign_in(), wang.code()
    body = {"old_password": WRONG, "totp": code, "new_password": "another-password"}
    for _ in range(FAILURES_MAX):
        assert wang.platform.post("/v1/staff/me/password", body, token).code == "wrong_credentials"
    right = body | {"old_password": PASSWORD, "totp": wang.code()}
    assert wang.platform.post("/v1/staff/me/password", right, token).code == "wrong_credentials"
    assert wang.attempt().code == "wrong_credentials"


def test_a_one_time_password_is_good_once_for_all_purposes(wang: Person) -> None:
    code = wang.code()
    token = wang.sign_in(code=code)
    body = {"old_password": PASSWORD, "totp": code, "new_password": "another-password"}
    assert wang.platform.post("/v1/staff/me/password", body, token).code == "wrong_credentials"
