"""Applications in parts, their hands, their pictures and their names: what the office of test_application has no room for."""

from dataclasses import replace

import pytest

from chalicelib.domain import application as applications
from chalicelib.domain import review as reviews
from chalicelib.domain.application import FILERS_MAX, UNCLAIMED, Application, ApplicationState, LicenceImageClaim
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.name import NameClaim, skeleton
from chalicelib.domain.principal import Principal, Role
from tests.domain.test_application import DRAFT, IMAGE, OPENING, OPERATOR, REGULATOR, Office, at, office
from tests.domain.test_licence import COMPANY, FILING
from tests.domain.town import NOON, code_of, trace

__all__ = ["office"]

OWNER = Principal(Role.OWNER, "stf_owner", "mch_1")
RIVAL = NameClaim(FILING.district, skeleton(FILING.name), "mch_rival")


@pytest.mark.parametrize("state", list(ApplicationState))
def test_parts_are_saved_in_a_draft_and_after_a_rejection_only(office: Office, state: ApplicationState) -> None:
    at(office, state)
    decided = code_of(lambda: applications.save(office.file, replace(FILING, street="首南街道"), trace("s")))
    assert decided == ("" if state in ("draft", "rejected") else f"application_{state}")


def test_the_trail_names_the_fields_that_changed_and_not_what_they_say(office: Office) -> None:
    office.do(applications.save(office.file, replace(FILING, street="首南街道", contact_phone="canary"), trace("s")))
    last = office.rows.all(AuditEntry)[-1]
    assert (last.action, last.reason) == ("application.save", "contact_phone, street")
    assert "canary" not in repr(last)
    assert applications.save(office.file, office.file.filing, trace("t")).replayed, "the same again changes nothing"


def test_whoever_had_a_hand_in_it_does_not_review_it(office: Office) -> None:
    """Filed by the clerk, changed by the first operator, submitted by the second: none of them is a second person."""
    changed = replace(FILING, street="首南街道")
    office.do(applications.save(office.file, changed, trace("s", who="off_1")))
    office.do(applications.submit(office.file, COMPANY, None, [None], trace("t", who="off_9")))
    for filer in ("stf_clerk", "off_1", "off_9"):
        assert code_of(lambda filer=filer: office.operator(replace(OPERATOR, principal_id=filer))) == "second_person_needed"
    office.operator(replace(OPERATOR, principal_id="off_5"))
    for known in ("stf_clerk", "off_1", "off_9", "off_5"):
        assert code_of(lambda known=known: office.regulator(replace(REGULATOR, principal_id=known))) == "second_person_needed"
    assert office.regulator().state == "active"


def test_the_hands_in_an_application_are_bounded() -> None:
    crowd = replace(DRAFT, filers=tuple(f"off_{number}" for number in range(FILERS_MAX)))
    filing = replace(FILING, street="首南街道")
    assert code_of(lambda: applications.save(crowd, filing, trace(who="off_x"))) == "too_many_filers"
    assert code_of(lambda: applications.save(crowd, filing, trace(who="off_3"))) == ""


def test_an_owner_has_one_application() -> None:
    as_owner = trace(who="stf_owner", role="owner")
    other = replace(DRAFT, fingerprint="g")
    assert code_of(lambda: applications.draft(DRAFT, None, other, as_owner)) == "application_exists"
    assert applications.draft(DRAFT, None, DRAFT, as_owner).replayed


@pytest.mark.parametrize(
    "who, submitted, seen",
    [
        (OWNER, False, True),
        (replace(OWNER, organisation_id="mch_2"), True, False),
        (OPERATOR, False, True),
        (REGULATOR, False, False),
        (REGULATOR, True, True),
        (replace(REGULATOR, district="海曙区"), True, False),
        (Principal(Role.MANAGER, "stf_2", "mch_1"), True, False),
        (Principal(Role.CUSTODIAN, "off_7", "platform", (), FILING.district), True, False),
    ],
)
def test_who_sees_an_application(who: Principal, submitted: bool, seen: bool) -> None:
    made = replace(DRAFT, submitted_at=NOON if submitted else None)
    assert made.visible_to(who) is seen


def test_an_application_is_overdue_after_its_day_until_it_is_active() -> None:
    assert [DRAFT.overdue(DRAFT.due_on.replace(day=day)) for day in (1, 2, 3)] == [False, False, True]
    assert not replace(DRAFT, state=ApplicationState.ACTIVE).overdue(DRAFT.due_on.replace(day=3))


