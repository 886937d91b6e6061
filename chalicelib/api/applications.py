"""Merchant applications: filed, submitted, reviewed by two persons."""
from typing import Annotated, Any, Literal

from chalice.app import Blueprint
from pydantic import Field, field_validator

from chalicelib.api.http import Call, Reply, endpoint
from chalicelib.api.models import Body, ListView, Text, View, rfc3339
from chalicelib.domain.application import Application, ApplicationState, Filing
from chalicelib.domain.merchant import BankAccount, Industry, LegalForm
from chalicelib.domain.principal import Role
from chalicelib.operations import applications
from chalicelib.store import reads

routes = Blueprint(__name__)

OPERATOR = frozenset({Role.OPERATOR})
REVIEWERS = frozenset({Role.OPERATOR, Role.REGULATOR})

District = Annotated[str, Field(pattern=r"^[0-9]{6}$", description="GB/T 2260 code of the district, e.g. 330212 Yinzhou")]


class Account(Body):
    name: Text
    number: Annotated[str, Field(pattern=r"^[0-9]{8,30}$")]
    bank: Text


class FilingBody(Body):
    name: Text
    licence_no: Annotated[str, Field(pattern=r"^[0-9A-HJ-NPQRTUWXY]{18}$", description="unified social credit code")]
    legal_form: LegalForm
    legal_representative: Text
    industry: Industry
    district: District
    address: Annotated[str, Field(min_length=1, max_length=200)]
    contact_name: Text
    contact_phone: Annotated[str, Field(pattern=r"^\+?[0-9-]{7,20}$")]
    bank_account: Account

    @field_validator("licence_no")
    @classmethod
    def _check_digit(cls, value: str) -> str:
        from stdnum.cn import uscc

        if not uscc.is_valid(value):
            raise ValueError("not a unified social credit code: the check digit is wrong")
        return value

    def filing(self) -> Filing:
        own = self.model_dump(exclude={"bank_account"})
        account = self.bank_account
        return Filing(**own, account_name=account.name, account_number=account.number, account_bank=account.bank)


class Review(Body):
    decision: Literal["approve", "reject"]
    reason: Annotated[str, Field(max_length=500)] = ""


class ApplicationView(View):
    application_id: str
    merchant_id: str
    state: ApplicationState
    name: str
    licence_no: str
    legal_form: str
    industry: str
    district: str
    account_masked: str
    filed_at: str
    due_on: str
    licence_checked_at: str | None
    reason: str
    filing_no: str


class StateQuery(Body):
    state: ApplicationState = ApplicationState.SUBMITTED


def view(made: Application) -> ApplicationView:
    filing = made.filing
    return ApplicationView(
        application_id=made.application_id,
        merchant_id=made.merchant_id,
        state=made.state,
        name=filing.name,
        licence_no=filing.licence_no,
        legal_form=filing.legal_form,
        industry=filing.industry,
        district=filing.district,
        account_masked=BankAccount(filing.account_name, filing.account_number, filing.account_bank).masked,
        filed_at=rfc3339(made.filed_at),
        due_on=made.due_on.isoformat(),
        licence_checked_at=rfc3339(made.licence_checked_at) if made.licence_checked_at else None,
        reason=made.reason,
        filing_no=made.filing_no,
    )


@endpoint(
    routes,
    "POST",
    "/v1/merchant-applications",
    "File an application on a merchant's behalf",
    who=OPERATOR,
    body=FilingBody,
    answer=ApplicationView,
    status=201,
    key=True,
)
def create(call: Call) -> Any:
    done = applications.draft(call.body.filing(), call.caller, call.key, call.trace)
    return Reply(view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "GET",
    "/v1/merchant-applications",
    "Applications in a state, oldest first",
    who=REVIEWERS,
    query=StateQuery,
    answer=ListView[ApplicationView],
)
def index(call: Call) -> Any:
    found = reads.listed(f"applications#{call.query.state}")
    mine = [made for made in found if call.caller.role is Role.OPERATOR or made.filing.district == call.caller.district]
    page = [view(made) for made in mine[: reads.PAGE_MAX]]
    return ListView[ApplicationView](data=page, has_more=len(mine) > reads.PAGE_MAX)


@endpoint(
    routes, "GET", "/v1/merchant-applications/{application_id}", "One application", who=REVIEWERS, answer=ApplicationView
)
def show(call: Call, application_id: str) -> Any:
    return view(applications.visible(application_id, call.caller))


@endpoint(
    routes,
    "POST",
    "/v1/merchant-applications/{application_id}/submit",
    "Verify the licence at the registry and submit",
    who=OPERATOR,
    answer=ApplicationView,
    key=True,
)
def submit(call: Call, application_id: str) -> Any:
    done = applications.submit(application_id, call.trace)
    return Reply(view(done.answer), replayed=done.replayed)


@endpoint(
    routes,
    "POST",
    "/v1/merchant-applications/{application_id}/review",
    "Approve or reject; two different persons",
    who=REVIEWERS,
    body=Review,
    answer=ApplicationView,
    key=True,
)
def review(call: Call, application_id: str) -> Any:
    asked = call.body
    done = applications.review(application_id, asked.decision == "approve", asked.reason, call.caller, call.trace)
    return Reply(view(done.answer), replayed=done.replayed)
