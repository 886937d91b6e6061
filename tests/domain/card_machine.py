"""The life of cards as a Hypothesis state machine: any order of requests, repetitions, races and steps of the clock.

After every step the numbered invariants of the reliability paper hold, one method each, and every account equals the reference
ledger's. What was seen on the way is counted, so that a test can ask whether the machine got anywhere.
"""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from chalicelib.domain.codes import CodeKeys, PaymentCode, read_payment_code, sign_payment_code
from chalicelib.domain.refund import Cause
from chalicelib.domain.refusals import Refusal
from chalicelib.domain.transfer import Transfer
from tests.domain.attempts import Attempt, Verbs
from tests.domain.card_invariants import CardInvariants
from tests.domain.ledger import Ledger
from tests.domain.rows import Rows, key_of
from tests.domain.town import CASHIER, CASHIER_ELSEWHERE, CONSUMER, FOREIGN_CASHIER, NOON, OWNER, STRANGER

KEYS = CodeKeys(7, {7: b"k" * 32})
TERMS = ((100000, 30000), (100000, 30000), (300000, 100000), (20000, 0), (3, 1), (999, 333))
CARDS = st.sampled_from(("0", "1"))
NTH = st.integers(0, 7)
FACES = st.sampled_from((1, 3, 333, 3333, 13000, 52000, 117000, 400000, -1, -2, 0))
"""0: all that is there; -1: one fen more than there is; -2: half of it."""
STEPS = st.sampled_from((-90, 1, 1, 30, 60, 61, 300, 301, 3600, 12 * 3600, 86400, 6 * 86400, 8 * 86400, 366 * 86400))
DAYS = st.sampled_from((0, 8))
"""Within the cooling-off days, or after them."""


