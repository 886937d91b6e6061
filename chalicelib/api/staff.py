"""A merchant's staff."""

from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, Id, View
from chalicelib.api.sessions import Username
from chalicelib.domain.principal import Role
from chalicelib.operations import staff

routes = Blueprint(__name__)

INVITERS = frozenset({Role.OWNER, Role.MANAGER, Role.OPERATOR})


class Invitation(Body):
    username: Username
    role: Literal["owner", "manager", "cashier"]
    stores: Annotated[list[Id], Field(max_length=50)] = []


class InvitationView(View):
    staff_id: str
    username: str
    role: str
    activation_code: str


class StaffView(View):
    staff_id: str
    username: str
    role: str
    state: str


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/staff",
    "Invite a person; the activation code is shown to the inviter only",
    who=INVITERS,
    body=Invitation,
    answer=InvitationView,
    status=201,
    key=True,
)
def invite(call: Call, merchant_id: str) -> Any:
    asked = call.body
    done, code = staff.invite(
        merchant_id, asked.username, Role(asked.role), tuple(asked.stores), call.key, call.caller, call.trace
    )
    person = done.answer
    answer = InvitationView(staff_id=person.staff_id, username=person.username, role=person.role, activation_code=code)
    return Reply(answer, replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/merchants/{merchant_id}/staff/{staff_id}/disable",
    "Take a person's access away, at once",
    who=frozenset({Role.OWNER, Role.OPERATOR}),
    answer=StaffView,
    key=True,
)
def disable(call: Call, merchant_id: str, staff_id: str) -> Any:
    done = staff.disable(merchant_id, staff_id, call.caller, call.trace)
    person = done.answer
    view = StaffView(staff_id=person.staff_id, username=person.username, role=person.role, state=person.state)
    return Reply(view, replayed=done.replayed)
