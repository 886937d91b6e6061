"""An auditor of the local platform: reads every row of the tables, folds every posted transfer into the chart of accounts by
itself, verifies each card's chain, and holds the result against the books of the bank and the payment provider."""
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from chalicelib.domain import chart
from chalicelib.domain.card import Card
from chalicelib.domain.order import Order, OrderState
from chalicelib.domain.payout import Payout
from chalicelib.domain.redemption import Redemption, RedemptionState
from chalicelib.domain.refund import PostedTransfer
from chalicelib.domain.transfer import Transfer, broken_at
from chalicelib.store.rows import to_value
from chalicelib.store.tables import CardsTable, MerchantsTable


@dataclass(frozen=True)
class Balances:
    """Fen. `accounts`: debit less credit of every account; `bank_fen`, `provider_fen`: what the counterparts hold for us."""

    accounts: dict[str, int]
    cards: dict[str, Card]
    bank_fen: int
    provider_fen: int
    merchant_accounts: dict[str, int]
    consumers: dict[str, int]

    @property
    def sum_fen(self) -> int:
        return sum(self.accounts.values())

    @property
    def off_fen(self) -> int:
        """How far the books are from each other: ledger sum, and ledger custody against bank plus provider."""
        return abs(self.sum_fen) + abs(self.accounts.get(chart.CUSTODY, 0) - self.bank_fen - self.provider_fen)

    def owed(self, prefix: str) -> int:
        """What accounts of a kind are owed (credit balance)."""
        return -sum(fen for account, fen in self.accounts.items() if account.startswith(prefix))


class BooksDisagree(Exception):
    """A card's chain or balance is not what its transfers say."""


def audit(books: dict[str, Any]) -> Balances:
    """`books`: what the sandbox says its own books are. Raises BooksDisagree naming the card."""
    accounts: dict[str, int] = defaultdict(int)
    cards: dict[str, Card] = {}
    chains: dict[str, list[tuple[Transfer, str]]] = defaultdict(list)
    for row in CardsTable.scan(consistent_read=True):
        value = to_value(row)
        if isinstance(value, Card):
            cards[value.card_id] = value
        elif _is_posted(value):
            chains[value.card_id].append((value.transfer, value.hash))
            _move(accounts, value.transfer.debit, value.transfer.credit, value.transfer.amount_fen)
    for card in cards.values():
        _verify(card, chains[card.card_id], -accounts[chart.card(card.card_id)])
    for merchant_row in MerchantsTable.scan(consistent_read=True):
        value = to_value(merchant_row)
        if isinstance(value, Payout):
            for debit, credit, fen in value.moves:
                _move(accounts, debit, credit, fen)
    provider = books["provider"]["receivable_fen"] + books["provider"]["refunds_in_transit_fen"]
    return Balances(
        dict(accounts), cards, books["custody_fen"], provider, books["merchant_accounts"], books["consumers"]
    )


def _is_posted(value: Any) -> bool:
    if isinstance(value, Order):
        return value.state is OrderState.PAID
    if isinstance(value, Redemption):
        return value.state is RedemptionState.POSTED
    return isinstance(value, PostedTransfer)


def _move(accounts: dict[str, int], debit: str, credit: str, fen: int) -> None:
    accounts[debit] += fen
    accounts[credit] -= fen


def _verify(card: Card, chain: list[tuple[Transfer, str]], folded_fen: int) -> None:
    chain.sort(key=lambda link: link[0].seq)
    broken = broken_at([transfer for transfer, _ in chain], card.head_hash, [stored for _, stored in chain])
    if broken is not None:
        raise BooksDisagree(f"the chain of {card.card_id} is broken at {broken}")
    if folded_fen != card.escrow_fen:
        raise BooksDisagree(f"{card.card_id} says {card.escrow_fen} fen in escrow, its transfers {folded_fen}")
