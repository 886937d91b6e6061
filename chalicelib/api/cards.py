"""A consumer's cards: balances, provable history, dynamic payment codes."""
import secrets
from typing import Any

from chalice.app import Blueprint

from chalicelib import keys
from chalicelib.api import cursors
from chalicelib.api.http import Call, endpoint
from chalicelib.api.models import Limit, ListView, View, rfc3339
from chalicelib.domain.card import Card
from chalicelib.domain.codes import PAYMENT_CODE_VALID, PaymentCode, sign_payment_code
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import absent
from chalicelib.store import reads

routes = Blueprint(__name__)

CONSUMER = frozenset({Role.CONSUMER})


class CardView(View):
    """`face_fen`: still to be spent; `custody_fen`: cash held at the custodian for it; `available_fen`: face less open holds."""

    card_id: str
    merchant_id: str
    merchant_name: str
    product_id: str
    product_name: str
    state: str
    paid_fen: int
    bonus_fen: int
    face_fen: int
    available_fen: int
    custody_fen: int
    activated_at: str
    chain_length: int
    chain_head: str


class TransferView(View):
    """A link of the card's chain. `hash` covers `prev_hash` and the canonical fields, so that anyone can recompute it."""

    transfer_id: str
    kind: str
    debit: str
    credit: str
    amount_fen: int
    face_fen: int
    business_date: str
    posted_at: str
    seq: int
    prev_hash: str
    hash: str


class PaymentCodeView(View):
    payment_code: str
    expires_at: str


def card_view(card: Card) -> CardView:
    return CardView(
        card_id=card.card_id,
        merchant_id=card.merchant_id,
        merchant_name=card.merchant_name,
        product_id=card.product_id,
        product_name=card.product_name,
        state=card.state,
        paid_fen=card.paid_fen,
        bonus_fen=card.bonus_fen,
        face_fen=card.face_fen,
        available_fen=card.face_fen - card.held_fen,
        custody_fen=card.escrow_fen,
        activated_at=rfc3339(card.activated_at),
        chain_length=card.length,
        chain_head=card.head_hash,
    )


def transfer_view(row: Any) -> TransferView:
    transfer = row.transfer
    return TransferView(
        transfer_id=transfer.transfer_id,
        kind=transfer.kind,
        debit=transfer.debit,
        credit=transfer.credit,
        amount_fen=transfer.amount_fen,
        face_fen=transfer.face_fen,
        business_date=transfer.business_date.isoformat(),
        posted_at=transfer.posted_at.isoformat(timespec="microseconds"),
        seq=transfer.seq,
        prev_hash=transfer.prev_hash,
        hash=row.hash,
    )


def own(card_id: str, caller: Principal) -> Card:
    card = reads.get(Card, card_id)
    if card is None or card.holder_id != caller.principal_id:
        raise absent("卡", "card")
    return card


class Cards(cursors.Page):
    limit: Limit = reads.CARDS_OF_HOLDER_MAX


@endpoint(routes, "GET", "/v1/cards", "My cards", who=CONSUMER, query=Cards, answer=ListView[CardView])
def index(call: Call) -> Any:
    asked, holder_id = call.query, call.caller.principal_id
    merchant_id, _, card_id = cursors.unseal(f"cards/{holder_id}", asked.cursor).partition("/") if asked.cursor else ("", "", "")
    found = reads.cards_page(holder_id, asked.limit + 1, (merchant_id, card_id) if card_id else None)
    page = found[: asked.limit]
    more = len(found) > asked.limit
    next_cursor = cursor_after(page[-1]) if more else None
    return ListView[CardView](data=[card_view(card) for card in page], has_more=more, next_cursor=next_cursor)


def cursor_after(card: Card) -> str:
    return cursors.seal(f"cards/{card.holder_id}", f"{card.merchant_id}/{card.card_id}")


@endpoint(routes, "GET", "/v1/cards/{card_id}", "One of my cards", who=CONSUMER, answer=CardView)
def show(call: Call, card_id: str) -> Any:
    return card_view(own(card_id, call.caller))


@endpoint(
    routes,
    "GET",
    "/v1/cards/{card_id}/transfers",
    "The card's history, oldest first, as a verifiable chain",
    who=CONSUMER,
    query=cursors.Page,
    answer=ListView[TransferView],
)
def transfers(call: Call, card_id: str) -> Any:
    card = own(card_id, call.caller)
    asked = call.query
    after = int(cursors.unseal(card_id, asked.cursor)) if asked.cursor else 0
    rows = reads.chained_rows(card_id, after, asked.limit)
    more = bool(rows) and rows[-1].transfer.seq < card.length
    return ListView[TransferView](
        data=[transfer_view(row) for row in rows],
        has_more=more,
        next_cursor=cursors.seal(card_id, str(rows[-1].transfer.seq)) if more else None,
    )


@endpoint(
    routes,
    "POST",
    "/v1/cards/{card_id}/payment-codes",
    "A dynamic code to show at the counter: 60 seconds, good once",
    who=CONSUMER,
    answer=PaymentCodeView,
    status=201,
)
def payment_code(call: Call, card_id: str) -> Any:
    card = own(card_id, call.caller)
    card.require_active()
    expires_at = (call.now + PAYMENT_CODE_VALID).replace(microsecond=0)
    code = PaymentCode(card.card_id, secrets.token_hex(12), expires_at)
    return PaymentCodeView(payment_code=sign_payment_code(keys.payment_code_keys(), code), expires_at=rfc3339(expires_at))
