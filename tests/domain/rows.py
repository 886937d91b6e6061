"""A store in memory that does with a Decision what a conditional transaction does: all of the puts, or none."""

import pickle
from typing import Any

from chalicelib.domain.alert import Alert
from chalicelib.domain.application import Application, LicenceClaim, LicenceImageClaim
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.bonus import Meter
from chalicelib.domain.card import Card
from chalicelib.domain.consumer import Consumer, Identity, LinkedIdentity
from chalicelib.domain.decision import Decision
from chalicelib.domain.file import ApplicationFile
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.name import NameClaim
from chalicelib.domain.order import Order
from chalicelib.domain.product import Product, ProductVersion
from chalicelib.domain.redemption import Redemption
from chalicelib.domain.refund import PostedTransfer, Refund
from chalicelib.domain.registration import Registrations
from chalicelib.domain.session import Session
from chalicelib.domain.sign_in import Lock
from chalicelib.domain.staff import Staff
from chalicelib.domain.store import Store

Key = tuple[str, ...]

KEY_FIELDS: dict[type[Any], tuple[str, ...]] = {
    Alert: ("alert_id",),
    Application: ("application_id",),
    ApplicationFile: ("file_id",),
    AuditEntry: ("object_id", "entry_id"),
    Card: ("card_id",),
    Consumer: ("consumer_id",),
    Identity: ("claim",),
    LicenceClaim: ("licence_no",),
    LicenceImageClaim: ("sha256",),
    LinkedIdentity: ("consumer_id", "channel"),
    Merchant: ("merchant_id",),
    NameClaim: ("district", "skeleton"),
    Meter: ("product_id", "business_date", "shard"),
    Order: ("card_id",),
    Product: ("product_id",),
    ProductVersion: ("version_id",),
    Redemption: ("redemption_id",),
    Refund: ("refund_id",),
    Registrations: ("consumer_id",),
    Session: ("session_id",),
    Lock: ("staff_id", "source"),
    Staff: ("username",),
    Store: ("store_id",),
}


def key_of(value: Any) -> Key:
    if isinstance(value, PostedTransfer):
        return ("PostedTransfer", value.card_id, str(value.transfer.seq))
    return (type(value).__name__, *(str(getattr(value, field)) for field in KEY_FIELDS[type(value)]))


class Rows:
    """Rows are kept as bytes, so that nobody shares an object with the store and "unchanged" can be said of bytes."""

    def __init__(self) -> None:
        self.bytes: dict[Key, bytes] = {}
        self.read: dict[Key, tuple[bytes, Any]] = {}
        self.writes: dict[Key, int] = {}
        self.moves: set[tuple[str, str, str]] = set()

    def image(self) -> dict[Key, bytes]:
        return dict(self.bytes)

    def get(self, kind: type[Any], *key: str) -> Any:
        raw = self.bytes.get((kind.__name__, *key))
        return None if raw is None else pickle.loads(raw)

    def all(self, kind: type[Any]) -> list[Any]:
        """To look at only, so read from its bytes once; a decision is made of what `get` returns."""
        return [self._read(key, raw) for key, raw in self.bytes.items() if key[0] == kind.__name__]

    def _read(self, key: Key, raw: bytes) -> Any:
        known = self.read.get(key)
        if known is None or known[0] is not raw:
            known = self.read[key] = (raw, pickle.loads(raw))
        return known[1]

    def commit(self, decision: Decision[Any]) -> None:
        keys = [key_of(put.value) for put in decision.puts]
        assert len(set(keys)) == len(keys), "a transaction may not write one row twice"
        before = [self._value(key) for key in keys]
        for put, stored in zip(decision.puts, before, strict=True):
            if (None if stored is None else stored.version) != put.expect:
                raise put.otherwise
        for put, key, stored in zip(decision.puts, keys, before, strict=True):
            self.bytes[key] = pickle.dumps(put.value)
            self.writes[key] = self.writes.get(key, 0) + 1
            self._note(put.value, stored)

    def _value(self, key: Key) -> Any:
        raw = self.bytes.get(key)
        return None if raw is None else pickle.loads(raw)

    def _note(self, after: Any, before: Any) -> None:
        state = getattr(after, "state", None)
        if state is not None:
            was = "" if before is None else str(before.state)
            if was != str(state):
                self.moves.add((type(after).__name__, was, str(state)))
