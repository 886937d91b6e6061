"""A consumer, the login identities that lead to one, and the end of both.

    Identity          the claim: keyed hash of channel and subject -> consumer id. Freed, never deleted
    LinkedIdentity    in the consumer's partition: channel and subject, the subject sealed under the consumer's key
    Consumer          wrapped key, profile (sealed), what a channel vouched for

Ending a consumer (erasure, or a merge into another) replaces the wrapped key and all that was sealed by nothing. Cards, orders
and transfers keep the consumer's id, which is random and then leads nowhere (PIPL Art. 47; retention: R22).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.card import Card, CardState
from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.order import Order, OrderState, Placing
from chalicelib.domain.refund import Refund, RefundState
from chalicelib.domain.refusals import Conflict, NotAuthenticated, Unprocessable, absent
from chalicelib.domain.state import move


class Channel(StrEnum):
    WECHAT = "wechat"
    UNIONPAY = "unionpay"
    ZHELIBAN = "zheliban"
    YONGPAI = "yongpai"


class ConsumerState(StrEnum):
    ACTIVE = "active"
    ERASED = "erased"


class ConsumerEvent(StrEnum):
    ERASE = "erase"
    MERGE = "merge"


TRANSITIONS: Mapping[tuple[ConsumerState, ConsumerEvent], ConsumerState] = {
    (ConsumerState.ACTIVE, ConsumerEvent.ERASE): ConsumerState.ERASED,
    (ConsumerState.ACTIVE, ConsumerEvent.MERGE): ConsumerState.ERASED,
}
OPEN_REFUNDS = frozenset({RefundState.REQUESTED, RefundState.IN_TRANSIT, RefundState.INSTRUCTED})


@dataclass(frozen=True)
class Identity:
    """`consumer_id`: "" when the identity belongs to nobody (any more)."""

    claim: str
    consumer_id: str
    version: int = 1


@dataclass(frozen=True)
class LinkedIdentity:
    """`claim` and `sealed_subject` are "" once it is linked no more."""

    consumer_id: str
    channel: Channel
    claim: str
    sealed_subject: str
    linked_at: datetime
    version: int = 1

    @property
    def linked(self) -> bool:
        return self.claim != ""


@dataclass(frozen=True)
class Consumer:
    """`sealed_…`: under `wrapped_key`. `phone_from`, `real_name_from`: the channel that vouched; "" for what the person typed.
    `real_name_level`: the channel's own word for how well it knows the person. `buyer`: has placed an order, ever."""

    consumer_id: str
    registered_at: datetime
    wrapped_key: str
    channels: tuple[str, ...]
    sealed_nickname: str = ""
    sealed_phone: str = ""
    sealed_name: str = ""
    sealed_id_tail: str = ""
    phone_from: str = ""
    real_name_from: str = ""
    real_name_level: str = ""
    buyer: bool = False
    state: ConsumerState = ConsumerState.ACTIVE
    ended_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True, repr=False)
class Proof:
    """What a channel says about the person behind a code, in clear. `id_tail`: the last four of the ID number, no more of it is
    kept. Name, tail and level only from a channel that vouches for them."""

    channel: Channel
    subject: str
    name: str = ""
    phone: str = ""
    id_tail: str = ""
    real_name_level: str = ""


@dataclass(frozen=True)
class SealedProof:
    """A proof sealed under the key of the consumer who is to have it."""

    channel: Channel
    claim: str
    subject: str
    name: str = ""
    phone: str = ""
    id_tail: str = ""
    real_name_level: str = ""


@dataclass(frozen=True)
class Held:
    """A consumer with all linked identities and their claims."""

    consumer: Consumer
    identities: tuple[LinkedIdentity, ...]
    claims: tuple[Identity, ...]


@dataclass(frozen=True)
class Left:
    """What a consumer still has here, each read by its own key."""

    cards: tuple[Card, ...] = ()
    orders: tuple[Order, ...] = ()
    refunds: tuple[Refund, ...] = ()


def gone() -> NotAuthenticated:
    return NotAuthenticated("token_invalid", "登录已失效，请重新登录", "this person is not here any more, log in again")


def require_present(consumer: Consumer | None) -> Consumer:
    if consumer is None or consumer.state is not ConsumerState.ACTIVE:
        raise gone()
    return consumer


