"""Every state machine, every pair of state and event: legal ones lead where the table says, others raise and change nothing."""

import importlib
import pkgutil
from collections.abc import Mapping
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
from chalicelib.domain.refusals import Conflict
from chalicelib.domain.state import move

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
