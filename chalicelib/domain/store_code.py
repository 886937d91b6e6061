"""A store's printed code, replaced: a higher version, and all older prints are refused from then on."""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.audit import Trace, entry
from chalicelib.domain.decision import Decision, change, create
from chalicelib.domain.refusals import Conflict, absent, key_reused
from chalicelib.domain.store import Store

CODE_VERSION_MAX = 65_535
"""A code has two bytes for it."""


@dataclass(frozen=True)
class CodeRotation:
    """`code_version`: the print that became valid; all below it died."""

    rotation_id: str
    merchant_id: str
    store_id: str
    rotated_at: datetime
    rotated_by: str
    reason: str
    fingerprint: str
    code_version: int = 0
    version: int = 1


def rotate_code(store: Store | None, earlier: CodeRotation | None, wanted: CodeRotation, trace: Trace) -> Decision[Store]:
    """Order of refusals: key reused, no such store, no version left. The same request again: the store as it is now."""
    if earlier is not None and earlier.fingerprint != wanted.fingerprint:
        raise key_reused()
    if store is None:
        raise absent("门店", "store")
    if earlier is not None:
        return Decision(store, replayed=True)
    if store.code_version >= CODE_VERSION_MAX:
        raise Conflict("code_versions_exhausted", "门店码版本已用尽", f"store {store.store_id} had {CODE_VERSION_MAX} codes")
    after = replace(store, code_version=store.code_version + 1, version=store.version + 1)
    done = replace(wanted, code_version=after.code_version)
    audit = entry(
        trace, store.store_id, "store_code.rotate", f"{store.code_version}", f"{after.code_version}", wanted.reason
    )
    return Decision(after, (change(store, after), create(done), create(audit)))
