"""Consumers logging in through a channel."""

from datetime import datetime

from chalicelib import ids, sealing
from chalicelib.domain import consumer as rules
from chalicelib.domain.consumer import Channel, Consumer, Identity
from chalicelib.operations import channels
from chalicelib.operations.attempts import commit
from chalicelib.store import reads


def log_in(channel: Channel, code: str, now: datetime) -> str:
    """The consumer's id. For somebody known one read; for a newcomer one key and one transaction.

    A newcomer's id is random, not derived: first logins at once meet in the claim, and after an erasure nobody who knows the
    identity can compute which id it used to lead to.
    """
    proof = channels.prove(channel, code)
    claim = channels.claim_of(proof)
    known = reads.get(Identity, claim)
    if known is not None and known.consumer_id:
        return known.consumer_id
    consumer_id = ids.random_id("con")
    newcomer = Consumer(consumer_id, now, sealing.new_key(consumer_id), channels=())
    sealed = channels.seal(consumer_id, newcomer.wrapped_key, proof)
    return commit(lambda: rules.log_in(reads.get(Identity, claim), newcomer, sealed, now)).answer
