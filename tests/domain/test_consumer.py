"""One person behind many identities: first logins, linking, unlinking, the end; and two at once, of whom only one is obeyed."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.domain import consumer as rules
from chalicelib.domain import order as orders
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.bonus import Meter
from chalicelib.domain.card import Card, CardState
from chalicelib.domain.consumer import (
    Channel,
    Consumer,
    ConsumerState,
    Held,
    Identity,
    Left,
    LinkedIdentity,
    SealedProof,
)
from chalicelib.domain.decision import Decision
from chalicelib.domain.order import Order, OrderState, Placing
from chalicelib.domain.refund import RefundState
from chalicelib.domain.refusals import Contention
from tests.domain.rows import Rows
from tests.domain.town import MARKET, MERCHANT, NOON, PRODUCT, asked, code_of, meters_of, trace, wish

WECHAT = SealedProof(Channel.WECHAT, "claim-wechat", "sealed-openid")
UNIONPAY = SealedProof(Channel.UNIONPAY, "claim-unionpay", "sealed-up")
ZHELIBAN = SealedProof(Channel.ZHELIBAN, "claim-zlb", "sealed-zlb", "sealed-name", "sealed-phone", "sealed-tail", "3")
YONGPAI = SealedProof(Channel.YONGPAI, "claim-yp", "sealed-yp", phone="sealed-yp-phone")


class People:
    """Every verb loads, decides and commits as the operations do."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.count = 0

    def do(self, decision: Decision[Any]) -> Any:
        self.rows.commit(decision)
        return decision.answer

    def first(self, who: str, proof: SealedProof) -> Decision[str]:
        return rules.log_in(self.rows.get(Identity, proof.claim), Consumer(who, NOON, f"key-of-{who}", ()), proof, NOON)

    def log_in(self, who: str, proof: SealedProof) -> str:
        return str(self.do(self.first(who, proof)))

    def consumer(self, who: str) -> Consumer:
        found: Consumer = self.rows.get(Consumer, who)
        return found

    def held(self, who: str) -> Held:
        linked = tuple(one for one in self.rows.all(LinkedIdentity) if one.consumer_id == who)
        claims = tuple(self.rows.get(Identity, one.claim) for one in linked if one.linked)
        return Held(self.consumer(who), linked, claims)

    def link(self, who: str, proof: SealedProof) -> Decision[LinkedIdentity]:
        self.count += 1
        claim = self.rows.get(Identity, proof.claim)
        other = self.held(claim.consumer_id) if claim and claim.consumer_id not in ("", who) else None
        place = self.rows.get(LinkedIdentity, who, proof.channel)
        return rules.link(self.consumer(who), place, claim, other, proof, trace(f"aud_{self.count}", who=who, role="consumer"))

    def unlink(self, who: str, channel: Channel) -> Decision[LinkedIdentity]:
        self.count += 1
        place = self.rows.get(LinkedIdentity, who, channel)
        claim = self.rows.get(Identity, place.claim) if place else None
        return rules.unlink(self.consumer(who), place, claim, trace(f"aud_{self.count}"))

    def erase(self, who: str, left: Left = Left()) -> Decision[Consumer]:
        self.count += 1
        return rules.erase(self.held(who), left, trace(f"aud_{self.count}"))

    def order(self, who: str, own: str = "1") -> Decision[Placing]:
        earlier = self.rows.get(Order, f"crd_{own}")
        market = replace(MARKET, meters=meters_of(self.rows, PRODUCT.product_id, NOON))
        wished = replace(wish(own), consumer_id=who)
        placed = orders.place(MERCHANT, PRODUCT, earlier, wished, market, trace(f"aud_order_{own}"))
        return rules.bought(rules.require_present(self.consumer(who)), placed)

    def leads_to(self, proof: SealedProof) -> str:
        return str(self.rows.get(Identity, proof.claim).consumer_id)

    def actions(self) -> list[tuple[str, str]]:
        return [(one.object_id, one.action) for one in self.rows.all(AuditEntry)]


