"""A small town on the platform: two merchants, people of every role, two consumers, a card of 1000 + 300 yuan.

Rows are made by the domain's own functions and written as they are, so that a test of one route needs no other route.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from chalicelib import ids, keys, sealing
from chalicelib.domain import consumer as persons
from chalicelib.domain import order as orders
from chalicelib.domain.audit import Trace
from chalicelib.domain.bonus import SHARDS
from chalicelib.domain.card import Card
from chalicelib.domain.codes import PaymentCode, StoreCode, sign_payment_code, sign_store_code
from chalicelib.domain.consumer import Channel, Consumer, Proof
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Industry, LegalForm, Merchant
from chalicelib.domain.order import Market, Order, ProvenPayment, Wish
from chalicelib.domain.principal import MERCHANT_ROLES, PLATFORM, Role
from chalicelib.domain.product import Product
from chalicelib.domain.redemption import Redemption
from chalicelib.domain.staff import Staff, StaffState
from chalicelib.domain.store import Store
from chalicelib.domain.terms import stored_value
from chalicelib.operations import channels, code_keys, contracts
from tests.platform import DISTRICT, FRIDAY, Platform

PRICE_FEN = 100_000
BONUS_FEN = 30_000
LICENCE_NO = "91330212MA2AAAAA07"


@dataclass
class Town:
    platform: Platform
    merchant: Merchant
    store: Store
    product: Product
    rival: Merchant
    rival_store: Store
    card: Card
    consumer_id: str
    stranger_id: str
    tokens: dict[Role, str]
    rival_owner: str
    stranger: str

    @property
    def consumer(self) -> str:
        return self.tokens[Role.CONSUMER]

    @property
    def cashier(self) -> str:
        return self.tokens[Role.CASHIER]

    @property
    def store_code(self) -> str:
        return sign_store_code(code_keys.signing(self.platform.now()), StoreCode(self.store.store_id, self.store.code_version))

    def payment_code(self, card_id: str = "", nonce: str = "") -> str:
        self.platform.count += 1
        expires_at = (self.platform.now() + timedelta(seconds=60)).replace(microsecond=0)
        code = PaymentCode(card_id or self.card.card_id, nonce or f"{self.platform.count:024x}", expires_at)
        return sign_payment_code(keys.payment_code_keys(), code)

    def staff_body(self, amount_fen: int = 13_000, **other: object) -> dict[str, object]:
        return {"payment_code": self.payment_code(), "store_id": self.store.store_id, "amount_fen": amount_fen} | other

    def consumer_body(self, amount_fen: int = 13_000, **other: object) -> dict[str, object]:
        return {"store_code": self.store_code, "card_id": self.card.card_id, "amount_fen": amount_fen} | other

    def hold(self, amount_fen: int = 13_000) -> str:
        """The id of a redemption that waits for the consumer."""
        made = self.platform.post("/v1/redemptions", self.consumer_body(amount_fen), self.consumer)
        assert made.status == 201, made.text
        return str(made.json["redemption_id"])

    def confirm(self, redemption_id: str) -> None:
        done = self.platform.post(f"/v1/redemptions/{redemption_id}/confirm", token=self.consumer)
        assert done.status == 200, done.text

    def after_the_cooling_off_days(self) -> None:
        """Everybody has logged in again."""
        from jwt import decode

        self.platform.later(days=8)
        people = {role: decode(token, options={"verify_signature": False})["sub"] for role, token in self.tokens.items()}
        self.tokens = {role: self.platform.token(person, role) for role, person in people.items()}

    def present_card(self) -> Card:
        from chalicelib.store import reads

        found = reads.get(Card, self.card.card_id)
        assert found is not None
        return found

    def redemption(self, redemption_id: str) -> Redemption:
        from chalicelib.store import reads

        found = reads.get(Redemption, self.card.card_id, redemption_id)
        assert found is not None
        return found


def settled(platform: Platform) -> Town:
    merchant, store, product = _merchant(platform, "甬江美发有限公司", LICENCE_NO)
    rival, rival_store, _ = _merchant(platform, "月湖餐饮有限公司", "91330212MA2BBBBB0X")
    consumer, stranger = (registered(platform, Proof(Channel.WECHAT, f"o-canary-{who}")) for who in ("mei", "li"))
    order, card = paid(platform, merchant, product, consumer.consumer_id)
    platform.put(merchant, store, product, rival, rival_store, order, card, replace(consumer, buyer=True))
    code_keys.signing(platform.now())
    tokens = {role: person(platform, role, merchant, store) for role in Role if role is not Role.CONSUMER}
    tokens[Role.CONSUMER] = platform.token(consumer.consumer_id, Role.CONSUMER)
    return Town(
        platform,
        merchant,
        store,
        product,
        rival,
        rival_store,
        card,
        consumer.consumer_id,
        stranger.consumer_id,
        tokens,
        person(platform, Role.OWNER, rival, rival_store),
        platform.token(stranger.consumer_id, Role.CONSUMER),
    )


def registered(platform: Platform, proof: Proof) -> Consumer:
    """A consumer after a first login with what the channel says."""
    consumer_id = ids.random_id("con")
    newcomer = Consumer(consumer_id, platform.now(), sealing.new_key(consumer_id), ())
    decided = persons.log_in(None, newcomer, channels.seal(consumer_id, newcomer.wrapped_key, proof), platform.now())
    platform.put(*(put.value for put in decided.puts))
    return next(put.value for put in decided.puts if isinstance(put.value, Consumer))


def _merchant(platform: Platform, name: str, licence_no: str) -> tuple[Merchant, Store, Product]:
    merchant_id = ids.random_id("mch")
    merchant = Merchant(
        merchant_id=merchant_id,
        name=name,
        licence_no=licence_no,
        legal_form=LegalForm.ENTERPRISE,
        legal_representative="钱一",
        industry=Industry.BEAUTY,
        district=DISTRICT,
        address="中山东路 1 号",
        account_name=name,
        account_number="6222000000001234",
        account_bank="宁波银行",
        filing_no="BA33021220261101ABCDEFGH",
        filed_on=FRIDAY,
        licence_checked_at=platform.now(),
        pinyin="yongjiangmeifayouxiangongsi",
        initials="yjmfyxgs",
        updated_at=platform.now(),
    )
    own = ids.derived_within("sto", merchant_id, "1")
    store = Store(own, merchant_id, "一号店", DISTRICT, "中山东路 1 号", platform.now(), "f")
    own, terms = ids.derived_within("prd", merchant_id, "1"), stored_value(PRICE_FEN, BONUS_FEN)
    product = Product(own, merchant_id, "充 1000 得 1300", terms, platform.now(), "f")
    return merchant, store, product


def paid(platform: Platform, merchant: Merchant, product: Product, consumer_id: str) -> tuple[Order, Card]:
    order_id = ids.random_id("ord")
    wish = Wish(order_id, ids.renamed("crd", order_id), consumer_id, product.contract_version, "wechat_pay", "f")
    market = Market(rules_on(DISTRICT, FRIDAY), contracts.of_product(product), (None,) * SHARDS)
    trace = Trace(ids.random_id("aud"), "", consumer_id, Role.CONSUMER, platform.now())
    placed = orders.place(merchant, product, None, wish, market, trace).answer.order
    assert placed is not None
    payment = ProvenPayment(order_id, "4200000000202611200000000001", product.price_fen, "CNY", platform.now())
    decided = orders.credit(placed, payment, platform.now())
    return decided.answer, decided.puts[1].value


def person(platform: Platform, role: Role, merchant: Merchant, store: Store) -> str:
    """The token of an active person; merchants' cashiers are bound to the one store."""
    at_merchant = role in MERCHANT_ROLES
    staff = Staff(
        staff_id=ids.random_id("stf"),
        username=f"{role}-{platform.key()}",
        organisation_id=merchant.merchant_id if at_merchant else PLATFORM,
        role=role,
        stores=(store.store_id,) if role is Role.CASHIER else (),
        district="" if at_merchant else DISTRICT,
        invited_at=platform.now(),
        invitation_hash="",
        fingerprint="f",
        state=StaffState.ACTIVE,
    )
    platform.put(staff)
    return platform.token(staff.staff_id, role)


def another_card(town: Town) -> Card:
    """A second card, of the stranger, at the same merchant."""
    order, card = paid(town.platform, town.merchant, town.product, town.stranger_id)
    town.platform.put(order, replace(card))
    return card
