"""A merchant's application: filed in parts, licence verified at the registry, approved by two different persons, given a filing
number.

draft -> submitted -> operator_approved -> active
             \\__ rejected (by either reviewer, with the reason) -> corrected and submitted again

What is one of a kind is claimed by a row of its own: a licence and each picture of it when the application is submitted, a name
in a district when the regulator approves. A rejection frees licence and pictures. Reviews stand in `domain.review`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.filing import Filing, require_complete
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import Conflict, key_reused
from chalicelib.domain.registry import RegisteredCompany
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


FILERS_MAX = 10

EDITABLE = frozenset({ApplicationState.DRAFT, ApplicationState.REJECTED})


@dataclass(frozen=True)
class Application:
    """`wrapped_key`: of the sealed fields of the filing. `filers`: everybody who filed, changed or submitted it; none of them
    reviews it. `reason`: of the rejection that stands, `last_reason`: of the latest one. `licence_images`: SHA-256 of each stored
    picture of the licence. `confusable_with`: the merchant whose similar name the operator accepted."""

    application_id: str
    merchant_id: str
    filing: Filing
    filed_by: str
    filed_at: datetime
    due_on: date
    fingerprint: str
    wrapped_key: str = ""
    filers: tuple[str, ...] = ()
    file_count: int = 0
    file_kinds: tuple[str, ...] = ()
    licence_images: tuple[str, ...] = ()
    state: ApplicationState = ApplicationState.DRAFT
    submitted_at: datetime | None = None
    licence_checked_at: datetime | None = None
    licence_valid_until: date | None = None
    registered_on: date | None = None
    operator_id: str = ""
    regulator_id: str = ""
    reason: str = ""
    last_reason: str = ""
    rejections: int = 0
    confusable_with: str = ""
    filing_no: str = ""
    version: int = 1

    def visible_to(self, who: Principal) -> bool:
        """Operators see all, an owner the own one, a regulator what was submitted in the district."""
        if who.role is Role.OPERATOR:
            return True
        if who.role is Role.OWNER:
            return who.organisation_id == self.merchant_id
        return who.role is Role.REGULATOR and who.district == self.filing.district and self.submitted_at is not None

    def overdue(self, today: date) -> bool:
        """单用途商业预付卡管理办法(试行), article 7: filed within 30 days."""
        return self.state is not ApplicationState.ACTIVE and today > self.due_on


UNCLAIMED = ""
"""In place of the merchant's id, once the application that claimed it was rejected."""


@dataclass(frozen=True)
class LicenceClaim:
    """One licence, one merchant: whoever claims it first has it, until that application is rejected."""

    licence_no: str
    merchant_id: str
    version: int = 1


@dataclass(frozen=True)
class LicenceImageClaim:
    """One picture of a licence, one merchant: a picture that somebody else handed in was not taken by this applicant."""

    sha256: str
    merchant_id: str
    version: int = 1


Claim = LicenceClaim | LicenceImageClaim


def draft(
    earlier: Application | None, merchant: Merchant | None, application: Application, trace: Trace
) -> Decision[Application]:
    """One application per organisation. An operator's draft is found by its key, an owner's by the organisation."""
    if earlier is not None and earlier.fingerprint == application.fingerprint:
        return Decision(earlier, replayed=True)
    if earlier is not None and trace.role == Role.OPERATOR:
        raise key_reused()
    if earlier is not None or merchant is not None:
        raise Conflict(
            "application_exists",
            "贵单位已有入驻申请",
            f"the organisation has the application {application.application_id}",
            facts={"application_id": application.application_id},
        )
    made = replace(application, filers=(trace.principal_id,))
    audit = entry(trace, made.application_id, "application.draft", "", made.filing.licence_no)
    return Decision(made, (create(made), create(audit)))


def require_editable(application: Application) -> None:
    if application.state not in EDITABLE:
        raise Conflict(
            f"application_{application.state}",
            f"申请当前状态为 {application.state}，不能修改",
            f"the application is {application.state}, it is changed as a draft or after a rejection only",
            facts={"state": str(application.state)},
        )


def touched(application: Application, trace: Trace) -> Application:
    """The next version, with whoever makes it among the filers."""
    filers = application.filers
    if trace.principal_id not in filers:
        if len(filers) >= FILERS_MAX:
            raise Conflict(
                "too_many_filers",
                f"最多 {FILERS_MAX} 人可共同填报一份申请",
                f"{len(filers)} persons filed this application, no more may",
                facts={"has": len(filers), "max": FILERS_MAX},
            )
        filers = (*filers, trace.principal_id)
    return replace(application, filers=filers, version=application.version + 1)


def save(application: Application, filing: Filing, trace: Trace) -> Decision[Application]:
    """More parts, or other ones. The trail names the fields, not what they say."""
    require_editable(application)
    changed = [one.name for one in fields(Filing) if getattr(filing, one.name) != getattr(application.filing, one.name)]
    if not changed:
        return Decision(application, replayed=True)
    after = replace(touched(application, trace), filing=filing)
    return audited(application, after, "application.save", trace, ", ".join(changed))


def submit(
    application: Application,
    company: RegisteredCompany | None,
    claim: LicenceClaim | None,
    images: Sequence[LicenceImageClaim | None],
    trace: Trace,
) -> Decision[Application]:
    """`company`: what `require_lawful` gave back. `images`: the claim of each of its pictures. Order of refusals: state,
    incomplete, licence taken, picture of another merchant's licence. Licence and pictures are claimed in the same write."""
    if application.state is ApplicationState.SUBMITTED:
        return Decision(application, replayed=True)
    state = move(TRANSITIONS, "application", "申请", application.state, ApplicationEvent.SUBMIT)
    require_complete(application.filing, application.file_kinds)
    assert company is not None
    owner = application.merchant_id
    taken = Conflict(
        "licence_taken",
        "该营业执照已被其他商户使用",
        f"licence {application.filing.licence_no} belongs to another merchant",
        param="licence_no",
    )
    claims = _claimed(claim, LicenceClaim(application.filing.licence_no, owner), taken)
    for sha256, image in zip(application.licence_images, images, strict=True):
        claims += _claimed(image, LicenceImageClaim(sha256, owner), _image_reused())
    after = replace(
        touched(application, trace),
        state=state,
        submitted_at=trace.at,
        licence_checked_at=trace.at,
        licence_valid_until=company.valid_until,
        registered_on=company.established_on,
        reason="",
    )
    return audited(application, after, "application.submit", trace, "", claims)


def _image_reused() -> Conflict:
    return Conflict(
        "licence_image_reused",
        "该营业执照图片已被其他商户使用",
        "this very picture of a licence was handed in by another merchant",
        param="files.licence",
    )


def _claimed(claim: Claim | None, wanted: Claim, taken: Conflict) -> tuple[Put, ...]:
    if claim is None:
        return (create(wanted, otherwise=taken),)
    if claim.merchant_id == UNCLAIMED:
        return (change(claim, replace(claim, merchant_id=wanted.merchant_id, version=claim.version + 1)),)
    if claim.merchant_id != wanted.merchant_id:
        raise taken
    return ()


def audited(
    before: Application, after: Application, action: str, trace: Trace, reason: str, more: tuple[Put, ...] = ()
) -> Decision[Application]:
    audit = entry(trace, after.application_id, action, before.state, after.state, reason)
    return Decision(after, (change(before, after), *more, create(audit)))
