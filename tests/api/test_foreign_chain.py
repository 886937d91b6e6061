"""Stores and staff of another merchant look exactly like none, on every route under a merchant that the endpoints declare."""

from typing import Any

import pytest

from app import app
from chalicelib import ids
from chalicelib.api.http import ENDPOINTS, Endpoint
from chalicelib.domain.principal import Role
from tests.api.people import employed
from tests.api.test_foreign import NOBODY, alike
from tests.api.test_stores import CLOSE, MOVE, NEW
from tests.town import Town

BODIES: dict[str, Any] = {
    "stores_create": NEW,
    "stores_change": {"phone": "0574-1234567"},
    "stores_move": MOVE,
    "stores_close": CLOSE,
    "stores_withdraw_notice": None,
    "store_codes_rotate": {"reason": "lost"},
    "posters_create": None,
    "staff_index": None,
    "staff_show": None,
    "staff_invite": {"username": "a.spy", "role": "cashier"},
    "staff_assign": {"stores": []},
    "staff_disable": None,
    "staff_reset": None,
    "staff_revoke_sessions": None,
}
UNDER = ("/v1/merchants/{merchant_id}/stores", "/v1/merchants/{merchant_id}/staff")
CHAIN = [one for one in ENDPOINTS if one.path.startswith(UNDER) and one.who]


def name_of(declared: Endpoint) -> str:
    return declared.operation_id


def filled(declared: Endpoint, merchant: str, store: str, person: str) -> str:
    return declared.path.format(merchant_id=merchant, store_id=store, staff_id=person)


def test_every_such_route_has_a_request_here() -> None:
    assert app.routes
    assert {declared.operation_id for declared in CHAIN} == set(BODIES)


def caller_of(town: Town, declared: Endpoint) -> str:
    return town.rival_owner if Role.OWNER in declared.who else town.tokens[Role.OPERATOR]


@pytest.mark.parametrize("declared", CHAIN, ids=name_of)
def test_another_merchants_stores_and_people_are_absent_and_stay_as_they_are(town: Town, declared: Endpoint) -> None:
    person = employed(town.platform, "li.na", Role.CASHIER, town.merchant.merchant_id, [town.store.store_id])
    path = filled(declared, town.merchant.merchant_id, town.store.store_id, person.staff_id)
    missing = filled(declared, f"mch_{NOBODY}", f"sto_{NOBODY}{NOBODY}", f"stf_{NOBODY}")
    before = town.platform.dump()
    body, token = BODIES[declared.operation_id], caller_of(town, declared)
    foreign = town.platform.call(declared.method, path, body, token=token)
    alike(town, foreign, town.platform.call(declared.method, missing, body, token=token))
    assert town.platform.dump() == before


@pytest.mark.parametrize("declared", [one for one in CHAIN if one.path.count("_id}") == 2], ids=name_of)
def test_another_merchants_id_in_the_own_path_is_absent(town: Town, declared: Endpoint) -> None:
    """The own merchant in the path, somebody else's store or person behind it."""
    person = employed(town.platform, "wu.di", Role.CASHIER, town.rival.merchant_id, [town.rival_store.store_id])
    own = town.merchant.merchant_id
    path = filled(declared, own, town.rival_store.store_id, person.staff_id)
    missing = filled(declared, own, f"sto_{NOBODY}{NOBODY}", f"stf_{NOBODY}")
    before = town.platform.dump()
    body, token = BODIES[declared.operation_id], town.tokens[Role.OWNER]
    foreign = town.platform.call(declared.method, path, body, token=token)
    alike(town, foreign, town.platform.call(declared.method, missing, body, token=token))
    assert town.platform.dump() == before


def test_a_store_cannot_be_given_to_anothers_person_nor_anothers_store_to_the_own(town: Town) -> None:
    person = employed(town.platform, "li.na", Role.CASHIER, town.merchant.merchant_id)
    staff = f"/v1/merchants/{town.merchant.merchant_id}/staff"
    wrong = {"stores": [town.rival_store.store_id]}
    before = town.platform.dump()
    owner = town.tokens[Role.OWNER]
    assert town.platform.call("PATCH", f"{staff}/{person.staff_id}", wrong, token=owner).code == "not_found"
    invitation = wrong | {"username": "new.one", "role": "cashier"}
    assert town.platform.post(staff, invitation, owner).code == "not_found"
    assert town.platform.dump() == before


def test_a_manager_of_one_store_finds_neither_the_other_store_nor_its_people(town: Town) -> None:
    merchant = f"/v1/merchants/{town.merchant.merchant_id}"
    other = town.platform.post(f"{merchant}/stores", NEW, town.tokens[Role.OWNER]).json["store_id"]
    manager = employed(town.platform, "mgr", Role.MANAGER, town.merchant.merchant_id, [town.store.store_id]).sign_in()
    there = employed(town.platform, "li.na", Role.CASHIER, town.merchant.merchant_id, [other])
    before = town.platform.dump()
    for method, path, body in (
        ("PATCH", f"stores/{other}", {"phone": ""}),
        ("GET", f"staff/{there.staff_id}", None),
        ("POST", f"staff/{there.staff_id}/disable", None),
        ("POST", f"staff/{there.staff_id}/reset", None),
    ):
        absent = path.replace(ids.part_of(other), NOBODY * 2).replace(ids.part_of(there.staff_id), NOBODY)
        foreign = town.platform.call(method, f"{merchant}/{path}", body, token=manager)
        alike(town, foreign, town.platform.call(method, f"{merchant}/{absent}", body, token=manager))
    assert town.platform.dump() == before
    seen = town.platform.get(f"{merchant}/staff", manager).json["data"]
    assert there.staff_id not in {person["staff_id"] for person in seen}
