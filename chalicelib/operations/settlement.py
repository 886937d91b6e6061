"""Settlement of a business day: fold each merchant's transfers, pay out what is payable, seal the day.

Every function may run twice, in any order, and after a crash: rows are created once, the bank hears one number per
payout, and what the bank says is written down when it says it.
"""
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib import ids
from chalicelib.domain import payout as payouts
from chalicelib.domain import settlement as rules
from chalicelib.domain.business_day import business_date, day_is_over
from chalicelib.domain.decision import Decision
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.payout import Payout, PayoutState
from chalicelib.domain.refusals import absent
from chalicelib.domain.settlement import Fold, MerchantDay, Payable, Seal
from chalicelib.gateways import custodian
from chalicelib.gateways.custodian import Custodian
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.operations.attempts import commit
from chalicelib.store import reads

KNOWN_OTHERWISE = "instruction_conflict"
"""The bank holds an instruction under this number, with other content: proof that one exists, none that it failed."""

FOLDS_PER_CALL_MAX = 31
"""Days that one call folds for a merchant that was left behind; the workflow calls again for more."""


class Asked(StrEnum):
    """What became of one question to the bank.

    `refused`: not the first submission was refused, so the first may still be under way; asked again until that is over.
    """

    ACCEPTED = "accepted"
    POSTED = "posted"
    VOIDED = "voided"
    PROCESSING = "processing"
    NOT_FOUND = "not_found"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Folded:
    """`more`: days before the asked one are still unfolded, call again."""

    fold: Fold
    more: bool


def day_to_settle(asked: date | None, now: datetime) -> date | None:
    """The asked day, or yesterday; None while it is not over."""
    day = asked or business_date(now) - timedelta(days=1)
    return day if day_is_over(day, now) else None


def merchants_of(day: date) -> list[Merchant]:
    """Everybody who was on the platform by the end of that day."""
    everybody: list[Merchant] = reads.listed("merchants")
    if len(everybody) >= reads.MERCHANTS_MAX:
        raise RuntimeError(f"{reads.MERCHANTS_MAX} merchants and maybe more: the list has to be cut into chunks")
    return sorted((one for one in everybody if one.filed_on <= day), key=lambda one: one.merchant_id)


def fold(merchant_id: str, day: date, now: datetime) -> Folded:
    """Fold the merchant up to `day`, missed days first; or compare `day` with what was folded."""
    merchant = _merchant(merchant_id)
    for _ in range(FOLDS_PER_CALL_MAX):
        done = _fold_next(merchant, day, now)
        if done.day.business_date == day:
            return Folded(done, more=False)
    return Folded(done, more=True)


def _fold_next(merchant: Merchant, day: date, now: datetime) -> Fold:
    def decide() -> Decision[Fold]:
        payable = reads.get(Payable, merchant.merchant_id)
        following = rules.next_day(payable, merchant.filed_on, day)
        earlier = reads.get(MerchantDay, merchant.merchant_id, following)
        entries = (rules.posting(row) for row in reads.day_of(merchant.merchant_id, following))
        return rules.fold(merchant.merchant_id, following, entries, payable, earlier, now)

    return commit(decide).answer


def decide(merchant_id: str, day: date, now: datetime) -> Payout | None:
    """The day's payout, decided now or earlier; None when nothing is payable."""
    merchant = _merchant(merchant_id)
    payout_id = ids.derived("pay", merchant_id, day.isoformat())

    def load_and_decide() -> Decision[Payout | None]:
        payable, earlier = _load(merchant_id, day)
        return payouts.decide(merchant, payable, earlier, day, payout_id, now)

    return commit(load_and_decide).answer


def instruct(merchant_id: str, day: date, now: datetime, bank: Custodian | None = None) -> Asked:
    """Tell the bank, under the one number this payout has. That it is being told is written down first."""
    payout = commit(lambda: payouts.submit(_payout(merchant_id, day), now)).answer
    if not payout.open:
        return Asked(payout.state)
    outcome = (bank or custodian.connect()).submit(
        payout.payout_id, payout.payee_name, payout.payee_account, payout.amount_fen, payout.remark
    )
    if isinstance(outcome, Unknown) or (isinstance(outcome, Refused) and outcome.code == KNOWN_OTHERWISE):
        return Asked.UNKNOWN
    if isinstance(outcome, Refused):
        after = commit(lambda: payouts.refuse(*_books(merchant_id, day), outcome.code, now)).answer
        return Asked.VOIDED if after.state is PayoutState.VOIDED else Asked.REFUSED
    commit(lambda: payouts.accept(_payout(merchant_id, day)))
    return Asked.ACCEPTED


def ask(merchant_id: str, day: date, now: datetime, bank: Custodian | None = None) -> Asked:
    """Ask the bank what became of the payout, and write down what it says."""
    payout = _payout(merchant_id, day)
    if not payout.open:
        return Asked(payout.state)
    status = (bank or custodian.connect()).query(payout.payout_id)
    if isinstance(status, Unknown):
        return Asked.UNKNOWN
    if status.state == "succeeded" and status.value_date is not None:
        bank_date = status.value_date
        commit(lambda: payouts.post(*_books(merchant_id, day), bank_date, now))
        return Asked.POSTED
    if status.state == "failed":
        commit(lambda: payouts.void(*_books(merchant_id, day), status.reason or "failed", now))
        return Asked.VOIDED
    if status.state == "processing":
        commit(lambda: payouts.accept(_payout(merchant_id, day)))
        return Asked.PROCESSING
    if status.state == "not_found":
        after = commit(lambda: payouts.never_seen(*_books(merchant_id, day), now)).answer
        if after.state is PayoutState.VOIDED:
            return Asked.VOIDED
        return Asked.REFUSED if after.refusal else Asked.NOT_FOUND
    return Asked.UNKNOWN


def pursue(merchant_id: str, day: date, now: datetime, bank: Custodian | None = None) -> Asked:
    """Ask, and where the bank does not know the number, tell it again under the same one."""
    asked = ask(merchant_id, day, now, bank)
    return instruct(merchant_id, day, now, bank) if asked is Asked.NOT_FOUND else asked


def seal(day: date, now: datetime) -> Seal | None:
    """One root over all merchants of the day; None while a merchant is not folded."""
    merchants = merchants_of(day)
    days = [reads.get(MerchantDay, merchant.merchant_id, day) for merchant in merchants]
    if any(one is None for one in days):
        return None
    return commit(lambda: rules.seal(day, _present(days), reads.get(Seal, day), now)).answer


def _present(days: Iterable[MerchantDay | None]) -> list[MerchantDay]:
    return [one for one in days if one is not None]


def _merchant(merchant_id: str) -> Merchant:
    merchant = reads.get(Merchant, merchant_id)
    if merchant is None:
        raise absent("商户", "merchant")
    return merchant


def _load(merchant_id: str, day: date) -> tuple[Payable | None, Payout | None]:
    """Both in one consistent read."""
    payable, payout = reads.get_together((Payable, (merchant_id,)), (Payout, (merchant_id, day)))
    return payable, payout


def _books(merchant_id: str, day: date) -> tuple[Payout, Payable]:
    payable, payout = _load(merchant_id, day)
    if payout is None or payable is None:
        raise absent("结算付款", "payout")
    return payout, payable


def _payout(merchant_id: str, day: date) -> Payout:
    return _books(merchant_id, day)[0]
