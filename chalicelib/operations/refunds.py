"""Refunds: quote, request, agree; and the pursuit of the money at the provider under one number."""

from datetime import datetime

from chalicelib import config, ids
from chalicelib.domain import refund as rules
from chalicelib.domain.business_day import business_date
from chalicelib.domain.card import Card
from chalicelib.domain.decision import Decision
from chalicelib.domain.jurisdiction import Rules, rules_on
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import MERCHANT_ROLES, Principal, Role
from chalicelib.domain.refund import Cause, Quote, Reason, Refund, RefundState
from chalicelib.domain.refusals import absent
from chalicelib.gateways import wechat_pay
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.wechat_pay import RefundStatus, WechatPay
from chalicelib.operations.attempts import Done, commit
from chalicelib.operations.orders import NOTICES_PATH
from chalicelib.store import reads

DEFINITIVE = frozenset({"INVALID_REQUEST", "PARAM_ERROR"})
"""Codes after which the provider will never send this refund. Any other no (too often, no funds now) is asked again."""


def quote(card_id: str, consumer_id: str, cause: Cause, no_reason: bool, now: datetime) -> Quote:
    """Computed from the card as it is now. Promises nothing: the request computes again."""
    card = reads.get(Card, card_id)
    if card is None or card.holder_id != consumer_id:
        raise absent("卡", "card")
    rules.require_refundable(card, now)
    return rules.quote(card, _reason(card, cause, no_reason), _law(card), now)


def _law(card: Card) -> Rules:
    """The rules of the merchant's district on the day of the purchase."""
    merchant = reads.get(Merchant, card.merchant_id)
    if merchant is None:
        raise absent("商户", "merchant")
    return rules_on(merchant.district, business_date(card.activated_at))


def _reason(card: Card, cause: Cause, no_reason: bool) -> Reason:
    others = reads.cards_of(card.holder_id, card.merchant_id)
    before = any(other.first_used_at is not None and other.first_used_at < card.activated_at for other in others)
    return Reason(cause, no_reason, consumed_before=before)


def request(
    card_id: str, consumer_id: str, cause: Cause, no_reason: bool, key: str, now: datetime, pay: WechatPay | None = None
) -> Done[Refund]:
    """Lock the card and, where the law needs nobody's consent, send the money back."""
    refund_id = ids.derived_within("ref", card_id, consumer_id, "refund", key)
    asked = Refund(
        refund_id=refund_id,
        card_id=card_id,
        order_id=ids.renamed("ord", card_id),
        consumer_id=consumer_id,
        merchant_id="",
        cause=cause,
        rule="",
        amount_fen=0,
        release_fen=0,
        total_fen=0,
        due_on=business_date(now),
        requested_at=now,
        fingerprint=ids.fingerprint(card_id, cause, str(no_reason)),
        state=RefundState.REQUESTED,
    )

    def decide() -> Decision[Refund]:
        earlier, card = _load(card_id, refund_id)
        quoted = None
        if earlier is None and card is not None and card.holder_id == consumer_id:
            rules.require_refundable(card, now)
            quoted = rules.quote(card, _reason(card, cause, no_reason), _law(card), now)
        return rules.request(card, asked.order_id, earlier, asked, quoted, now)

    done = commit(decide)
    return Done(pursue(card_id, refund_id, now, pay), done.replayed)


def agree(refund_id: str, principal: Principal, now: datetime, pay: WechatPay | None = None) -> Done[Refund]:
    """The merchant agrees to what was quoted."""
    card_id = ids.owner_of("crd", refund_id)

    def decide() -> Decision[Refund]:
        refund, card = _load(card_id, refund_id)
        if refund is None or card is None or not principal.works_for(refund.merchant_id):
            raise absent("退款", "refund")
        return rules.agree(refund, card, now)

    done = commit(decide)
    return Done(pursue(card_id, refund_id, now, pay), done.replayed)


