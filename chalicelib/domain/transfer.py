"""A transfer moves fen from one account to another, and a card's posted transfers form a chain.

Phases, as in every two-phase ledger: `pending` reserves and moves nothing; `posted`, `voided` and `expired` are final.
A correction is a new transfer. A posted transfer is never changed: `hash` covers its canonical bytes and the hash
of the one before it, and the card's row holds the head of its chain.
"""
import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chalicelib.domain.business_day import SHANGHAI

GENESIS = "0" * 64


class Kind(StrEnum):
    PURCHASE = "purchase"
    REDEMPTION = "redemption"
    RELEASE = "release"
    REFUND = "refund"
    REFUND_RETURNED = "refund_returned"
    REFUND_PAID = "refund_paid"
    PAYOUT = "payout"


@dataclass(frozen=True)
class Transfer:
    """One posted movement of a card's money. `face_fen` is the card's face value used up, 0 where none is."""

    transfer_id: str
    kind: Kind
    debit: str
    credit: str
    amount_fen: int
    face_fen: int
    business_date: date
    posted_at: datetime
    seq: int
    prev_hash: str

    def __post_init__(self) -> None:
        assert type(self.amount_fen) is int
        assert type(self.face_fen) is int
        assert self.amount_fen >= 0
        assert self.amount_fen > 0 or self.face_fen > 0
        assert self.face_fen >= 0
        assert self.debit != self.credit
        assert self.seq >= 1

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.canonical()).hexdigest()

    def canonical(self) -> bytes:
        """The bytes that are hashed: JSON, keys sorted, no spaces, ASCII only; times in +08:00 to the microsecond."""
        fields = vars(self) | {
            "business_date": self.business_date.isoformat(),
            "posted_at": self.posted_at.astimezone(SHANGHAI).isoformat(timespec="microseconds"),
            "kind": str(self.kind),
        }
        return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def broken_at(transfers: list[Transfer], head_hash: str, hashes: list[str]) -> int | None:
    """The first seq at which a card's chain does not verify, or None. `hashes` are the stored ones, in order."""
    prev = GENESIS
    for position, (transfer, stored) in enumerate(zip(transfers, hashes, strict=True), start=1):
        if transfer.seq != position or transfer.prev_hash != prev or transfer.hash != stored:
            return position
        prev = stored
    return None if prev == head_hash else len(transfers) + 1
