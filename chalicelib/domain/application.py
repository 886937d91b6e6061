"""A merchant's application: filed, licence verified at the registry, approved by two different persons, given a filing number.

draft -> submitted -> operator_approved -> active
             \\__ rejected (by either reviewer, with the reason) -> submitted again
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.merchant import Industry, LegalForm, Merchant
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import Conflict, Forbidden, Unprocessable, absent, key_reused
from chalicelib.domain.state import move


class ApplicationState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    OPERATOR_APPROVED = "operator_approved"
    ACTIVE = "active"
    REJECTED = "rejected"


class ApplicationEvent(StrEnum):
    SUBMIT = "submit"
    OPERATOR_APPROVE = "operator_approve"
    REGULATOR_APPROVE = "regulator_approve"
    REJECT = "reject"


TRANSITIONS: Mapping[tuple[ApplicationState, ApplicationEvent], ApplicationState] = {
    (ApplicationState.DRAFT, ApplicationEvent.SUBMIT): ApplicationState.SUBMITTED,
    (ApplicationState.REJECTED, ApplicationEvent.SUBMIT): ApplicationState.SUBMITTED,
    (ApplicationState.SUBMITTED, ApplicationEvent.OPERATOR_APPROVE): ApplicationState.OPERATOR_APPROVED,
    (ApplicationState.SUBMITTED, ApplicationEvent.REJECT): ApplicationState.REJECTED,
    (ApplicationState.OPERATOR_APPROVED, ApplicationEvent.REGULATOR_APPROVE): ApplicationState.ACTIVE,
    (ApplicationState.OPERATOR_APPROVED, ApplicationEvent.REJECT): ApplicationState.REJECTED,
}


@dataclass(frozen=True)
class Filing:
    """What the applicant states."""

    name: str
    licence_no: str
    legal_form: LegalForm
    legal_representative: str
    industry: Industry
    district: str
    address: str
    contact_name: str
    contact_phone: str
    account_name: str
    account_number: str
    account_bank: str


@dataclass(frozen=True)
class RegisteredCompany:
    """What the business registry says about a licence number."""

    licence_no: str
    name: str
    status: str
    legal_representative: str
    established_on: date
    valid_until: date | None


@dataclass(frozen=True)
class Application:
    application_id: str
    merchant_id: str
    filing: Filing
    filed_by: str
    filed_at: datetime
    due_on: date
    fingerprint: str
    state: ApplicationState = ApplicationState.DRAFT
    licence_checked_at: datetime | None = None
    operator_id: str = ""
    regulator_id: str = ""
    reason: str = ""
    filing_no: str = ""
    version: int = 1


UNCLAIMED = ""
"""In place of the merchant's id, once the application that claimed the licence was rejected."""


@dataclass(frozen=True)
class LicenceClaim:
    """One licence, one merchant: whoever claims it first has it, until that application is rejected."""

    licence_no: str
    merchant_id: str
    version: int = 1


def draft(earlier: Application | None, application: Application, trace: Trace) -> Decision[Application]:
    if earlier is not None:
        if earlier.fingerprint != application.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    made = entry(trace, application.application_id, "application.draft", "", application.filing.licence_no)
    return Decision(application, (create(application), create(made)))


def require_lawful(filing: Filing, company: RegisteredCompany | None, rules: Rules, now: datetime) -> None:
    """No unlicensed trading. In this order: not registered, other name, other legal representative, not in good standing,
    expired, too young (R14), bank account of another name."""
    registered = _registered(filing, company)
    if registered.status != "normal":
        raise Unprocessable(
            "licence_not_in_good_standing",
            f"营业执照状态为 {registered.status}",
            f"licence {filing.licence_no} is {registered.status}",
            param="licence_no",
            facts={"has": registered.status, "needs": "normal"},
        )
    today = business_date(now)
    if registered.valid_until is not None and registered.valid_until < today:
        said = f"licence {filing.licence_no} ended {registered.valid_until}"
        raise Unprocessable("licence_expired", "营业执照已过期", said, param="licence_no")
    _require_age(registered.established_on, today, rules)
    if filing.account_name != registered.name:
        said = "the bank account must be in the licence's name"
        raise Unprocessable("account_name_differs", "结算账户须与营业执照同名", said, param="account_name")


def _registered(filing: Filing, company: RegisteredCompany | None) -> RegisteredCompany:
    """What the registry says, if it is about this licence and says the same."""
    if company is None or company.licence_no != filing.licence_no:
        said = f"the registry knows no licence {filing.licence_no}"
        raise Unprocessable("licence_not_found", "登记机关查无此照", said, param="licence_no")
    if company.name != filing.name:
        said = f"licence {filing.licence_no} has another name"
        raise Unprocessable("licence_name_differs", "名称与登记信息不一致", said, param="name")
    if company.legal_representative != filing.legal_representative:
        said = f"licence {filing.licence_no} has another legal representative"
        raise Unprocessable("legal_representative_differs", "法定代表人与登记信息不一致", said, param="legal_representative")
    return company


def _require_age(established_on: date, today: date, rules: Rules) -> None:
    months = (today.year - established_on.year) * 12 + today.month - established_on.month
    if today.day < established_on.day:
        months -= 1
    if months < rules.licence_age_months:
        raise Unprocessable(
            "licence_too_young",
            f"营业执照须满 {rules.licence_age_months} 个月（{rules.licence_age_article}）",
            f"the licence is {months} months old, {rules.licence_age_months} are needed",
            param="licence_no",
            facts={"has_months": months, "needs_months": rules.licence_age_months},
        )