class CardMachine(CardInvariants, RuleBasedStateMachine):
    seen: Counter[str] = Counter()
    moves: set[tuple[str, str, str]] = set()

    def __init__(self) -> None:
        super().__init__()
        self.clock = NOON
        self.rows = Rows()
        self.ledger = Ledger()
        self.verbs = Verbs(self.rows, self.ledger, lambda: self.clock)
        self.past: list[tuple[Attempt, Any]] = []
        self.codes: list[tuple[str, str]] = []
        self.proofs: set[tuple[str, str, int]] = set()
        self.posted: dict[tuple[str, int], bytes] = {}
        self.cached: tuple[int, list[Transfer]] = (-1, [])
        self.keys = 0

    # --- how a request is tried ------------------------------------------------------------------------------------

    def attempt(self, tried: Attempt) -> None:
        """Domain and reference ledger answer alike; whatever is not "done" leaves every row byte-identical."""
        before = self.rows.image()
        outcome, answer = self.outcome(tried.decide)
        assert outcome == tried.predict(), tried.name
        if outcome != "done":
            assert self.rows.image() == before, f"{tried.name} was {outcome} and yet wrote"
        else:
            self.past.append((tried, answer))
        self.count(tried.name, outcome)

    def outcome(self, decide: Callable[[], Any]) -> tuple[str, Any]:
        try:
            decision = decide()
            self.rows.commit(decision)
        except Refusal as refusal:
            assert refusal.detail
            assert refusal.detail_en
            return refusal.code, None
        return ("same" if decision.replayed else "done"), decision.answer

    def count(self, name: str, outcome: str) -> None:
        type(self).seen[f"{name}:{outcome}"] += 1
        type(self).moves |= self.rows.moves

    def key(self) -> str:
        self.keys += 1
        return str(self.keys)

    def redemption(self, nth: int) -> str:
        """Mostly one of those that still wait."""
        waiting = [own for own, hold in self.ledger.holds.items() if hold["state"] == "pending"]
        known = waiting if waiting and nth < 6 else list(self.ledger.holds)
        return known[nth % len(known)]

    def a_refund(self, nth: int) -> str:
        known = list(self.ledger.refunds)
        return known[-1 - nth % len(known)]

    def face(self, own: str, face: int) -> int:
        card = self.ledger.cards.get(f"crd_{own}")
        if card is None or face > 0:
            return max(1, face)
        left = card["paid"] + card["bonus"] - card["used"] - sum(self.ledger.open_holds(f"crd_{own}"))
        return max(1, {0: left, -1: left + 1, -2: left // 2}[face])

    @initialize(
        terms=st.sampled_from(TERMS),
        sold=st.sampled_from(("", "0", "01")),
        late=st.booleans(),
        pricing=st.sampled_from(("discounted", "list")),
    )
    def some_cards_are_sold(self, terms: tuple[int, int], sold: str, late: bool, pricing: str) -> None:
        """Under one reading of what the law leaves open: how use in the cooling-off days is priced."""
        self.verbs.pricing = pricing
        self.ledger.used_at_list_price = pricing == "list"
        for own in sold:
            self.a_consumer_places_an_order(own, terms)
            if late:
                self.attempt(self.verbs.close(own))
            self.the_provider_proves_a_payment(own, "")

    # --- rules -------------------------------------------------------------------------------------------------------

    @precondition(lambda self: len(self.ledger.cards) < 2)
    @rule(own=CARDS, terms=st.sampled_from(TERMS))
    def a_consumer_places_an_order(self, own: str, terms: tuple[int, int]) -> None:
        self.attempt(self.verbs.place(own, *terms))

    @precondition(lambda self: self.ledger.orders)
    @rule(own=CARDS, wrong=st.sampled_from(("", "", "", "", "amount", "currency", "transaction")))
    def the_provider_proves_a_payment(self, own: str, wrong: str) -> None:
        order = self.ledger.orders.get(f"crd_{own}", {"price": 100})
        fen = order["price"] + (wrong == "amount")
        transaction_id = f"wx-{own}{'-2' if wrong == 'transaction' else ''}"
        self.proofs.add((transaction_id, f"ord_{own}", fen))
        self.attempt(self.verbs.credit(own, transaction_id, fen, "USD" if wrong == "currency" else "CNY", self.clock))

    @precondition(lambda self: self.ledger.orders)
    @rule(nth=NTH)
    def the_provider_closes_an_order(self, nth: int) -> None:
        known = list(self.ledger.orders)
        self.attempt(self.verbs.close(known[nth % len(known)].removeprefix("crd_")))

    @rule(
        own=CARDS,
        face=FACES,
        who=st.sampled_from((CONSUMER, CONSUMER, OWNER, STRANGER, CASHIER_ELSEWHERE, FOREIGN_CASHIER)),
        home=st.booleans(),
    )
    def somebody_asks_for_a_redemption(self, own: str, face: int, who: Any, home: bool = True) -> None:
        """`home`: for the merchant they work for, where the card is not known; else for the card's, where they are not."""
        merchant_id = "mch_2" if who is FOREIGN_CASHIER and home else "mch_1"
        self.attempt(self.verbs.open(own, self.key(), self.face(own, face), who, merchant_id, None))

    @precondition(lambda self: self.ledger.cards)
    @rule(
        own=CARDS,
        face=FACES,
        nth=NTH,
        fresh=st.booleans(),
        wait=st.sampled_from((None, 0, 59, 60, 61, 62, 63)),
    )
    def staff_scan_a_payment_code(self, own: str, face: int, nth: int, fresh: bool, wait: int | None) -> None:
        """A fresh code or a photograph of an older one; and after a while the same again."""
        if fresh or not self.codes:
            code = PaymentCode(f"crd_{own}", f"{len(self.codes):024x}", self.clock + timedelta(seconds=60))
            self.codes.append((own, sign_payment_code(KEYS, code)))
            nth = 0
        own, text = self.codes[-1 - nth % len(self.codes)]
        self.scan(own, text, face)
        if wait is not None:
            self.clock += timedelta(seconds=wait)
            self.scan(own, text, 1)

    def scan(self, own: str, text: str, face: int) -> None:
        """Whether it is fresh is the domain's question, after whether this is a repetition."""
        code = read_payment_code(KEYS, text)
        assert code.card_id == f"crd_{own}"
        nonce_and_end = (code.nonce, code.expires_at)
        self.attempt(self.verbs.open(own, self.key(), self.face(own, face), CASHIER, "mch_1", nonce_and_end))

    @precondition(lambda self: self.ledger.cards)
    @rule(own=CARDS, times=st.sampled_from((0, 0, 0, 6)))
    def a_store_asks_again_and_again_until_the_consumer_declines_it_all(self, own: str, times: int) -> None:
        for _ in range(times):
            self.somebody_asks_for_a_redemption(own, 1, OWNER)
        for red in [red for red, hold in self.ledger.holds.items() if hold["state"] == "pending"]:
            self.attempt(self.verbs.decline(red, "con_wang"))

    @precondition(lambda self: self.ledger.cards)
    @rule(own=CARDS, face=FACES, wait=st.sampled_from((299, 300, 301)))
    def a_consumer_does_not_answer_in_time(self, own: str, face: int, wait: int) -> None:
        self.somebody_asks_for_a_redemption(own, face, OWNER)
        self.clock += timedelta(seconds=wait)
        red = next(reversed(self.ledger.holds), None)
        if red is not None:
            self.attempt(self.verbs.expire(red))
            self.attempt(self.verbs.confirm(red, "con_wang"))

    @precondition(lambda self: self.ledger.cards)
    @rule(own=CARDS, face=FACES, again=st.sampled_from(("", "confirm", "decline", "cancel")))
    def a_consumer_pays_a_visit(self, own: str, face: int, again: str) -> None:
        self.somebody_asks_for_a_redemption(own, face, CONSUMER)
        red = next(reversed(self.ledger.holds), None)
        if red is None:
            return
        self.attempt(self.verbs.confirm(red, "con_wang"))
        if again:
            who = OWNER if again == "cancel" else "con_wang"
            self.attempt(getattr(self.verbs, again)(red, who))

    @precondition(lambda self: self.ledger.holds)
    @rule(nth=NTH, who=st.sampled_from(("con_wang", "con_wang", "con_wang", "con_li", "stf_zhao")))
    def somebody_confirms(self, nth: int, who: str) -> None:
        self.attempt(self.verbs.confirm(self.redemption(nth), who))

    @precondition(lambda self: self.ledger.holds)
    @rule(nth=NTH, who=st.sampled_from(("con_wang", "con_wang", "con_li")))
    def somebody_declines(self, nth: int, who: str) -> None:
        self.attempt(self.verbs.decline(self.redemption(nth), who))

    @precondition(lambda self: self.ledger.holds)
    @rule(nth=NTH, who=st.sampled_from((CASHIER, OWNER, CASHIER_ELSEWHERE, FOREIGN_CASHIER, CONSUMER)))
    def somebody_cancels(self, nth: int, who: Any) -> None:
        self.attempt(self.verbs.cancel(self.redemption(nth), who))

    @precondition(lambda self: self.ledger.holds)
    @rule(nth=NTH, wait=st.sampled_from((0, 299, 300, 301)))
    def the_sweep_expires(self, nth: int, wait: int) -> None:
        self.clock += timedelta(seconds=wait)
        self.attempt(self.verbs.expire(self.redemption(nth)))

    @precondition(lambda self: self.ledger.cards)
    @rule(
        own=CARDS,
        cause=st.sampled_from(Cause),
        no_reason=st.booleans(),
        known=st.integers(0, 4),
        stranger=st.integers(0, 6),
    )
    def a_refund_is_asked_for(self, own: str, cause: Cause, no_reason: bool, known: int, stranger: int) -> None:
        who = "con_li" if stranger == 0 else "con_wang"
        self.attempt(self.verbs.ask_refund(own, self.key(), who, cause, no_reason, known == 0))

    @precondition(lambda self: self.ledger.cards)
    @rule(
        own=CARDS,
        cause=st.sampled_from(Cause),
        says=st.sampled_from(("success", "no", "accepted")),
        empty=st.booleans(),
        days=DAYS,
        early=st.sampled_from(("", "", "withdraw", "success", "no", "accepted")),
    )
    def a_refund_goes_its_way(self, own: str, cause: Cause, says: str, empty: bool, days: int, early: str) -> None:
        """`empty`: of a card that is used up but for so little that the consumer's own cause leaves nothing. `early`: what
        somebody says before the merchant agrees."""
        if empty:
            self.nearly_all_is_used(own)
        self.clock += timedelta(days=days)
        self.a_refund_is_asked_for(own, cause, False, 1, 1)
        if self.ledger.refunds:
            if early == "withdraw":
                self.the_consumer_takes_a_request_back(0)
            elif early:
                self.the_provider_speaks_of_a_refund(0, [early])
            self.the_merchant_agrees(0)
            self.the_provider_speaks_of_a_refund(0, [says])

    @precondition(lambda self: self.ledger.cards)
    @rule(own=CARDS, empty=st.booleans())
    def a_consumer_changes_their_mind_within_the_cooling_off_days(self, own: str, empty: bool) -> None:
        """`empty`: after use for more than was paid, which is more than nothing only by the discounted price."""
        if empty:
            self.nearly_all_is_used(own)
        self.a_refund_is_asked_for(own, Cause.CONSUMER, True, 1, 1)

    def nearly_all_is_used(self, own: str) -> None:
        card = self.ledger.cards.get(f"crd_{own}")
        if card is not None:
            self.a_consumer_pays_a_visit(own, max(1, card["paid"] + card["bonus"] * 3 // 4 - card["used"]), "")

    @precondition(lambda self: self.ledger.cards)
    @rule(own=CARDS, then=st.lists(st.sampled_from(("withdraw", "agree", "no")), min_size=1, max_size=3))
    def a_consumer_asks_and_takes_it_back(self, own: str, then: list[str]) -> None:
        """Of a service known before, so that the merchant has to agree; and what comes too late after it."""
        self.a_refund_is_asked_for(own, Cause.MERCHANT, False, 0, 1)
        if not self.ledger.refunds:
            return
        self.the_consumer_takes_a_request_back(0)
        verbs = {"withdraw": self.verbs.withdraw, "agree": self.verbs.agree, "no": self.verbs.reject}
        for late in then:
            self.attempt(verbs[late](self.a_refund(0)))

    @precondition(lambda self: self.ledger.refunds)
    @rule(nth=NTH)
    def the_merchant_agrees(self, nth: int) -> None:
        self.attempt(self.verbs.agree(self.a_refund(nth)))

    @precondition(lambda self: self.ledger.refunds)
    @rule(nth=NTH)
    def the_consumer_takes_a_request_back(self, nth: int) -> None:
        self.attempt(self.verbs.withdraw(self.a_refund(nth)))

    @precondition(lambda self: self.ledger.refunds)
    @rule(
        nth=NTH,
        says=st.lists(st.sampled_from(("accepted", "success", "wrong amount", "no")), min_size=1, max_size=3),
    )
    def the_provider_speaks_of_a_refund(self, nth: int, says: list[str]) -> None:
        """In any order, and more than once."""
        ref = self.a_refund(nth)
        words = {
            "accepted": lambda: self.verbs.instruct(ref),
            "success": lambda: self.verbs.succeed(ref, 0),
            "wrong amount": lambda: self.verbs.succeed(ref, 1),
            "no": lambda: self.verbs.reject(ref),
        }
        for word in says:
            self.attempt(words[word]())

    @rule(seconds=STEPS)
    def the_clock_steps(self, seconds: int) -> None:
        self.clock += timedelta(seconds=seconds)

    @precondition(lambda self: self.past)
    @rule(nth=st.integers(0, 40))
    def an_old_request_is_repeated(self, nth: int) -> None:
        """A request that created something answers with the same thing for ever."""
        tried, answer = self.past[-1 - nth % len(self.past)]
        before = self.rows.image()
        outcome, again = self.outcome(tried.decide)
        assert outcome == tried.predict(), tried.name
        assert outcome != "done" or self.rows.image() != before
        if tried.name in ("place", "open", "ask_refund"):
            assert outcome == "same"
            assert key_of(again) == key_of(answer)
            assert again.fingerprint == answer.fingerprint
        if outcome != "done":
            assert self.rows.image() == before
        self.count(f"repeat {tried.name}", outcome)

    @precondition(lambda self: self.ledger.holds)
    @rule(nth=NTH, face=st.integers(500, 600))
    def an_old_key_comes_with_another_body(self, nth: int, face: int) -> None:
        red = list(self.ledger.holds)[nth % len(self.ledger.holds)]
        _, own, _, _, key = red.split("_")
        who = {"con_wang": CONSUMER, "stf_qian": OWNER, "stf_zhao": CASHIER}["_".join(red.split("_")[2:4])]
        self.attempt(self.verbs.open(own, key, face, who, "mch_1", ("other", self.clock)))

    @precondition(lambda self: self.ledger.refunds)
    @rule(nth=NTH)
    def an_old_refund_key_comes_with_another_body(self, nth: int) -> None:
        _, own, key = self.a_refund(nth).split("_")
        self.attempt(self.verbs.ask_refund(own, key, "con_wang", Cause.NEUTRAL, True, False))

    @precondition(lambda self: self.ledger.cards)
    @rule(nth=NTH, first=st.sampled_from("odcxraw"), second=st.sampled_from("odcxraw"), own=CARDS)
    def two_decide_from_the_same_rows(self, nth: int, first: str, second: str, own: str) -> None:
        """Both have loaded before either writes: the second write meets the condition, unless it touches other rows."""
        if {first, second} & set("dcx"):
            self.somebody_asks_for_a_redemption(own, 1, CONSUMER)
        if {first, second} <= set("aw"):
            self.a_refund_is_asked_for(own, Cause.MERCHANT, False, 0, 1)
        one, two = self.racer(first, own, nth), self.racer(second, own, nth + 1)
        if one is None or two is None:
            return
        try:
            early, late = one.decide(), two.decide()
        except Refusal:
            return
        if not early.puts or not late.puts:
            return
        assert one.predict() == "done"
        self.rows.commit(early)
        before = self.rows.image()
        if {key_of(put.value) for put in early.puts} & {key_of(put.value) for put in late.puts}:
            outcome, _ = self.outcome(lambda: late)
            assert outcome == "contention"
            assert self.rows.image() == before
            self.count("race", outcome)
        self.attempt(two)

    def racer(self, letter: str, own: str, nth: int) -> Attempt | None:
        if letter == "o":
            return self.verbs.open(own, self.key(), 1, CONSUMER, "mch_1", None)
        if letter == "r":
            return self.verbs.ask_refund(own, self.key(), "con_wang", Cause.NEUTRAL, False, False)
        if letter in "aw":
            return self.under_way(letter)
        if not self.ledger.holds:
            return None
        red = self.redemption(nth)
        if letter == "x":
            return self.verbs.cancel(red, OWNER)
        return self.verbs.confirm(red, "con_wang") if letter == "c" else self.verbs.decline(red, "con_wang")

    def under_way(self, letter: str) -> Attempt | None:
        """The merchant agrees, or the consumer withdraws: to one request only one of them."""
        requested = [own for own, refund in self.ledger.refunds.items() if refund["state"] == "requested"]
        if not requested:
            return None
        return self.verbs.agree(requested[-1]) if letter == "a" else self.verbs.withdraw(requested[-1])
