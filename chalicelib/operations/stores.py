"""A merchant's stores."""

from datetime import date

from chalicelib import ids
from chalicelib.domain import store as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal
from chalicelib.domain.refusals import absent
from chalicelib.domain.store import Changes, Notice, Store
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


def open_store(
    merchant_id: str,
    name: str,
    district: str,
    address: str,
    key: str,
    caller: Principal,
    trace: Trace,
    phone: str = "",
    opening_hours: tuple[str, ...] = (),
) -> Done[Store]:
    caller.require_own(merchant_id)
    store = Store(
        store_id=ids.derived_within("sto", merchant_id, caller.principal_id, "store", key),
        merchant_id=merchant_id,
        name=name,
        district=district,
        address=address,
        opened_at=trace.at,
        fingerprint=ids.fingerprint(name, district, address, phone, *opening_hours),
        phone=phone,
        opening_hours=opening_hours,
    )

    def decide() -> Decision[Store]:
        merchant, earlier = reads.get_together((Merchant, (merchant_id,)), (Store, (merchant_id, store.store_id)))
        return rules.open_store(merchant, earlier, store, trace, len(_all(merchant_id)))

    return commit(decide)


def change(merchant_id: str, store_id: str, changes: Changes, caller: Principal, trace: Trace) -> Done[Store]:
    caller.require_own(merchant_id)
    return commit(lambda: rules.change_store(reads.get(Store, merchant_id, store_id), changes, caller, trace))


def announce_move(
    merchant_id: str,
    store_id: str,
    district: str,
    address: str,
    on: date,
    text: str,
    key: str,
    caller: Principal,
    trace: Trace,
) -> Done[Store]:
    caller.require_own(merchant_id)
    request = ids.fingerprint(caller.principal_id, "move", key, district, address, on.isoformat(), text)
    notice = Notice(text, on, request, district, address)

    def decide() -> Decision[Store]:
        merchant, store = _load(merchant_id, store_id)
        law = rules_on(store.district if store else district, business_date(trace.at))
        return rules.announce_move(merchant, store, notice, law, trace)

    return commit(decide)


def announce_closing(
    merchant_id: str, store_id: str, on: date, text: str, key: str, caller: Principal, trace: Trace
) -> Done[Store]:
    """The merchant is read before its stores: whatever another request changes in between, the merchant's version tells."""
    caller.require_own(merchant_id)
    notice = Notice(text, on, ids.fingerprint(caller.principal_id, "close", key, on.isoformat(), text))

    def decide() -> Decision[Store]:
        merchant, store = _load(merchant_id, store_id)
        if merchant is None or store is None:
            raise absent("门店", "store")
        law = rules_on(store.district, business_date(trace.at))
        return rules.announce_closing(merchant, [store, *_all(merchant_id)], store_id, notice, law, trace)

    return commit(decide)


def withdraw_notice(merchant_id: str, store_id: str, key: str, caller: Principal, trace: Trace) -> Done[Store]:
    caller.require_own(merchant_id)
    request = ids.fingerprint(caller.principal_id, "withdraw", key)
    return commit(lambda: rules.withdraw_notice(*_load(merchant_id, store_id), request, trace))


def _load(merchant_id: str, store_id: str) -> tuple[Merchant | None, Store | None]:
    merchant, store = reads.get_together((Merchant, (merchant_id,)), (Store, (merchant_id, store_id)))
    return merchant, store


def _all(merchant_id: str) -> list[Store]:
    return reads.owned(Store, merchant_id, "sto_", rules.STORES_MAX)
