"""Who may call what: every route against every role and no token at all, made of what the endpoints declare."""

import re

import pytest

from app import app
from chalicelib.api.http import ENDPOINTS, Endpoint
from chalicelib.domain.principal import Role
from tests.town import Town

IDS = {
    "application_id": "app_0",
    "file_id": "fil_0",
    "district": "330212",
    "merchant_id": "mch_0",
    "product_id": "prd_0",
    "order_id": "ord_0",
    "card_id": "crd_0",
    "redemption_id": "red_0",
    "refund_id": "ref_0",
    "alert_id": "alt_0",
    "tip_off_id": "tip_0",
    "licence_no": "91330212MA2AAAAA07",
    "store_id": "sto_0",
    "key_id": "250",
    "staff_id": "stf_0",
    "session_id": "ses_0",
}


def path_of(declared: Endpoint) -> str:
    return re.sub(r"{(\w+)}", lambda found: IDS.get(found[1], "x" * 20), declared.path)


def name_of(declared: Endpoint) -> str:
    return f"{declared.method} {declared.path}"


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Town:
    from tests.platform import running
    from tests.town import settled

    with running(tmp_path_factory.mktemp("roles") / "clock.json") as platform:
        yield settled(platform)


@pytest.mark.parametrize("declared", ENDPOINTS, ids=name_of)
def test_only_the_declared_roles_get_past_the_door(everybody: Town, declared: Endpoint) -> None:
    """Past the door means any answer but 401 and 403 `role_not_allowed`: a missing key, a bad body, nothing there."""
    seen: dict[str, str] = {}
    for role in Role:
        answer = everybody.platform.call(
            declared.method, path_of(declared), b"{}" if declared.method == "POST" else None, token=everybody.tokens[role]
        )
        assert answer.status != 500, answer.text
        seen[role] = answer.code if answer.status in (401, 403) else "past"
    allowed = declared.who or frozenset(Role)
    login_routes = {"wrong_credentials", "login_code_invalid"}
    assert {role for role, code in seen.items() if code == "past" or code in login_routes} == allowed
    assert {code for role, code in seen.items() if role not in allowed} <= {"role_not_allowed"}


@pytest.mark.parametrize("declared", ENDPOINTS, ids=name_of)
def test_without_a_token_only_the_public_routes_answer(everybody: Town, declared: Endpoint) -> None:
    answer = everybody.platform.call(declared.method, path_of(declared), b"{}" if declared.method == "POST" else None)
    assert answer.status != 500
    assert (answer.code == "token_invalid") == bool(declared.who)
    assert (answer.status == 401) == bool(declared.who)


def test_the_matrix_is_what_was_agreed() -> None:
    """Consent is the consumer's alone, approval an official's, prices the owner's; nobody has a route that moves money alone."""
    who = {f"{declared.method} {declared.path}": declared.who for declared in ENDPOINTS}
    for verb in ("confirm", "decline"):
        assert who[f"POST /v1/redemptions/{{redemption_id}}/{verb}"] == {Role.CONSUMER}
    assert who["POST /v1/redemptions/{redemption_id}/cancel"] == {Role.OWNER, Role.MANAGER, Role.CASHIER}
    assert who["POST /v1/merchant-applications/{application_id}/review"] == {Role.OPERATOR, Role.REGULATOR}
    assert who["POST /v1/merchants/{merchant_id}/products"] == {Role.OWNER}
    moving = [one for one in ENDPOINTS if one.method == "POST" and not one.operation_id.startswith("staff_sessions_")]
    writers = {role for declared in moving for role in declared.who}
    assert Role.CUSTODIAN not in writers


def test_the_matrix_covers_every_route_of_the_app() -> None:
    assert {(declared.path, declared.method) for declared in ENDPOINTS} == {
        (path, method) for path, methods in app.routes.items() for method in methods
    }
