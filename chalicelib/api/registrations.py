"""A consumer who has a business registers as its owner."""

from typing import Any

from chalice.app import Blueprint

from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, View
from chalicelib.api.sessions import Username
from chalicelib.domain.principal import Role
from chalicelib.operations import registrations

routes = Blueprint(__name__)


class Registration(Body):
    username: Username


class RegistrationView(View):
    """Activate with the code at /v1/staff-activations, then log in as the owner and apply. The merchant is there once its
    application is approved."""

    staff_id: str
    username: str
    merchant_id: str
    activation_code: str


@endpoint(
    routes,
    "POST",
    "/v1/merchant-registrations",
    "Register as the owner of a merchant to be; the activation code is shown to the consumer only",
    who=frozenset({Role.CONSUMER}),
    body=Registration,
    answer=RegistrationView,
    status=201,
    key=True,
)
def create(call: Call) -> Any:
    done, code = registrations.register(call.body.username, call.key, call.caller, call.trace)
    person = done.answer
    answer = RegistrationView(
        staff_id=person.staff_id, username=person.username, merchant_id=person.organisation_id, activation_code=code
    )
    return Reply(answer, replayed=done.replayed)
