"""A small town for the tests: one merchant, its stores and people, a product "pay 1000, get 1300", and a clock."""

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from typing import Any

from chalicelib.domain import order as orders
from chalicelib.domain import redemption as redemptions
from chalicelib.domain import refund as refunds
from chalicelib.domain.audit import Trace
from chalicelib.domain.bonus import SHARDS, Meter
from chalicelib.domain.business_day import business_date
from chalicelib.domain.card import Card
from chalicelib.domain.contract import contract_of
from chalicelib.domain.decision import Decision
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Industry, LegalForm, Merchant
from chalicelib.domain.order import Market, Order, ProvenPayment, Wish
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.product import Product
from chalicelib.domain.redemption import Ask, Redemption
from chalicelib.domain.refund import Cause, PostedTransfer, Reason, Refund, RefundState
from chalicelib.domain.refusals import Refusal
from chalicelib.domain.terms import stored_value
from chalicelib.domain.transfer import Transfer
from tests.domain.rows import Rows

EAST_8 = timezone(timedelta(hours=8))
NOON = datetime(2026, 3, 3, 12, 0, tzinfo=EAST_8)

CONSUMER = Principal(Role.CONSUMER, "con_wang")
STRANGER = Principal(Role.CONSUMER, "con_li")
CASHIER = Principal(Role.CASHIER, "stf_zhao", "mch_1", ("sto_1",))
OWNER = Principal(Role.OWNER, "stf_qian", "mch_1")
CASHIER_ELSEWHERE = Principal(Role.CASHIER, "stf_wu", "mch_1", ("sto_2",))
FOREIGN_CASHIER = Principal(Role.CASHIER, "stf_sun", "mch_2", ("sto_9",))

MERCHANT = Merchant(
    merchant_id="mch_1",
    name="甬江美发有限公司",
    licence_no="91330200MA2AAAAAXX",
    legal_form=LegalForm.ENTERPRISE,
    legal_representative="钱一",
    industry=Industry.BEAUTY,
    district="鄞州区",
    address="中山东路 1 号",
    account_name="甬江美发有限公司",
    account_number="6222000000001234",
    account_bank="宁波银行",
    filing_no="NB-0001",
    filed_on=date(2026, 1, 5),
    licence_checked_at=NOON,
    pinyin="yongjiangmeifa",
    initials="yjmf",
    updated_at=NOON,
)

PRODUCT = Product("prd_1", "mch_1", "充 1000 得 1300", stored_value(100000, 30000), NOON, "f-product", "stf_qian")
LAW = rules_on("330212", NOON.date())
MARKET = Market(LAW, "合同：${product}，付 ${price} 元，赠 ${bonus} 元", (None,) * SHARDS)


def trace(entry_id: str = "aud_1", at: datetime = NOON, who: str = "off_1", role: str = "operator") -> Trace:
    return Trace(entry_id, f"req-{entry_id}", who, role, at)


def wish(own: str = "1", **other: Any) -> Wish:
    made = Wish(
        f"ord_{own}", f"crd_{own}", CONSUMER.principal_id, PRODUCT.contract_version, "wechat_pay", f"f-{own}"
    )
    return replace(made, **other)


def meters_of(rows: Rows, product_id: str, at: datetime) -> tuple[Meter | None, ...]:
    """A product's bonus meters of the day, as the operations read them."""
    return tuple(rows.get(Meter, product_id, str(business_date(at)), str(shard)) for shard in range(SHARDS))


def payment(order: Order, at: datetime = NOON, **other: Any) -> ProvenPayment:
    return replace(
        ProvenPayment(order.order_id, f"wx-{order.order_id}", order.amount_fen, "CNY", at), **other
    )


def asked(
    own: str,
    card_id: str,
    cause: Cause,
    now: datetime,
    consumer_id: str = CONSUMER.principal_id,
    body: str = "",
) -> Refund:
    """A refund as a client asks for it: everything that the decision has to find out is blank."""
    return Refund(
        refund_id=own,
        card_id=card_id,
        order_id="",
        consumer_id=consumer_id,
        merchant_id="",
        cause=cause,
        rule="",
        amount_fen=0,
        release_fen=0,
        total_fen=0,
        due_on=now.date(),
        requested_at=now,
        fingerprint=f"{card_id}|{cause}|{body}",
        state=RefundState.REQUESTED,
    )


def code_of(call: Any) -> str:
    """The code of the refusal that `call()` raises; "" if it raises none."""
    try:
        call()
    except Refusal as refusal:
        return refusal.code
    return ""


