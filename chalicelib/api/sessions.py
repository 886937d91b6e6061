"""Logging in: consumers through a channel, staff and officials with password and one-time password."""
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Discriminator, Field, RootModel, Tag

from chalicelib import credentials
from chalicelib.api import tokens
from chalicelib.api.http import EVERYONE, Call, endpoint
from chalicelib.api.models import TAG, Body, View, rfc3339
from chalicelib.domain.consumer import Channel
from chalicelib.domain.principal import Role
from chalicelib.operations import sessions, staff, staff_sessions

routes = Blueprint(__name__)

Username = Annotated[str, Field(min_length=3, max_length=64, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
Password = Annotated[str, Field(min_length=credentials.PASSWORD_CHARS[0], max_length=credentials.PASSWORD_CHARS[1])]


LoginCode = Annotated[str, Field(min_length=4, max_length=512, pattern=r"^[A-Za-z0-9._~+/=-]+$")]


class ConsumerLogin(Body):
    """`code`: the channel's one-use code (wechat, unionpay, yongpai) or ticket (zheliban)."""

    channel: Channel
    code: LoginCode


class StaffLogin(Body):
    username: Username
    password: Annotated[str, Field(min_length=1, max_length=128)]
    totp: Annotated[str, Field(pattern=r"^[0-9]{6}$")]


def _shape(body: Any) -> str:
    return f"{TAG}staff" if isinstance(body, dict) and "username" in body else f"{TAG}consumer"


Either = Annotated[ConsumerLogin, Tag(f"{TAG}consumer")] | Annotated[StaffLogin, Tag(f"{TAG}staff")]


class Login(RootModel[Annotated[Either, Discriminator(_shape)]]):
    """Consumers send a `channel`, staff and officials a `username`."""


class SessionView(View):
    token: str
    token_type: str = "Bearer"
    expires_at: str
    principal_id: str
    role: str
    organisation_id: str = ""


class Activation(Body):
    username: Username
    activation_code: Annotated[str, Field(min_length=10, max_length=64)]
    password: Password


class ActivationView(View):
    staff_id: str
    totp_secret: str
    totp_uri: str


@endpoint(routes, "POST", "/v1/sessions", "Log in", who=EVERYONE, body=Login, answer=SessionView, status=201)
def create(call: Call) -> Any:
    login = call.body.root
    if isinstance(login, ConsumerLogin):
        consumer_id = sessions.log_in(login.channel, login.code, call.now)
        token, expires_at = tokens.issue(consumer_id, Role.CONSUMER, call.now)
        return SessionView(token=token, expires_at=rfc3339(expires_at), principal_id=consumer_id, role=Role.CONSUMER.value)
    user_agent = call.headers.get("user-agent", "")
    person, session = staff_sessions.sign_in(login.username, login.password, login.totp, call.address, user_agent, call.now)
    token, expires_at = tokens.issue(person.staff_id, person.role, call.now, session.session_id)
    return SessionView(
        token=token,
        expires_at=rfc3339(expires_at),
        principal_id=person.staff_id,
        role=person.role.value,
        organisation_id=person.organisation_id,
    )


@endpoint(
    routes,
    "POST",
    "/v1/staff-activations",
    "Accept an invitation: set the password, get the TOTP secret",
    who=EVERYONE,
    body=Activation,
    answer=ActivationView,
    status=201,
)
def activate(call: Call) -> Any:
    asked = call.body
    person = staff.activate(asked.username, asked.activation_code, asked.password, call.trace)
    uri = credentials.totp_uri(person.totp_secret, person.username)
    return ActivationView(staff_id=person.staff_id, totp_secret=person.totp_secret, totp_uri=uri)
