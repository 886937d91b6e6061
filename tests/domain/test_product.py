"""A product between its owner and a second person: every edge, who may take it, and that nothing reaches back to sold cards."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import order as orders
from chalicelib.domain import product as products
from chalicelib.domain.alert import Alert
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.bonus import Meter
from chalicelib.domain.business_day import SHANGHAI, business_date
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.jurisdictions import FIGURES, Figure
from chalicelib.domain.order import Order
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.product import (
    TRANSITIONS,
    VERSIONS_MAX,
    Product,
    ProductEvent,
    ProductState,
    ProductVersion,
    Review,
    review,
    revise,
    withdraw,
)
from chalicelib.domain.refund import Cause
from chalicelib.domain.terms import ProductKind, Terms, Tier, stored_value
from tests.domain.town import LAW, MARKET, MERCHANT, NOON, PRODUCT, Town, code_of, trace, wish

LI = Principal(Role.OPERATOR, "off_li", "platform")
WU = Principal(Role.OPERATOR, "off_wu", "platform")
MAKER = Principal(Role.OPERATOR, PRODUCT.made_by, "platform")
RICH = stored_value(100_000, 60_000)


def in_state(state: ProductState) -> Product:
    return replace(PRODUCT, state=state)


def said(event: ProductEvent, who: Principal = LI, key: str = "k", seen: int | None = None) -> Review:
    return Review(event, who, "看过了", key, seen)


def offered(terms: Terms, at: datetime = NOON, rules: Any = LAW) -> Product:
    wanted = replace(PRODUCT, terms=terms)
    return products.offer(MERCHANT, None, wanted, "ver_1", rules, trace(who="stf_qian", role="owner", at=at)).answer


def revised(product: Product, terms: Terms, own: str = "2", name: str = "新") -> Any:
    wanted = replace(PRODUCT, name=name, terms=terms, fingerprint=f"f-{own}")
    return revise(MERCHANT, product, None, wanted, f"ver_{own}", LAW, trace(who="stf_qian", role="owner"))


def waiting(product: Product) -> tuple[Product, ProductVersion]:
    decided = revised(product, RICH)
    (version,) = (put.value for put in decided.puts if isinstance(put.value, ProductVersion))
    return decided.answer, version


# --- the way to the shelf ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bonus, state", [(0, "on_sale"), (42_000, "on_sale"), (42_001, "proposed"), (60_000, "proposed")])
def test_more_than_the_line_waits_for_a_second_person(bonus: int, state: str) -> None:
    decided = products.offer(MERCHANT, None, replace(PRODUCT, terms=stored_value(100_000, bonus)), "ver_1", LAW, trace())
    assert (decided.answer.state, decided.answer.terms_version) == (state, 1)
    kinds = [type(put.value) for put in decided.puts]
    assert kinds == [Product, ProductVersion, AuditEntry]
    audit = decided.puts[2].value
    assert (audit.action, audit.after) == ("product.offer", f"{state}: 充 1000 得 1300: 100000 + {bonus}")


@pytest.mark.parametrize("event", [ProductEvent.APPROVE, ProductEvent.REJECT, ProductEvent.RESUME])
@pytest.mark.parametrize("state", list(ProductState))
def test_a_review_takes_the_edges_of_the_table_and_no_other(state: ProductState, event: ProductEvent) -> None:
    after = TRANSITIONS.get((state, event))
    if after is None:
        assert code_of(lambda: review(in_state(state), None, said(event), trace())) == f"product_{state}"
        return
    decided = review(in_state(state), None, said(event), trace())
    assert (decided.answer.state, decided.answer.version) == (after, 2)
    audit = decided.puts[1].value
    assert (audit.action, audit.before, audit.after, audit.reason) == (f"product.{event}", state, after, "看过了")
    assert review(decided.answer, None, said(event), trace()).replayed
    assert review(decided.answer, None, said(event, key="another request"), trace()).replayed
    assert code_of(lambda: review(decided.answer, None, said(event, WU), trace())) == f"product_{after}"


@pytest.mark.parametrize(
    "state, event",
    [
        (ProductState.PROPOSED, ProductEvent.APPROVE),
        (ProductState.PROPOSED, ProductEvent.REJECT),
        (ProductState.SUSPENDED, ProductEvent.RESUME),
        (ProductState.ON_SALE, ProductEvent.APPROVE),
    ],
)
def test_nobody_reviews_what_they_made_themselves(state: ProductState, event: ProductEvent) -> None:
    assert code_of(lambda: review(in_state(state), None, said(event, MAKER), trace())) == "second_person_needed"


def test_the_maker_of_new_terms_does_not_approve_them_either() -> None:
    product, version = waiting(PRODUCT)
    assert product.made_by == "stf_qian"
    assert code_of(lambda: review(product, version, said(ProductEvent.APPROVE, MAKER), trace())) == "second_person_needed"


@pytest.mark.parametrize("state", list(ProductState))
def test_withdrawing_takes_a_product_off_the_shelf_once(state: ProductState) -> None:
    if (state, ProductEvent.WITHDRAW) in TRANSITIONS:
        decided = withdraw(in_state(state), trace())
        assert decided.answer.state is ProductState.WITHDRAWN
        assert decided.puts[1].value.action == "product.withdraw"
        assert withdraw(decided.answer, trace()).replayed
    elif state is not ProductState.WITHDRAWN:
        assert code_of(lambda: withdraw(in_state(state), trace())) == f"product_{state}"


def test_a_change_of_the_line_at_midnight_changes_what_has_to_wait() -> None:
    """One second before midnight 42 % is on the shelf at once, from midnight it is proposed."""
    midnight = datetime(2026, 7, 1, tzinfo=SHANGHAI)
    table = (*FIGURES, Figure("33", "bonus_line_percent", 30, "新规 第1条", date(2026, 7, 1), "I"))
    states = [
        offered(stored_value(100_000, 42_000), at, rules_on("330212", business_date(at), table)).state
        for at in (midnight - timedelta(seconds=1), midnight, midnight + timedelta(seconds=1))
    ]
    assert states == ["on_sale", "proposed", "proposed"]


# --- new terms -----------------------------------------------------------------------------------------------------------


def test_new_terms_below_the_line_are_sold_at_once_under_the_next_number() -> None:
    decided = revised(PRODUCT, stored_value(200_000, 50_000))
    after = decided.answer
    assert (after.state, after.terms_version, after.versions, after.price_fen) == ("on_sale", 2, 2, 200_000)
    version = decided.puts[1].value
    assert (version.terms_version, version.terms, version.name) == (2, stored_value(200_000, 50_000), "新")
    audit = decided.puts[2].value
    assert audit.action == "product.revise"
    assert (audit.before, audit.after) == ("充 1000 得 1300: 100000 + 30000", "新: 200000 + 50000")


def test_new_terms_above_the_line_wait_while_the_old_ones_are_sold() -> None:
    product, version = waiting(PRODUCT)
    assert (product.terms, product.terms_version, product.versions) == (PRODUCT.terms, 1, 2)
    approved = review(product, version, said(ProductEvent.APPROVE, seen=2), trace()).answer
    assert (approved.terms, approved.terms_version, approved.name, approved.waiting_id) == (RICH, 2, "新", "")
    assert approved.state is ProductState.ON_SALE


def test_rejected_terms_were_never_sold_and_their_number_is_not_used_again() -> None:
    product, version = waiting(PRODUCT)
    rejected = review(product, version, said(ProductEvent.REJECT), trace()).answer
    assert (rejected.state, rejected.terms, rejected.terms_version, rejected.waiting_id) == ("on_sale", PRODUCT.terms, 1, "")
    assert revised(rejected, stored_value(300_000), "3").answer.terms_version == 3


def test_terms_of_a_suspended_product_may_change_and_it_stays_suspended() -> None:
    suspended = in_state(ProductState.SUSPENDED)
    assert revised(suspended, stored_value(100_000)).answer.state is ProductState.SUSPENDED
    product, version = waiting(suspended)
    approved = review(product, version, said(ProductEvent.APPROVE, seen=2), trace()).answer
    assert (approved.state, approved.terms) == ("suspended", RICH)
    assert review(approved, None, said(ProductEvent.RESUME, key="k2"), trace()).answer.state is ProductState.ON_SALE


def test_withdrawing_takes_waiting_terms_with_it() -> None:
    product, _ = waiting(PRODUCT)
    assert withdraw(product, trace()).answer.waiting_id == ""


@pytest.mark.parametrize(
    "product, terms, refusal",
    [
        (None, RICH, "not_found"),
        (in_state(ProductState.PROPOSED), RICH, "terms_waiting"),
        (replace(PRODUCT, waiting_id="ver_9"), RICH, "terms_waiting"),
        (in_state(ProductState.REJECTED), RICH, "product_rejected"),
        (in_state(ProductState.WITHDRAWN), RICH, "product_withdrawn"),
        (replace(PRODUCT, versions=VERSIONS_MAX), RICH, "too_many_versions"),
        (PRODUCT, Terms(ProductKind.COUNT, price_fen=1), "kind_fixed"),
        (PRODUCT, replace(RICH, visits=1), "kind_fields_mismatch"),
    ],
)
def test_new_terms_are_refused_in_the_stated_order(product: Product | None, terms: Terms, refusal: str) -> None:
    wanted = replace(PRODUCT, terms=terms)
    assert code_of(lambda: revise(MERCHANT, product, None, wanted, "ver_2", LAW, trace())) == refusal


def test_the_same_new_terms_again_are_there_already_and_others_under_the_key_are_refused() -> None:
    product, version = waiting(PRODUCT)
    wanted = replace(PRODUCT, terms=RICH, fingerprint=version.fingerprint)
    assert revise(MERCHANT, product, version, wanted, "ver_2", LAW, trace()).replayed
    other = replace(wanted, fingerprint="other")
    assert code_of(lambda: revise(MERCHANT, product, version, other, "ver_2", LAW, trace())) == "idempotency_key_reused"


def test_a_reviewer_who_looked_at_other_terms_decides_nothing() -> None:
    product, version = waiting(PRODUCT)
    assert code_of(lambda: review(product, version, said(ProductEvent.APPROVE, seen=1), trace())) == "terms_changed"
    assert review(product, version, said(ProductEvent.APPROVE, seen=2), trace()).answer.terms_version == 2


def test_a_retried_approval_does_not_approve_what_was_proposed_since() -> None:
    """The answer was lost; meanwhile the owner proposed more. The key of the request tells that this is the old decision."""
    product, version = waiting(PRODUCT)
    approved = review(product, version, said(ProductEvent.APPROVE, key="k1", seen=2), trace()).answer
    decided = revised(approved, stored_value(100_000, 90_000), "3")
    again = review(decided.answer, decided.puts[1].value, said(ProductEvent.APPROVE, key="k1", seen=2), trace())
    assert again.replayed
    assert again.answer.waiting_id == "ver_3"


# --- sold cards ------------------------------------------------------------------------------------------------------------


def test_a_sold_card_keeps_its_terms_its_contract_and_its_refund() -> None:
    town = Town()
    card, order = town.buy(), town.order()
    quoted = town.quote(Cause.CONSUMER, no_reason=True)
    dearer = revised(PRODUCT, stored_value(200_000, 10_000)).answer
    town.place("2", dearer)
    town.pay("2")
    assert (town.card(), town.order(), town.quote(Cause.CONSUMER, no_reason=True)) == (card, order, quoted)
    assert (order.terms_version, order.amount_fen, order.bonus_fen) == (1, 100_000, 30_000)
    new = town.order("2")
    assert (new.terms_version, new.amount_fen, new.bonus_fen, town.card("2").paid_fen) == (2, 200_000, 10_000, 200_000)
    assert new.contract_hash != order.contract_hash


def test_revised_terms_are_sold_only_to_who_says_which_contract_was_read() -> None:
    town, dearer = Town(), revised(PRODUCT, stored_value(200_000, 10_000)).answer
    unread = replace(wish("2"), contract_hash="")
    assert code_of(lambda: orders.place(MERCHANT, dearer, None, unread, MARKET, trace())) == "contract_changed"
    assert town.place("2", dearer).terms_version == 2


def test_revised_terms_are_not_approved_unseen() -> None:
    product, version = waiting(PRODUCT)
    assert code_of(lambda: review(product, version, said(ProductEvent.APPROVE), trace())) == "terms_changed"


# --- the breaker -----------------------------------------------------------------------------------------------------------


def test_the_breaker_suspends_raises_an_alert_and_sells_nothing() -> None:
    town = Town()
    hasty = replace(PRODUCT, terms=replace(PRODUCT.terms, bonus_minute_cap_fen=60_000))
    town.rows.bytes.clear()
    town.do(products.offer(MERCHANT, None, hasty, "ver_1", LAW, trace()))
    for own in ("1", "2"):
        town.place(own, town.rows.get(Product, "prd_1"))
    assert code_of(lambda: town.place("3", town.rows.get(Product, "prd_1"))) == "bonus_breaker"
    assert town.rows.get(Product, "prd_1").state is ProductState.SUSPENDED
    (alert,) = town.rows.all(Alert)
    assert (alert.kind, alert.merchant_id, alert.district, alert.state) == ("bonus_breaker", "mch_1", "鄞州区", "open")
    assert "900.00" in alert.detail
    assert "600.00" in alert.detail_en
    (audit,) = (one for one in town.rows.all(AuditEntry) if one.action == "product.suspend")
    assert (audit.principal_id, audit.role, audit.reason) == ("bonus_breaker", "system", "90000 > 60000")
    assert [order.order_id for order in town.rows.all(Order)] == ["ord_1", "ord_2"]
    assert sum(meter.day_fen for meter in town.rows.all(Meter)) == 60_000
    assert code_of(lambda: town.place("4", town.rows.get(Product, "prd_1"))) == "product_not_on_sale"


def test_an_order_without_a_bonus_touches_no_meter_and_is_no_matter_of_the_breaker() -> None:
    town = Town()
    plain = replace(PRODUCT, terms=Terms(ProductKind.STORED_VALUE, (Tier(100_000),), bonus_minute_cap_fen=1, bonus_day_cap_fen=1))
    for own in "123":
        town.place(own, plain)
    assert town.rows.all(Meter) == []


def test_a_closed_order_gives_its_part_of_the_day_back() -> None:
    town = Town()
    one = replace(PRODUCT, terms=replace(PRODUCT.terms, bonus_day_cap_fen=30_000))
    order = town.place("1", one)
    assert code_of(lambda: town.place("2", one)) == "bonus_cap_reached"
    town.later(minutes=31)
    meters = tuple(town.rows.get(Meter, "prd_1", "2026-03-03", str(shard)) for shard in range(4))
    town.do(orders.close(order, town.now, meters))
    town.place("2", one)
    assert sum(meter.day_fen for meter in town.rows.all(Meter)) == 30_000
