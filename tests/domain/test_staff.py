"""People: who may do what to whom, the one-time code, another role, a reset, and the way out."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import Conflict
from chalicelib.domain.rights import STAFF, StaffRight
from chalicelib.domain.staff import (
    Staff,
    StaffState,
    activate,
    assign,
    disable,
    invite,
    may_see,
    require_over,
    reset,
)
from tests.domain.rows import Rows
from tests.domain.town import NOON, code_of, trace

OPERATOR = Principal(Role.OPERATOR, "off_1", "platform")
OWNER = Principal(Role.OWNER, "stf_1", "mch_1")
MANAGER = Principal(Role.MANAGER, "stf_2", "mch_1")
INVITED = Staff("stf_9", "li", "mch_1", Role.CASHIER, ("sto_1",), "", NOON, "hash", "f")
ACTIVE = replace(INVITED, state=StaffState.ACTIVE, password_hash="p", totp_secret="t", totp_step=100, sessions=("ses_1",))


@pytest.mark.parametrize("inviter", list(Role))
@pytest.mark.parametrize("invited", list(Role))
def test_each_role_gives_only_the_roles_below_it(inviter: Role, invited: Role) -> None:
    allowed = {
        Role.OPERATOR: {Role.OWNER},
        Role.OWNER: {Role.MANAGER, Role.CASHIER},
        Role.MANAGER: {Role.CASHIER},
    }.get(inviter, set())
    who = Principal(inviter, "x", "platform" if inviter is Role.OPERATOR else "mch_1")
    outcome = code_of(lambda: invite(None, replace(INVITED, role=invited), who, trace()))
    assert outcome == ("" if invited in allowed else "role_not_yours_to_give")


def test_a_role_that_is_not_yours_comes_before_a_name_that_is_taken() -> None:
    other = replace(INVITED, organisation_id="mch_2")
    assert (
        code_of(lambda: invite(other, replace(INVITED, role=Role.OWNER), MANAGER, trace()))
        == "role_not_yours_to_give"
    )
    assert code_of(lambda: invite(other, INVITED, OWNER, trace())) == "username_taken"


def test_the_same_invitation_again_is_the_same_and_one_with_another_body_is_refused() -> None:
    """The invitation's hash is the key's: one key, one invitation. Whatever has become of the person since."""
    for present in (INVITED, ACTIVE, replace(ACTIVE, state=StaffState.DISABLED)):
        again = invite(present, INVITED, OWNER, trace())
        assert (again.answer, again.replayed) == (present, True)
        assert (
            code_of(lambda present=present: invite(replace(present, fingerprint="g"), INVITED, OWNER, trace()))
            == "idempotency_key_reused"
        )


@pytest.mark.parametrize("body", ["f", "g"], ids=["the same body", "another body"])
@pytest.mark.parametrize("present", [INVITED, ACTIVE], ids=["invited", "active"])
def test_another_invitation_to_a_name_that_is_there_is_a_name_taken(present: Staff, body: str) -> None:
    other = replace(present, invitation_hash="another key's", fingerprint=body)
    assert code_of(lambda: invite(other, INVITED, OWNER, trace())) == "username_taken"
    elsewhere = replace(present, organisation_id="mch_2", fingerprint=body)
    assert code_of(lambda: invite(elsewhere, INVITED, OWNER, trace())) == "username_taken"


def test_an_invitation_is_refused_in_the_stated_order() -> None:
    bound = replace(MANAGER, stores=("sto_1",))
    taken = replace(INVITED, invitation_hash="another key's", fingerprint="g")
    reused = replace(INVITED, fingerprint="g")
    wrong = replace(INVITED, organisation_id="mch_2", role=Role.OWNER, stores=("sto_2",))
    assert code_of(lambda: invite(taken, wrong, bound, trace())) == "not_found"
    wrong = replace(wrong, organisation_id="mch_1")
    assert code_of(lambda: invite(taken, wrong, bound, trace())) == "role_not_yours_to_give"
    wrong = replace(wrong, role=Role.CASHIER)
    assert code_of(lambda: invite(taken, wrong, bound, trace())) == "stores_not_yours_to_give"
    wrong = replace(wrong, stores=("sto_1",))
    assert code_of(lambda: invite(taken, wrong, bound, trace())) == "username_taken"
    assert code_of(lambda: invite(reused, wrong, bound, trace())) == "idempotency_key_reused"
    assert code_of(lambda: invite(None, wrong, bound, trace())) == ""


def test_two_invitations_of_one_name_at_once_make_one_person() -> None:
    rows = Rows()
    one = invite(None, INVITED, OWNER, trace("a"))
    two = invite(None, replace(INVITED, staff_id="stf_8"), OWNER, trace("b"))
    rows.commit(one)
    before = rows.image()
    assert code_of(lambda: rows.commit(two)) == "username_taken"
    assert rows.image() == before


def test_nobody_invites_into_another_organisation() -> None:
    """T4. The organisation of the invited one comes from a request; only an operator invites across."""
    foreign = replace(INVITED, organisation_id="mch_2")
    assert code_of(lambda: invite(None, foreign, OWNER, trace())) == "not_found"
    assert code_of(lambda: invite(foreign, foreign, OWNER, trace())) == "not_found"
    assert code_of(lambda: invite(None, foreign, MANAGER, trace())) == "not_found"
    assert code_of(lambda: invite(None, replace(foreign, role=Role.OWNER), OPERATOR, trace())) == ""


def test_a_manager_of_one_store_does_not_give_all_stores_away() -> None:
    bound = replace(MANAGER, stores=("sto_1",))
    assert code_of(lambda: invite(None, replace(INVITED, stores=("sto_1",)), bound, trace())) == ""
    for stores in ((), ("sto_2",), ("sto_1", "sto_2")):
        given = replace(INVITED, stores=stores)
        assert code_of(lambda given=given: invite(None, given, bound, trace())) == "stores_not_yours_to_give"
        assert code_of(lambda given=given: invite(None, given, MANAGER, trace())) == ""


def activated(staff: Staff, code: str = "hash", **later: float) -> Any:
    return activate(staff, code, "p", "t", trace(at=NOON + timedelta(**later)))


def test_an_invitation_is_good_for_seven_days_with_its_own_code() -> None:
    made = activated(INVITED, days=6, hours=23, minutes=59, seconds=59).answer
    assert (made.state, made.password_hash, made.totp_secret, made.version) == (
        StaffState.ACTIVE,
        "p",
        "t",
        2,
    )
    assert code_of(lambda: activated(INVITED, days=7)) == "wrong_credentials"
    assert code_of(lambda: activated(INVITED, code="other")) == "wrong_credentials"


def test_a_wrong_code_comes_before_the_state_and_a_used_one_says_so() -> None:
    assert code_of(lambda: activated(ACTIVE, code="other")) == "wrong_credentials"
    used = replace(ACTIVE, password_hash="another salt, another hash")
    assert code_of(lambda: activated(used)) == "staff_active"
    assert code_of(lambda: activated(replace(used, state=StaffState.DISABLED))) == "staff_disabled"


def test_the_very_same_activation_whose_answer_was_lost_is_answered_again() -> None:
    made = activated(INVITED).answer
    assert (activated(made).answer, activated(made).replayed) == (made, True)


def test_a_lost_activation_is_answered_again_for_ten_minutes_to_an_active_person() -> None:
    made = activated(INVITED, days=1).answer
    assert activated(made, days=1, minutes=9, seconds=59).replayed
    assert code_of(lambda: activated(made, days=1, minutes=10)) == "staff_active"
    assert code_of(lambda: activated(made, code="other", days=1)) == "wrong_credentials"
    disabled = disable(made, trace(at=made.activated_at)).answer
    assert code_of(lambda: activated(disabled, days=1)) == "staff_disabled"


@pytest.mark.parametrize("before", [INVITED, ACTIVE], ids=lambda staff: staff.state)
def test_a_disabled_person_is_out_at_once_and_one_audit_entry_says_who_did_it(before: Staff) -> None:
    rows = Rows()
    rows.commit(Decision(before, (create(before),)))
    disabled = disable(before, trace("aud_7", NOON, "stf_1", "owner"))
    rows.commit(disabled)
    stored = rows.get(Staff, "li")
    assert stored == replace(before, state=StaffState.DISABLED, sessions=(), version=2)
    (audit,) = rows.all(AuditEntry)
    assert (audit.object_id, audit.action, audit.before, audit.after) == (
        "stf_9",
        "staff.disable",
        before.state,
        "disabled",
    )
    assert (audit.principal_id, audit.role, audit.at) == ("stf_1", "owner", NOON)


def test_disabling_again_is_a_repetition_without_a_second_audit_entry() -> None:
    disabled = disable(ACTIVE, trace()).answer
    again = disable(disabled, trace("aud_8"))
    assert (again.answer, again.replayed, again.puts) == (disabled, True, ())


def test_nobody_comes_back_from_disabled() -> None:
    disabled = replace(INVITED, state=StaffState.DISABLED)
    assert code_of(lambda: activated(disabled)) == "staff_disabled"
    assert invite(disabled, INVITED, OWNER, trace()).answer.state is StaffState.DISABLED


@pytest.mark.parametrize("right", list(StaffRight))
@pytest.mark.parametrize("caller", list(Role))
@pytest.mark.parametrize("other", list(Role))
def test_a_right_over_a_person_is_what_the_table_says_and_else_the_person_is_absent(
    right: StaffRight, caller: Role, other: Role
) -> None:
    who = Principal(caller, "x", "platform" if caller is Role.OPERATOR else "mch_1")
    allowed = other in STAFF[right].get(caller, frozenset())
    assert code_of(lambda: require_over(right, replace(ACTIVE, role=other), "mch_1", who)) == ("" if allowed else "not_found")


def test_nobody_has_a_right_over_an_owner_but_an_operator_and_over_oneself_but_to_look() -> None:
    for right, by_role in STAFF.items():
        if right is not StaffRight.SEE:
            assert {role for role, below in by_role.items() if Role.OWNER in below} <= {Role.OPERATOR}
            assert all(role not in below for role, below in by_role.items())
        assert Role.CASHIER not in by_role


def test_a_person_of_another_merchant_or_of_other_stores_is_absent() -> None:
    foreign = Principal(Role.OWNER, "stf_7", "mch_2")
    for right in (StaffRight.DISABLE, StaffRight.RESET):
        assert code_of(lambda right=right: require_over(right, ACTIVE, "mch_1", foreign)) == "not_found"
        assert code_of(lambda right=right: require_over(right, ACTIVE, "mch_2", foreign)) == "not_found"
        assert code_of(lambda right=right: require_over(right, None, "mch_1", OWNER)) == "not_found"
        bound = replace(MANAGER, stores=("sto_1",))
        of_stores = {("sto_1",): "", ("sto_1", "sto_2"): "not_found", ("sto_2",): "not_found", (): "not_found"}
        for stores, outcome in of_stores.items():
            person = replace(ACTIVE, stores=stores)
            asked = partial(require_over, right, person, "mch_1", bound)
            assert code_of(asked) == outcome


def test_a_manager_sees_those_who_work_where_the_manager_does_and_no_owner() -> None:
    bound = replace(MANAGER, stores=("sto_1",))
    for stores, seen in ((("sto_1",), True), (("sto_1", "sto_2"), True), ((), True), (("sto_2",), False)):
        assert may_see(replace(ACTIVE, stores=stores), bound) is seen
        assert may_see(replace(ACTIVE, stores=stores), MANAGER)
        assert may_see(replace(ACTIVE, stores=stores, role=Role.OWNER), OWNER)
        assert not may_see(replace(ACTIVE, stores=stores, role=Role.OWNER), MANAGER)
        assert not may_see(replace(ACTIVE, stores=stores, organisation_id="mch_2"), OWNER)
        assert not may_see(replace(ACTIVE, stores=stores), replace(bound, role=Role.CASHIER))


def test_another_role_ends_the_sessions_other_stores_do_not_and_the_same_is_a_repetition() -> None:
    elsewhere = assign(ACTIVE, Role.CASHIER, ("sto_2",), trace())
    assert (elsewhere.answer.stores, elsewhere.answer.sessions) == (("sto_2",), ("ses_1",))
    assert (elsewhere.puts[1].value.before, elsewhere.puts[1].value.after) == ("cashier at sto_1", "cashier at sto_2")
    risen = assign(ACTIVE, Role.MANAGER, (), trace()).answer
    assert (risen.role, risen.stores, risen.sessions) == (Role.MANAGER, (), ())
    assert assign(risen, Role.MANAGER, (), trace()).replayed
    gone = replace(ACTIVE, state=StaffState.DISABLED)
    assert code_of(lambda: assign(gone, Role.MANAGER, (), trace())) == "staff_disabled"


def test_after_a_reset_nothing_of_before_is_worth_anything() -> None:
    later = NOON + timedelta(days=30)
    again = reset(ACTIVE, "new", trace(at=later)).answer
    assert (again.password_hash, again.totp_secret, again.sessions, again.state) == ("", "", (), StaffState.INVITED)
    assert code_of(lambda: activated(again, code="hash", days=30)) == "wrong_credentials", "the old code"
    assert activated(again, code="new", days=36, hours=23).answer.state is StaffState.ACTIVE
    assert code_of(lambda: activated(again, code="new", days=37)) == "wrong_credentials"


def test_the_same_reset_again_is_a_repetition_even_after_the_person_came_back() -> None:
    again = reset(ACTIVE, "new", trace()).answer
    back = activated(again, code="new").answer
    for present in (again, back, replace(back, state=StaffState.DISABLED)):
        assert (reset(present, "new", trace()).answer, reset(present, "new", trace()).replayed) == (present, True)
    assert code_of(lambda: reset(replace(back, state=StaffState.DISABLED), "newer", trace())) == "staff_disabled"


STAFF_VERBS = {
    "activate": (
        lambda row: activate(row, "hash", "another hash", "t", trace("aud_9")),
        {"invited": "active"},
        set(),
    ),
    "change": (
        lambda row: assign(row, Role.MANAGER, (), trace("aud_9")),
        {"invited": "invited", "active": "active"},
        set(),
    ),
    "reset": (
        lambda row: reset(row, "new", trace("aud_9")),
        {"invited": "invited", "active": "invited"},
        set(),
    ),
    "disable": (
        lambda row: disable(row, trace("aud_9")),
        {"invited": "disabled", "active": "disabled"},
        {"disabled"},
    ),
}


@pytest.mark.parametrize("state", list(StaffState))
@pytest.mark.parametrize("verb", list(STAFF_VERBS))
def test_a_verb_on_a_member_of_staff_acts_with_an_audit_entry_repeats_or_refuses(
    state: StaffState, verb: str
) -> None:
    row = replace(INVITED, state=state, password_hash="" if state == "invited" else "p")
    decide, acts, repeats = STAFF_VERBS[verb]
    if state in acts:
        decision = decide(row)
        assert (decision.answer.state, decision.answer.version) == (acts[state], 2)
        entry = decision.puts[1].value
        assert (entry.object_id, entry.action) == ("stf_9", f"staff.{verb}")
        assert verb == "change" or (entry.before, entry.after) == (state, acts[state])
        assert len(decision.puts) == 2
    elif state in repeats:
        assert (decide(row).answer, decide(row).replayed) == (row, True)
    else:
        with pytest.raises(Conflict) as caught:
            decide(row)
        assert caught.value.code == f"staff_{state}"
