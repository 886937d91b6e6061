"""A store of a merchant: where cards are shown, codes are printed and redemptions happen."""
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.refusals import absent, key_reused


@dataclass(frozen=True)
class Store:
    """`code_version`: the printed QR code that is valid; a higher one revokes all older prints."""

    store_id: str
    merchant_id: str
    name: str
    district: str
    address: str
    opened_at: datetime
    fingerprint: str
    code_version: int = 1
    version: int = 1


def open_store(merchant: Merchant | None, earlier: Store | None, store: Store, trace: Trace) -> Decision[Store]:
    if earlier is not None:
        if earlier.fingerprint != store.fingerprint:
            raise key_reused()
        return Decision(earlier, replayed=True)
    if merchant is None:
        raise absent("商户", "merchant")
    made = replace(store, merchant_id=merchant.merchant_id)
    return Decision(made, (create(made), create(entry(trace, made.store_id, "store.open", "", made.name))))
