"""The match of a day: what the payment provider, the bank and our ledger say must be one story, to the fen.

    provider   the bill's lines of the day             <->  purchases and refunds that the ledger dates to this day
    bank       the statement's lines of the day        <->  the provider's net of the day before, and payouts
    custody    opening = the last closing; closing     <->  cards + payables + in transit, less what is under way

Every line of each side is matched one to one or becomes a Finding with a named reason; nothing is netted away. The result
does not depend on the order of the lines.
"""
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum


class Reason(StrEnum):
    PROVIDER_ONLY = "provider_only"
    LEDGER_ONLY = "ledger_only"
    AMOUNT_DIFFERS = "amount_differs"
    TRANSACTION_DIFFERS = "transaction_differs"
    DUPLICATE_PROVIDER_LINE = "duplicate_provider_line"
    BANK_ONLY = "bank_only"
    BANK_MISSING = "bank_missing"
    BANK_AMOUNT_DIFFERS = "bank_amount_differs"
    DUPLICATE_BANK_LINE = "duplicate_bank_line"
    OPENING_DIFFERS = "opening_differs"
    STATEMENT_ARITHMETIC = "statement_arithmetic"
    CUSTODY_DIFFERS = "custody_differs"
    DAY_NOT_FOLDED = "day_not_folded"
    FOLD_DIFFERS = "fold_differs"
    PREVIOUS_DAY_OPEN = "previous_day_open"


class Kind(StrEnum):
    PAYMENT = "payment"
    REFUND = "refund"
    BANK = "bank"


@dataclass(frozen=True)
class Line:
    """One movement as one side tells it. Provider: `amount_fen` > 0. Bank: credits to custody are positive."""

    kind: Kind
    reference: str
    amount_fen: int
    transaction_id: str = ""


@dataclass(frozen=True)
class Base:
    """What the day before left behind; all 0 before the first day.

    `open`: its own differences are not resolved; `difference_fen` is what they carry on into this day's bank balance.
    """

    business_date: date | None = None
    open: bool = False
    difference_fen: int = 0
    bank_closing_fen: int = 0
    receivable_fen: int = 0
    purchases_between_fen: int = 0
    refunds_between_fen: int = 0
    paid_out_fen: int = 0


@dataclass(frozen=True)
class LedgerDay:
    """The ledger's side. `provider_lines` and `payouts` carry the other side's date, the rest our business date.

    `held_fen`: at the end of the day all cards' escrow + all that merchants ever accrued + refunds in transit.
    `purchase_fen`, `refund_paid_fen`: posted on this business day.
    """

    provider_lines: tuple[Line, ...]
    net_before_fen: int
    payouts: tuple[Line, ...]
    held_fen: int
    purchase_fen: int
    refund_paid_fen: int
    not_folded: tuple[str, ...] = ()
    fold_differs: tuple[str, ...] = ()


