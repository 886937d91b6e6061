"""The review of an application: an operator's approval, then a regulator's; or a rejection, with its reason.

The filer, the operator and the regulator are three different persons.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.application import TRANSITIONS, UNCLAIMED, Application, ApplicationEvent, ApplicationState, Claim, audited
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.merchant import LicenceStatus, Merchant
from chalicelib.domain.name import NameClaim, normal, skeleton
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import Conflict, Forbidden, absent
from chalicelib.domain.state import move


@dataclass(frozen=True)
class Opening:
    """What the merchant begins with beside its filing: `account_number` in clear, for the bank; names for the search."""

    filing_no: str
    account_number: str
    pinyin: str
    initials: str


def approve_as_operator(
    application: Application,
    name: NameClaim | None,
    reviewer: Principal,
    confusable_accepted: bool,
    reason: str,
    trace: Trace,
    inviters: frozenset[str] = frozenset(),
) -> Decision[Application]:
    """Whoever had a hand in it, or invited somebody who had (`inviters`, who have seen that person's activation code), may not
    approve it. A name that is taken for another merchant's in the district has to be accepted
    as such, with a reason. The same person again: what is there. Order: role, state, second person, name."""
    if application.operator_id == reviewer.principal_id:
        return Decision(application, replayed=True)
    _require_role(reviewer, Role.OPERATOR)
    state = move(TRANSITIONS, "application", "申请", application.state, ApplicationEvent.OPERATOR_APPROVE)
    if reviewer.principal_id in (application.filed_by, *application.filers, *inviters):
        raise _second_person()
    other = confusable_with(application, name)
    if other and not (confusable_accepted and reason):
        raise _confusable(other)
    after = replace(
        application,
        state=state,
        operator_id=reviewer.principal_id,
        confusable_with=other,
        version=application.version + 1,
    )
    return audited(application, after, "application.approve", trace, reason)


def confusable_with(application: Application, name: NameClaim | None) -> str:
    """The merchant of the district that a customer may take this one for; "" if there is none."""
    return name.merchant_id if name is not None and name.merchant_id != application.merchant_id else ""


def _confusable(merchant_id: str) -> Conflict:
    return Conflict(
        "name_confusable",
        "名称与本区已有商户易混淆，须初审人员说明理由并确认",
        f"the name is easily taken for that of {merchant_id}: an operator has to accept it with a reason",
        param="name",
        facts={"name_confusable_with": merchant_id},
    )


def approve_as_regulator(
    application: Application, name: NameClaim | None, reviewer: Principal, opening: Opening, trace: Trace
) -> Decision[Application]:
    """The merchant begins to exist, and its name is claimed in the district. The same person again: what is there."""
    if application.regulator_id == reviewer.principal_id:
        return Decision(application, replayed=True)
    _require_role(reviewer, Role.REGULATOR)
    _require_district(application, reviewer)
    state = move(TRANSITIONS, "application", "申请", application.state, ApplicationEvent.REGULATOR_APPROVE)
    if reviewer.principal_id in (application.operator_id, application.filed_by, *application.filers):
        raise _second_person()
    other = confusable_with(application, name)
    if other and other != application.confusable_with:
        raise _confusable(other)
    after = replace(
        application,
        state=state,
        regulator_id=reviewer.principal_id,
        filing_no=opening.filing_no,
        version=application.version + 1,
    )
    claims: tuple[Put, ...] = ()
    if name is None:
        wanted = NameClaim(application.filing.district, skeleton(application.filing.name), application.merchant_id)
        claims = (create(wanted),)
    return audited(
        application, after, "application.approve", trace, "", (create(_merchant(after, opening, trace.at)), *claims)
    )


def _second_person() -> Forbidden:
    return Forbidden("second_person_needed", "申请须由另一人审核", "an application is filed and approved by different persons")


def _require_role(reviewer: Principal, role: Role) -> None:
    if reviewer.role is not role:
        raise Forbidden("role_not_allowed", "当前角色无权执行该操作", f"a {reviewer.role} may not do this")


def reject(
    application: Application, claims: Sequence[Claim | None], reviewer: Principal, reason: str, trace: Trace
) -> Decision[Application]:
    """A regulator at the own step only; an operator until the end, for a district in which nobody reviews. Licence and pictures
    (`claims`) are free again for their true owner."""
    if reviewer.role is not Role.OPERATOR:
        _require_role(reviewer, Role.REGULATOR)
        _require_district(application, reviewer)
    if application.state is ApplicationState.REJECTED:
        return Decision(application, replayed=True)
    state = move(TRANSITIONS, "application", "申请", application.state, ApplicationEvent.REJECT)
    if reviewer.role is Role.REGULATOR and application.state is ApplicationState.SUBMITTED:
        raise Conflict(
            f"application_{application.state}",
            "该申请不在你的审核环节",
            f"the application is {application.state}, its next reviewer is an operator",
        )
    freed = tuple(
        change(claim, replace(claim, merchant_id=UNCLAIMED, version=claim.version + 1))
        for claim in claims
        if claim is not None and claim.merchant_id == application.merchant_id
    )
    after = replace(
        application,
        state=state,
        operator_id="",
        confusable_with="",
        reason=reason,
        last_reason=reason,
        rejections=application.rejections + 1,
        version=application.version + 1,
    )
    return audited(application, after, "application.reject", trace, reason, freed)


def _require_district(application: Application, reviewer: Principal) -> None:
    if reviewer.district != application.filing.district:
        raise absent("申请", "application")


def _merchant(application: Application, opening: Opening, now: datetime) -> Merchant:
    filing = application.filing
    assert filing.legal_form is not None
    assert filing.industry is not None
    return Merchant(
        merchant_id=application.merchant_id,
        name=normal(filing.name),
        licence_no=filing.licence_no,
        legal_form=filing.legal_form,
        legal_representative=filing.legal_representative,
        industry=filing.industry,
        district=filing.district,
        address=filing.address,
        account_name=filing.account_name,
        account_number=opening.account_number,
        account_bank=filing.account_bank,
        filing_no=application.filing_no,
        filed_on=business_date(now),
        licence_checked_at=application.licence_checked_at or now,
        pinyin=opening.pinyin,
        initials=opening.initials,
        updated_at=now,
        licence_status=LicenceStatus.NORMAL,
        licence_valid_until=application.licence_valid_until,
        established_on=application.registered_on,
        registered_capital_fen=filing.registered_capital_fen or 0,
        last_year_revenue_fen=filing.last_year_revenue_fen or 0,
    )