@pytest.fixture
def people() -> People:
    """Mei came by 浙里办, Li by WeChat."""
    made = People()
    made.log_in("con_mei", ZHELIBAN)
    made.log_in("con_li", WECHAT)
    return made


def test_a_first_login_makes_a_person_and_a_later_one_finds_the_same(people: People) -> None:
    again = people.first("con_other", ZHELIBAN)
    assert (again.answer, again.replayed, again.puts) == ("con_mei", True, ())
    mei = people.consumer("con_mei")
    assert (mei.channels, mei.real_name_from, mei.real_name_level) == (("zheliban",), "zheliban", "3")
    assert (mei.sealed_name, mei.sealed_phone, mei.phone_from, mei.sealed_id_tail) == (
        "sealed-name", "sealed-phone", "zheliban", "sealed-tail"
    )
    assert people.consumer("con_li").real_name_from == ""


def test_of_two_first_logins_at_once_one_person_comes_out() -> None:
    people = People()
    one, two = people.first("con_1", WECHAT), people.first("con_2", WECHAT)
    people.do(one)
    with pytest.raises(Contention):
        people.rows.commit(two)
    assert people.rows.get(Consumer, "con_2") is None
    assert people.log_in("con_2", WECHAT) == "con_1"


def test_an_identity_of_nobody_is_added(people: People) -> None:
    people.do(people.link("con_mei", UNIONPAY))
    assert people.consumer("con_mei").channels == ("zheliban", "unionpay")
    assert people.log_in("con_new", UNIONPAY) == "con_mei"
    again = people.link("con_mei", UNIONPAY)
    assert again.replayed and again.answer.linked
    assert people.actions() == [("con_mei", "consumer.link")]


def test_an_identity_of_somebody_who_never_bought_comes_over_and_that_person_ends(people: People) -> None:
    people.do(people.link("con_li", UNIONPAY))
    people.do(people.link("con_mei", WECHAT))
    li = people.consumer("con_li")
    assert (li.state, li.wrapped_key, li.channels, li.ended_at) == (ConsumerState.ERASED, "", (), NOON)
    assert people.leads_to(WECHAT) == "con_mei"
    assert people.leads_to(UNIONPAY) == "", "free: its next login makes a new person"
    assert [(one.channel, one.sealed_subject) for one in people.held("con_li").identities] == [("wechat", ""), ("unionpay", "")]
    assert people.actions()[-2:] == [("con_mei", "consumer.link"), ("con_li", "consumer.merge")]
    assert code_of(lambda: people.order("con_li")) == "token_invalid"


def test_an_identity_of_somebody_who_has_bought_stays_where_its_cards_are(people: People) -> None:
    people.do(people.order("con_li"))
    before = people.rows.image()
    assert code_of(lambda: people.link("con_mei", WECHAT)) == "identity_has_cards"
    assert people.rows.image() == before


def test_one_identity_of_a_channel_is_enough(people: People) -> None:
    another = SealedProof(Channel.ZHELIBAN, "claim-of-a-friend", "s")
    assert code_of(lambda: people.link("con_mei", another)) == "channel_already_linked"
    people.log_in("con_friend", another)
    people.do(people.order("con_friend"))
    assert code_of(lambda: people.link("con_mei", another)) == "channel_already_linked", "before what the other one has"
    people.do(people.link("con_mei", UNIONPAY))
    people.do(people.unlink("con_mei", Channel.ZHELIBAN))
    assert code_of(lambda: people.link("con_mei", another)) == "identity_has_cards"


@pytest.mark.parametrize("buys_first", [True, False])
def test_of_link_and_first_order_at_once_the_second_fails(people: People, buys_first: bool) -> None:
    """Both were decided on what was there before either was written."""
    decisions = [people.order("con_li"), people.link("con_mei", WECHAT)]
    first, second = decisions if buys_first else decisions[::-1]
    people.do(first)
    with pytest.raises(Contention):
        people.rows.commit(second)
    if buys_first:
        assert code_of(lambda: people.link("con_mei", WECHAT)) == "identity_has_cards"
    else:
        assert code_of(lambda: people.order("con_li")) == "token_invalid"
        assert people.rows.get(Order, "crd_1") is None