def submit(application: Application, claim: LicenceClaim | None, trace: Trace) -> Decision[Application]:
    """Call `require_lawful` first. The licence is claimed in the same write."""
    if application.state is ApplicationState.SUBMITTED:
        return Decision(application, replayed=True)
    state = move(TRANSITIONS, "application", "申请", application.state, ApplicationEvent.SUBMIT)
    claims: tuple[Put, ...] = ()
    if claim is None:
        taken = Conflict(
            "licence_taken", "该营业执照已被其他商户使用", f"licence {application.filing.licence_no} belongs to another merchant"
        )
        claims = (create(LicenceClaim(application.filing.licence_no, application.merchant_id), otherwise=taken),)
    elif claim.merchant_id == UNCLAIMED:
        claimed = replace(claim, merchant_id=application.merchant_id, version=claim.version + 1)
        claims = (change(claim, claimed),)
    elif claim.merchant_id != application.merchant_id:
        raise Conflict("licence_taken", "该营业执照已被其他商户使用", f"licence {claim.licence_no} belongs to another merchant")
    after = replace(application, state=state, licence_checked_at=trace.at, reason="", version=application.version + 1)
    return _audited(application, after, "application.submit", trace, "", claims)


def approve_as_operator(application: Application, reviewer: Principal, trace: Trace) -> Decision[Application]:
    """Four eyes: who filed it may not approve it. The same person again: what is there."""
    if application.operator_id == reviewer.principal_id:
        return Decision(application, replayed=True)
    _require_role(reviewer, Role.OPERATOR)
    state = move(TRANSITIONS, "application", "申请", application.state, ApplicationEvent.OPERATOR_APPROVE)
    if reviewer.principal_id == application.filed_by:
        raise _second_person()
    after = replace(application, state=state, operator_id=reviewer.principal_id, version=application.version + 1)
    return _audited(application, after, "application.approve", trace, "")


def approve_as_regulator(
    application: Application, reviewer: Principal, filing_no: str, names: tuple[str, str], trace: Trace
) -> Decision[Application]:
    """The merchant begins to exist. `names`: its pinyin and initials for the search. The same person again: what is there."""
    if application.regulator_id == reviewer.principal_id:
        return Decision(application, replayed=True)
    _require_role(reviewer, Role.REGULATOR)
    _require_district(application, reviewer)
    state = move(TRANSITIONS, "application", "申请", application.state, ApplicationEvent.REGULATOR_APPROVE)
    if reviewer.principal_id in (application.operator_id, application.filed_by):
        raise _second_person()
    after = replace(
        application, state=state, regulator_id=reviewer.principal_id, filing_no=filing_no, version=application.version + 1
    )
    merchant = _merchant(after, names, trace.at)
    return _audited(application, after, "application.approve", trace, "", (create(merchant),))


def _second_person() -> Forbidden:
    return Forbidden("second_person_needed", "申请须由另一人审核", "an application is filed and approved by different persons")


def _require_role(reviewer: Principal, role: Role) -> None:
    if reviewer.role is not role:
        raise Forbidden("role_not_allowed", "当前角色无权执行该操作", f"a {reviewer.role} may not do this")


def reject(
    application: Application, claim: LicenceClaim | None, reviewer: Principal, reason: str, trace: Trace
) -> Decision[Application]:
    """Each reviewer rejects at their own step only. The licence is free again for its true owner."""
    if reviewer.role is not Role.OPERATOR:
        _require_role(reviewer, Role.REGULATOR)
        _require_district(application, reviewer)
    if application.state is ApplicationState.REJECTED:
        return Decision(application, replayed=True)
    state = move(TRANSITIONS, "application", "申请", application.state, ApplicationEvent.REJECT)
    step = Role.OPERATOR if application.state is ApplicationState.SUBMITTED else Role.REGULATOR
    if reviewer.role is not step:
        raise Conflict(
            f"application_{application.state}",
            "该申请不在你的审核环节",
            f"the application is {application.state}, its next reviewer is a {step}",
        )
    freed: tuple[Put, ...] = ()
    if claim is not None and claim.merchant_id == application.merchant_id:
        freed = (change(claim, replace(claim, merchant_id=UNCLAIMED, version=claim.version + 1)),)
    after = replace(application, state=state, operator_id="", reason=reason, version=application.version + 1)
    return _audited(application, after, "application.reject", trace, reason, freed)


def _require_district(application: Application, reviewer: Principal) -> None:
    if reviewer.district != application.filing.district:
        raise absent("申请", "application")


def _audited(
    before: Application, after: Application, action: str, trace: Trace, reason: str, more: tuple[Put, ...] = ()
) -> Decision[Application]:
    audit = entry(trace, after.application_id, action, before.state, after.state, reason)
    return Decision(after, (change(before, after), *more, create(audit)))


def _merchant(application: Application, names: tuple[str, str], now: datetime) -> Merchant:
    filing = application.filing
    return Merchant(
        merchant_id=application.merchant_id,
        name=filing.name,
        licence_no=filing.licence_no,
        legal_form=filing.legal_form,
        legal_representative=filing.legal_representative,
        industry=filing.industry,
        district=filing.district,
        address=filing.address,
        account_name=filing.account_name,
        account_number=filing.account_number,
        account_bank=filing.account_bank,
        filing_no=application.filing_no,
        filed_on=business_date(now),
        licence_checked_at=application.licence_checked_at or now,
        pinyin=names[0],
        initials=names[1],
        updated_at=now,
    )
