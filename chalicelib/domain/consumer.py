"""A consumer, and the login identities that lead to one."""
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.decision import Decision, create


@dataclass(frozen=True)
class Consumer:
    """`open_id` is the person's id at WeChat for our mini-program, needed to ask WeChat Pay for a payment."""

    consumer_id: str
    channel: str
    open_id: str
    registered_at: datetime
    version: int = 1


def register(known: Consumer | None, newcomer: Consumer) -> Decision[Consumer]:
    """The consumer of a login: the id is derived from the identity, so two first logins at once meet in one row."""
    if known is not None:
        return Decision(known, replayed=True)
    return Decision(newcomer, (create(newcomer),))