def test_of_two_who_link_each_other_at_once_one_is_left(people: People) -> None:
    one, other = people.link("con_mei", WECHAT), people.link("con_li", replace(ZHELIBAN, subject="sealed-for-li"))
    people.do(one)
    with pytest.raises(Contention):
        people.rows.commit(other)
    assert [person.state for person in people.rows.all(Consumer)].count(ConsumerState.ACTIVE) == 1


@pytest.mark.parametrize("erases_first", [True, False])
def test_of_erasure_and_first_order_at_once_the_second_fails(people: People, erases_first: bool) -> None:
    decisions: list[Decision[Any]] = [people.erase("con_li"), people.order("con_li")]
    first, second = decisions if erases_first else decisions[::-1]
    people.do(first)
    with pytest.raises(Contention):
        people.rows.commit(second)


def test_the_first_order_marks_the_buyer_and_a_later_one_does_not(people: People) -> None:
    assert [type(put.value) for put in people.order("con_li").puts] == [Order, Meter, Consumer]
    people.do(people.order("con_li"))
    assert people.consumer("con_li").buyer
    assert people.order("con_li").replayed
    assert [type(put.value) for put in people.order("con_li", "2").puts] == [Order, Meter]


def test_unlinking_frees_the_identity_and_takes_back_what_it_vouched_for(people: People) -> None:
    assert code_of(lambda: people.unlink("con_mei", Channel.ZHELIBAN)) == "last_identity"
    assert code_of(lambda: people.unlink("con_mei", Channel.WECHAT)) == "not_found"
    people.do(people.link("con_mei", UNIONPAY))
    people.do(people.unlink("con_mei", Channel.ZHELIBAN))
    mei = people.consumer("con_mei")
    assert (mei.channels, mei.real_name_from, mei.sealed_name, mei.sealed_id_tail) == (("unionpay",), "", "", "")
    assert (mei.sealed_phone, mei.phone_from, mei.real_name_level) == ("", "", "")
    assert people.leads_to(ZHELIBAN) == ""
    assert people.unlink("con_mei", Channel.ZHELIBAN).replayed
    assert code_of(lambda: people.unlink("con_mei", Channel.UNIONPAY)) == "last_identity"
    people.do(people.link("con_mei", ZHELIBAN))
    assert people.consumer("con_mei").real_name_level == "3"


def test_a_phone_that_was_typed_gives_way_to_one_that_is_vouched_for_and_not_the_other_way_round(people: People) -> None:
    people.do(rules.describe(people.consumer("con_li"), "typed-phone", None))
    assert (people.consumer("con_li").sealed_phone, people.consumer("con_li").phone_from) == ("typed-phone", "")
    people.do(people.link("con_li", YONGPAI))
    assert (people.consumer("con_li").sealed_phone, people.consumer("con_li").phone_from) == ("sealed-yp-phone", "yongpai")
    people.log_in("con_ma", replace(YONGPAI, claim="claim-of-ma"))
    people.do(people.link("con_ma", replace(ZHELIBAN, claim="claim-of-ma-2")))
    assert people.consumer("con_ma").phone_from == "zheliban", "a real name comes with its phone"
    people.do(rules.describe(people.consumer("con_mei"), None, "nick"))
    assert people.consumer("con_mei").phone_from == "zheliban"
    people.do(rules.describe(people.consumer("con_mei"), "", ""))
    assert (people.consumer("con_mei").sealed_phone, people.consumer("con_mei").sealed_nickname) == ("", "")


CARD = Card("crd_1", "con_li", "mch_1", "店", "prd_1", "卡", "2026-01", 100_000, 30_000, NOON)
USED_UP = replace(CARD, used_fen=130_000, released_fen=100_000)
OPEN_REFUND = asked("ref_1", "crd_1", "neutral", NOON)  # type: ignore[arg-type]


def order_in(state: OrderState) -> Order:
    placed = orders.place(MERCHANT, PRODUCT, None, wish("1"), MARKET, trace()).answer.order
    assert placed is not None
    return replace(placed, state=state)


