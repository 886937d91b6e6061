"""A payout: what is payable to a merchant goes to its bank account, in two phases.

    decided -> instructed -> posted
       \\___________\\_______-> voided   (the bank's definitive no; a later day's settlement pays again, under another number)

Deciding moves payable -> payout_in_transit; the bank's word moves payout_in_transit -> custody, or back. The number is
committed before the bank hears it. Unknown stays unknown; no timer turns it into failed.
"""
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.domain import chart
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.settlement import Payable
from chalicelib.domain.state import move

NEVER_SEEN_AFTER = timedelta(minutes=15)
"""A signed instruction is good at the bank for five minutes. One that the bank does not know after this was never taken."""


class PayoutState(StrEnum):
    DECIDED = "decided"
    INSTRUCTED = "instructed"
    POSTED = "posted"
    VOIDED = "voided"


class PayoutEvent(StrEnum):
    INSTRUCT = "instruct"
    POST = "post"
    VOID = "void"


TRANSITIONS: Mapping[tuple[PayoutState, PayoutEvent], PayoutState] = {
    (PayoutState.DECIDED, PayoutEvent.INSTRUCT): PayoutState.INSTRUCTED,
    (PayoutState.DECIDED, PayoutEvent.POST): PayoutState.POSTED,
    (PayoutState.DECIDED, PayoutEvent.VOID): PayoutState.VOIDED,
    (PayoutState.INSTRUCTED, PayoutEvent.POST): PayoutState.POSTED,
    (PayoutState.INSTRUCTED, PayoutEvent.VOID): PayoutState.VOIDED,
}


@dataclass(frozen=True)
class Payout:
    """`payout_id` is also the instruction's number at the bank; the payee is the merchant's account as it was when decided.

    `submissions` counts how often the bank was (or may have been) told, each counted before the call. `business_date`
    is ours, `bank_date` the bank's value date, by which its statement lists it; both are set when posted.
    """

    payout_id: str
    merchant_id: str
    settlement_date: date
    amount_fen: int
    payee_name: str
    payee_account: str
    decided_at: datetime
    state: PayoutState = PayoutState.DECIDED
    submissions: int = 0
    submitted_at: datetime | None = None
    refusal: str = ""
    resolved_at: datetime | None = None
    business_date: date | None = None
    bank_date: date | None = None
    reason: str = ""
    version: int = 1

    def __post_init__(self) -> None:
        assert self.amount_fen > 0
        assert (self.state is PayoutState.POSTED) == (self.bank_date is not None)

    @property
    def open(self) -> bool:
        return self.state in (PayoutState.DECIDED, PayoutState.INSTRUCTED)

    @property
    def remark(self) -> str:
        return f"预付卡结算 {self.settlement_date.isoformat()}"

    @property
    def moves(self) -> tuple[tuple[str, str, int], ...]:
        """(debit, credit, fen) of each posted step."""
        merchant = chart.payable(self.merchant_id)
        decided = (merchant, chart.PAYOUT_IN_TRANSIT, self.amount_fen)
        if self.state is PayoutState.POSTED:
            return decided, (chart.PAYOUT_IN_TRANSIT, chart.CUSTODY, self.amount_fen)
        if self.state is PayoutState.VOIDED:
            return decided, (chart.PAYOUT_IN_TRANSIT, merchant, self.amount_fen)
        return (decided,)


def decide(
    merchant: Merchant, payable: Payable | None, earlier: Payout | None, day: date, payout_id: str, now: datetime
) -> Decision[Payout | None]:
    """All that is payable, once per settlement date; None when nothing is."""
    if earlier is not None:
        return Decision(earlier, replayed=True)
    if payable is None or payable.payable_fen == 0:
        return Decision(None, replayed=True)
    payout = Payout(
        payout_id=payout_id,
        merchant_id=merchant.merchant_id,
        settlement_date=day,
        amount_fen=payable.payable_fen,
        payee_name=merchant.account.name,
        payee_account=merchant.account.number,
        decided_at=now,
    )
    after = replace(payable, in_transit_fen=payable.in_transit_fen + payout.amount_fen, version=payable.version + 1)
    return Decision(payout, (create(payout), change(payable, after)))


def submit(payout: Payout, now: datetime) -> Decision[Payout]:
    """Written down before the bank is told, so that a crash right after the call is known to be one."""
    if not payout.open:
        return Decision(payout, replayed=True)
    return _changed(payout, replace(payout, submissions=payout.submissions + 1, submitted_at=now))


def accept(payout: Payout) -> Decision[Payout]:
    """The bank has it."""
    if payout.state is not PayoutState.DECIDED:
        return Decision(payout, replayed=True)
    return _changed(payout, replace(payout, state=_moved(payout, PayoutEvent.INSTRUCT)))


def refuse(payout: Payout, payable: Payable, code: str, now: datetime) -> Decision[Payout]:
    """The bank refused a submission. Only the very first one's refusal is the end: an earlier one may have been taken."""
    if payout.state is PayoutState.DECIDED and payout.submissions == 1:
        return void(payout, payable, code, now)
    if not payout.open or payout.refusal == code:
        return Decision(payout, replayed=True)
    return _changed(payout, replace(payout, refusal=code))


def never_seen(payout: Payout, payable: Payable, now: datetime) -> Decision[Payout]:
    """The bank does not know the number. That is an end only after a refusal, and when nothing can be under way any more."""
    quiet = payout.submitted_at is not None and now >= payout.submitted_at + NEVER_SEEN_AFTER
    if payout.open and payout.refusal and quiet:
        return void(payout, payable, payout.refusal, now)
    return Decision(payout, replayed=True)


def post(payout: Payout, payable: Payable, bank_date: date, now: datetime) -> Decision[Payout]:
    """The bank has paid: payout_in_transit -> custody."""
    if payout.state is PayoutState.POSTED:
        return Decision(payout, replayed=True)
    posted = replace(
        payout,
        state=_moved(payout, PayoutEvent.POST),
        resolved_at=now,
        business_date=business_date(now),
        bank_date=bank_date,
    )
    after = replace(
        payable,
        in_transit_fen=payable.in_transit_fen - payout.amount_fen,
        paid_out_fen=payable.paid_out_fen + payout.amount_fen,
        version=payable.version + 1,
    )
    return _changed(payout, posted, payable, after)


def void(payout: Payout, payable: Payable, reason: str, now: datetime) -> Decision[Payout]:
    """The bank's definitive no: the money is payable again."""
    if payout.state is PayoutState.VOIDED:
        return Decision(payout, replayed=True)
    voided = replace(payout, state=_moved(payout, PayoutEvent.VOID), resolved_at=now, reason=reason)
    after = replace(payable, in_transit_fen=payable.in_transit_fen - payout.amount_fen, version=payable.version + 1)
    return _changed(payout, voided, payable, after)


def _moved(payout: Payout, event: PayoutEvent) -> PayoutState:
    return move(TRANSITIONS, "payout", "结算付款", payout.state, event)


def _changed(
    payout: Payout, after: Payout, payable: Payable | None = None, payable_after: Payable | None = None
) -> Decision[Payout]:
    moved = replace(after, version=payout.version + 1)
    puts = (change(payout, moved),)
    if payable is None:
        return Decision(moved, puts)
    return Decision(moved, (*puts, change(payable, payable_after)))
