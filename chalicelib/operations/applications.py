"""A merchant's way onto the platform: filed, licence verified at the registry, approved twice."""

from datetime import datetime, timedelta

from chalicelib import ids
from chalicelib.domain import application as rules
from chalicelib.domain.application import Application, ApplicationState, Filing, LicenceClaim, RegisteredCompany
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import BadRequest, CounterpartUnknown, Unprocessable, absent, contention
from chalicelib.gateways import business_registry
from chalicelib.gateways.business_registry import BusinessRegistry, Licence
from chalicelib.gateways.outcomes import Unknown
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


def draft(filing: Filing, principal: Principal, key: str, trace: Trace) -> Done[Application]:
    application_id = ids.derived("app", principal.principal_id, "application", key)
    application = Application(
        application_id=application_id,
        merchant_id=ids.renamed("mch", application_id),
        filing=filing,
        filed_by=principal.principal_id,
        filed_at=trace.at,
        due_on=business_date(trace.at) + timedelta(days=rules_on(filing.district, business_date(trace.at)).filing_due_days),
        fingerprint=ids.fingerprint(repr(filing)),
    )
    return commit(lambda: rules.draft(reads.get(Application, application.merchant_id), application, trace))


def submit(application_id: str, trace: Trace, registry: BusinessRegistry | None = None) -> Done[Application]:
    """The licence is looked up at the business registry before anything is written."""
    application = load(application_id)
    if application.state in (ApplicationState.DRAFT, ApplicationState.REJECTED):
        company = _registered(application.filing.licence_no, registry or business_registry.connect())
        law = rules_on(application.filing.district, business_date(trace.at))
        rules.require_lawful(application.filing, company, law, trace.at)

    def decide() -> Decision[Application]:
        present = load(application_id)
        if present.version != application.version and present.state is not ApplicationState.SUBMITTED:
            raise contention()
        return rules.submit(present, reads.get(LicenceClaim, application.filing.licence_no), trace)

    return commit(decide)


def _registered(licence_no: str, registry: BusinessRegistry) -> RegisteredCompany | None:
    outcome = registry.lookup(licence_no)
    if isinstance(outcome, Unknown):
        raise CounterpartUnknown(
            "registry_unknown", "登记机关暂无响应，请稍后重试", "the business registry gave no answer, try again"
        )
    if not isinstance(outcome, Licence):
        return None
    return RegisteredCompany(
        outcome.licence_no,
        outcome.name,
        outcome.status,
        outcome.legal_representative,
        outcome.established_on,
        outcome.valid_until,
    )


def review(application_id: str, approve: bool, reason: str, reviewer: Principal, trace: Trace) -> Done[Application]:
    def decide() -> Decision[Application]:
        application = visible(application_id, reviewer)
        if not approve:
            if not reason:
                raise BadRequest("reason_required", "请填写驳回原因", "a rejection needs its reason", param="reason")
            claim = reads.get(LicenceClaim, application.filing.licence_no)
            return rules.reject(application, claim, reviewer, reason, trace)
        if reviewer.role is Role.OPERATOR:
            return rules.approve_as_operator(application, reviewer, trace)
        names = search_names(application.filing.name)
        decision = rules.approve_as_regulator(application, reviewer, _filing_no(application, trace.at), names, trace)
        if not decision.replayed:
            _require_room()
        return decision

    return commit(decide)


def _require_room() -> None:
    """The daily jobs refuse to begin with more merchants than they can finish with; so one more is refused here, in time."""
    known = len(reads.listed("merchants"))
    if known >= reads.MERCHANTS_MAX - 1:
        raise Unprocessable(
            "platform_full",
            f"平台已有 {known} 家商户，达到上限，请联系平台扩容",
            f"the platform has {known} merchants and takes no more than {reads.MERCHANTS_MAX - 1}",
            facts={"has": known, "max": reads.MERCHANTS_MAX - 1},
        )


def _filing_no(application: Application, now: datetime) -> str:
    """District, day, and eight characters of the application's own id: unique without a counter that everybody waits for."""
    return f"BA{application.filing.district}{business_date(now):%Y%m%d}{ids.part_of(application.application_id)[:8]}"


def search_names(name: str) -> tuple[str, str]:
    """Pinyin and initials of a name, lower case, for the search."""
    from pypinyin import lazy_pinyin

    syllables = [syllable.lower() for syllable in lazy_pinyin(name)]
    return "".join(syllables), "".join(syllable[0] for syllable in syllables if syllable)


def visible(application_id: str, reviewer: Principal) -> Application:
    """The application, for operators and for the regulator of its district; absent for everybody else."""
    application = load(application_id)
    if reviewer.role is not Role.OPERATOR and reviewer.district != application.filing.district:
        raise absent("申请", "application")
    return application


def load(application_id: str) -> Application:
    application = reads.get(Application, ids.renamed("mch", application_id))
    if application is None or application.application_id != application_id:
        raise absent("申请", "application")
    return application