@pytest.mark.parametrize(
    ("left", "code", "facts"),
    [
        (Left(cards=(CARD,)), "cards_not_empty", {"cards": ["crd_1"], "refunds": []}),
        (Left(cards=(USED_UP, replace(CARD, card_id="crd_2")), orders=(order_in(OrderState.CREATED),)), "cards_not_empty",
         {"cards": ["crd_2"], "refunds": []}),
        (Left(cards=(replace(USED_UP, state=CardState.REFUNDING),), refunds=(OPEN_REFUND,)), "cards_not_empty",
         {"cards": ["crd_1"], "refunds": ["ref_1"]}),
        (Left(orders=(order_in(OrderState.CREATED),)), "orders_open", {"orders": ["ord_1"]}),
        (Left(cards=(USED_UP,), orders=(order_in(OrderState.CLOSED), order_in(OrderState.PAID)),
              refunds=(replace(OPEN_REFUND, state=RefundState.WITHDRAWN),)), "", None),
        (Left(), "", None),
    ],
)  # fmt: skip
def test_nobody_is_erased_who_still_has_something_here(people: People, left: Left, code: str, facts: Any) -> None:
    before = people.rows.image()
    if not code:
        assert people.do(people.erase("con_li", left)).state is ConsumerState.ERASED
        return
    with pytest.raises(rules.Conflict) as refused:
        people.erase("con_li", left)
    assert refused.value.code == code
    told = refused.value.facts or {}
    assert {name: [one["card_id"] if name == "cards" else one for one in told[name]] for name in told} == facts
    assert people.rows.image() == before


def test_an_erased_consumer_leaves_neither_key_nor_profile_nor_a_way_back(people: People) -> None:
    people.do(rules.describe(people.consumer("con_mei"), "typed", "nick"))
    people.do(people.link("con_mei", UNIONPAY))
    people.do(people.erase("con_mei"))
    mei = people.consumer("con_mei")
    assert mei == Consumer(
        "con_mei", NOON, "", (), state=ConsumerState.ERASED, ended_at=NOON, version=mei.version
    ), "nothing else is left"
    assert not [one for one in people.held("con_mei").identities if one.linked or one.sealed_subject or one.claim]
    assert people.leads_to(ZHELIBAN) == people.leads_to(UNIONPAY) == ""
    assert people.erase("con_mei", Left(cards=(CARD,))).replayed
    assert code_of(lambda: people.link("con_mei", YONGPAI)) == "token_invalid"
    assert code_of(lambda: people.unlink("con_mei", Channel.ZHELIBAN)) == "token_invalid"
    assert code_of(lambda: rules.describe(mei, "x", None)) == "token_invalid"
    assert people.log_in("con_new", ZHELIBAN) == "con_new"


def test_paying_needs_the_identity_that_pays() -> None:
    place = LinkedIdentity("con_1", Channel.WECHAT, "", "", NOON)
    for missing in (None, place):
        assert code_of(lambda missing=missing: rules.payer(missing, Channel.WECHAT)) == "channel_not_linked"
    linked = replace(place, claim="c", sealed_subject="s")
    assert rules.payer(linked, Channel.WECHAT) is linked


@pytest.mark.parametrize(
    ("phone", "masked"), [("13812345678", "138****5678"), ("", ""), ("1381234567", ""), ("138", "")]
)
def test_a_phone_is_shown_without_its_middle(phone: str, masked: str) -> None:
    assert rules.masked_phone(phone) == masked


@pytest.mark.parametrize(("name", "masked"), [("王小明", "王**"), ("", ""), ("A", "A**")])
def test_a_name_is_shown_by_its_first_character(name: str, masked: str) -> None:
    assert rules.masked_name(name) == masked


def test_what_a_channel_said_is_not_printed() -> None:
    said = repr(rules.Proof(Channel.ZHELIBAN, "subject-1", "王小明", "13812345678", "1232", "3"))
    assert not any(part in said for part in ("subject-1", "王小明", "13812345678", "1232"))
