"""The page of rights is what the tables of the domain say, and the routes ask for no other roles."""

import pytest

from app import app
from chalicelib.api.http import ENDPOINTS
from chalicelib.domain import rights
from chalicelib.domain.principal import Role
from chalicelib.domain.rights import StaffRight, StoreRight
from chalicelib.domain.session import SESSION_VALID, SESSIONS_MAX
from chalicelib.domain.sign_in import COUNTED_FOR, FAILURES_EVERYWHERE_MAX, FAILURES_MAX, KNOWN_FOR, LOCKED_FOR
from chalicelib.domain.staff import INVITATION_VALID
from infra.rights import OF_STAFF, OF_STORES, PAGE, redrawn


def test_the_page_says_what_the_tables_say() -> None:
    present = PAGE.read_text(encoding="utf-8")
    assert redrawn(present) == present, "run `python -m infra.rights`"


def test_every_right_is_on_the_page_and_somebody_has_it() -> None:
    assert (set(OF_STORES), set(OF_STAFF)) == (set(StoreRight), set(StaffRight))
    assert (set(rights.STORES), set(rights.STAFF)) == (set(StoreRight), set(StaffRight))
    assert all(Role.OWNER in rights.STORES[right] for right in StoreRight)


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="markers"):
        redrawn("no markers here")


def test_the_limits_on_the_page_are_the_domains() -> None:
    text = PAGE.read_text(encoding="utf-8")
    hours, minutes, days = COUNTED_FOR.total_seconds() / 3600, LOCKED_FOR.total_seconds() / 60, KNOWN_FOR.days
    assert (hours, minutes, days, INVITATION_VALID.days) == (1, 15, 30, 7)
    assert f"{FAILURES_MAX} wrong tries of one user name from one place within an hour" in text
    assert f"{FAILURES_EVERYWHERE_MAX} wrong tries of one user name from all places" in text
    assert f"{SESSIONS_MAX} sessions of a person at once" in text
    assert f"| {SESSION_VALID.total_seconds() / 60:.0f} minutes |" in text


def test_the_routes_are_open_to_whom_the_tables_name() -> None:
    assert app.routes
    who = {declared.operation_id: declared.who for declared in ENDPOINTS}
    of_stores = {
        "stores_create": StoreRight.OPEN,
        "stores_change": StoreRight.CHANGE_HOURS,
        "stores_move": StoreRight.MOVE,
        "stores_close": StoreRight.CLOSE,
        "stores_withdraw_notice": StoreRight.CLOSE,
        "redemptions_cancel": StoreRight.REDEEM,
    }
    assert {name: who[name] for name in of_stores} == {name: rights.STORES[right] for name, right in of_stores.items()}
    of_staff = {
        "staff_index": StaffRight.SEE,
        "staff_show": StaffRight.SEE,
        "staff_invite": StaffRight.INVITE,
        "staff_assign": StaffRight.CHANGE,
        "staff_reset": StaffRight.RESET,
        "staff_disable": StaffRight.DISABLE,
        "staff_revoke_sessions": StaffRight.REVOKE_SESSIONS,
    }
    assert {name: who[name] for name in of_staff} == {name: set(rights.STAFF[right]) for name, right in of_staff.items()}
