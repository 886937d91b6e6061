"""Two things wrong at once always give the same answer: the one that the docstring of the decision names first."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain import order as orders
from chalicelib.domain import product as products
from chalicelib.domain import redemption as redemptions
from chalicelib.domain import refund as refunds
from chalicelib.domain.card import Card, CardState
from chalicelib.domain.merchant import Industry, StopReason
from chalicelib.domain.order import Wish
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.product import ProductState
from chalicelib.domain.redemption import Ask
from chalicelib.domain.refund import Cause, Quote
from chalicelib.domain.store import Store, open_store
from chalicelib.domain.terms import ProductKind, Terms, Tier
from tests.domain.town import (
    CASHIER,
    CASHIER_ELSEWHERE,
    CONSUMER,
    FOREIGN_CASHIER,
    LAW,
    MARKET,
    MERCHANT,
    NOON,
    PRODUCT,
    STRANGER,
    Town,
    asked,
    code_of,
    payment,
    trace,
    wish,
)

STOPPED = MERCHANT.stopped(StopReason.LICENCE, NOON)
WITHDRAWN = replace(PRODUCT, state=ProductState.WITHDRAWN, terms=Terms(ProductKind.COUNT, price_fen=1))
SUSPENDED = replace(WITHDRAWN, state=ProductState.SUSPENDED)
PROPOSED, REJECTED = (replace(PRODUCT, state=state) for state in (ProductState.PROPOSED, ProductState.REJECTED))
VISITS = replace(PRODUCT, terms=Terms(ProductKind.COUNT, price_fen=200_000, visits=10, list_price_fen=26_000))
FULL = replace(MERCHANT, last_year_revenue_fen=99_999)
HASTY = replace(PRODUCT, terms=replace(PRODUCT.terms, bonus_minute_cap_fen=29_999))
MEAN = replace(HASTY, terms=replace(HASTY.terms, bonus_day_cap_fen=29_999))
OLD_TERMS = wish(contract_version="2020-01")


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.mark.parametrize(
    "merchant, product, wished, refusal",
    [
        (None, None, OLD_TERMS, "not_found"),
        (STOPPED, None, OLD_TERMS, "not_found"),
        (STOPPED, WITHDRAWN, OLD_TERMS, "sales_stopped"),
        (STOPPED, PROPOSED, OLD_TERMS, "not_found"),
        (MERCHANT, REJECTED, OLD_TERMS, "not_found"),
        (MERCHANT, WITHDRAWN, OLD_TERMS, "product_not_on_sale"),
        (MERCHANT, SUSPENDED, OLD_TERMS, "product_not_on_sale"),
        (MERCHANT, VISITS, OLD_TERMS, "kind_not_sold_yet"),
        (MERCHANT, PRODUCT, replace(OLD_TERMS, price_fen=1), "tier_unknown"),
        (FULL, PRODUCT, OLD_TERMS, "contract_changed"),
        (FULL, PRODUCT, wish(contract_hash="x" * 43), "contract_changed"),
        (FULL, PRODUCT, wish(), "balance_cap_reached"),
        (MERCHANT, MEAN, wish(), "bonus_cap_reached"),
        (MERCHANT, HASTY, wish(), "bonus_breaker"),
        (MERCHANT, PRODUCT, wish(), ""),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_placing_an_order_is_refused_in_the_stated_order(
    merchant: Any, product: Any, wished: Wish, refusal: str
) -> None:
    def placed() -> None:
        decided = orders.place(merchant, product, None, wished, MARKET, trace())
        if decided.answer.refusal is not None:
            raise decided.answer.refusal

    assert code_of(placed) == refusal


def test_a_reused_key_comes_before_every_other_refusal_of_an_order(town: Town) -> None:
    earlier = town.place()
    assert (
        code_of(lambda: orders.place(None, None, earlier, wish(fingerprint="other"), None, trace()))
        == "idempotency_key_reused"
    )
    assert orders.place(None, WITHDRAWN, earlier, wish(), None, trace()).answer.order == earlier


def test_crediting_is_refused_by_absence_then_mismatch_then_another_transaction(town: Town) -> None:
    order = town.place()
    foreign = payment(order, order_id="ord_2", amount_fen=1, currency="USD")
    assert code_of(lambda: orders.credit(None, foreign, NOON)) == "not_found"
    assert code_of(lambda: orders.credit(order, foreign, NOON)) == "not_found"
    town.pay()
    twice_wrong = payment(order, transaction_id="other", amount_fen=1)
    assert code_of(lambda: orders.credit(town.order(), twice_wrong, NOON)) == "payment_mismatch"
    assert (
        code_of(lambda: orders.credit(town.order(), payment(order, currency="HKD"), NOON))
        == "payment_mismatch"
    )
    assert (
        code_of(lambda: orders.credit(town.order(), payment(order, transaction_id="other"), NOON))
        == "order_paid_otherwise"
    )


@pytest.mark.parametrize(
    "wrong",
    [{"amount_fen": 99999}, {"amount_fen": 100001}, {"amount_fen": 0}, {"currency": "cny"}, {"currency": ""}],
)
def test_a_wrong_payment_writes_nothing_and_says_what_it_has_and_needs(
    town: Town, wrong: dict[str, Any]
) -> None:
    order = town.place()
    before = town.rows.image()
    with pytest.raises(orders.Unprocessable) as caught:
        town.pay(**wrong)
    assert caught.value.facts == {"has_fen": wrong.get("amount_fen", 100000), "needs_fen": order.amount_fen}
    assert town.rows.image() == before


def opened(
    card: Card | None,
    face: int = 200000,
    who: Principal = CASHIER,
    merchant_id: str = "mch_1",
    nonce: str | None = None,
    expired: bool = False,
) -> Any:
    expires_at = NOON + timedelta(seconds=-3 if expired else 60)
    ask = Ask("red_1_x", "sto_1", face, "f", nonce, expires_at if nonce else None)
    return redemptions.open_redemption(card, None, ask, who, merchant_id, NOON)


def test_opening_a_redemption_is_refused_in_the_stated_order(town: Town) -> None:
    """Absent, other merchant's, other consumer's and other store's look alike; then the code's age and use, card's state,
    holds, balance."""
    card = town.buy()
    used = card.with_code_used("aa", NOON + timedelta(seconds=60), NOON)
    full = replace(used, held_fen=5, holds=5, state=CardState.REFUNDING)
    assert code_of(lambda: opened(None)) == "not_found"
    assert code_of(lambda: opened(full, merchant_id="mch_2", nonce="aa")) == "not_found"
    assert code_of(lambda: opened(full, who=STRANGER, nonce="aa", expired=True)) == "not_found"
    assert code_of(lambda: opened(full, who=CASHIER_ELSEWHERE, nonce="aa", expired=True)) == "not_found"
    assert code_of(lambda: opened(full, nonce="aa", expired=True)) == "payment_code_expired"
    assert code_of(lambda: opened(full, nonce="aa")) == "payment_code_used"
    assert code_of(lambda: opened(full, nonce="bb")) == "card_refunding"
    assert code_of(lambda: opened(replace(full, state=CardState.ACTIVE), nonce="bb")) == "too_many_holds"
    assert code_of(lambda: opened(used, nonce="bb")) == "insufficient_balance"
    assert code_of(lambda: opened(used, face=130000, nonce="bb")) == ""


def test_a_reused_key_comes_before_an_absent_card(town: Town) -> None:
    town.buy()
    earlier = town.hold(100)
    ask = Ask(earlier.redemption_id, "sto_1", 100, "other body")
    assert (
        code_of(lambda: redemptions.open_redemption(None, earlier, ask, CASHIER, "mch_1", NOON))
        == "idempotency_key_reused"
    )
    same = replace(ask, fingerprint=earlier.fingerprint)
    assert redemptions.open_redemption(None, earlier, same, CASHIER, "mch_1", NOON).answer == earlier


def test_too_little_says_what_is_there_and_what_is_needed(town: Town) -> None:
    town.buy()
    town.hold(30000)
    with pytest.raises(redemptions.Unprocessable) as caught:
        town.hold(100001)
    assert caught.value.facts == {"has_fen": 100000, "needs_fen": 100001}


@pytest.mark.parametrize(
    "verb, who",
    [
        (redemptions.confirm, STRANGER.principal_id),
        (redemptions.confirm, CASHIER.principal_id),
        (redemptions.confirm, ""),
        (redemptions.decline, STRANGER.principal_id),
        (redemptions.cancel, FOREIGN_CASHIER),
        (redemptions.cancel, CONSUMER),
        (redemptions.cancel, replace(CASHIER, stores=("sto_2",))),
    ],
)
def test_somebody_elses_redemption_is_absent_in_whatever_state_it_is(town: Town, verb: Any, who: Any) -> None:
    town.buy()
    pending, posted = town.hold(100), town.use(100)
    for redemption in (pending, posted):
        before = town.rows.image()
        assert code_of(lambda redemption=redemption: town.answer(verb, redemption, who)) == "not_found"
        assert town.rows.image() == before


def test_a_confirmation_says_not_pending_before_too_late(town: Town) -> None:
    town.buy()
    hold = town.hold(100)
    town.later(minutes=6)
    assert code_of(lambda: town.answer(redemptions.confirm, hold)) == "redemption_expired"
    town.answer(redemptions.decline, hold)
    assert code_of(lambda: town.answer(redemptions.confirm, hold)) == "redemption_declined"


def requested(
    card: Card | None, quoted: Quote | None, who: str = CONSUMER.principal_id, years: int = 0
) -> Any:
    now = NOON + timedelta(days=366 * years)
    return refunds.request(
        card, "ord_1", None, asked("ref_1_a", "crd_1", Cause.NEUTRAL, now, who), quoted, now
    )


def test_a_refund_is_refused_in_the_stated_order(town: Town) -> None:
    card = town.buy()
    quoted = town.quote(Cause.NEUTRAL)
    empty = replace(card, used_fen=129999, released_fen=100000, held_fen=1, holds=1)
    locked = replace(empty, state=CardState.REFUNDING)
    assert code_of(lambda: requested(None, quoted, years=1)) == "not_found"
    assert code_of(lambda: requested(locked, quoted, "con_li", years=1)) == "not_found"
    assert code_of(lambda: requested(locked, quoted, years=1)) == "card_refunding"
    assert code_of(lambda: requested(empty, quoted, years=1)) == "card_has_holds"
    assert (
        code_of(lambda: requested(replace(empty, held_fen=0, holds=0), quoted, years=1))
        == "nothing_to_refund"
    )
    assert code_of(lambda: requested(card, quoted, years=1)) == "original_route_closed"
    assert code_of(lambda: requested(card, quoted)) == ""


def test_a_refund_is_possible_on_day_365_and_not_a_second_later(town: Town) -> None:
    card = town.buy()
    assert code_of(lambda: refunds.require_refundable(card, NOON + timedelta(days=365))) == ""
    assert (
        code_of(lambda: refunds.require_refundable(card, NOON + timedelta(days=365, seconds=1)))
        == "original_route_closed"
    )


def test_a_providers_word_on_a_refund_is_refused_by_absence_then_amount_then_state(town: Town) -> None:
    town.buy()
    town.later(days=8)
    town.ask_refund("ref_1_a", Cause.NEUTRAL)
    refund, card = town.refund("ref_1_a")
    assert code_of(lambda: refunds.succeed(None, card, "wx", 1, NOON)) == "not_found"
    assert code_of(lambda: refunds.succeed(refund, card, "wx", 1, NOON)) == "refund_mismatch"
    assert code_of(lambda: refunds.succeed(refund, card, "wx", 100000, NOON)) == "refund_requested"


def test_offering_a_product_is_refused_in_the_stated_order() -> None:
    """From what is wrong with everything down to what is wrong with the cap alone."""
    school = replace(MERCHANT, industry=Industry.EDUCATION)
    stopped_school = school.stopped(StopReason.LICENCE, NOON)
    no_waiver = replace(LAW, caps_waived_in_custody=())
    capped = Terms(ProductKind.STORED_VALUE, (Tier(400_000), Tier(499_999, 200_000)))
    dear = replace(capped, tiers=(Tier(400_000), Tier(600_000)))
    expiring = replace(dear, validity_days=365)
    falling = replace(expiring, tiers=(Tier(600_000), Tier(400_000)))
    mixed = replace(falling, visits=61)
    offers = (
        (None, replace(PRODUCT, terms=mixed, fingerprint="other"), mixed, "idempotency_key_reused"),
        (None, None, mixed, "not_found"),
        (stopped_school, None, mixed, "sales_stopped"),
        (school, None, mixed, "kind_fields_mismatch"),
        (school, None, falling, "tiers_not_ascending"),
        (school, None, expiring, "expiry_not_allowed"),
        (school, None, dear, "education_limit_exceeded"),
        (school, None, capped, "card_cap_exceeded"),
        (school, None, replace(capped, tiers=(Tier(400_000, 100_000),)), ""),
    )
    for merchant, earlier, terms, refusal in offers:
        offered = replace(PRODUCT, terms=terms)
        refused = code_of(lambda a=merchant, b=earlier, c=offered: products.offer(a, b, c, "ver_1", no_waiver, trace()))
        assert refused == refusal
    assert products.offer(STOPPED, PRODUCT, PRODUCT, "ver_1", LAW, trace()).replayed


def test_opening_a_store_is_refused_by_a_reused_key_before_an_absent_merchant() -> None:
    store = Store("sto_1", "mch_1", "东门店", "鄞州区", "1 号", NOON, "f")
    assert (
        code_of(lambda: open_store(None, replace(store, fingerprint="g"), store, trace()))
        == "idempotency_key_reused"
    )
    assert code_of(lambda: open_store(None, None, store, trace())) == "not_found"
    assert open_store(MERCHANT, store, store, trace()).replayed
    assert len(open_store(MERCHANT, None, store, trace()).puts) == 3


# --- what must not be possible to build -----------------------------------------------------------------------------


@pytest.mark.parametrize("face", [0, -1, -100000, 1.0, True], ids=str)
def test_a_hold_of_nothing_of_less_or_of_a_float_cannot_be_built(town: Town, face: Any) -> None:
    """Whoever forgets to ask at the door is stopped here: style rule 3. Another hold is open, so that sums do not betray it."""
    town.buy()
    town.hold(500)
    with pytest.raises((AssertionError, redemptions.Unprocessable)):
        opened(town.card(), face=face)


@pytest.mark.parametrize(
    "terms",
    [{"price_fen": 0}, {"price_fen": -1}, {"bonus_fen": -1}, {"price_fen": 100_000_001}, {"price_fen": 1e5}],
    ids=str,
)
def test_a_product_whose_card_could_never_be_credited_cannot_be_built(terms: dict[str, Any]) -> None:
    """Else the money comes in and `Card` refuses to exist: paid, and never credited (B9)."""
    with pytest.raises(AssertionError):
        Tier(**{"price_fen": 100_000, "bonus_fen": 0} | terms)


@pytest.mark.parametrize(
    "merchant_id, who",
    [
        ("mch_1", FOREIGN_CASHIER),
        ("mch_1", CASHIER_ELSEWHERE),
        ("mch_1", Principal(Role.REGULATOR, "off_1", "platform")),
        ("mch_1", Principal(Role.OPERATOR, "off_2", "mch_1")),
        ("mch_1", Principal(Role.OPERATOR, CONSUMER.principal_id, "platform")),
    ],
    ids=["another merchant's cashier", "a cashier of another store", "a regulator", "an operator", "the holder's id"],
)
def test_only_staff_who_work_at_the_store_may_open_a_hold_for_it(
    town: Town, merchant_id: str, who: Principal
) -> None:
    """T4. The rule is the domain's; the operation only loads."""
    card = town.buy()
    before = town.rows.image()
    assert code_of(lambda: town.do(opened(card, 100, who, merchant_id))) == "not_found"
    assert town.rows.image() == before


@pytest.mark.parametrize("role", [Role.OWNER, Role.MANAGER, Role.CASHIER])
@pytest.mark.parametrize("stores", [(), ("sto_1",), ("sto_2", "sto_1")], ids=str)
def test_staff_of_the_store_or_of_all_stores_may_open_a_hold_for_it(
    town: Town, role: Role, stores: tuple[str, ...]
) -> None:
    who = Principal(role, "stf_x", "mch_1", stores)
    assert opened(town.buy(), 100, who).answer.opened_by == "stf_x"


def test_two_people_pay_at_once_and_only_one_of_two_transactions_is_credited(town: Town) -> None:
    order = town.place()
    one = orders.credit(order, payment(order), NOON)
    two = orders.credit(order, payment(order, transaction_id="wx-other"), NOON)
    town.do(one)
    before = town.rows.image()
    assert code_of(lambda: town.do(two)) == "contention"
    assert town.rows.image() == before
    assert town.money()["custody"] == 100000
