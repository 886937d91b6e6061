"""Everything we know about a person, for that person (PIPL Art. 45), and its end (Art. 47)."""

from dataclasses import dataclass, field
from typing import Any, TypeVar

from chalicelib import sealing
from chalicelib.domain import consumer as rules
from chalicelib.domain.audit import AuditEntry, Trace
from chalicelib.domain.card import Card, CardState
from chalicelib.domain.consumer import Consumer, ConsumerState, Left
from chalicelib.domain.decision import Decision
from chalicelib.domain.order import Order
from chalicelib.domain.redemption import Redemption
from chalicelib.domain.refund import Refund
from chalicelib.domain.refusals import Conflict
from chalicelib.operations import consumers
from chalicelib.operations.attempts import Done, commit
from chalicelib.operations.consumers import Profile
from chalicelib.store import reads

Value = TypeVar("Value")

CARDS_EXPORTED_MAX = 100
HISTORIES_EXPORTED_MAX = 30
ROWS_OF_A_CARD_MAX = 100
ORDERS_EXPORTED_MAX = 100
EVENTS_EXPORTED_MAX = 100
LOOKED_THROUGH_MAX = 1_000
"""Cards and orders that an erasure looks through, each."""


@dataclass(frozen=True)
class History:
    """What happened on a card: posted transfers in chain order, redemptions that posted nothing, refunds. `more`: there are
    more transfers than these."""

    card: Card
    transfers: tuple[Any, ...] = ()
    redemptions: tuple[Redemption, ...] = ()
    refunds: tuple[Refund, ...] = ()
    more: bool = False


@dataclass(frozen=True, repr=False)
class Everything:
    """`cards`: all of them; `untold`: those without their history here. `more_cards`, `more_orders`: the lists go on."""

    profile: Profile
    cards: tuple[Card, ...]
    histories: tuple[History, ...]
    untold: tuple[Card, ...]
    orders: tuple[Order, ...]
    events: tuple[AuditEntry, ...] = field(default=())
    more_cards: bool = False
    more_orders: bool = False


def export(consumer_id: str) -> Everything:
    profile = consumers.profile(consumer_id)
    cards = reads.cards_page(consumer_id, CARDS_EXPORTED_MAX)
    orders = reads.orders_page(consumer_id, ORDERS_EXPORTED_MAX)
    return Everything(
        profile,
        cards=tuple(cards),
        histories=tuple(_history(card) for card in cards[:HISTORIES_EXPORTED_MAX]),
        untold=tuple(cards[HISTORIES_EXPORTED_MAX:]),
        orders=tuple(orders),
        events=tuple(reads.newest(AuditEntry, consumer_id, "2", EVENTS_EXPORTED_MAX)),
        more_cards=len(cards) == CARDS_EXPORTED_MAX,
        more_orders=len(orders) == ORDERS_EXPORTED_MAX,
    )


def _history(card: Card) -> History:
    asked = reads.owned(Redemption, card.card_id, "red_", ROWS_OF_A_CARD_MAX)
    rows = reads.chained_rows(card.card_id, 0, ROWS_OF_A_CARD_MAX)
    return History(
        card,
        tuple(rows),
        tuple(one for one in asked if one.seq is None),
        tuple(reads.owned(Refund, card.card_id, "ref_", ROWS_OF_A_CARD_MAX)),
        more=len(rows) < card.length,
    )


def erase(consumer_id: str, trace: Trace) -> Done[Consumer]:
    """Nothing is deleted: what is sealed is left without its key, what led to the person leads nowhere."""

    def decide() -> Decision[Consumer]:
        held = consumers.held(consumer_id)
        left = Left() if held.consumer.state is ConsumerState.ERASED else _left(consumer_id)
        return rules.erase(held, left, trace)

    done = commit(decide)
    sealing.forget(consumer_id)
    return done


def _left(consumer_id: str) -> Left:
    """Indexes say which cards and orders to look at; what is on them is read by key."""
    listed_cards = reads.cards_page(consumer_id, LOOKED_THROUGH_MAX)
    listed_orders = reads.orders_page(consumer_id, LOOKED_THROUGH_MAX)
    if LOOKED_THROUGH_MAX in (len(listed_cards), len(listed_orders)):
        raise Conflict("too_much_to_erase", "记录过多，请联系平台处理", "more cards than one request can look through")
    card_ids = list(dict.fromkeys(one.card_id for one in (*listed_cards, *listed_orders)))
    cards, orders = _by_key(Card, card_ids), _by_key(Order, card_ids)
    refunding = [card.card_id for card in cards if card.state is CardState.REFUNDING]
    refunds = [one for card_id in refunding for one in reads.owned(Refund, card_id, "ref_")]
    return Left(tuple(cards), tuple(orders), tuple(refunds))


def _by_key(kind: type[Value], card_ids: list[str]) -> list[Value]:
    found: list[Value | None] = []
    for start in range(0, len(card_ids), reads.PAGE_MAX):
        found += reads.get_together(*((kind, (card_id,)) for card_id in card_ids[start : start + reads.PAGE_MAX]))
    return [one for one in found if one is not None]
