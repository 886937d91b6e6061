"""The reference ledger: what ought to happen, written from the rule book by somebody who did not write the domain.

It shares no code with the domain: plain dicts, exact fractions, one method per verb. Each method says in one word what the
platform has to answer ("done", "same" for a repetition, else the code of the refusal) and does it.
"""

import math
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from typing import Any

EAST_8 = timezone(timedelta(hours=8))
CONSENT = timedelta(minutes=5)
SKEW = timedelta(seconds=2)

STAFF = {
    "stf_zhao": ("mch_1", {"sto_1"}),
    "stf_qian": ("mch_1", None),
    "stf_wu": ("mch_1", {"sto_2"}),
    "stf_sun": ("mch_2", {"sto_9"}),
}
"""Who works where; None is every store of the merchant. Whoever is not in here works nowhere."""


def half_up(amount: Fraction) -> int:
    return math.floor(amount + Fraction(1, 2))


class Ledger:
    def __init__(self, used_at_list_price: bool = False) -> None:
        self.used_at_list_price = used_at_list_price
        self.accounts: dict[str, int] = {"custody": 0, "refund_in_transit": 0}
        self.orders: dict[str, dict[str, Any]] = {}
        self.cards: dict[str, dict[str, Any]] = {}
        self.holds: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.consents: dict[str, tuple[str, int]] = {}
        self.provider_fen = 0

    def move(self, giver: str, taker: str, fen: int) -> None:
        """Custody stands on the other side of the books: it grows when it gives."""
        for account, change in ((giver, -fen), (taker, fen)):
            sign = -1 if account == "custody" else 1
            self.accounts[account] = self.accounts.get(account, 0) + sign * change

    def place(self, own: str, body: str, price: int, bonus: int, holder: str, merchant: str) -> str:
        if own in self.orders:
            return "same" if self.orders[own]["body"] == body else "idempotency_key_reused"
        self.orders[own] = {
            "body": body,
            "price": price,
            "bonus": bonus,
            "holder": holder,
            "merchant": merchant,
            "state": "created",
            "by": "",
        }
        return "done"

    def credit(self, own: str, payment_id: str, fen: int, currency: str, now: datetime) -> str:
        order = self.orders.get(own)
        if order is None:
            return "not_found"
        if currency != "CNY" or fen != order["price"]:
            return "payment_mismatch"
        if order["state"] == "paid":
            return "same" if order["by"] == payment_id else "order_paid_otherwise"
        order.update(state="paid", by=payment_id)
        self.cards[own] = {
            "holder": order["holder"],
            "merchant": order["merchant"],
            "paid": fen,
            "bonus": order["bonus"],
            "used": 0,
            "released": 0,
            "back": 0,
            "state": "active",
            "since": now,
            "codes": {},
        }
        self.provider_fen += fen
        self.move("custody", f"card:{own}", fen)
        return "done"

    def close(self, own: str) -> str:
        if self.orders[own]["state"] != "created":
            return "same"
        self.orders[own]["state"] = "closed"
        return "done"

    def works_at(self, who: str, merchant: str, store: str) -> bool:
        employer, stores = STAFF.get(who, ("", set()))
        return employer == merchant and (stores is None or store in stores)

    def open_holds(self, card: str) -> list[int]:
        return [
            hold["face"]
            for hold in self.holds.values()
            if hold["card"] == card and hold["state"] == "pending"
        ]

    def hold(
        self, own: str, card_id: str, body: str, face: int, who: str, merchant: str, store: str, code: Any, now: datetime
    ) -> str:
        """`code`: nonce and expiry of a payment code, or None."""
        if own in self.holds:
            return "same" if self.holds[own]["body"] == body else "idempotency_key_reused"
        card = self.cards.get(card_id)
        if card is None or card["merchant"] != merchant:
            return "not_found"
        if who != card["holder"] and not self.works_at(who, merchant, store):
            return "not_found"
        if code is not None and (refusal := self.of_a_code(card, *code, now)):
            return refusal
        if card["state"] != "active":
            return f"card_{card['state']}"
        waiting = self.open_holds(card_id)
        if len(waiting) >= 5:
            return "too_many_holds"
        if face > card["paid"] + card["bonus"] - card["used"] - sum(waiting):
            return "insufficient_balance"
        if code is not None:
            card["codes"][code[0]] = code[1]
        self.holds[own] = {
            "card": card_id,
            "body": body,
            "face": face,
            "until": now + CONSENT,
            "state": "pending",
            "cash": 0,
        }
        return "done"

    def of_a_code(self, card: dict[str, Any], nonce: str, until: datetime, now: datetime) -> str:
        if now > until + SKEW:
            return "payment_code_expired"
        if nonce in card["codes"]:
            return "payment_code_used"
        return "too_many_codes" if sum(1 for end in card["codes"].values() if end + SKEW >= now) >= 12 else ""

    def confirm(self, own: str, consumer: str, now: datetime) -> str:
        hold = self.holds.get(own)
        if hold is None or self.cards[hold["card"]]["holder"] != consumer:
            return "not_found"
        if hold["state"] != "pending":
            return "same" if hold["state"] == "posted" else f"redemption_{hold['state']}"
        if now >= hold["until"]:
            return "redemption_expired"
        card = self.cards[hold["card"]]
        card["used"] += hold["face"]
        due = half_up(Fraction(card["paid"] * card["used"], card["paid"] + card["bonus"]))
        hold.update(state="posted", cash=due - card["released"])
        card["released"] = due
        self.consents[own] = (consumer, hold["face"])
        self.move(f"card:{hold['card']}", f"payable:{card['merchant']}", hold["cash"])
        return "done"

    def end_hold(self, own: str, end: str, allowed: bool) -> str:
        hold = self.holds.get(own)
        if hold is None or not allowed:
            return "not_found"
        if hold["state"] != "pending":
            return "same" if hold["state"] == end else f"redemption_{hold['state']}"
        hold["state"] = end
        return "done"

    def expire(self, own: str, now: datetime) -> str:
        hold = self.holds[own]
        return (
            "same"
            if hold["state"] != "pending" or now < hold["until"]
            else self.end_hold(own, "expired", True)
        )

    def escrow(self, card_id: str) -> int:
        card = self.cards[card_id]
        return int(card["paid"] - card["released"] - card["back"])

    def in_cooling_off(self, card_id: str, now: datetime) -> bool:
        paid_on = self.cards[card_id]["since"].astimezone(EAST_8).date()
        return bool(now.astimezone(EAST_8).date() <= paid_on + timedelta(days=7))

    def quote(
        self, card_id: str, cause: str, no_reason: bool, known_before: bool, now: datetime
    ) -> tuple[str, int]:
        """The rule and the amount, or the code of a refusal and 0. In the cooling-off days nobody is asked why."""
        card = self.cards[card_id]
        discounted = Fraction(card["paid"] * card["used"], card["paid"] + card["bonus"])
        at_list = Fraction(card["used"])
        if self.in_cooling_off(card_id, now) and not known_before:
            rule, price = "R1", at_list if self.used_at_list_price else discounted
        elif no_reason:
            return "cooling_off_over", 0
        else:
            rule, price = ("R3", at_list) if cause == "consumer" else ("R2", discounted)
        return rule, max(0, card["paid"] - half_up(price))

    def ask_refund(
        self,
        own: str,
        card_id: str,
        body: str,
        consumer: str,
        cause: str,
        no_reason: bool,
        known_before: bool,
        now: datetime,
    ) -> str:
        if own in self.refunds:
            return "same" if self.refunds[own]["body"] == body else "idempotency_key_reused"
        card = self.cards.get(card_id)
        if card is None or card["holder"] != consumer:
            return "not_found"
        if card["state"] != "active":
            return f"card_{card['state']}"
        if self.open_holds(card_id):
            return "card_has_holds"
        if self.escrow(card_id) == 0:
            return "nothing_to_refund"
        if now - card["since"] > timedelta(days=365):
            return "original_route_closed"
        rule, fen = self.quote(card_id, cause, no_reason, known_before, now)
        if rule == "cooling_off_over":
            return rule
        card["state"] = "refunding"
        self.refunds[own] = {"card": card_id, "body": body, "fen": fen, "rule": rule, "state": "requested"}
        return self.send(own) if rule == "R1" else "done"

    def agree(self, own: str) -> str:
        state = self.refunds[own]["state"]
        if state in ("in_transit", "instructed", "succeeded"):
            return "same"
        return self.send(own) if state == "requested" else f"refund_{state}"

    def withdraw(self, own: str) -> str:
        refund = self.refunds[own]
        if refund["state"] == "withdrawn":
            return "same"
        if refund["state"] != "requested":
            return f"refund_{refund['state']}"
        refund["state"] = "withdrawn"
        self.cards[refund["card"]]["state"] = "active"
        return "done"

    def send(self, own: str) -> str:
        refund = self.refunds[own]
        self.cards[refund["card"]]["back"] += refund["fen"]
        self.move(f"card:{refund['card']}", "refund_in_transit", refund["fen"])
        refund["state"] = "in_transit"
        if refund["fen"] == 0:
            self.finish(own)
        return "done"

    def finish(self, own: str) -> None:
        refund = self.refunds[own]
        card = self.cards[refund["card"]]
        rest = self.escrow(refund["card"])
        self.provider_fen -= refund["fen"]
        self.move("refund_in_transit", "custody", refund["fen"])
        self.move(f"card:{refund['card']}", f"payable:{card['merchant']}", rest)
        card["released"] += rest
        card["state"] = "closed"
        refund["state"] = "succeeded"

    def instruct(self, own: str) -> str:
        refund = self.refunds[own]
        if refund["state"] in ("instructed", "succeeded"):
            return "same"
        if refund["state"] != "in_transit":
            return f"refund_{refund['state']}"
        refund["state"] = "instructed"
        return "done"

    def succeed(self, own: str, fen: int) -> str:
        refund = self.refunds[own]
        if fen != refund["fen"]:
            return "refund_mismatch"
        if refund["state"] == "succeeded":
            return "same"
        if refund["state"] not in ("in_transit", "instructed"):
            return f"refund_{refund['state']}"
        self.finish(own)
        return "done"

    def reject(self, own: str) -> str:
        refund = self.refunds[own]
        if refund["state"] == "rejected":
            return "same"
        if refund["state"] not in ("in_transit", "instructed"):
            return f"refund_{refund['state']}"
        refund["state"] = "rejected"
        card = self.cards[refund["card"]]
        card["back"] -= refund["fen"]
        card["state"] = "active"
        self.move("refund_in_transit", f"card:{refund['card']}", refund["fen"])
        return "done"
