"""Every state machine, every pair of state and event: legal ones lead where the table says, others raise and change nothing."""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chalicelib import domain
from chalicelib.domain import (
    alert,
    application,
    code_key,
    consumer,
    file,
    merchant,
    order,
    payout,
    product,
    reconciliation,
    redemption,
    refund,
    report,
    staff,
    store,
    tip_off,
)
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
    "consumer": (
        consumer.ConsumerState,
        consumer.ConsumerEvent,
        consumer.TRANSITIONS,
        {"active": {"erase": "erased", "merge": "erased"}, "erased": {}},
    ),
    "product": (
        product.ProductState,
        product.ProductEvent,
        product.TRANSITIONS,
        {
            "proposed": {"approve": "on_sale", "reject": "rejected"},
            "on_sale": {"suspend": "suspended", "revise": "on_sale", "withdraw": "withdrawn"},
            "suspended": {"resume": "on_sale", "revise": "suspended", "withdraw": "withdrawn"},
            "rejected": {},
            "withdrawn": {},
        },
    ),
    "staff": (
        staff.StaffState,
        staff.StaffEvent,
        staff.TRANSITIONS,
        {
            "invited": {"activate": "active", "change": "invited", "reset": "invited", "disable": "disabled"},
            "active": {"change": "active", "reset": "invited", "disable": "disabled"},
            "disabled": {},
        },
    ),
    "store": (
        store.StoreState,
        store.StoreEvent,
        store.TRANSITIONS,
        {
            "open": {"change": "open", "announce_move": "moving", "announce_closing": "closing"},
            "moving": {"change": "moving", "withdraw_notice": "open", "arrive": "open"},
            "closing": {"change": "closing", "withdraw_notice": "open", "shut": "closed"},
            "closed": {},
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
    "file": (
        file.FileState,
        file.FileEvent,
        file.TRANSITIONS,
        {"announced": {"complete": "stored"}, "stored": {}},
    ),
    "merchant": (
        merchant.MerchantState,
        merchant.MerchantEvent,
        merchant.TRANSITIONS,
        {
            "active": {"stop": "sales_stopped"},
            "sales_stopped": {"stop": "sales_stopped", "lift": "active"},
        },
    ),
    "alert": (
        alert.AlertState,
        alert.AlertEvent,
        alert.TRANSITIONS,
        {"open": {"close": "closed"}, "closed": {}},
    ),
    "tip_off": (
        tip_off.TipOffState,
        tip_off.TipOffEvent,
        tip_off.TRANSITIONS,
        {"open": {"resolve": "resolved"}, "resolved": {}},
    ),
    "code_key": (
        code_key.CodeKeyState,
        code_key.CodeKeyEvent,
        code_key.TRANSITIONS,
        {
            "current": {"rotate": "verifying"},
            "verifying": {"propose": "revoking"},
            "revoking": {"withdraw": "verifying", "approve": "revoked"},
            "revoked": {},
        },
    ),
    "refund": (
        refund.RefundState,
        refund.RefundEvent,
        refund.TRANSITIONS,
        {
            "requested": {"agree": "in_transit", "succeed": "succeeded", "withdraw": "withdrawn"},
            "in_transit": {"instruct": "instructed", "succeed": "succeeded", "reject": "rejected"},
            "instructed": {"succeed": "succeeded", "reject": "rejected"},
            "succeeded": {},
            "rejected": {},
            "withdrawn": {},
        },
    ),
    "payout": (
        payout.PayoutState,
        payout.PayoutEvent,
        payout.TRANSITIONS,
        {
            "decided": {"instruct": "instructed", "post": "posted", "void": "voided"},
            "instructed": {"post": "posted", "void": "voided"},
            "posted": {},
            "voided": {},
        },
    ),
    "report": (
        report.ReportState,
        report.ReportEvent,
        report.TRANSITIONS,
        {
            "made": {"acknowledge": "acknowledged", "refuse": "refused"},
            "acknowledged": {},
            "refused": {},
        },
    ),
    "day": (
        reconciliation.DayState,
        reconciliation.DayEvent,
        reconciliation.DAY_TRANSITIONS,
        {
            "differs": {"differ": "differs", "agree": "agreed"},
            "agreed": {"agree": "agreed", "differ": "differs"},
        },
    ),
    "difference": (
        reconciliation.DifferenceState,
        reconciliation.DifferenceEvent,
        reconciliation.DIFFERENCE_TRANSITIONS,
        {
            "open": {"find": "open", "resolve": "resolved"},
            "resolved": {"find": "open"},
        },
    ),
}

PAIRS = [
    pytest.param(noun, state, event, id=f"{noun}-{state}-{event}")
    for noun, (states, events, _, _) in MACHINES.items()
    for state in states
    for event in events
]


@pytest.mark.parametrize("noun, state, event", PAIRS)
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


def test_every_transition_table_of_the_domain_is_spelt_out_above() -> None:
    known = [id(table) for _, _, table, _ in MACHINES.values()]
    unknown = [
        f"{module.name}.{name}"
        for module in pkgutil.iter_modules(domain.__path__)
        for name, table in vars(importlib.import_module(f"{domain.__name__}.{module.name}")).items()
        if name.endswith("TRANSITIONS") and id(table) not in known
    ]
    assert unknown == []


def test_every_state_of_a_table_can_be_reached_from_a_birth() -> None:
    births = {
        "consumer": {"active"},
        "order": {"created"},
        "product": {"proposed", "on_sale"},
        "redemption": {"pending"},
        "staff": {"invited"},
        "store": {"open"},
        "application": {"draft"},
        "file": {"announced"},
        "refund": {"requested"},
        "merchant": {"active"},
        "alert": {"open"},
        "tip_off": {"open"},
        "code_key": {"current"},
        "payout": {"decided"},
        "report": {"made"},
        "day": {"differs"},
        "difference": {"open"},
    }
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
    "withdraw": (
        lambda row, card, now: refund.withdraw(row, card, now),
        {"requested": "withdrawn"},
        {"withdrawn"},
    ),
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


WAYS: dict[str, tuple[str, ...]] = {
    "requested": (),
    "withdrawn": ("withdraw",),
    "in_transit": ("agree",),
    "instructed": ("agree", "instruct"),
    "succeeded": ("agree", "succeed"),
    "rejected": ("agree", "reject"),
}


def refund_in(state: str, used_fen: int = 0) -> Town:
    """A town with a refund that came to that state by the verbs themselves: asked for after the cooling-off days."""
    town = Town()
    town.buy()
    if used_fen:
        town.use(used_fen)
    town.later(days=8)
    town.ask_refund("ref_1_a", Cause.CONSUMER)
    for verb in WAYS[state]:
        town.do(REFUND_VERBS[verb][0](*town.refund("ref_1_a"), town.now))
    assert town.refund("ref_1_a")[0].state == state
    return town


@pytest.mark.parametrize("state", list(RefundState))
@pytest.mark.parametrize("verb", list(REFUND_VERBS))
def test_a_verb_on_a_refund_acts_repeats_or_refuses_by_its_state(state: RefundState, verb: str) -> None:
    town = refund_in(state)
    row, card = town.refund("ref_1_a")
    decide, acts, repeats = REFUND_VERBS[verb]
    if state in acts:
        decision = decide(row, card, town.now)
        assert (decision.answer.state, decision.replayed) == (acts[state], False)
        town.do(decision)
    elif state in repeats:
        decision = decide(row, card, town.now)
        assert (decision.answer, decision.replayed) == (row, True)
    else:
        with pytest.raises(Conflict) as caught:
            decide(row, card, town.now)
        assert caught.value.code == f"refund_{state}"


def test_agreeing_to_nothing_ends_the_refund_and_agreeing_again_is_a_repetition() -> None:
    town = refund_in("requested", used_fen=117000)
    ended = town.do(refund.agree(*town.refund("ref_1_a"), town.now))
    assert (ended.state, ended.amount_fen, ended.resolved_at) == ("succeeded", 0, town.now)
    assert ended.provider_date is None
    assert refund.agree(*town.refund("ref_1_a"), town.now).replayed


@pytest.mark.parametrize("used_fen", [0, 52000, 117000], ids=["unused", "used", "nothing to give back"])
@pytest.mark.parametrize("verb", ["succeed", "reject", "instruct"])
def test_the_providers_word_on_a_refund_that_nobody_agreed_to_moves_nothing(verb: str, used_fen: int) -> None:
    """The money never left. The table has an edge from `requested` to `succeeded`, but only the merchant's consent takes it."""
    town = refund_in("requested", used_fen)
    before, money = town.rows.image(), town.money()
    with pytest.raises(Conflict, match="refund_requested"):
        town.do(REFUND_VERBS[verb][0](*town.refund("ref_1_a"), town.now))
    assert (town.rows.image(), town.money()) == (before, money)
