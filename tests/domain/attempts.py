"""Every verb of a card's life as an Attempt: how the domain decides it, and what the reference ledger says must come of it.

`decide` loads from the rows and returns a Decision, as an operation does; `predict` tells the reference ledger and answers with
the one word that must come out. Neither knows of the other.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from chalicelib.domain import order as orders
from chalicelib.domain import redemption as redemptions
from chalicelib.domain import refund as refunds
from chalicelib.domain.card import Card
from chalicelib.domain.decision import Decision
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.order import Market, Order, ProvenPayment, Wish
from chalicelib.domain.principal import Principal
from chalicelib.domain.product import Product
from chalicelib.domain.redemption import Ask, Redemption
from chalicelib.domain.refund import Cause, Reason, Refund
from chalicelib.domain.terms import stored_value
from tests.domain.ledger import Ledger
from tests.domain.rows import Rows
from tests.domain.town import LAW, MARKET, MERCHANT, PRODUCT, asked, meters_of, trace, wish


@dataclass(frozen=True)
class Attempt:
    name: str
    decide: Callable[[], Decision[Any]]
    predict: Callable[[], str]


class Verbs:
    """The attempts over one store and one ledger, at the clock `now()`."""

    def __init__(self, rows: Rows, ledger: Ledger, now: Callable[[], datetime]) -> None:
        self.rows = rows
        self.ledger = ledger
        self.now = now
        self.pricing = "discounted"

    def place(self, own: str, price: int, bonus: int) -> Attempt:
        card_id, body = f"crd_{own}", f"{price}+{bonus}"
        product = replace(PRODUCT, terms=stored_value(price, bonus))
        wished = wish(own, fingerprint=body)
        return Attempt(
            "place",
            lambda: self._placed(product, wished),
            lambda: self.ledger.place(card_id, body, price, bonus, "con_wang", "mch_1"),
        )

    def _placed(self, product: Product, wished: Wish) -> Decision[Order]:
        earlier = self.rows.get(Order, wished.card_id)
        decided = orders.place(MERCHANT, product, earlier, wished, self._market(), trace(at=self.now()))
        assert decided.answer.order is not None
        return Decision(decided.answer.order, decided.puts, decided.replayed)

    def _market(self) -> Market:
        """Without caps: how much may be sold is told by other tests."""
        law = replace(LAW, bonus_day_cap_fen=10**12, bonus_minute_cap_fen=10**12)
        return replace(MARKET, rules=law, meters=meters_of(self.rows, PRODUCT.product_id, self.now()))

    def credit(self, own: str, transaction_id: str, fen: int, currency: str, paid_at: datetime) -> Attempt:
        proof = ProvenPayment(f"ord_{own}", transaction_id, fen, currency, paid_at)
        return Attempt(
            "credit",
            lambda: orders.credit(self.rows.get(Order, f"crd_{own}"), proof, self.now()),
            lambda: self.ledger.credit(f"crd_{own}", transaction_id, fen, currency, self.now()),
        )

    def close(self, own: str) -> Attempt:
        return Attempt(
            "close",
            lambda: self._closed(self.rows.get(Order, f"crd_{own}")),
            lambda: self.ledger.close(f"crd_{own}"),
        )

    def _closed(self, order: Order) -> Decision[Order]:
        return orders.close(order, self.now(), meters_of(self.rows, order.product_id, order.created_at))

    def open(
        self,
        own: str,
        key: str,
        face: int,
        who: Principal,
        merchant_id: str,
        code: tuple[str, datetime] | None,
        store_id: str = "sto_1",
    ) -> Attempt:
        card_id, red = f"crd_{own}", f"red_{own}_{who.principal_id}_{key}"
        body = f"{face}|{code}"
        nonce, expiry = code or (None, None)
        ask = Ask(red, store_id, face, body, nonce, expiry)
        return Attempt(
            "open",
            lambda: redemptions.open_redemption(
                self.rows.get(Card, card_id),
                self.rows.get(Redemption, red),
                ask,
                who,
                merchant_id,
                self.now(),
            ),
            lambda: self.ledger.hold(
                red, card_id, body, face, who.principal_id, merchant_id, store_id, code, self.now()
            ),
        )

    def _loaded(self, red: str) -> tuple[Redemption | None, Card | None]:
        return self.rows.get(Redemption, red), self.rows.get(Card, f"crd_{red.split('_')[1]}")

    def confirm(self, red: str, consumer_id: str) -> Attempt:
        return Attempt(
            "confirm",
            lambda: redemptions.confirm(*self._loaded(red), consumer_id, self.now()),
            lambda: self.ledger.confirm(red, consumer_id, self.now()),
        )

    def decline(self, red: str, consumer_id: str) -> Attempt:
        return Attempt(
            "decline",
            lambda: redemptions.decline(*self._loaded(red), consumer_id, self.now()),
            lambda: self.ledger.end_hold(red, "declined", consumer_id == "con_wang"),
        )

    def cancel(self, red: str, who: Principal) -> Attempt:
        return Attempt(
            "cancel",
            lambda: redemptions.cancel(*self._loaded(red), who, self.now()),
            lambda: self.ledger.end_hold(red, "cancelled", who.principal_id in ("stf_zhao", "stf_qian")),
        )

    def expire(self, red: str) -> Attempt:
        return Attempt(
            "expire",
            lambda: redemptions.expire(*self._loaded(red), self.now()),
            lambda: self.ledger.expire(red, self.now()),
        )

    def ask_refund(
        self, own: str, key: str, consumer_id: str, cause: Cause, no_reason: bool, known: bool
    ) -> Attempt:
        card_id, ref = f"crd_{own}", f"ref_{own}_{key}"
        body = f"{cause}|{no_reason}"

        def decide() -> Decision[Refund]:
            earlier, card = self.rows.get(Refund, ref), self.rows.get(Card, card_id)
            quoted = None
            if earlier is None and card is not None and card.holder_id == consumer_id:
                refunds.require_refundable(card, self.now())
                rules = replace(rules_on("330212", card.activated_at.date()), cooling_used_pricing=self.pricing)
                quoted = refunds.quote(card, Reason(cause, no_reason, known), rules, self.now())
                assert quoted.refund_fen + quoted.release_fen == card.escrow_fen
            ask = asked(ref, card_id, cause, self.now(), consumer_id, str(no_reason))
            return refunds.request(card, f"ord_{own}", earlier, ask, quoted, self.now())

        return Attempt(
            "ask_refund",
            decide,
            lambda: self.ledger.ask_refund(
                ref, card_id, f"{card_id}|{body}", consumer_id, str(cause), no_reason, known, self.now()
            ),
        )

    def _under_way(self, ref: str) -> tuple[Refund, Card]:
        return self.rows.get(Refund, ref), self.rows.get(Card, f"crd_{ref.split('_')[1]}")

    def agree(self, ref: str) -> Attempt:
        return Attempt(
            "agree", lambda: refunds.agree(*self._under_way(ref), self.now()), lambda: self.ledger.agree(ref)
        )

    def withdraw(self, ref: str) -> Attempt:
        return Attempt(
            "withdraw",
            lambda: refunds.withdraw(*self._under_way(ref), self.now()),
            lambda: self.ledger.withdraw(ref),
        )

    def instruct(self, ref: str) -> Attempt:
        return Attempt(
            "instruct",
            lambda: refunds.instruct(self._under_way(ref)[0], f"wx-{ref}", self.now()),
            lambda: self.ledger.instruct(ref),
        )

    def succeed(self, ref: str, off_by: int) -> Attempt:
        """The provider tells the amount it was told, or a wrong one."""
        fen = self.ledger.refunds[ref]["fen"] + off_by
        return Attempt(
            "succeed",
            lambda: refunds.succeed(*self._under_way(ref), f"wx-{ref}", fen, self.now()),
            lambda: self.ledger.succeed(ref, fen),
        )

    def reject(self, ref: str) -> Attempt:
        return Attempt(
            "reject",
            lambda: refunds.reject(*self._under_way(ref), "CLOSED", self.now()),
            lambda: self.ledger.reject(ref),
        )
