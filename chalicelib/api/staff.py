"""A merchant's staff. Who may do what to whom is `domain.rights`."""

from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field

from chalicelib.api import cursors
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, Id, ListView, View, rfc3339
from chalicelib.api.sessions import Username
from chalicelib.domain import rights
from chalicelib.domain.principal import Role
from chalicelib.domain.refusals import absent
from chalicelib.domain.rights import StaffRight
from chalicelib.domain.staff import Staff, may_see
from chalicelib.operations import staff, staff_sessions
from chalicelib.store import reads

routes = Blueprint(__name__)

PATH = "/v1/merchants/{merchant_id}/staff"
Stores = Annotated[list[Id], Field(max_length=50, description="none: all of the merchant's")]


def _who(right: StaffRight) -> frozenset[Role]:
    return frozenset(rights.STAFF[right])


class Invitation(Body):
    username: Username
    role: Literal["owner", "manager", "cashier"]
    stores: Stores = []


class Assignment(Body):
    """Only what is given changes."""

    role: Literal["manager", "cashier"] | None = None
    stores: Stores | None = None


class InvitationView(View):
    staff_id: str
    username: str
    role: str
    activation_code: str


class StaffView(View):
    """`stores`: where the person is bound to; none means all of the merchant's."""

    staff_id: str
    username: str
    role: str
    stores: list[str]
    state: str
    invited_at: str
    activated_at: str | None


def staff_view(person: Staff) -> StaffView:
    return StaffView(
        staff_id=person.staff_id,
        username=person.username,
        role=person.role,
        stores=list(person.stores),
        state=person.state,
        invited_at=rfc3339(person.invited_at),
        activated_at=rfc3339(person.activated_at) if person.activated_at else None,
    )


def _invited(person: Staff, code: str) -> InvitationView:
    return InvitationView(staff_id=person.staff_id, username=person.username, role=person.role, activation_code=code)


@endpoint(
    routes,
    "GET",
    PATH,
    "Its staff, by user name: all for the owner, those of the own stores for a manager",
    who=_who(StaffRight.SEE),
    query=cursors.Page,
    answer=ListView[StaffView],
)
def index(call: Call, merchant_id: str) -> Any:
    """A manager's page may be short, or empty, and still not the last: the next one follows by its cursor."""
    call.caller.require_own(merchant_id)
    limit, scope = call.query.limit, f"{merchant_id}/staff"
    after = cursors.unseal(scope, call.query.cursor) if call.query.cursor else ""
    batch = reads.staff_after(merchant_id, after, reads.PAGE_MAX)
    found = [person for person in batch if may_see(person, call.caller)]
    page, last = found[:limit], None
    if len(found) > limit:
        last = page[-1]
    elif len(batch) == reads.PAGE_MAX:
        last = batch[-1]
    following = cursors.seal(scope, last.username) if last else None
    data = [staff_view(person) for person in page]
    return ListView[StaffView](data=data, has_more=following is not None, next_cursor=following)


@endpoint(routes, "GET", f"{PATH}/{{staff_id}}", "A member of staff", who=_who(StaffRight.SEE), answer=StaffView)
def show(call: Call, merchant_id: str, staff_id: str) -> Any:
    call.caller.require_own(merchant_id)
    person = reads.get(Staff, staff_id)
    if person is None or not may_see(person, call.caller):
        raise absent("员工", "member of staff")
    return staff_view(person)


@endpoint(
    routes,
    "POST",
    PATH,
    "Invite a person; the activation code is shown to the inviter only",
    who=_who(StaffRight.INVITE),
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
    return Reply(_invited(done.answer, code), replayed=done.replayed)


@endpoint(
    routes,
    "PATCH",
    f"{PATH}/{{staff_id}}",
    "Another role, other stores; with another role the person has to log in again",
    who=_who(StaffRight.CHANGE),
    body=Assignment,
    answer=StaffView,
)
def assign(call: Call, merchant_id: str, staff_id: str) -> Any:
    role = Role(call.body.role) if call.body.role else None
    stores = None if call.body.stores is None else tuple(call.body.stores)
    done = staff.assign(merchant_id, staff_id, role, stores, call.caller, call.trace)
    return Reply(staff_view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    f"{PATH}/{{staff_id}}/disable",
    "Take a person's access away, at once",
    who=_who(StaffRight.DISABLE),
    answer=StaffView,
    key=True,
)
def disable(call: Call, merchant_id: str, staff_id: str) -> Any:
    done = staff.disable(merchant_id, staff_id, call.caller, call.trace)
    return Reply(staff_view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    f"{PATH}/{{staff_id}}/reset",
    "Invite a person anew: password, one-time passwords and sessions so far are worth nothing, at once",
    who=_who(StaffRight.RESET),
    answer=InvitationView,
    key=True,
)
def reset(call: Call, merchant_id: str, staff_id: str) -> Any:
    done, code = staff.reset(merchant_id, staff_id, call.key, call.caller, call.trace)
    return Reply(_invited(done.answer, code), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    f"{PATH}/{{staff_id}}/revoke-sessions",
    "End all sessions of a person; who still knows password and one-time password may sign in again",
    who=_who(StaffRight.REVOKE_SESSIONS),
    answer=StaffView,
    key=True,
)
def revoke_sessions(call: Call, merchant_id: str, staff_id: str) -> Any:
    done = staff_sessions.revoke_of(merchant_id, staff_id, call.caller, call.trace)
    return Reply(staff_view(done.answer), replayed=done.replayed)
