"""A merchant's way onto the platform: filed in parts, licence verified at the registry, approved twice."""

from datetime import datetime, timedelta

from chalicelib import ids, sealing
from chalicelib.domain import application as rules
from chalicelib.domain import review as reviews
from chalicelib.domain.application import Application, ApplicationState, LicenceClaim, LicenceImageClaim
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.filing import EMPTY, require_complete
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.name import NameClaim, skeleton
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import BadRequest, CounterpartUnknown, Unprocessable, absent, contention
from chalicelib.domain.registry import RegisteredCompany, require_lawful
from chalicelib.domain.review import Opening
from chalicelib.domain.staff import Staff
from chalicelib.gateways import business_registry
from chalicelib.gateways.business_registry import BusinessRegistry
from chalicelib.gateways.outcomes import Unknown
from chalicelib.operations import filings
from chalicelib.operations.attempts import Done, commit
from chalicelib.operations.filings import Parts
from chalicelib.operations.registry import company_of
from chalicelib.store import reads

ROOM_KEPT = 20
"""Approvals at once count merchants in an index that may lag: so many of them can never pass the daily jobs' bound together."""
LISTED_MAX = 1_000
"""Rows of the list that one request looks through for those of a district."""


def draft(parts: Parts, principal: Principal, key: str, trace: Trace) -> Done[Application]:
    """An owner's application is that of the organisation; an operator's is a new merchant's, by the key."""
    if principal.role is Role.OWNER:
        application_id = ids.renamed("app", principal.organisation_id)
    else:
        application_id = ids.derived("app", principal.principal_id, "application", key)
    merchant_id = ids.renamed("mch", application_id)
    stamp = filings.fingerprint(key, parts)
    known = reads.get(Application, merchant_id)
    wrapped_key = known.wrapped_key if known else sealing.new_key(application_id)
    filing = filings.put_together(application_id, wrapped_key, EMPTY, parts) if known is None else known.filing
    law = rules_on(filing.district, business_date(trace.at))
    application = Application(
        application_id=application_id,
        merchant_id=merchant_id,
        filing=filing,
        filed_by=principal.principal_id,
        filed_at=trace.at,
        due_on=business_date(trace.at) + timedelta(days=law.filing_due_days),
        fingerprint=stamp,
        wrapped_key=wrapped_key,
    )

    def decide() -> Decision[Application]:
        earlier, merchant = reads.get_together((Application, (merchant_id,)), (Merchant, (merchant_id,)))
        return rules.draft(earlier, merchant, application, trace)

    return commit(decide)


def save(application_id: str, parts: Parts, caller: Principal, trace: Trace) -> Done[Application]:
    """Saves more parts. Whoever was faster is kept: only the fields that are given change."""

    def decide() -> Decision[Application]:
        application = visible(application_id, caller)
        rules.require_editable(application)
        filing = filings.put_together(application_id, application.wrapped_key, application.filing, parts)
        return rules.save(application, filing, trace)

    return commit(decide)


def submit(
    application_id: str, caller: Principal, trace: Trace, registry: BusinessRegistry | None = None
) -> Done[Application]:
    """The licence is looked up at the business registry before anything is written."""
    application = visible(application_id, caller)
    company = None
    if application.state in rules.EDITABLE:
        require_complete(application.filing, application.file_kinds)
        answer = _registered(application.filing.licence_no, registry or business_registry.connect())
        law = rules_on(application.filing.district, business_date(trace.at))
        company = require_lawful(application.filing, answer, law, trace.at)

    def decide() -> Decision[Application]:
        present = visible(application_id, caller)
        if present.version != application.version and present.state is not ApplicationState.SUBMITTED:
            raise contention()
        licence, images = _claims(present)
        return rules.submit(present, company, licence, images, trace)

    return commit(decide)


def _claims(application: Application) -> tuple[LicenceClaim | None, list[LicenceImageClaim | None]]:
    licence_no = application.filing.licence_no
    wanted = [(LicenceImageClaim, (sha256,)) for sha256 in application.licence_images]
    licence, *images = reads.get_together((LicenceClaim, (licence_no,)), *wanted)
    return licence, images