def journal(rows: Rows) -> list[Transfer]:
    """Every posted transfer, card by card, in the order of the chain."""
    found = [order.transfer for order in rows.all(Order) if order.seq is not None]
    found += [redemption.transfer for redemption in rows.all(Redemption) if redemption.seq is not None]
    found += [posted.transfer for posted in rows.all(PostedTransfer)]
    return found


def balances(transfers: list[Transfer]) -> dict[str, int]:
    """Credits less debits of every account that any transfer names."""
    totals: dict[str, int] = {}
    for moved in transfers:
        totals[moved.debit] = totals.get(moved.debit, 0) - moved.amount_fen
        totals[moved.credit] = totals.get(moved.credit, 0) + moved.amount_fen
    return totals


class Town:
    """The whole of a worked example: every verb loads, decides and commits as the operations do, at `self.now`."""

    def __init__(self) -> None:
        self.rows = Rows()
        self.now = NOON
        self.count = 0
        self.pricing = "discounted"

    def do(self, decision: Decision[Any]) -> Any:
        self.rows.commit(decision)
        return decision.answer

    def later(self, **span: float) -> None:
        self.now += timedelta(**span)

    def card(self, own: str = "1") -> Card:
        found: Card = self.rows.get(Card, f"crd_{own}")
        return found

    def order(self, own: str = "1") -> Order:
        found: Order = self.rows.get(Order, f"crd_{own}")
        return found

    def place(self, own: str = "1", product: Product = PRODUCT) -> Any:
        meters = meters_of(self.rows, product.product_id, self.now)
        market = replace(MARKET, rules=rules_on("330212", business_date(self.now)), meters=meters)
        earlier = self.rows.get(Order, f"crd_{own}")
        read = contract_of(market.template, MERCHANT, product, product.terms.offers[0], market.rules)
        wished = wish(own, contract_hash=read.digest)
        placed = self.do(orders.place(MERCHANT, product, earlier, wished, market, trace(f"aud_{own}", self.now)))
        if placed.refusal is not None:
            raise placed.refusal
        return placed.order

    def pay(self, own: str = "1", **other: Any) -> Any:
        order = self.order(own)
        return self.do(orders.credit(order, payment(order, self.now, **other), self.now))

    def buy(self, own: str = "1", price_fen: int = 100000, bonus_fen: int = 30000) -> Card:
        self.place(own, replace(PRODUCT, terms=stored_value(price_fen, bonus_fen)))
        self.pay(own)
        return self.card(own)

    def hold(
        self, face_fen: int, own: str = "1", who: Principal = CASHIER, nonce: str | None = None
    ) -> Redemption:
        self.count += 1
        expiry = None if nonce is None else self.now + timedelta(seconds=60)
        ask = Ask(f"red_{own}_{self.count}", "sto_1", face_fen, f"f{self.count}", nonce, expiry)
        made: Redemption = self.do(
            redemptions.open_redemption(self.card(own), None, ask, who, "mch_1", self.now)
        )
        return made

    def answer(self, verb: Any, redemption: Redemption, who: Any = CONSUMER.principal_id) -> Any:
        present = self.rows.get(Redemption, redemption.redemption_id)
        return self.do(verb(present, self.rows.get(Card, redemption.card_id), who, self.now))

    def use(self, face_fen: int, own: str = "1") -> Redemption:
        posted: Redemption = self.answer(redemptions.confirm, self.hold(face_fen, own))
        return posted

    def quote(
        self, cause: Cause, own: str = "1", no_reason: bool = False, consumed_before: bool = False
    ) -> Any:
        card = self.card(own)
        reason = Reason(cause, no_reason, consumed_before)
        rules = replace(rules_on("330212", card.activated_at.date()), cooling_used_pricing=self.pricing)
        return refunds.quote(card, reason, rules, self.now)

    def ask_refund(
        self,
        refund_id: str,
        cause: Cause,
        own: str = "1",
        no_reason: bool = False,
        consumed_before: bool = False,
    ) -> Refund:
        card = self.card(own)
        quoted = self.quote(cause, own, no_reason, consumed_before)
        ask = asked(refund_id, card.card_id, cause, self.now)
        made: Refund = self.do(refunds.request(card, f"ord_{own}", None, ask, quoted, self.now))
        return made

    def refund(self, refund_id: str, own: str = "1") -> tuple[Refund, Card]:
        return self.rows.get(Refund, refund_id), self.card(own)

    def money(self, own: str = "1") -> dict[str, int]:
        """Who has how much, in fen: face value on the card, and the cash of every party."""
        totals = balances(journal(self.rows))
        return {
            "face": self.card(own).face_fen,
            "custody": -totals.get("custody", 0),
            "card": totals.get(f"card:crd_{own}", 0),
            "payable": totals.get("payable:mch_1", 0),
            "in_transit": totals.get("refund_in_transit", 0),
        }