def withdraw(refund_id: str, consumer_id: str, now: datetime) -> Done[Refund]:
    card_id = ids.owner_of("crd", refund_id)

    def decide() -> Decision[Refund]:
        refund, card = _load(card_id, refund_id)
        if refund is None or card is None or refund.consumer_id != consumer_id:
            raise absent("退款", "refund")
        return rules.withdraw(refund, card, now)

    return commit(decide)


def pursue(card_id: str, refund_id: str, now: datetime, pay: WechatPay | None = None) -> Refund:
    """One step at the provider for a refund that is under way: tell it, or ask about it. Unknown changes nothing."""
    refund, _ = _load(card_id, refund_id)
    if refund is None:
        raise absent("退款", "refund")
    if refund.state not in (RefundState.IN_TRANSIT, RefundState.INSTRUCTED):
        return refund
    provider = pay or wechat_pay.connect()
    if refund.submissions:
        known = provider.query_refund(refund.refund_id)
        if isinstance(known, RefundStatus):
            return learn(known, now).answer
        if isinstance(known, Unknown):
            return refund
    return _send(refund, provider, now)


def _send(refund: Refund, provider: WechatPay, now: datetime) -> Refund:
    """Tell the provider, which does not know the number. The same number with the same parameters is one refund there however
    often it is sent. A definitive no counts only if no earlier submission can still be under way."""
    submission = commit(lambda: rules.submit(_present(refund), now)).answer
    told = submission.refund
    if told.state not in (RefundState.IN_TRANSIT, RefundState.INSTRUCTED):
        return told
    outcome = provider.refund(
        told.refund_id,
        told.order_id,
        told.amount_fen,
        told.total_fen,
        "预付卡退款",
        config.settings().public_url + NOTICES_PATH,
    )
    if isinstance(outcome, RefundStatus):
        return learn(outcome, now).answer
    if isinstance(outcome, Refused) and outcome.code in DEFINITIVE and not submission.doubtful:
        return _reject(told, outcome.code, now)
    return told


def _present(refund: Refund) -> Refund:
    present = reads.get(Refund, refund.card_id, refund.refund_id)
    assert present is not None
    return present


def learn(status: RefundStatus, now: datetime) -> Done[Refund]:
    """Take in what the provider says about a refund, by its answer or by a verified notice."""
    refund_id = status.refund_no
    card_id = ids.owner_of("crd", refund_id)

    def decide() -> Decision[Refund]:
        refund, card = _load(card_id, refund_id)
        if refund is None or card is None:
            raise absent("退款", "refund")
        if status.state == "success":
            return rules.succeed(refund, card, status.provider_refund_id, status.amount_fen, now)
        if status.state == "closed":
            return rules.reject(refund, card, "CLOSED", now)
        return rules.instruct(refund, status.provider_refund_id, now)

    return commit(decide)


def _reject(refund: Refund, reason: str, now: datetime) -> Refund:
    def decide() -> Decision[Refund]:
        present, card = _load(refund.card_id, refund.refund_id)
        assert present is not None
        assert card is not None
        return rules.reject(present, card, reason, now)

    return commit(decide).answer


def visible(refund_id: str, principal: Principal) -> Refund:
    """The refund, for its consumer and for the merchant's staff; absent for everybody else."""
    refund = reads.get(Refund, ids.owner_of("crd", refund_id), refund_id)
    if refund is None or not _may_see(refund, principal):
        raise absent("退款", "refund")
    return refund


def _may_see(refund: Refund, principal: Principal) -> bool:
    if principal.role is Role.CONSUMER:
        return refund.consumer_id == principal.principal_id
    return principal.role in MERCHANT_ROLES and principal.works_for(refund.merchant_id)


def _load(card_id: str, refund_id: str) -> tuple[Refund | None, Card | None]:
    refund, card = reads.get_together((Refund, (card_id, refund_id)), (Card, (card_id,)))
    return refund, card
