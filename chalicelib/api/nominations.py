"""Nominations: consumers say which merchant they want on the platform; operators and regulators see how many want whom."""

from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import Field, field_validator

from chalicelib.api import cursors
from chalicelib.api.alerts import DistrictOrOwn, district_of, page_of_cases
from chalicelib.api.applications import REVIEWERS
from chalicelib.api.cards import CONSUMER
from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.licences import is_licence_no
from chalicelib.api.models import Body, District, ListView, Text, View, rfc3339
from chalicelib.domain.nomination import Nomination, Nominee
from chalicelib.operations import nominations

routes = Blueprint(__name__)


class NominationBody(Body):
    """`licence_no`: the unified social credit code, where the consumer knows it."""

    name: Text
    licence_no: Annotated[str, Field(max_length=18)] = ""
    district: District
    address: Annotated[str, Field(max_length=200)] = ""
    note: Annotated[str, Field(max_length=500)] = ""

    @field_validator("licence_no")
    @classmethod
    def _check_digit(cls, value: str) -> str:
        if value and not is_licence_no(value):
            raise ValueError("not a unified social credit code: the check digit is wrong")
        return value


class NominationView(View):
    nomination_id: str
    name: str
    licence_no: str
    district: str
    address: str
    note: str
    nominated_at: str


class NomineeView(View):
    """`wanted_by`: how many persons. Name and address as its first nomination gave them."""

    nominee_id: str
    name: str
    licence_no: str
    district: str
    address: str
    wanted_by: int
    first_at: str
    last_at: str


class NomineesQuery(cursors.Page):
    district: DistrictOrOwn = ""


def nomination_view(made: Nomination) -> NominationView:
    return NominationView(
        nomination_id=made.nomination_id,
        name=made.name,
        licence_no=made.licence_no,
        district=made.district,
        address=made.address,
        note=made.note,
        nominated_at=rfc3339(made.nominated_at),
    )


def nominee_view(wanted: Nominee) -> NomineeView:
    return NomineeView(
        nominee_id=wanted.nominee_id,
        name=wanted.name,
        licence_no=wanted.licence_no,
        district=wanted.district,
        address=wanted.address,
        wanted_by=wanted.wanted_by,
        first_at=rfc3339(wanted.first_at),
        last_at=rfc3339(wanted.last_at),
    )


@endpoint(
    routes,
    "POST",
    "/v1/merchant-nominations",
    "Say that a merchant should come onto the platform; once per person and merchant",
    who=CONSUMER,
    body=NominationBody,
    answer=NominationView,
    status=201,
    key=True,
)
def create(call: Call) -> Any:
    asked = call.body
    done = nominations.nominate(
        asked.name, asked.licence_no, asked.district, asked.address, asked.note, call.caller, call.trace
    )
    return Reply(nomination_view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "GET",
    "/v1/merchant-nominations",
    "Merchants that consumers of a district want, most wanted first",
    who=REVIEWERS,
    query=NomineesQuery,
    answer=ListView[NomineeView],
)
def index(call: Call) -> Any:
    district = district_of(call.caller, call.query.district)
    found, following = page_of_cases(f"nominees#{district}", call.query)
    data = [nominee_view(wanted) for wanted in found]
    return ListView[NomineeView](data=data, has_more=following is not None, next_cursor=following)
