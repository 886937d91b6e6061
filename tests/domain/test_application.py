"""A merchant's way in: a lawful licence, claimed once, seen by two different persons, of the right district."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from chalicelib.domain import application as applications
from chalicelib.domain import review as reviews
from chalicelib.domain.application import (
    UNCLAIMED,
    Application,
    ApplicationState,
    LicenceClaim,
    LicenceImageClaim,
)
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.name import NameClaim, skeleton
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.review import Opening
from tests.domain.rows import Rows
from tests.domain.test_licence import COMPANY, FILING
from tests.domain.town import NOON, code_of, trace

IMAGE = "a" * 64
DRAFT = Application(
    "app_1",
    "mch_1",
    FILING,
    "stf_clerk",
    NOON,
    date(2026, 4, 2),
    "f",
    file_count=1,
    file_kinds=("licence",),
    licence_images=(IMAGE,),
)
OPERATOR = Principal(Role.OPERATOR, "off_1", "platform")
REGULATOR = Principal(Role.REGULATOR, "off_2", "platform", (), "鄞州区")
FOREIGN_REGULATOR = Principal(Role.REGULATOR, "off_3", "platform", (), "海曙区")
OPENING = Opening("NB-1", "6222000000001234", "yongjiang", "yj")


class Office:
    def __init__(self) -> None:
        self.rows = Rows()
        self.count = 0
        self.do(applications.draft(None, None, DRAFT, self.clerk()))

    @property
    def claim(self) -> LicenceClaim | None:
        found: LicenceClaim | None = self.rows.get(LicenceClaim, FILING.licence_no)
        return found

    def trace(self) -> Any:
        self.count += 1
        return trace(f"aud_{self.count}")

    def clerk(self) -> Any:
        return replace(self.trace(), principal_id="stf_clerk", role="operator")

    @property
    def image(self) -> LicenceImageClaim | None:
        found: LicenceImageClaim | None = self.rows.get(LicenceImageClaim, IMAGE)
        return found

    @property
    def name(self) -> NameClaim | None:
        found: NameClaim | None = self.rows.get(NameClaim, FILING.district, skeleton(FILING.name))
        return found

    def do(self, decision: Any) -> Any:
        self.rows.commit(decision)
        return decision.answer

    @property
    def file(self) -> Application:
        found: Application = self.rows.get(Application, "app_1")
        return found

    def submit(self) -> Any:
        return self.do(applications.submit(self.file, COMPANY, self.claim, [self.image], self.clerk()))

    def operator(self, who: Principal = OPERATOR) -> Any:
        return self.do(reviews.approve_as_operator(self.file, self.name, who, False, "", self.trace()))

    def regulator(self, who: Principal = REGULATOR) -> Any:
        return self.do(reviews.approve_as_regulator(self.file, self.name, who, OPENING, self.trace()))

    def reject(self, who: Principal) -> Any:
        return self.do(reviews.reject(self.file, (self.claim, self.image), who, "照片不清", self.trace()))


@pytest.fixture
def office() -> Office:
    return Office()


def at(office: Office, state: str) -> Office:
    """The office with the file in that state."""
    if state != "draft":
        office.submit()
    if state in ("operator_approved", "active"):
        office.operator()
    if state == "active":
        office.regulator()
    if state == "rejected":
        office.reject(OPERATOR)
    assert office.file.state == state
    return office


def test_the_way_in_ends_with_a_merchant_a_filing_number_and_one_audit_entry_for_each_step(
    office: Office,
) -> None:
    made = at(office, "active").file
    assert (made.operator_id, made.regulator_id, made.filing_no, made.version) == (
        "off_1",
        "off_2",
        "NB-1",
        4,
    )
    merchant = office.rows.get(Merchant, "mch_1")
    assert (merchant.name, merchant.filing_no, merchant.account.masked) == (FILING.name, "NB-1", "**** 1234")
    assert [(entry.before, entry.after) for entry in office.rows.all(AuditEntry)] == [
        ("", FILING.licence_no),
        ("draft", "submitted"),
        ("submitted", "operator_approved"),
        ("operator_approved", "active"),
    ]


def test_whoever_filed_it_may_not_approve_it(office: Office) -> None:
    at(office, "submitted")
    before = office.rows.image()
    assert (
        code_of(lambda: office.operator(replace(OPERATOR, principal_id="stf_clerk")))
        == "second_person_needed"
    )
    assert office.rows.image() == before


def test_one_person_cannot_give_both_approvals(office: Office) -> None:
    """ "Two different persons", also where somebody holds two roles."""
    at(office, "operator_approved")
    before = office.rows.image()
    for known in ("off_1", "stf_clerk"):
        second = replace(REGULATOR, principal_id=known)
        assert code_of(lambda second=second: office.regulator(second)) == "second_person_needed"
    assert office.rows.image() == before


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
def test_only_an_operator_gives_the_first_approval(office: Office, role: Role) -> None:
    at(office, "submitted")
    who = Principal(role, "x", "platform", (), "鄞州区")
    assert code_of(lambda: office.operator(who)) == "role_not_allowed"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.REGULATOR])
def test_only_a_regulator_gives_the_second_approval(office: Office, role: Role) -> None:
    at(office, "operator_approved")
    who = Principal(role, "x", "platform", (), "鄞州区")
    assert code_of(lambda: office.regulator(who)) == "role_not_allowed"


def test_an_approval_is_refused_by_role_then_district_then_state_then_person(office: Office) -> None:
    at(office, "submitted")
    clerk = Principal(Role.CASHIER, "stf_clerk", "mch_1", (), "海曙区")
    assert code_of(lambda: office.regulator(clerk)) == "role_not_allowed"
    assert code_of(lambda: office.regulator(replace(clerk, role=Role.REGULATOR))) == "not_found"
    here = replace(clerk, role=Role.REGULATOR, district="鄞州区")
    assert code_of(lambda: office.regulator(here)) == "application_submitted"
    at_first = replace(clerk, role=Role.OPERATOR)
    assert code_of(lambda: office.operator(at_first)) == "second_person_needed"
    office.operator()
    assert code_of(lambda: office.operator(at_first)) == "application_operator_approved"
    assert code_of(lambda: office.regulator(here)) == "second_person_needed"
    assert office.regulator().state == "active"


STEPS = {
    ("draft", "submit"): "submitted",
    ("rejected", "submit"): "submitted",
    ("submitted", "operator"): "operator_approved",
    ("operator_approved", "regulator"): "active",
}
REPEATED = {("submitted", "submit"), ("operator_approved", "operator"), ("active", "operator"), ("active", "regulator")}


@pytest.mark.parametrize("state", list(ApplicationState))
@pytest.mark.parametrize("verb", ["submit", "operator", "regulator"])
def test_a_verb_on_an_application_acts_repeats_or_refuses_by_its_state(
    office: Office, verb: str, state: str
) -> None:
    at(office, state)
    before, audits = office.rows.image(), len(office.rows.all(AuditEntry))
    outcome = code_of(getattr(office, verb))
    if (state, verb) in STEPS:
        assert (outcome, office.file.state) == ("", STEPS[state, verb])
        assert len(office.rows.all(AuditEntry)) == audits + 1
    else:
        assert outcome == ("" if (state, verb) in REPEATED else f"application_{state}")
        assert office.rows.image() == before


@pytest.mark.parametrize("state", list(ApplicationState))
def test_for_a_regulator_of_another_district_there_is_no_such_application_in_any_state(
    office: Office, state: str
) -> None:
    """Foreign = absent, the same answer always: the state of what is not theirs is nothing to learn."""
    at(office, state)
    before = office.rows.image()
    assert code_of(lambda: office.regulator(FOREIGN_REGULATOR)) == "not_found"
    assert code_of(lambda: office.reject(FOREIGN_REGULATOR)) == "not_found"
    assert office.rows.image() == before


@pytest.mark.parametrize(
    "state, who, refusal",
    [
        ("submitted", REGULATOR, "application_submitted"),
        ("operator_approved", OPERATOR, ""),
        ("draft", OPERATOR, "application_draft"),
        ("active", REGULATOR, "application_active"),
    ],
)
def test_a_regulator_rejects_at_the_own_step_and_an_operator_until_the_end(
    office: Office, state: str, who: Principal, refusal: str
) -> None:
    at(office, state)
    assert code_of(lambda: office.reject(who)) == refusal


@pytest.mark.parametrize("role", [Role.OWNER, Role.CASHIER, Role.CONSUMER, Role.CUSTODIAN])
def test_whoever_is_no_reviewer_rejects_nothing(office: Office, role: Role) -> None:
    office.submit()
    assert code_of(lambda: office.reject(Principal(role, "any_1", district=FILING.district))) == "role_not_allowed"
    assert office.file.state == "submitted"


def test_a_rejected_application_can_be_submitted_again_and_needs_both_approvals_again(office: Office) -> None:
    at(office, "operator_approved")
    rejected = office.reject(REGULATOR)
    assert (rejected.state, rejected.reason, rejected.operator_id) == ("rejected", "照片不清", "")
    again = office.submit()
    assert (again.state, again.reason) == ("submitted", "")
    assert len(office.rows.all(LicenceClaim)) == 1


VERBS = {"operator": "operator_approved", "regulator": "active"}


@pytest.mark.parametrize("verb, state", VERBS.items())
def test_an_approval_repeated_after_a_lost_answer_gets_the_present_state(
    office: Office, verb: str, state: str
) -> None:
    """Architecture, section 3: every state change, repeated, answers with the present state."""
    at(office, state)
    before = office.rows.image()
    assert getattr(office, verb)().state == state
    assert office.rows.image() == before


def test_a_rejection_repeated_after_a_lost_answer_gets_the_present_state(office: Office) -> None:
    at(office, "rejected")
    assert office.reject(OPERATOR).state == "rejected"


def test_submitting_twice_is_submitting_once(office: Office) -> None:
    at(office, "submitted")
    before = office.rows.image()
    assert applications.submit(office.file, None, None, [None], trace()).replayed
    assert office.rows.image() == before


def test_the_same_draft_again_is_the_same_and_one_with_another_body_is_refused() -> None:
    filed = replace(trace(), role="operator")
    assert applications.draft(DRAFT, None, DRAFT, filed).replayed
    other = replace(DRAFT, fingerprint="g")
    assert code_of(lambda: applications.draft(DRAFT, None, other, filed)) == "idempotency_key_reused"


def other_applicant(office: Office) -> Application:
    other = replace(DRAFT, application_id="app_2", merchant_id="mch_2", licence_images=())
    office.do(applications.draft(None, None, other, office.clerk()))
    return other


def test_a_licence_is_claimed_by_one_merchant_also_when_two_submit_at_once(office: Office) -> None:
    other = other_applicant(office)
    blind = applications.submit(other, COMPANY, None, [], trace("x"))
    office.submit()
    before = office.rows.image()
    assert code_of(lambda: office.rows.commit(blind)) == "licence_taken"
    assert (
        code_of(
            lambda: applications.submit(
                other, COMPANY, office.rows.get(LicenceClaim, FILING.licence_no), [], trace("y")
            )
        )
        == "licence_taken"
    )
    assert office.rows.image() == before


def test_a_rejected_stranger_does_not_keep_the_licence_from_its_owner(office: Office) -> None:
    """Name and number of a licence are public: anybody could file them first and be rejected."""
    other = other_applicant(office)
    at(office, "rejected")
    assert (office.claim.merchant_id, office.claim.version) == (UNCLAIMED, 2)
    office.do(applications.submit(other, COMPANY, office.claim, [], office.trace()))
    assert (office.claim.merchant_id, office.claim.version) == ("mch_2", 3)
    before = office.rows.image()
    assert code_of(office.submit) == "licence_taken"
    assert office.rows.image() == before


@pytest.mark.parametrize("state, who", [("submitted", OPERATOR), ("operator_approved", REGULATOR)])
def test_either_reviewers_no_frees_the_licence_in_the_same_write(
    office: Office, state: str, who: Principal
) -> None:
    at(office, state)
    assert office.claim.merchant_id == "mch_1"
    decision = reviews.reject(office.file, (office.claim, office.image), who, "照片不清", office.trace())
    assert [type(put.value) for put in decision.puts] == [Application, LicenceClaim, LicenceImageClaim, AuditEntry]
    office.do(decision)
    assert office.claim.merchant_id == UNCLAIMED


def test_a_rejection_repeated_frees_nothing_that_was_claimed_since(office: Office) -> None:
    other = other_applicant(office)
    at(office, "rejected")
    office.do(applications.submit(other, COMPANY, office.claim, [], office.trace()))
    before = office.rows.image()
    assert office.reject(OPERATOR).state == "rejected"
    assert (office.rows.image(), office.claim.merchant_id) == (before, "mch_2")


@pytest.mark.parametrize("claim", [None, LicenceClaim(FILING.licence_no, "mch_2")], ids=["none", "another's"])
def test_a_rejection_never_frees_a_claim_that_is_not_its_own(
    office: Office, claim: LicenceClaim | None
) -> None:
    at(office, "submitted")
    decision = reviews.reject(office.file, (claim, None), OPERATOR, "照片不清", office.trace())
    assert [type(put.value) for put in decision.puts] == [Application, AuditEntry]


def test_a_licence_that_was_freed_is_claimed_by_one_of_two_who_submit_at_once(office: Office) -> None:
    other = other_applicant(office)
    at(office, "rejected")
    mine = applications.submit(office.file, COMPANY, office.claim, [office.image], office.trace())
    theirs = applications.submit(other, COMPANY, office.claim, [], office.trace())
    office.do(mine)
    before = office.rows.image()
    assert code_of(lambda: office.do(theirs)) == "contention"
    assert office.rows.image() == before
    assert code_of(lambda: applications.submit(other, COMPANY, office.claim, [], office.trace())) == "licence_taken"


def test_a_merchant_that_is_active_keeps_its_licence(office: Office) -> None:
    at(office, "active")
    assert code_of(lambda: office.reject(REGULATOR)) == "application_active"
    assert office.claim.merchant_id == "mch_1"


def test_who_invited_the_owner_is_no_second_person(office: Office) -> None:
    at(office, "submitted")
    inviters = frozenset({OPERATOR.principal_id})
    refusal = code_of(
        lambda: reviews.approve_as_operator(office.file, None, OPERATOR, False, "", office.trace(), inviters)
    )
    assert refusal == "second_person_needed"