def test_rejections_are_counted_and_the_latest_reason_is_kept(office: Office) -> None:
    at(office, "rejected")
    office.submit()
    again = office.file
    assert (again.rejections, again.reason, again.last_reason) == (1, "", "照片不清")
    office.reject(OPERATOR)
    assert (office.file.rejections, office.file.reason) == (2, "照片不清")


def other_applicant(office: Office, **more: object) -> Application:
    filing = replace(FILING, licence_no="91330200MA2BBBBBXX")
    other = replace(DRAFT, application_id="app_2", merchant_id="mch_2", filing=filing, **more)
    office.do(applications.draft(None, None, other, office.clerk()))
    return other


def test_a_picture_of_a_licence_is_one_merchants_also_when_two_submit_at_once(office: Office) -> None:
    """The same scan under two licence numbers: one of the two is not the applicant's."""
    other = other_applicant(office)
    company = replace(COMPANY, licence_no=other.filing.licence_no)
    blind = applications.submit(other, company, None, [None], trace("x"))
    office.submit()
    before = office.rows.image()
    assert code_of(lambda: office.rows.commit(blind)) == "licence_image_reused"
    assert code_of(lambda: applications.submit(other, company, None, [office.image], trace("y"))) == "licence_image_reused"
    assert office.rows.image() == before
    office.reject(OPERATOR)
    assert office.image == LicenceImageClaim(IMAGE, UNCLAIMED, 2)
    office.do(applications.submit(other, company, None, [office.image], trace("z")))
    assert (office.image.merchant_id, office.image.version) == ("mch_2", 3)


def test_the_name_is_claimed_with_the_second_approval_and_the_merchant_has_what_the_registry_said(office: Office) -> None:
    at(office, "active")
    assert office.name == NameClaim(FILING.district, skeleton(FILING.name), "mch_1")
    merchant = office.rows.get(Merchant, "mch_1")
    assert (merchant.licence_status, merchant.licence_valid_until) == ("normal", None)
    assert merchant.established_on == COMPANY.established_on
    assert (merchant.registered_capital_fen, merchant.last_year_revenue_fen) == (50_000_000, 300_000_000)


@pytest.mark.parametrize("accepted, reason, code", [
    (False, "", "name_confusable"),
    (True, "", "name_confusable"),
    (False, "同一品牌", "name_confusable"),
    (True, "同一品牌", ""),
])  # fmt: skip
def test_a_confusable_name_is_accepted_by_the_operator_with_a_reason_or_not_at_all(
    office: Office, accepted: bool, reason: str, code: str
) -> None:
    at(office, "submitted")
    decide = lambda: reviews.approve_as_operator(office.file, RIVAL, OPERATOR, accepted, reason, trace("n"))  # noqa: E731
    assert code_of(decide) == code
    if not code:
        office.do(decide())
        assert (office.file.confusable_with, office.rows.all(AuditEntry)[-1].reason) == ("mch_rival", reason)
        active = reviews.approve_as_regulator(office.file, RIVAL, REGULATOR, OPENING, trace("r"))
        assert NameClaim not in {type(put.value) for put in active.puts}, "the name stays with whoever had it first"


def test_a_merchant_with_that_name_approved_in_between_stops_the_second_approval(office: Office) -> None:
    at(office, "operator_approved")
    late = code_of(lambda: reviews.approve_as_regulator(office.file, RIVAL, REGULATOR, OPENING, trace("r")))
    assert late == "name_confusable"
    another = replace(office.file, confusable_with="mch_somebody")
    refused = code_of(lambda: reviews.approve_as_regulator(another, RIVAL, REGULATOR, OPENING, trace("r")))
    assert refused == "name_confusable", "what was accepted was another merchant's name"


def test_of_two_confusable_merchants_approved_at_once_one_is_decided_again(office: Office) -> None:
    other = replace(other_applicant(office), state=ApplicationState.OPERATOR_APPROVED, operator_id="off_1")
    at(office, "operator_approved")
    blind = reviews.approve_as_regulator(other, None, REGULATOR, OPENING, trace("x"))
    office.regulator()
    before = office.rows.image()
    assert code_of(lambda: office.rows.commit(blind)) == "contention"
    assert office.rows.image() == before
    assert code_of(lambda: reviews.approve_as_regulator(other, office.name, REGULATOR, OPENING, trace("y"))) == "name_confusable"