def masked_phone(phone: str) -> str:
    """138****5678; nothing of anything shorter."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else ""


def masked_name(name: str) -> str:
    return f"{name[:1]}**" if name else ""


def log_in(claim: Identity | None, newcomer: Consumer, proof: SealedProof, now: datetime) -> Decision[str]:
    """The id of the consumer whom the identity leads to. Of two first logins at once one writes the claim, the other finds it."""
    if claim is not None and claim.consumer_id:
        return Decision(claim.consumer_id, replayed=True)
    person = _vouched(replace(newcomer, channels=(proof.channel,)), proof)
    linked = LinkedIdentity(person.consumer_id, proof.channel, proof.claim, proof.subject, now)
    return Decision(person.consumer_id, (_claimed(claim, proof.claim, person.consumer_id), create(person), create(linked)))


def link(
    own: Consumer | None,
    place: LinkedIdentity | None,
    claim: Identity | None,
    other: Held | None,
    proof: SealedProof,
    trace: Trace,
) -> Decision[LinkedIdentity]:
    """Add the identity that was proven just now to the consumer of the token. Its present consumer, who never bought, ends.

    `place`: the consumer's own row for this channel. `other`: whom the claim leads to, if that is somebody else.
    Order of refusals: gone, another identity of this channel, the identity's consumer has bought.
    """
    own = require_present(own)
    holder_id = claim.consumer_id if claim is not None else ""
    if holder_id == own.consumer_id and place is not None:
        return Decision(place, replayed=True)
    if proof.channel in own.channels:
        raise Conflict(
            "channel_already_linked",
            "该渠道已绑定另一个身份，请先解绑",
            f"another {proof.channel} identity is linked, unlink it first",
            facts={"channel": str(proof.channel)},
        )
    assert (other.consumer.consumer_id if other else "") == holder_id
    ended = _merged(other, own, proof, trace) if other else ()
    linked = LinkedIdentity(own.consumer_id, proof.channel, proof.claim, proof.subject, trace.at)
    if place is not None:
        linked = replace(linked, version=place.version + 1)
    after = _vouched(replace(own, channels=(*own.channels, proof.channel), version=own.version + 1), proof)
    puts = (
        _claimed(claim, proof.claim, own.consumer_id),
        create(linked) if place is None else change(place, linked),
        change(own, after),
        create(entry(trace, own.consumer_id, "consumer.link", "", proof.channel)),
    )
    return Decision(linked, (*puts, *ended))


def _merged(other: Held, own: Consumer, proof: SealedProof, trace: Trace) -> tuple[Put, ...]:
    """The end of whom the identity led to; refused for somebody who has bought, whose cards would be lost."""
    if other.consumer.buyer:
        raise Conflict(
            "identity_has_cards",
            "该身份已购过卡，不能并入，请先在该身份下退卡并注销",
            "this identity has bought cards already; it cannot be joined to yours",
            facts={"channel": str(proof.channel)},
        )
    return _ended(other, ConsumerEvent.MERGE, trace, kept_claim=proof.claim, reason=f"into {own.consumer_id}")


def unlink(own: Consumer | None, place: LinkedIdentity | None, claim: Identity | None, trace: Trace) -> Decision[LinkedIdentity]:
    """Order of refusals: gone, never linked, the last one. What this channel alone vouched for goes with it."""
    own = require_present(own)
    if place is None:
        raise absent("绑定", "identity")
    if not place.linked:
        return Decision(place, replayed=True)
    if len(own.channels) == 1:
        raise Conflict("last_identity", "这是最后一个登录方式，不能解绑", "this is the only way in, link another one first")
    assert claim is not None
    after = replace(own, channels=tuple(one for one in own.channels if one != place.channel), version=own.version + 1)
    after = _unvouched(after, place.channel)
    freed = _freed(place)
    audit = entry(trace, own.consumer_id, "consumer.unlink", place.channel, "")
    puts = (change(own, after), change(place, freed), _claimed(claim, claim.claim, ""), create(audit))
    return Decision(freed, puts)


def describe(own: Consumer | None, sealed_phone: str | None, sealed_nickname: str | None) -> Decision[Consumer]:
    """What the person typed; None leaves it as it is, "" takes it away."""
    own = require_present(own)
    after = replace(own, version=own.version + 1)
    if sealed_phone is not None:
        after = replace(after, sealed_phone=sealed_phone, phone_from="")
    if sealed_nickname is not None:
        after = replace(after, sealed_nickname=sealed_nickname)
    return Decision(after, (change(own, after),))


def bought(buyer: Consumer, decision: Decision[Placing]) -> Decision[Placing]:
    """The order's decision, and with a first order the mark that this consumer has bought: in one transaction, so that nobody
    who buys is merged away in the same moment."""
    if decision.replayed or decision.answer.order is None or buyer.buyer:
        return decision
    marked = replace(buyer, buyer=True, version=buyer.version + 1)
    return Decision(decision.answer, (*decision.puts, change(buyer, marked)))


def payer(linked: LinkedIdentity | None, channel: Channel) -> LinkedIdentity:
    if linked is None or not linked.linked:
        raise Unprocessable(
            "channel_not_linked",
            "请先绑定该支付方式对应的登录身份",
            f"paying this way needs a {channel} identity, link one first",
            param="payment_provider",
            facts={"needs_channel": str(channel)},
        )
    return linked


def erase(held: Held, left: Left, trace: Trace) -> Decision[Consumer]:
    """Order of refusals: value left on cards (or on its way back), orders that may still be paid. Again: as it was answered."""
    if held.consumer.state is ConsumerState.ERASED:
        return Decision(held.consumer, replayed=True)
    cards = [card for card in left.cards if card.state is CardState.REFUNDING or card.face_fen or card.escrow_fen]
    refunds = [refund for refund in left.refunds if refund.state in OPEN_REFUNDS]
    if cards or refunds:
        raise Conflict(
            "cards_not_empty",
            "仍有余额或处理中的退款，请先用完或退款",
            "there is value on cards or a refund under way, use it up or have it refunded first",
            facts={"cards": [_balance(card) for card in cards], "refunds": [refund.refund_id for refund in refunds]},
        )
    open_orders = [order.order_id for order in left.orders if order.state is OrderState.CREATED]
    if open_orders:
        raise Conflict(
            "orders_open",
            "仍有待支付的订单，请在订单关闭后再试",
            "an order may still be paid, try again when it is closed",
            facts={"orders": open_orders},
        )
    puts = _ended(held, ConsumerEvent.ERASE, trace)
    return Decision(puts[0].value, puts)


def _balance(card: Card) -> dict[str, Any]:
    return {"card_id": card.card_id, "state": str(card.state), "face_fen": card.face_fen, "custody_fen": card.escrow_fen}


def _ended(held: Held, event: ConsumerEvent, trace: Trace, kept_claim: str = "", reason: str = "") -> tuple[Put, ...]:
    """The consumer without key and profile, first; then identities without subjects, and claims (but one) without a consumer."""
    before = held.consumer
    after = Consumer(
        consumer_id=before.consumer_id,
        registered_at=before.registered_at,
        wrapped_key="",
        channels=(),
        buyer=before.buyer,
        state=move(TRANSITIONS, "consumer", "消费者", before.state, event),
        ended_at=trace.at,
        version=before.version + 1,
    )
    identities = tuple(change(one, _freed(one)) for one in held.identities if one.linked)
    claims = tuple(_claimed(one, one.claim, "") for one in held.claims if one.claim != kept_claim)
    audit = create(entry(trace, before.consumer_id, f"consumer.{event}", before.state, after.state, reason))
    return (change(before, after), *identities, *claims, audit)


def _freed(linked: LinkedIdentity) -> LinkedIdentity:
    return replace(linked, claim="", sealed_subject="", version=linked.version + 1)


def _claimed(before: Identity | None, claim: str, consumer_id: str) -> Put:
    if before is None:
        return create(Identity(claim, consumer_id))
    return change(before, replace(before, consumer_id=consumer_id, version=before.version + 1))


def _vouched(consumer: Consumer, proof: SealedProof) -> Consumer:
    """A real name comes with its phone; a phone alone takes the place of a phone that nobody vouched for."""
    after = consumer
    if proof.real_name_level:
        after = replace(
            after,
            sealed_name=proof.name,
            sealed_id_tail=proof.id_tail,
            real_name_from=proof.channel,
            real_name_level=proof.real_name_level,
        )
    if proof.phone and (proof.real_name_level or not consumer.phone_from):
        after = replace(after, sealed_phone=proof.phone, phone_from=proof.channel)
    return after


def _unvouched(consumer: Consumer, channel: Channel) -> Consumer:
    after = consumer
    if consumer.real_name_from == channel:
        after = replace(after, sealed_name="", sealed_id_tail="", real_name_from="", real_name_level="")
    if consumer.phone_from == channel:
        after = replace(after, sealed_phone="", phone_from="")
    return after
