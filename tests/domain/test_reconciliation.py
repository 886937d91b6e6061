"""Matching with plain values: every planted difference is found under its own name, and nothing else is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import matching
from chalicelib.domain import reconciliation as rules
from chalicelib.domain.decision import Put
from chalicelib.domain.matching import BankDay, Base, Finding, Kind, LedgerDay, Line, Reason, Sides
from chalicelib.domain.reconciliation import DayState, Difference, DifferenceState
from tests.domain.town import NOON

DAY = date(2026, 3, 3)
WXP = "WXP-20260302"


def true_day(
    payments: list[int], refunds: list[int], payouts: list[int], net_before: int, opening: int
) -> Sides:
    """Three books of one day that tell the same story."""
    provider = tuple(
        [Line(Kind.PAYMENT, f"ord_{at}", fen, f"tx_{at}") for at, fen in enumerate(payments)]
        + [Line(Kind.REFUND, f"ref_{at}", fen) for at, fen in enumerate(refunds)]
    )
    paid_out = tuple(Line(Kind.BANK, f"pay_{at}", -fen) for at, fen in enumerate(payouts))
    came = (Line(Kind.BANK, WXP, net_before),) if net_before else ()
    closing = opening + net_before - sum(payouts)
    return Sides(
        business_date=DAY,
        settled_reference=WXP,
        provider=tuple(replace(line, transaction_id=line.transaction_id or "tx") for line in provider),
        bank=BankDay(opening, closing, came + paid_out),
        ledger=LedgerDay(
            provider_lines=provider,
            net_before_fen=net_before,
            payouts=paid_out,
            held_fen=opening + net_before + sum(payments) - sum(refunds),
            purchase_fen=sum(payments),
            refund_paid_fen=sum(refunds),
        ),
        base=Base(DAY - timedelta(days=1), bank_closing_fen=opening),
    )


SIDES = true_day([100000, 5000], [3000], [10000], 70000, 200000)


def names(sides: Sides) -> list[tuple[str, str, int, int]]:
    return [
        (one.reason, one.reference, one.ledger_fen, one.other_fen) for one in matching.match(sides).findings
    ]


def provider(*lines: Line) -> Sides:
    return replace(SIDES, provider=lines)


def bank(*lines: Line, opening: int = 200000, closing: int | None = None) -> Sides:
    ended = opening + sum(line.amount_fen for line in lines) if closing is None else closing
    return replace(SIDES, bank=BankDay(opening, ended, lines))


A, B, R = SIDES.provider
IN, OUT = SIDES.bank.lines

PLANTED: dict[str, tuple[Sides, list[tuple[str, str, int, int]]]] = {
    "provider only": (
        provider(A, B, R, Line(Kind.PAYMENT, "ord_X", 7, "x")),
        [("provider_only", "ord_X", 0, 7)],
    ),
    "ledger only": (provider(A, R), [("ledger_only", "ord_1", 5000, 0)]),
    "amount": (provider(replace(A, amount_fen=99999), B, R), [("amount_differs", "ord_0", 100000, 99999)]),
    "refund amount": (provider(A, B, replace(R, amount_fen=1)), [("amount_differs", "ref_0", 3000, 1)]),
    "transaction": (
        provider(replace(A, transaction_id="other"), B, R),
        [("transaction_differs", "ord_0", 100000, 100000)],
    ),
    "twice at the provider": (provider(A, A, B, R), [("duplicate_provider_line", "ord_0", 0, 100000)]),
    "bank only": (bank(IN, OUT, Line(Kind.BANK, "X", -50)), [("bank_only", "X", 0, -50)]),
    "payout missing": (bank(IN), [("bank_missing", "pay_0", -10000, 0)]),
    "settlement missing": (bank(OUT), [("bank_missing", WXP, 70000, 0)]),
    "bank amount": (bank(replace(IN, amount_fen=69999), OUT), [("bank_amount_differs", WXP, 70000, 69999)]),
    "twice at the bank": (bank(IN, OUT, OUT), [("duplicate_bank_line", "pay_0", 0, -10000)]),
    "opening": (bank(IN, OUT, opening=200001), [("opening_differs", "opening", 200000, 200001)]),
    "arithmetic": (bank(IN, OUT, closing=260001), [("statement_arithmetic", "closing", 260000, 260001)]),
    "custody": (
        replace(SIDES, ledger=replace(SIDES.ledger, held_fen=SIDES.ledger.held_fen - 1)),
        [("custody_differs", "custody", 259999, 260000)],
    ),
    "not folded": (
        replace(SIDES, ledger=replace(SIDES.ledger, held_fen=0, not_folded=("mch_1",))),
        [("day_not_folded", "mch_1", 0, 0)],
    ),
    "fold differs": (
        replace(SIDES, ledger=replace(SIDES.ledger, held_fen=0, fold_differs=("mch_1",))),
        [("fold_differs", "mch_1", 0, 0)],
    ),
    "day before open": (
        replace(SIDES, base=replace(SIDES.base, open=True)),
        [("previous_day_open", "2026-03-02", 0, 0)],
    ),
}


def test_three_books_that_agree_have_no_finding() -> None:
    assert names(SIDES) == []
    totals = matching.match(SIDES).totals
    assert (totals.receivable_fen, totals.bank_closing_fen, totals.difference_fen) == (102000, 260000, 0)


@pytest.mark.parametrize("kind", PLANTED)
def test_a_planted_difference_is_found_under_its_name_and_alone(kind: str) -> None:
    sides, expected = PLANTED[kind]
    assert names(sides) == expected


def test_every_reason_is_planted_at_least_once() -> None:
    assert {found[0] for _, expected in PLANTED.values() for found in expected} == {
        str(reason) for reason in Reason
    }


def test_two_differences_that_cancel_out_are_still_two() -> None:
    sides = bank(replace(IN, amount_fen=70050), OUT, Line(Kind.BANK, "X", -50))
    assert [found[0] for found in names(sides)] == ["bank_amount_differs", "bank_only"]


fens = st.lists(st.integers(1, 10**6), max_size=6)
true_days = st.builds(true_day, fens, fens, fens, st.integers(-(10**6), 10**6), st.integers(10**7, 10**8))


@given(true_days)
def test_no_difference_is_invented(sides: Sides) -> None:
    found = matching.match(sides)
    assert found.findings == ()
    assert found.totals.difference_fen == 0


Damage = Callable[[list[Line], Line], list[Line]]
DAMAGES: list[Damage] = [
    lambda lines, one: [line for line in lines if line is not one],
    lambda lines, one: [
        replace(line, amount_fen=line.amount_fen + 1) if line is one else line for line in lines
    ],
    lambda lines, one: [*lines, one],
    lambda lines, one: [*lines, replace(one, reference="nobody")],
]


@given(true_days, st.data())
def test_one_damaged_line_of_either_side_is_one_finding_in_any_order(sides: Sides, data: Any) -> None:
    on_bank = data.draw(st.booleans())
    lines = list(sides.bank.lines if on_bank else sides.provider)
    if not lines:
        return
    damage = data.draw(st.sampled_from(DAMAGES))
    told = damage(lines, data.draw(st.sampled_from(lines)))
    if on_bank:
        closing = sides.bank.opening_fen + sum(line.amount_fen for line in told)
        damaged = replace(sides, bank=BankDay(sides.bank.opening_fen, closing, tuple(told)))
        shuffled = replace(damaged, bank=replace(damaged.bank, lines=tuple(data.draw(st.permutations(told)))))
    else:
        damaged = replace(sides, provider=tuple(told))
        shuffled = replace(sides, provider=tuple(data.draw(st.permutations(told))))
    assert len(matching.match(damaged).findings) == 1
    assert matching.match(shuffled) == matching.match(damaged)
    assert shuffled.digest == damaged.digest != sides.digest


def finding(reference: str, fen: int = 1) -> Finding:
    return Finding(Reason.BANK_ONLY, reference, 0, 0, fen)


def rows(puts: tuple[Put, ...]) -> list[Difference]:
    return [put.value for put in puts]


def test_a_rerun_replaces_the_picture_and_forgets_nothing() -> None:
    first = rows(rules.picture(DAY, [finding("a"), finding("b")], [], NOON))
    assert rules.picture(DAY, [finding("b"), finding("a")], first, NOON) == ()
    later = rows(rules.picture(DAY, [finding("b", 2)], first, NOON + timedelta(hours=1)))
    assert [(one.reference, one.other_fen, one.state) for one in later] == [
        ("b", 2, DifferenceState.OPEN),
        ("a", 1, DifferenceState.RESOLVED),
    ]
    (again,) = rows(rules.picture(DAY, [finding("b", 2), finding("a")], later, NOON))
    assert (again.reference, again.state, again.found_at, again.version) == (
        "a",
        DifferenceState.OPEN,
        NOON,
        3,
    )


def test_a_day_agrees_only_without_differences_and_the_same_input_is_a_repetition() -> None:
    wrong = provider(A, B)
    differs = rules.close(None, wrong, matching.match(wrong), NOON).answer
    assert (differs.state, differs.differences) == (DayState.DIFFERS, 1)
    assert rules.close(differs, wrong, matching.match(wrong), NOON + timedelta(hours=1)).replayed
    agreed = rules.close(differs, SIDES, matching.match(SIDES), NOON).answer
    assert (agreed.state, agreed.version) == (DayState.AGREED, 2)
    assert rules.close(agreed, SIDES, matching.match(SIDES), NOON).replayed
    assert rules.close(agreed, wrong, matching.match(wrong), NOON).answer.state is DayState.DIFFERS


def test_the_next_day_begins_with_what_this_one_left() -> None:
    agreed = rules.close(None, SIDES, matching.match(SIDES), NOON).answer
    assert agreed.as_base == Base(DAY, False, 0, 260000, 102000, 0, 0, 10000)