@dataclass(frozen=True)
class BankDay:
    opening_fen: int
    closing_fen: int
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Sides:
    business_date: date
    settled_reference: str
    provider: tuple[Line, ...]
    bank: BankDay
    ledger: LedgerDay
    base: Base

    @property
    def digest(self) -> str:
        """The same input, in whatever order, has the same digest."""
        text = json.dumps(_sorted(asdict(self)), sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
        return hashlib.sha256(text.encode("ascii")).hexdigest()


@dataclass(frozen=True, order=True)
class Finding:
    """`ledger_fen` is what we say, `other_fen` what the other side says; 0 where a side has no such line.

    `ordinal` tells lines of the same reason and reference apart.
    """

    reason: Reason
    reference: str
    ordinal: int
    ledger_fen: int
    other_fen: int


@dataclass(frozen=True)
class Totals:
    """`expected_bank_fen`: what the bank ought to hold at the end of the day, as the ledger sees it."""

    provider_paid_fen: int
    provider_refunded_fen: int
    ledger_paid_fen: int
    ledger_refunded_fen: int
    bank_opening_fen: int
    bank_closing_fen: int
    payouts_fen: int
    receivable_fen: int
    ledger_custody_fen: int
    purchases_between_fen: int
    refunds_between_fen: int
    paid_out_fen: int
    expected_bank_fen: int

    @property
    def difference_fen(self) -> int:
        return self.bank_closing_fen - self.expected_bank_fen


@dataclass(frozen=True)
class Match:
    findings: tuple[Finding, ...]
    totals: Totals


@dataclass(frozen=True)
class _Names:
    """How the four ways of two lists to disagree are called on this pair of sides."""

    only_there: Reason
    only_here: Reason
    amount: Reason
    twice: Reason


_PROVIDER = _Names(Reason.PROVIDER_ONLY, Reason.LEDGER_ONLY, Reason.AMOUNT_DIFFERS, Reason.DUPLICATE_PROVIDER_LINE)
_BANK = _Names(Reason.BANK_ONLY, Reason.BANK_MISSING, Reason.BANK_AMOUNT_DIFFERS, Reason.DUPLICATE_BANK_LINE)


def match(sides: Sides) -> Match:
    """Everything that is wrong with the day, sorted; nothing that only follows from another finding."""
    totals = _totals(sides)
    expected = sides.ledger.payouts
    if sides.ledger.net_before_fen:
        expected = (*expected, Line(Kind.BANK, sides.settled_reference, sides.ledger.net_before_fen))
    bank = _compare(sides.bank.lines, expected, _BANK)
    findings = [*_compare(sides.provider, sides.ledger.provider_lines, _PROVIDER), *bank, *_of_ledger(sides)]
    statement = _of_statement(sides)
    named_fen = sum(finding.other_fen - finding.ledger_fen for finding in (*bank, *statement))
    rest_fen = totals.difference_fen - named_fen - sides.base.difference_fen
    findings += statement
    if rest_fen and not sides.ledger.not_folded and not sides.ledger.fold_differs:
        findings.append(
            Finding(Reason.CUSTODY_DIFFERS, "custody", 0, totals.expected_bank_fen, totals.expected_bank_fen + rest_fen)
        )
    return Match(tuple(sorted(findings)), totals)


def _of_ledger(sides: Sides) -> list[Finding]:
    found = [Finding(Reason.DAY_NOT_FOLDED, merchant_id, 0, 0, 0) for merchant_id in sides.ledger.not_folded]
    found += [Finding(Reason.FOLD_DIFFERS, merchant_id, 0, 0, 0) for merchant_id in sides.ledger.fold_differs]
    if sides.base.open:
        found.append(Finding(Reason.PREVIOUS_DAY_OPEN, str(sides.base.business_date), 0, 0, 0))
    return found


def _of_statement(sides: Sides) -> list[Finding]:
    bank, found = sides.bank, []
    if bank.opening_fen != sides.base.bank_closing_fen:
        found.append(Finding(Reason.OPENING_DIFFERS, "opening", 0, sides.base.bank_closing_fen, bank.opening_fen))
    added_up = bank.opening_fen + sum(line.amount_fen for line in bank.lines)
    if added_up != bank.closing_fen:
        found.append(Finding(Reason.STATEMENT_ARITHMETIC, "closing", 0, added_up, bank.closing_fen))
    return found


def _compare(theirs: Iterable[Line], ours: Iterable[Line], names: _Names) -> list[Finding]:
    """One to one by kind and reference. Of several lines under one number the one that fits is the match."""
    there, here = _by_number(theirs), _by_number(ours)
    found: list[Finding] = []
    for number in sorted(there.keys() | here.keys()):
        found += _compare_one(number[1], there.get(number, []), here.get(number, []), names)
    return found


def _compare_one(reference: str, theirs: list[Line], ours: list[Line], names: _Names) -> list[Finding]:
    assert len(ours) <= 1
    if not ours:
        return [Finding(names.only_there, reference, at, 0, line.amount_fen) for at, line in enumerate(theirs)]
    own = ours[0]
    if not theirs:
        return [Finding(names.only_here, reference, 0, own.amount_fen, 0)]
    best = min(theirs, key=lambda line: (_misfit(line, own), line.amount_fen, line.transaction_id))
    others = list(theirs)
    others.remove(best)
    found = [Finding(names.twice, reference, at, 0, line.amount_fen) for at, line in enumerate(others)]
    if best.amount_fen != own.amount_fen:
        found.append(Finding(names.amount, reference, 0, own.amount_fen, best.amount_fen))
    elif _misfit(best, own):
        found.append(Finding(Reason.TRANSACTION_DIFFERS, reference, 0, own.amount_fen, best.amount_fen))
    return found


def _misfit(line: Line, own: Line) -> int:
    other_transaction = bool(own.transaction_id) and line.transaction_id != own.transaction_id
    return 2 * (line.amount_fen != own.amount_fen) + other_transaction


def _by_number(lines: Iterable[Line]) -> dict[tuple[Kind, str], list[Line]]:
    found: dict[tuple[Kind, str], list[Line]] = defaultdict(list)
    for line in sorted(lines, key=lambda one: (one.kind, one.reference, one.amount_fen, one.transaction_id)):
        found[line.kind, line.reference].append(line)
    return found


def total(lines: Iterable[Line], kind: Kind) -> int:
    return sum(line.amount_fen for line in lines if line.kind is kind)


def net(lines: Sequence[Line]) -> int:
    """What the provider owes for these lines: payments less refunds."""
    return total(lines, Kind.PAYMENT) - total(lines, Kind.REFUND)


def _totals(sides: Sides) -> Totals:
    """Running balances bridge the two calendars: money may be the provider's today and ours a minute after midnight."""
    ledger, base = sides.ledger, sides.base
    paid, refunded = total(ledger.provider_lines, Kind.PAYMENT), total(ledger.provider_lines, Kind.REFUND)
    payouts_fen = -total(ledger.payouts, Kind.BANK)
    purchases_between = base.purchases_between_fen + paid - ledger.purchase_fen
    refunds_between = base.refunds_between_fen + refunded - ledger.refund_paid_fen
    paid_out = base.paid_out_fen + payouts_fen
    custody = ledger.held_fen - paid_out
    receivable = paid - refunded
    return Totals(
        provider_paid_fen=total(sides.provider, Kind.PAYMENT),
        provider_refunded_fen=total(sides.provider, Kind.REFUND),
        ledger_paid_fen=paid,
        ledger_refunded_fen=refunded,
        bank_opening_fen=sides.bank.opening_fen,
        bank_closing_fen=sides.bank.closing_fen,
        payouts_fen=payouts_fen,
        receivable_fen=receivable,
        ledger_custody_fen=custody,
        purchases_between_fen=purchases_between,
        refunds_between_fen=refunds_between,
        paid_out_fen=paid_out,
        expected_bank_fen=custody + purchases_between - refunds_between - receivable,
    )


def _sorted(value: object) -> object:
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return sorted((_sorted(item) for item in value), key=repr)
    return value
