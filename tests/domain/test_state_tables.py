"""Every state machine, every pair of state and event: legal ones lead where the table says, all others raise and change nothing."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import application, order, redemption, refund, staff
from chalicelib.domain.redemption import RedemptionState
from chalicelib.domain.refund import Cause, RefundState
from chalicelib.domain.refusals import Conflict
from chalicelib.domain.state import move
from tests.domain.town import CONSUMER, OWNER, Town

MACHINES: dict[str, tuple[Any, Any, Mapping[Any, Any], dict[str, dict[str, str]]]] = {
    "order": (
        order.OrderState,
        order.OrderEvent,
        order.TRANSITIONS,
        {
            "created": {"pay": "paid", "close": "closed"},
            "closed": {"pay": "paid"},
            "paid": {},
        },
    ),
    "redemption": (
        redemption.RedemptionState,
        redemption.RedemptionEvent,
        redemption.TRANSITIONS,
        {
            "pending": {
                "confirm": "posted",
                "decline": "declined",
                "cancel": "cancelled",
                "expire": "expired",
            },
            "posted": {},
            "declined": {},
            "cancelled": {},
            "expired": {},
        },
    ),
    "staff": (
        staff.StaffState,
        staff.StaffEvent,
        staff.TRANSITIONS,
        {
            "invited": {"activate": "active", "disable": "disabled"},
            "active": {"disable": "disabled"},
            "disabled": {},
        },
    ),
    "application": (
        application.ApplicationState,
        application.ApplicationEvent,
        application.TRANSITIONS,
        {
            "draft": {"submit": "submitted"},
            "rejected": {"submit": "submitted"},
            "submitted": {"operator_approve": "operator_approved", "reject": "rejected"},
            "operator_approved": {"regulator_approve": "active", "reject": "rejected"},
            "active": {},
        },
    ),
}

PAIRS = [
    pytest.param(noun, state, event, id=f"{noun}-{state}-{event}")
    for noun, (states, events, _, _) in {
        **MACHINES,
        "refund": (RefundState, refund.RefundEvent, refund.TRANSITIONS, {}),
    }.items()
    for state in states
    for event in events
]

REFUND_EDGES = {
    ("requested", "agree"): "in_transit",
    ("in_transit", "instruct"): "instructed",
    ("in_transit", "succeed"): "succeeded",
    ("in_transit", "reject"): "rejected",
    ("instructed", "succeed"): "succeeded",
    ("instructed", "reject"): "rejected",
}


@pytest.mark.parametrize("noun, state, event", [pair for pair in PAIRS if pair.values[0] != "refund"])
def test_an_edge_is_in_the_table_or_it_raises(noun: str, state: Any, event: Any) -> None:
    _, _, table, edges = MACHINES[noun]
    expected = edges[state].get(event)
    if expected is not None:
        assert move(table, noun, noun, state, event) == expected
        return
    with pytest.raises(Conflict) as caught:
        move(table, noun, noun, state, event)
    assert caught.value.code == f"{noun}_{state}"
    assert caught.value.facts == {"state": state}


@pytest.mark.parametrize(
    "edge, after", REFUND_EDGES.items(), ids=lambda part: "-".join(part) if isinstance(part, tuple) else part
)
def test_a_refund_has_at_least_these_edges_and_its_ends_have_none(edge: tuple[str, str], after: str) -> None:
    assert refund.TRANSITIONS[RefundState(edge[0]), refund.RefundEvent(edge[1])] == after
    assert not [pair for pair in refund.TRANSITIONS if pair[0] in ("succeeded", "rejected")]


def test_every_state_of_a_table_can_be_reached_from_a_birth() -> None:
    births = {"order": {"created"}, "redemption": {"pending"}, "staff": {"invited"}, "application": {"draft"}}
    for noun, (states, _, table, _) in MACHINES.items():
        reached = births[noun]
        for _ in states:
            reached = reached | {str(after) for (before, _), after in table.items() if before in reached}
        assert reached == {str(state) for state in states}


VERBS = {
    "confirm": (lambda row, card, now: redemption.confirm(row, card, CONSUMER.principal_id, now), "posted"),
    "decline": (lambda row, card, now: redemption.decline(row, card, CONSUMER.principal_id, now), "declined"),
    "cancel": (lambda row, card, now: redemption.cancel(row, card, OWNER, now), "cancelled"),
}


@pytest.mark.parametrize("state", list(RedemptionState))
@pytest.mark.parametrize("verb", list(VERBS))
def test_a_verb_on_a_redemption_acts_once_repeats_its_own_end_and_refuses_every_other(
    state: RedemptionState, verb: str
) -> None:
    town = Town()
    town.buy()
    hold = replace(town.hold(13000), state=state)
    decide, end = VERBS[verb]
    if state == "pending":
        assert decide(hold, town.card(), town.now).answer.state == end
    elif state == end:
        assert decide(hold, town.card(), town.now).replayed
    else:
        with pytest.raises(Conflict) as caught:
            decide(hold, town.card(), town.now)
        assert caught.value.code == f"redemption_{state}"


@pytest.mark.parametrize("state", list(RedemptionState))
def test_the_sweep_ends_only_what_is_pending_and_over_and_never_complains(state: RedemptionState) -> None:
    town = Town()
    town.buy()
    hold = replace(town.hold(13000), state=state)
    town.later(minutes=5)
    decision = redemption.expire(hold, town.card(), town.now)
    assert decision.replayed is (state != "pending")
    assert decision.answer.state == ("expired" if state == "pending" else state)


@pytest.mark.parametrize("seconds, over", [(299, False), (300, True)])
def test_consent_and_expiry_meet_at_the_same_moment(seconds: int, over: bool) -> None:
    town = Town()
    town.buy()
    hold = town.hold(13000)
    town.later(seconds=seconds)
    assert redemption.expire(hold, town.card(), town.now).replayed is not over
    if over:
        with pytest.raises(Conflict, match="redemption_expired"):
            redemption.confirm(hold, town.card(), CONSUMER.principal_id, town.now)
    else:
        assert redemption.confirm(hold, town.card(), CONSUMER.principal_id, town.now).answer.state == "posted"


REFUND_VERBS = {
    "agree": (
        lambda row, card, now: refund.agree(row, card, now),
        {"requested": "in_transit"},
        {"in_transit", "instructed", "succeeded"},
    ),
    "instruct": (
        lambda row, card, now: refund.instruct(row, "wx", now),
        {"in_transit": "instructed"},
        {"instructed", "succeeded"},
    ),
    "succeed": (
        lambda row, card, now: refund.succeed(row, card, "wx", row.amount_fen, now),
        {"in_transit": "succeeded", "instructed": "succeeded"},
        {"succeeded"},
    ),
    "reject": (
        lambda row, card, now: refund.reject(row, card, "no", now),
        {"in_transit": "rejected", "instructed": "rejected"},
        {"rejected"},
    ),
}


@pytest.mark.parametrize("state", list(RefundState))
@pytest.mark.parametrize("verb", list(REFUND_VERBS))
def test_a_verb_on_a_refund_acts_repeats_or_refuses_by_its_state(state: RefundState, verb: str) -> None:
    town = Town()
    town.buy()
    town.ask_refund("ref_1_a", Cause.NEUTRAL)
    if state != "requested":
        town.do(refund.agree(*town.refund("ref_1_a"), town.now))
    row, card = town.refund("ref_1_a")
    row = replace(row, state=state)
    decide, acts, repeats = REFUND_VERBS[verb]
    if state in acts:
        assert decide(row, card, town.now).answer.state == acts[state]
    elif state in repeats:
        assert decide(row, card, town.now).replayed
    else:
        with pytest.raises(Conflict) as caught:
            decide(row, card, town.now)
        assert caught.value.code == f"refund_{state}"
