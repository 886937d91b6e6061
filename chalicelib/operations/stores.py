"""A merchant's stores."""

from chalicelib import ids
from chalicelib.domain import store as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.decision import Decision
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal
from chalicelib.domain.store import Store
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


def open_store(
    merchant_id: str, name: str, district: str, address: str, key: str, caller: Principal, trace: Trace
) -> Done[Store]:
    caller.require_own(merchant_id)
    store = Store(
        store_id=ids.derived_within("sto", merchant_id, caller.principal_id, "store", key),
        merchant_id=merchant_id,
        name=name,
        district=district,
        address=address,
        opened_at=trace.at,
        fingerprint=ids.fingerprint(name, district, address),
    )

    def decide() -> Decision[Store]:
        merchant, earlier = reads.get_together((Merchant, (merchant_id,)), (Store, (merchant_id, store.store_id)))
        return rules.open_store(merchant, earlier, store, trace)

    return commit(decide)
