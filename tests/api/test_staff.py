"""Staff over HTTP: listed in pages, assigned, reset, disabled, and out at once."""

from typing import Any

import pytest

from chalicelib.domain.principal import Role
from tests.api.people import Person, activated, employed
from tests.api.test_stores import NEW
from tests.platform import Answer
from tests.town import Town


@pytest.fixture
def staff(town: Town) -> str:
    return f"/v1/merchants/{town.merchant.merchant_id}/staff"


@pytest.fixture
def li(town: Town) -> Person:
    return employed(town.platform, "li.na", Role.CASHIER, town.merchant.merchant_id, [town.store.store_id])


def done(answer: Answer, status: int = 200) -> Any:
    assert answer.status == status, answer.text
    return answer.json


def owner(town: Town) -> str:
    return town.tokens[Role.OWNER]


def everybody(town: Town, staff: str, token: str, limit: int) -> list[str]:
    names, cursor = [], ""
    while True:
        page = done(town.platform.get(f"{staff}?limit={limit}&cursor={cursor}", token))
        assert len(page["data"]) <= limit
        names += [person["username"] for person in page["data"]]
        if not page["has_more"]:
            return names
        cursor = page["next_cursor"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_staff_is_listed_in_pages_each_person_once(town: Town, staff: str, limit: int) -> None:
    other = done(town.platform.post(staff.replace("/staff", "/stores"), NEW, owner(town)), 201)["store_id"]
    manager = employed(town.platform, "mgr", Role.MANAGER, town.merchant.merchant_id, [town.store.store_id])
    for number in range(4):
        store = other if number % 2 else town.store.store_id
        employed(town.platform, f"till.{number}", Role.CASHIER, town.merchant.merchant_id, [store])
    seen = everybody(town, staff, owner(town), limit)
    assert seen == sorted(set(seen))
    assert {"mgr", "till.0", "till.1", "till.2", "till.3"} < set(seen)
    assert any(name.startswith("owner") for name in seen)
    below = everybody(town, staff, manager.sign_in(), limit)
    assert {"till.0", "till.2", "mgr"} <= set(below)
    assert not {"till.1", "till.3"} & set(below)
    assert not [name for name in below if name.startswith("owner")]


def test_a_cursor_of_another_list_is_none_here(town: Town, staff: str, li: Person) -> None:
    cursor = done(town.platform.get(f"{staff}?limit=1", owner(town)))["next_cursor"]
    assert town.platform.get(f"{staff.replace('/staff', '/stores')}?cursor={cursor}").code == "cursor_invalid"


def test_a_person_is_shown_without_any_secret(town: Town, staff: str, li: Person) -> None:
    seen = done(town.platform.get(f"{staff}/{li.staff_id}", owner(town)))
    assert seen.pop("invited_at").startswith("2026-11-20T12:00:")
    assert seen == {
        "staff_id": li.staff_id,
        "username": "li.na",
        "role": "cashier",
        "stores": [town.store.store_id],
        "state": "active",
        "activated_at": None,
    }
    assert town.platform.get(f"{staff}/{li.staff_id}", town.cashier).code == "role_not_allowed"


def test_with_another_role_a_person_logs_in_again_with_other_stores_not(town: Town, staff: str, li: Person) -> None:
    other = done(town.platform.post(staff.replace("/staff", "/stores"), NEW, owner(town)), 201)["store_id"]
    token = li.sign_in()
    path = f"{staff}/{li.staff_id}"
    assert done(town.platform.call("PATCH", path, {"stores": [other]}, token=owner(town)))["stores"] == [other]
    assert town.platform.call("PATCH", path, {"stores": [other]}, token=owner(town)).replayed
    assert town.platform.post("/v1/redemptions", town.staff_body(), token).code == "not_found"
    assert town.platform.post("/v1/redemptions", town.staff_body(store_id=other), token).status == 201
    assert done(town.platform.call("PATCH", path, {"role": "manager"}, token=owner(town)))["role"] == "manager"
    assert town.platform.get("/v1/sessions", token).code == "token_invalid"
    assert done(li.attempt(), 201)["role"] == "manager"
    for wrong in ({"role": "owner"}, {"role": "operator"}, {"stores": ["x"]}, {"state": "active"}, {"stores": None, "role": 1}):
        assert town.platform.call("PATCH", path, wrong, token=owner(town)).code == "request_invalid"
    for role in (Role.MANAGER, Role.CASHIER, Role.OPERATOR):
        assert town.platform.call("PATCH", path, {"stores": []}, token=town.tokens[role]).code == "role_not_allowed"


def test_after_a_reset_the_old_password_totp_and_sessions_are_dead_at_once(town: Town, staff: str, li: Person) -> None:
    token = li.sign_in()
    path = f"{staff}/{li.staff_id}/reset"
    invitation = done(town.platform.post(path, token=owner(town), key="key-reset-1"))
    assert town.platform.get("/v1/sessions", token).code == "token_invalid"
    assert li.attempt().code == "wrong_credentials"
    again = town.platform.post(path, token=owner(town), key="key-reset-1")
    assert (again.replayed, again.json) == (True, invitation)
    back = activated(town.platform, invitation, "a-new-password-2026")
    assert li.attempt().code == "wrong_credentials", "old password, old authenticator"
    assert li.attempt("a-new-password-2026").code == "wrong_credentials", "old authenticator"
    alive = back.sign_in()
    assert town.platform.post(path, token=owner(town), key="key-reset-1").replayed, "a late repetition"
    assert town.platform.get("/v1/sessions", alive).status == 200


def test_an_invitations_key_is_no_resets_key(town: Town, staff: str) -> None:
    invitation = {"username": "new.one", "role": "cashier"}
    first = done(town.platform.post(staff, invitation, owner(town), key="one-same-key"), 201)
    second = done(town.platform.post(f"{staff}/{first['staff_id']}/reset", token=owner(town), key="one-same-key"))
    assert first["activation_code"] != second["activation_code"]
    body = {"username": "new.one", "activation_code": first["activation_code"], "password": "a-new-password"}
    assert town.platform.post("/v1/staff-activations", body).code == "wrong_credentials"


def test_managers_reset_and_disable_cashiers_and_nobody_else(town: Town, staff: str, li: Person) -> None:
    manager = town.tokens[Role.MANAGER]
    colleague = employed(town.platform, "m2", Role.MANAGER, town.merchant.merchant_id)
    boss = employed(town.platform, "boss", Role.OWNER, town.merchant.merchant_id)
    for person in (colleague, boss):
        for verb in ("reset", "disable"):
            assert town.platform.post(f"{staff}/{person.staff_id}/{verb}", token=manager).code == "not_found"
    token = li.sign_in()
    assert done(town.platform.post(f"{staff}/{li.staff_id}/disable", token=manager))["state"] == "disabled"
    assert town.platform.get("/v1/sessions", token).code == "token_invalid"
    assert li.attempt().code == "wrong_credentials"
    assert town.platform.post(f"{staff}/{li.staff_id}/reset", token=manager).code == "staff_disabled"
    assert town.platform.call("PATCH", f"{staff}/{li.staff_id}", {"stores": []}, token=owner(town)).code == "staff_disabled"
    assert town.platform.post(f"{staff}/{boss.staff_id}/reset", token=owner(town)).code == "not_found", "an operator's"
    assert town.platform.post(f"{staff}/{boss.staff_id}/reset", token=town.tokens[Role.OPERATOR]).status == 200
