"""Who is there before the first operation: a merchant, its store, product and cashier, a consumer; put by the store itself."""
from dataclasses import dataclass
from typing import Any

from bench import world

OPEN_ID = "o-bench"


@dataclass(frozen=True)
class People:
    store_id: str
    store_code: str
    order: dict[str, Any]
    open_id: str
    consumer_token: str
    staff_token: str


def settle() -> People:
    from chalicelib import clock, ids
    from chalicelib.api.store_codes import printed
    from chalicelib.domain.principal import Role
    from chalicelib.domain.product import Product
    from chalicelib.domain.session import begun, joined
    from chalicelib.domain.store import Store
    from chalicelib.domain.terms import stored_value

    now = clock.now()
    store = Store(
        store_id=ids.derived_within("sto", world.MERCHANT_ID, "bench"), merchant_id=world.MERCHANT_ID, name="中山东路店",
        district="330212", address="宁波市鄞州区中山东路 1 号", opened_at=now, fingerprint="f" * 32,
    )
    product = Product(
        product_id=ids.derived_within("prd", world.MERCHANT_ID, "bench"), merchant_id=world.MERCHANT_ID,
        name="充 1000 得 1300", terms=stored_value(100_000, 30_000), created_at=now, fingerprint="f" * 32,
    )
    consumer = _consumer()
    cashier = _cashier(store.store_id)
    session = begun(cashier.staff_id, ids.random_id("ses"), "bench", now)
    for value in (_merchant(), store, product, joined(cashier, session), session):
        _put(value)
    return People(
        store_id=store.store_id,
        store_code=printed(store)[0],
        order={
            "product_id": product.product_id,
            "contract_version": product.contract_version,
            "payment_provider": "wechat_pay",
        },
        open_id=OPEN_ID,
        consumer_token=world.token(consumer.consumer_id, Role.CONSUMER),
        staff_token=world.token(cashier.staff_id, Role.CASHIER, session.session_id),
    )


def _consumer() -> Any:
    """After a first login with WeChat, and after a first order: the usual buyer."""
    from dataclasses import replace

    from chalicelib import clock, ids, sealing
    from chalicelib.domain import consumer as persons
    from chalicelib.domain.consumer import Channel, Consumer, Proof
    from chalicelib.operations import channels
    from chalicelib.store import writes

    consumer_id = ids.random_id("con")
    newcomer = Consumer(consumer_id, clock.now(), sealing.new_key(consumer_id), (), buyer=True)
    proof = channels.seal(consumer_id, newcomer.wrapped_key, Proof(Channel.WECHAT, OPEN_ID))
    decision = persons.log_in(None, newcomer, proof, clock.now())
    writes.commit(decision)
    return replace(newcomer, channels=(Channel.WECHAT,))


def _merchant() -> Any:
    from chalicelib import clock
    from chalicelib.domain.business_day import business_date
    from chalicelib.domain.merchant import Industry, LegalForm, Merchant

    now = clock.now()
    return Merchant(
        merchant_id=world.MERCHANT_ID, name="宁波甬江美发有限公司", licence_no="91330200MA2AAAAAXX",
        legal_form=LegalForm.ENTERPRISE, legal_representative="钱一", industry=Industry.BEAUTY, district="330212",
        address="宁波市鄞州区中山东路 1 号", account_name="宁波甬江美发有限公司", account_number="6222000000001234",
        account_bank="宁波银行", filing_no="NB-2026-0001", filed_on=business_date(now), licence_checked_at=now,
        pinyin="ningboyongjiangmeifayouxiangongsi", initials="nbyjmfyxgs", updated_at=now,
    )


def _cashier(store_id: str) -> Any:
    from chalicelib import clock, ids
    from chalicelib.domain.principal import Role
    from chalicelib.domain.staff import Staff, StaffState

    return Staff(
        staff_id=ids.derived("stf", "zhao"), username="zhao", organisation_id=world.MERCHANT_ID, role=Role.CASHIER,
        stores=(store_id,), district="", invited_at=clock.now(), invitation_hash="0" * 64, fingerprint="f" * 32,
        state=StaffState.ACTIVE, password_hash="$argon2id$" + "x" * 87, totp_secret="A" * 32,
    )


def _put(value: Any) -> None:
    from chalicelib.domain.decision import Decision, create
    from chalicelib.store import writes

    writes.commit(Decision(value, (create(value),)))
