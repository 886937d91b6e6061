"""Sessions of staff and officials over HTTP: seen, ended by their owner or by whoever may, and dead at once."""

import pytest

from chalicelib.domain.principal import Role
from chalicelib.domain.session import SESSION_VALID, SESSIONS_MAX
from tests.api.people import Person, employed
from tests.town import Town


@pytest.fixture
def li(town: Town) -> Person:
    return employed(town.platform, "li.na", Role.CASHIER, town.merchant.merchant_id, [town.store.store_id])


def alive(person: Person, token: str) -> bool:
    return person.platform.get("/v1/sessions", token).status == 200


def test_a_person_sees_the_own_sessions_and_which_one_asks(li: Person) -> None:
    tablet = li.sign_in(headers={"User-Agent": "tablet/1.0 \x07" + "x" * 300})
    phone = li.sign_in(headers={"User-Agent": "phone/2.0"})
    seen = li.platform.get("/v1/sessions", phone).json["data"]
    assert [(one["user_agent"][:10], one["present"]) for one in seen] == [("tablet/1.0", False), ("phone/2.0", True)]
    assert len(seen[0]["user_agent"]) == 200
    assert [one["present"] for one in li.platform.get("/v1/sessions", tablet).json["data"]] == [True, False]


def test_a_revoked_session_is_dead_at_once_and_the_others_live(li: Person) -> None:
    first, second, third = (li.sign_in() for _ in range(3))
    own = li.platform.get("/v1/sessions", second).json["data"][0]["session_id"]
    left = li.platform.post(f"/v1/sessions/{own}/revoke", token=second)
    assert [one["session_id"] for one in left.json["data"]].count(own) == 0
    assert li.platform.post(f"/v1/sessions/{own}/revoke", token=second).replayed
    assert [alive(li, token) for token in (first, second, third)] == [False, True, True]
    assert li.platform.post("/v1/sessions/revoke-others", token=third).status == 200
    assert [alive(li, token) for token in (first, second, third)] == [False, False, True]


def test_logging_out_is_revoking_the_present_session(li: Person) -> None:
    token = li.sign_in()
    (own,) = li.platform.get("/v1/sessions", token).json["data"]
    assert li.platform.post(f"/v1/sessions/{own['session_id']}/revoke", token=token).json["data"] == []
    assert li.platform.post(f"/v1/sessions/{own['session_id']}/revoke", token=token).code == "token_invalid"


def test_the_oldest_session_falls_with_one_too_many(li: Person) -> None:
    tokens = []
    for _ in range(SESSIONS_MAX + 1):
        tokens.append(li.sign_in())
    assert [alive(li, token) for token in tokens] == [False, *([True] * SESSIONS_MAX)]


def test_a_session_is_over_with_its_token(li: Person) -> None:
    old = li.sign_in()
    li.platform.later(seconds=SESSION_VALID.total_seconds())
    assert not alive(li, old)
    assert len(li.platform.get("/v1/sessions", li.sign_in()).json["data"]) == 1


def test_the_owner_and_an_operator_end_all_sessions_of_a_person(town: Town, li: Person) -> None:
    path = f"/v1/merchants/{town.merchant.merchant_id}/staff/{li.staff_id}/revoke-sessions"
    for role in (Role.OWNER, Role.OPERATOR):
        tokens = [li.sign_in(), li.sign_in()]
        town.tokens = {one: town.platform.token(*_who(town, one)) for one in (Role.OWNER, Role.OPERATOR, Role.MANAGER)}
        assert town.platform.post(path, token=town.tokens[Role.MANAGER]).code == "role_not_allowed"
        assert town.platform.post(path, token=town.tokens[role]).status == 200
        assert not any(alive(li, token) for token in tokens)
    assert alive(li, li.sign_in()), "the password is as good as before"


def _who(town: Town, role: Role) -> tuple[str, Role]:
    from jwt import decode

    return decode(town.tokens[role], options={"verify_signature": False})["sub"], role


def test_somebody_elses_session_is_absent(town: Town, li: Person) -> None:
    token, owner = li.sign_in(), town.tokens[Role.OWNER]
    (own,) = town.platform.get("/v1/sessions", token).json["data"]
    foreign = town.platform.post(f"/v1/sessions/{own['session_id']}/revoke", token=owner)
    missing = town.platform.post("/v1/sessions/ses_0/revoke", token=owner)
    assert (foreign.status, foreign.text) == (404, missing.text)
    assert alive(li, token)


def test_consumers_have_no_sessions_here(town: Town) -> None:
    assert town.platform.get("/v1/sessions", town.consumer).code == "role_not_allowed"
