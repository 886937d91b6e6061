"""Sessions of staff and officials, seen and ended by their owner; and the own password."""

from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, ListView, View, rfc3339
from chalicelib.api.sessions import Password
from chalicelib.domain.principal import MERCHANT_ROLES, OFFICIAL_ROLES
from chalicelib.domain.session import Session
from chalicelib.operations import staff_sessions

routes = Blueprint(__name__)

SIGN_IN_ROLES = MERCHANT_ROLES | OFFICIAL_ROLES


class OwnSessionView(View):
    """`present`: the one that asks."""

    session_id: str
    created_at: str
    expires_at: str
    user_agent: str
    present: bool


class PasswordChange(Body):
    old_password: Annotated[str, Field(min_length=1, max_length=128)]
    totp: Annotated[str, Field(pattern=r"^[0-9]{6}$")]
    new_password: Password


class PasswordView(View):
    staff_id: str


def _views(sessions: list[Session], call: Call) -> ListView[OwnSessionView]:
    data = [
        OwnSessionView(
            session_id=session.session_id,
            created_at=rfc3339(session.created_at),
            expires_at=rfc3339(session.expires_at),
            user_agent=session.user_agent,
            present=session.session_id == call.caller.session_id,
        )
        for session in sessions
    ]
    return ListView[OwnSessionView](data=data)


@endpoint(
    routes,
    "GET",
    "/v1/sessions",
    "My sessions, of staff and officials, oldest first",
    who=SIGN_IN_ROLES,
    answer=ListView[OwnSessionView],
)
def index(call: Call) -> Any:
    return _views(staff_sessions.of(call.caller.principal_id, call.now), call)


@endpoint(
    routes,
    "POST",
    "/v1/sessions/{session_id}/revoke",
    "End a session of mine; the present one to log out",
    who=SIGN_IN_ROLES,
    answer=ListView[OwnSessionView],
    key=True,
)
def revoke(call: Call, session_id: str) -> Any:
    """What is left is the answer."""
    done = staff_sessions.revoke(session_id, call.caller, call.trace)
    return Reply(_views(staff_sessions.of(call.caller.principal_id, call.now), call), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/sessions/revoke-others",
    "End all sessions of mine but this one",
    who=SIGN_IN_ROLES,
    answer=ListView[OwnSessionView],
    key=True,
)
def revoke_others(call: Call) -> Any:
    done = staff_sessions.revoke_others(call.caller, call.trace)
    return Reply(_views(staff_sessions.of(call.caller.principal_id, call.now), call), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/staff/me/password",
    "Set another password; all other sessions of mine end",
    who=SIGN_IN_ROLES,
    body=PasswordChange,
    answer=PasswordView,
)
def change_password(call: Call) -> Any:
    asked = call.body
    done = staff_sessions.change_password(
        call.caller, asked.old_password, asked.new_password, asked.totp, call.address, call.trace
    )
    return Reply(PasswordView(staff_id=done.answer.staff_id), replayed=done.replayed)
