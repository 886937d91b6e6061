"""The numbered invariants of the reliability paper (section B), one method each, asserted after each step of the card machine."""

import hashlib
import json
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

from hypothesis.stateful import invariant

from chalicelib.domain.card import Card
from chalicelib.domain.order import Order
from chalicelib.domain.redemption import Redemption
from chalicelib.domain.refund import Refund
from chalicelib.domain.transfer import Transfer
from tests.domain.ledger import Ledger, half_up
from tests.domain.rows import Rows, key_of
from tests.domain.town import balances, journal


class CardInvariants:
    rows: Rows
    ledger: Ledger
    proofs: set[tuple[str, str, int]]
    posted: dict[tuple[str, int], bytes]
    cached: tuple[int, list[Transfer]]

    def journal(self) -> list[Transfer]:
        written = sum(self.rows.writes.values())
        if self.cached[0] != written:
            self.cached = (written, journal(self.rows))
        return self.cached[1]

    def chain(self, card: Card) -> list[Transfer]:
        mine = [
            moved
            for moved in self.journal()
            if card.account in (moved.debit, moved.credit) or card.card_id[4:] == own_of(moved)
        ]
        return sorted(mine, key=lambda moved: moved.seq)

    @invariant()
    def invariant_01_every_transfer_is_a_double_entry_of_whole_fen(self) -> None:
        """B1. One debit, one credit, two accounts; whole fen; nothing moves only where the face value was too small for a fen."""
        for moved in self.journal():
            assert type(moved.amount_fen) is int
            assert type(moved.face_fen) is int
            assert moved.debit != moved.credit
            assert moved.amount_fen > 0 or (
                moved.kind == "redemption" and moved.face_fen > 0 and moved.amount_fen == 0
            )
            assert moved.face_fen == 0 or moved.kind == "redemption"

    @invariant()
    def invariant_02_the_accounts_sum_to_zero(self) -> None:
        """B2."""
        assert sum(balances(self.journal()).values()) == 0

    @invariant()
    def invariant_03_custody_covers_every_claim(self) -> None:
        """B3. What the provider took in less what it gave back is what cards, merchants and refunds in transit claim."""
        totals = balances(self.journal())
        claims = sum(fen for account, fen in totals.items() if account != "custody")
        assert -totals.get("custody", 0) == claims == self.ledger.provider_fen

    @invariant()
    def invariant_04_nothing_is_negative(self) -> None:
        """B4."""
        assert all(fen >= 0 for account, fen in balances(self.journal()).items() if account != "custody")
        for card in self.rows.all(Card):
            assert min(card.available_fen, card.held_fen, card.used_fen, card.escrow_fen, card.face_fen) >= 0

    @invariant()
    def invariant_05_a_card_is_what_was_paid_onto_it(self) -> None:
        """B5. Cash: paid = in escrow + released + refunded. Face value: paid + bonus = used + held + available, and none once it
        is closed."""
        for card in self.rows.all(Card):
            released = sum(
                moved.amount_fen
                for moved in self.chain(card)
                if moved.credit == f"payable:{card.merchant_id}"
            )
            back = sum(moved.amount_fen for moved in self.chain(card) if moved.kind == "refund")
            back -= sum(moved.amount_fen for moved in self.chain(card) if moved.kind == "refund_returned")
            assert card.paid_fen == card.escrow_fen + released + back
            if card.state == "closed":
                assert (card.face_fen, card.available_fen, card.held_fen, card.escrow_fen) == (0, 0, 0, 0)
            else:
                assert card.paid_fen + card.bonus_fen == card.used_fen + card.held_fen + card.available_fen

    @invariant()
    def invariant_06_a_row_is_the_fold_of_its_history(self) -> None:
        """B6. Escrow, use, holds and length of a card follow from its transfers and redemptions; version = number of writes."""
        totals = balances(self.journal())
        for card in self.rows.all(Card):
            own = [
                redemption for redemption in self.rows.all(Redemption) if redemption.card_id == card.card_id
            ]
            waiting = [redemption.face_fen for redemption in own if redemption.state == "pending"]
            assert card.escrow_fen == totals[card.account]
            assert card.used_fen == sum(moved.face_fen for moved in self.chain(card))
            assert (card.held_fen, card.holds) == (sum(waiting), len(waiting))
            assert card.length == len(self.chain(card))
        for kind in (Order, Card, Redemption, Refund):
            for row in self.rows.all(kind):
                assert row.version == self.rows.writes[key_of(row)]

    @invariant()
    def invariant_07_the_chain_only_grows(self) -> None:
        """B7. seq without gap or repetition, every hash recomputed by hand, and no posted transfer ever changes."""
        for card in self.rows.all(Card):
            prev = "0" * 64
            for seq, moved in enumerate(self.chain(card), start=1):
                assert (moved.seq, moved.prev_hash) == (seq, prev)
                raw = canonical(moved)
                prev = hashlib.sha256(raw).hexdigest()
                assert self.posted.setdefault((card.card_id, seq), raw) == raw
            assert prev == card.head_hash
        assert len(self.posted) == len(self.journal())

    @invariant()
    def invariant_08_one_credit_for_one_payment(self) -> None:
        """B8. Each credit has a proof with its order and its amount, and no proof is used twice."""
        paid = [order for order in self.rows.all(Order) if order.state == "paid"]
        for order in paid:
            assert (order.transaction_id, order.order_id, order.amount_fen) in self.proofs
            assert (
                order.transfer.amount_fen == order.amount_fen == self.rows.get(Card, order.card_id).paid_fen
            )
        assert len({order.transaction_id for order in paid}) == len(paid) == len(self.rows.all(Card))

    @invariant()
    def invariant_10_nothing_is_released_without_the_holders_consent(self) -> None:
        """B10. Each redemption's transfer has one consent of the holder for that face value, and each consent one transfer."""
        posted = {moved.transfer_id: moved for moved in self.journal() if moved.kind == "redemption"}
        assert posted.keys() == self.ledger.consents.keys()
        for own, (consumer, face) in self.ledger.consents.items():
            row = self.rows.get(Redemption, own)
            assert (row.consumer_id, row.face_fen, posted[own].face_fen) == (consumer, face, face)
            assert self.rows.get(Card, row.card_id).holder_id == consumer
        for moved in self.journal():
            if moved.credit.startswith("payable:") and moved.kind != "redemption":
                assert (
                    self.rows.get(Refund, moved.transfer_id.removesuffix(".release")).consumer_id
                    == "con_wang"
                )

    @invariant()
    def invariant_12_a_hold_ends_once(self) -> None:
        """B12. Posted, declined, cancelled or expired; one write opened it, at most one ended it; only posted have a transfer."""
        for row in self.rows.all(Redemption):
            assert row.state == self.ledger.holds[row.redemption_id]["state"]
            assert row.version == (1 if row.state == "pending" else 2)
            assert (row.seq is not None) == (row.state == "posted")
            assert (row.resolved_at is None) == (row.state == "pending")

    @invariant()
    def invariant_17_every_split_is_exact(self) -> None:
        """B17. Released so far is the cash ratio of face used so far, to the fen, in whatever steps it was used."""
        for card_id, mirror in self.ledger.cards.items():
            card = self.rows.get(Card, card_id)
            parts = [moved.amount_fen for moved in self.chain(card) if moved.kind == "redemption"]
            assert sum(parts) == half_up(card.paid_fen * self.ratio(mirror))
            for row in self.rows.all(Refund):
                if row.card_id == card_id and row.state not in ("rejected", "withdrawn"):
                    assert row.amount_fen + row.release_fen + sum(parts) == card.paid_fen

    @staticmethod
    def ratio(mirror: dict[str, Any]) -> Any:
        return Fraction(mirror["used"], mirror["paid"] + mirror["bonus"])

    @invariant()
    def invariant_18_one_effect_for_one_key(self) -> None:
        """B18. No transfer's name occurs twice, and there are as many rows as the reference ledger has effects."""
        names = [moved.transfer_id for moved in self.journal()]
        assert len(set(names)) == len(names)
        assert len(self.rows.all(Order)) == len(self.ledger.orders)
        assert len(self.rows.all(Redemption)) == len(self.ledger.holds)
        assert len(self.rows.all(Refund)) == len(self.ledger.refunds)

    @invariant()
    def invariant_19_states_are_those_of_the_reference(self) -> None:
        """B19. The edges themselves are compared with the published tables when the run is over."""
        assert {order.card_id: order.state for order in self.rows.all(Order)} == states(self.ledger.orders)
        assert {card.card_id: card.state for card in self.rows.all(Card)} == states(self.ledger.cards)
        assert {refund.refund_id: refund.state for refund in self.rows.all(Refund)} == states(
            self.ledger.refunds
        )

    @invariant()
    def the_books_equal_the_reference_ledger_account_by_account(self) -> None:
        """Together with `attempt`, which compares the answers; B20 (a definitive no has no effect) is asserted there."""
        totals = balances(self.journal())
        mine = {account: -fen if account == "custody" else fen for account, fen in totals.items() if fen}
        assert mine == {account: fen for account, fen in self.ledger.accounts.items() if fen}

    @invariant()
    def a_refund_is_by_the_rule_of_the_reference_and_moves_nothing_before_it_is_agreed_to(self) -> None:
        """A requested refund is a lock on the card, and a withdrawn one was no more than that."""
        moved = {transfer.transfer_id.partition(".")[0] for transfer in self.journal()}
        for refund in self.rows.all(Refund):
            mirror = self.ledger.refunds[refund.refund_id]
            assert (refund.rule, refund.amount_fen) == (mirror["rule"], mirror["fen"])
            assert (refund.refund_id in moved) is (refund.state not in ("requested", "withdrawn"))
            ended = refund.state in ("succeeded", "rejected", "withdrawn")
            assert (refund.resolved_at is not None) is ended


def states(things: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {own: thing["state"] for own, thing in things.items()}


def own_of(moved: Transfer) -> str:
    """The card's part of a refund's number: the transfer out of custody names no card."""
    return moved.transfer_id.split("_")[1]


def canonical(moved: Transfer) -> bytes:
    at: datetime = moved.posted_at.astimezone(timezone(timedelta(hours=8)))
    return json.dumps(
        {
            "amount_fen": moved.amount_fen,
            "business_date": at.date().isoformat(),
            "credit": moved.credit,
            "debit": moved.debit,
            "face_fen": moved.face_fen,
            "kind": str(moved.kind),
            "posted_at": at.isoformat(timespec="microseconds"),
            "prev_hash": moved.prev_hash,
            "seq": moved.seq,
            "transfer_id": moved.transfer_id,
        },
        separators=(",", ":"),
    ).encode()
