"""Store codes: what a scanned one belongs to, and a new print that ends the older ones."""

from datetime import datetime

from chalicelib import ids
from chalicelib.domain import store_code as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.code_key import CodeKey
from chalicelib.domain.codes import StoreCode, invalid_store_code, key_id_of, read_store_code, sign_store_code
from chalicelib.domain.decision import Decision
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.principal import Principal
from chalicelib.domain.refusals import absent
from chalicelib.domain.store import Store
from chalicelib.domain.store_code import CodeRotation
from chalicelib.operations import code_keys
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


def code_of(store: Store, now: datetime) -> str:
    """The code of a store's present print, under the current key."""
    return sign_store_code(code_keys.signing(now), StoreCode(store.store_id, store.code_version))


def resolve(code: str, now: datetime) -> tuple[Merchant, Store]:
    """The merchant, and the store as of today. Order of refusals: foreign or altered, no such store, revoked print, revoked key,
    which all look alike; then closed."""
    key_id = key_id_of(code)
    read = read_store_code(code_keys.verifying(key_id), code)
    merchant_id = ids.owner_of("mch", read.store_id)
    merchant, store, key = reads.get_together(
        (Merchant, (merchant_id,)), (Store, (merchant_id, read.store_id)), (CodeKey, (key_id,))
    )
    if merchant is None or store is None or store.code_version != read.version or key is None or not key.verifies:
        raise invalid_store_code()
    present = store.as_of(business_date(now))
    present.require_not_closed()
    return merchant, present


def rotate(merchant_id: str, store_id: str, reason: str, key: str, caller: Principal, trace: Trace) -> Done[Store]:
    caller.require_own(merchant_id)
    if not caller.works_at(merchant_id, store_id):
        raise absent("门店", "store")
    wanted = CodeRotation(
        rotation_id=ids.derived_within("rot", merchant_id, caller.principal_id, "store_code.rotate", key),
        merchant_id=merchant_id,
        store_id=store_id,
        rotated_at=trace.at,
        rotated_by=caller.principal_id,
        reason=reason,
        fingerprint=ids.fingerprint(store_id, reason),
    )

    def decide() -> Decision[Store]:
        store, earlier = reads.get_together(
            (Store, (merchant_id, store_id)), (CodeRotation, (merchant_id, wanted.rotation_id))
        )
        return rules.rotate_code(store, earlier, wanted, trace)

    return commit(decide)
