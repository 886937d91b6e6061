"""Registering as an owner: a bounded number per consumer, one person per user name, once per key."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain.principal import Role
from chalicelib.domain.registration import REGISTRATIONS_MAX, Registrations, register
from chalicelib.domain.staff import Staff
from tests.domain.rows import Rows
from tests.domain.town import NOON, code_of, trace


def owner(own: str = "1", username: str = "", **other: Any) -> Staff:
    made = Staff(
        f"stf_{username or own}",
        username or f"user-{own}",
        f"mch_{own}",
        Role.OWNER,
        (),
        "",
        NOON,
        f"hash-{own}-{username}",
        "f",
        registered_by="con_1",
    )
    return replace(made, **other)


class Desk:
    def __init__(self) -> None:
        self.rows = Rows()
        self.count = 0

    def register(self, staff: Staff) -> Any:
        self.count += 1
        known = self.rows.get(Registrations, "con_1")
        decision = register(known, self.rows.get(Staff, staff.username), staff, trace(f"aud_{self.count}"))
        self.rows.commit(decision)
        return decision


def test_a_consumer_registers_three_merchants_and_no_fourth() -> None:
    desk = Desk()
    for number in range(REGISTRATIONS_MAX):
        desk.register(owner(str(number)))
    before = desk.rows.image()
    assert code_of(lambda: desk.register(owner("9"))) == "too_many_registrations"
    assert desk.rows.image() == before
    assert desk.register(owner("0")).replayed, "what was registered is answered again"
    assert desk.rows.get(Registrations, "con_1").organisations == ("mch_0", "mch_1", "mch_2")


def test_two_registrations_at_once_count_as_two() -> None:
    desk = Desk()
    one, other = (register(None, None, owner(own), trace(own)) for own in "12")
    desk.rows.commit(one)
    assert code_of(lambda: desk.rows.commit(other)) == "contention"


def test_a_user_name_is_one_persons_and_a_key_names_one_registration() -> None:
    desk = Desk()
    desk.register(owner("1", "lin.xiao"))
    before = desk.rows.image()
    assert code_of(lambda: desk.register(owner("2", "lin.xiao"))) == "username_taken"
    assert code_of(lambda: desk.register(owner("1", "lin.yi"))) == "idempotency_key_reused"
    assert desk.rows.image() == before


@pytest.mark.parametrize("field", ["organisation_id", "invitation_hash"])
def test_whoever_has_the_name_by_another_invitation_keeps_it(field: str) -> None:
    known = owner("1")
    refused = code_of(lambda: register(None, replace(known, **{field: "another"}), known, trace()))
    assert refused == "username_taken"
