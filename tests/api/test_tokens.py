"""Tokens: one scheme, good until the last second, and nothing without the person as the person is now."""

from dataclasses import replace

import jwt
import pytest

from chalicelib.api import tokens
from chalicelib.domain.principal import Role
from chalicelib.domain.staff import Staff, StaffState
from chalicelib.store import reads
from tests.api.test_token_defects import claims, signed
from tests.town import Town


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