def _registered(licence_no: str, registry: BusinessRegistry) -> RegisteredCompany | None:
    outcome = registry.lookup(licence_no)
    if isinstance(outcome, Unknown):
        raise CounterpartUnknown(
            "registry_unknown", "登记机关暂无响应，请稍后重试", "the business registry gave no answer, try again"
        )
    return company_of(outcome)


def approve(
    application_id: str, reason: str, confusable_accepted: bool, reviewer: Principal, trace: Trace
) -> Done[Application]:
    def decide() -> Decision[Application]:
        application = visible(application_id, reviewer)
        name = name_claim(application)
        if reviewer.role is Role.OPERATOR:
            inviters = _inviters(application)
            return reviews.approve_as_operator(application, name, reviewer, confusable_accepted, reason, trace, inviters)
        pinyin, initials = search_names(application.filing.name)
        account_number = filings.opened(application, "account_number")
        opening = Opening(_filing_no(application, trace.at), account_number, pinyin, initials)
        decision = reviews.approve_as_regulator(application, name, reviewer, opening, trace)
        if not decision.replayed:
            _require_room()
        return decision

    return commit(decide)


def _inviters(application: Application) -> frozenset[str]:
    filers = {application.filed_by, *application.filers}
    found = reads.get_together(*((Staff, (filer,)) for filer in sorted(filers)))
    return frozenset(staff.invited_by for staff in found if staff is not None and staff.invited_by)


def reject(application_id: str, reason: str, reviewer: Principal, trace: Trace) -> Done[Application]:
    def decide() -> Decision[Application]:
        application = visible(application_id, reviewer)
        if not reason:
            raise BadRequest("reason_required", "请填写驳回原因", "a rejection needs its reason", param="reason")
        licence, images = _claims(application)
        return reviews.reject(application, (licence, *images), reviewer, reason, trace)

    return commit(decide)


def name_claim(application: Application) -> NameClaim | None:
    """Who has this name, or one that looks like it, in the district."""
    filing = application.filing
    return reads.get(NameClaim, filing.district, skeleton(filing.name)) if filing.district and filing.name else None


def _require_room() -> None:
    """The daily jobs refuse to begin with more merchants than they can finish with; so one more is refused here, in time."""
    known, most = len(reads.listed("merchants")), max(reads.MERCHANTS_MAX - ROOM_KEPT, 0)
    if known >= most:
        raise Unprocessable(
            "platform_full",
            f"平台已有 {known} 家商户，达到上限，请联系平台扩容",
            f"the platform has {known} merchants and takes no more than {most}",
            facts={"has": known, "max": most},
        )


def _filing_no(application: Application, now: datetime) -> str:
    """District, day, and eight characters of the application's own id: unique without a counter that everybody waits for."""
    return f"BA{application.filing.district}{business_date(now):%Y%m%d}{ids.part_of(application.application_id)[:8]}"


def search_names(name: str) -> tuple[str, str]:
    """Pinyin and initials of a name, lower case, for the search."""
    from pypinyin import lazy_pinyin

    syllables = [syllable.lower() for syllable in lazy_pinyin(name)]
    return "".join(syllables), "".join(syllable[0] for syllable in syllables if syllable)


def visible(application_id: str, who: Principal) -> Application:
    """The application, for whom it is to be seen by; absent for everybody else."""
    application = reads.get(Application, ids.renamed("mch", application_id))
    if application is None or application.application_id != application_id or not application.visible_to(who):
        raise absent("申请", "application")
    return application


def page_of(state: ApplicationState, who: Principal, limit: int, after: str) -> tuple[list[Application], str]:
    """Applications in a state that `who` may see, oldest first, and where to go on ("" at the end)."""
    found: list[Application] = []
    for _ in range(LISTED_MAX // reads.PAGE_MAX):
        batch = reads.listed(f"applications#{state}", reads.PAGE_MAX, after)
        for application in batch:
            after = reads.position_of(application)
            if application.visible_to(who):
                found.append(application)
            if len(found) == limit:
                more = application is not batch[-1] or len(batch) == reads.PAGE_MAX
                return found, after if more else ""
        if len(batch) < reads.PAGE_MAX:
            return found, ""
    return found, after


def own(who: Principal, state: ApplicationState | None) -> list[Application]:
    """The one application of an owner's organisation."""
    application = reads.get(Application, who.organisation_id)
    return [application] if application is not None and state in (None, application.state) else []
