"""A reconciled day and its differences, as they are kept.

    day          differs <-> agreed      agreed only without any difference; a later look at other books opens it again
    difference   open <-> resolved       never deleted: what was found once stays to be read

A rerun replaces the picture. The same input changes nothing.
"""
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.matching import Base, Finding, Match, Reason, Sides, Totals
from chalicelib.domain.state import move


class DayState(StrEnum):
    DIFFERS = "differs"
    AGREED = "agreed"


class DayEvent(StrEnum):
    DIFFER = "differ"
    AGREE = "agree"


DAY_TRANSITIONS: Mapping[tuple[DayState, DayEvent], DayState] = {
    (DayState.DIFFERS, DayEvent.DIFFER): DayState.DIFFERS,
    (DayState.DIFFERS, DayEvent.AGREE): DayState.AGREED,
    (DayState.AGREED, DayEvent.AGREE): DayState.AGREED,
    (DayState.AGREED, DayEvent.DIFFER): DayState.DIFFERS,
}


class DifferenceState(StrEnum):
    OPEN = "open"
    RESOLVED = "resolved"


class DifferenceEvent(StrEnum):
    FIND = "find"
    RESOLVE = "resolve"


DIFFERENCE_TRANSITIONS: Mapping[tuple[DifferenceState, DifferenceEvent], DifferenceState] = {
    (DifferenceState.OPEN, DifferenceEvent.FIND): DifferenceState.OPEN,
    (DifferenceState.OPEN, DifferenceEvent.RESOLVE): DifferenceState.RESOLVED,
    (DifferenceState.RESOLVED, DifferenceEvent.FIND): DifferenceState.OPEN,
}


@dataclass(frozen=True)
class Difference:
    """One finding of a day. `found_at`: when it was first seen, `resolved_at`: when it was seen to be gone."""

    business_date: date
    reason: Reason
    reference: str
    ordinal: int
    ledger_fen: int
    other_fen: int
    found_at: datetime
    state: DifferenceState = DifferenceState.OPEN
    resolved_at: datetime | None = None
    version: int = 1

    @property
    def number(self) -> tuple[Reason, str, int]:
        return self.reason, self.reference, self.ordinal


@dataclass(frozen=True)
class ReconciledDay:
    """The totals of the three sides. `digest` is of the input: the same books give the same day."""

    business_date: date
    state: DayState
    digest: str
    differences: int
    totals: Totals
    matched_at: datetime
    version: int = 1

    @property
    def as_base(self) -> Base:
        """What the next day begins with."""
        return Base(
            business_date=self.business_date,
            open=self.state is DayState.DIFFERS,
            difference_fen=self.totals.difference_fen,
            bank_closing_fen=self.totals.bank_closing_fen,
            receivable_fen=self.totals.receivable_fen,
            purchases_between_fen=self.totals.purchases_between_fen,
            refunds_between_fen=self.totals.refunds_between_fen,
            paid_out_fen=self.totals.paid_out_fen,
        )


def picture(day: date, findings: Iterable[Finding], known: Iterable[Difference], now: datetime) -> tuple[Put, ...]:
    """What has to be written so that the open differences of the day are these findings, and no others."""
    earlier = {difference.number: difference for difference in known}
    puts: list[Put] = []
    for found in sorted(findings):
        before = earlier.pop((found.reason, found.reference, found.ordinal), None)
        if before is None:
            puts.append(create(_new(day, found, now)))
        elif (before.state, before.ledger_fen, before.other_fen) != (DifferenceState.OPEN, found.ledger_fen, found.other_fen):
            puts.append(change(before, _found_again(before, found)))
    gone = (one for one in earlier.values() if one.state is DifferenceState.OPEN)
    puts += [change(one, _resolved(one, now)) for one in sorted(gone, key=lambda one: one.number)]
    return tuple(puts)


def _new(day: date, found: Finding, now: datetime) -> Difference:
    return Difference(day, found.reason, found.reference, found.ordinal, found.ledger_fen, found.other_fen, now)


def _found_again(before: Difference, found: Finding) -> Difference:
    state = move(DIFFERENCE_TRANSITIONS, "difference", "差异", before.state, DifferenceEvent.FIND)
    return replace(
        before,
        state=state,
        ledger_fen=found.ledger_fen,
        other_fen=found.other_fen,
        resolved_at=None,
        version=before.version + 1,
    )


def _resolved(before: Difference, now: datetime) -> Difference:
    state = move(DIFFERENCE_TRANSITIONS, "difference", "差异", before.state, DifferenceEvent.RESOLVE)
    return replace(before, state=state, resolved_at=now, version=before.version + 1)


def close(earlier: ReconciledDay | None, sides: Sides, result: Match, now: datetime) -> Decision[ReconciledDay]:
    """The day agrees when nothing was found, and only then."""
    event = DayEvent.DIFFER if result.findings else DayEvent.AGREE
    made = ReconciledDay(
        business_date=sides.business_date,
        state=DayState.DIFFERS if result.findings else DayState.AGREED,
        digest=sides.digest,
        differences=len(result.findings),
        totals=result.totals,
        matched_at=now,
    )
    assert made.state is DayState.DIFFERS or result.totals.difference_fen == 0
    if earlier is None:
        return Decision(made, (create(made),))
    state = move(DAY_TRANSITIONS, "reconciliation", "对账", earlier.state, event)
    if (earlier.state, earlier.digest) == (state, made.digest):
        return Decision(earlier, replayed=True)
    after = replace(made, state=state, version=earlier.version + 1)
    return Decision(after, (change(earlier, after),))
