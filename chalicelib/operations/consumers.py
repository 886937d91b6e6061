"""A consumer's identities and profile: linked, unlinked, typed in; shown in clear to the owner, masked to anybody else."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib import sealing
from chalicelib.domain import consumer as rules
from chalicelib.domain.audit import Trace
from chalicelib.domain.consumer import Channel, Consumer, Held, Identity, LinkedIdentity, require_present
from chalicelib.domain.decision import Decision
from chalicelib.domain.refusals import CounterpartUnknown
from chalicelib.operations import channels
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads

IDENTITIES = "identity#"


@dataclass(frozen=True, repr=False)
class Profile:
    """In clear, for its owner. `identities`: channel, subject there, since when."""

    consumer: Consumer
    nickname: str
    phone: str
    name: str
    id_tail: str
    identities: tuple[tuple[Channel, str, datetime], ...]


@dataclass(frozen=True)
class Masked:
    """What staff may see of the person in front of them."""

    nickname: str
    phone: str


def link(consumer_id: str, channel: Channel, code: str, trace: Trace) -> Done[LinkedIdentity]:
    """Two proofs of one person: the caller's token, and a fresh code of the other channel."""
    own = present(consumer_id)
    proof = channels.prove(channel, code)
    sealed = channels.seal(consumer_id, own.wrapped_key, proof)

    ended = ""

    def decide() -> Decision[LinkedIdentity]:
        nonlocal ended
        present_own, place, claim = _load(consumer_id, channel, sealed.claim)
        ended = claim.consumer_id if claim is not None and claim.consumer_id != consumer_id else ""
        return rules.link(present_own, place, claim, held(ended) if ended else None, sealed, trace)

    done = commit(decide)
    if ended:
        sealing.forget(ended)
    return done


def unlink(consumer_id: str, channel: Channel, trace: Trace) -> Done[LinkedIdentity]:
    def decide() -> Decision[LinkedIdentity]:
        own, place = reads.get_together((Consumer, (consumer_id,)), (LinkedIdentity, (consumer_id, channel)))
        claim = reads.get(Identity, place.claim) if place is not None and place.linked else None
        return rules.unlink(own, place, claim, trace)

    return commit(decide)


def describe(consumer_id: str, phone: str | None, nickname: str | None) -> Consumer:
    own = present(consumer_id)

    def sealed(field: str, text: str | None) -> str | None:
        return sealing.seal(consumer_id, own.wrapped_key, field, text) if text else text

    typed = sealed("phone", phone), sealed("nickname", nickname)
    return commit(lambda: rules.describe(reads.get(Consumer, consumer_id), *typed)).answer


def present(consumer_id: str) -> Consumer:
    return require_present(reads.get(Consumer, consumer_id))


def held(consumer_id: str) -> Held:
    """The consumer as it is now, with the identities it has or had, and the claims of those it has."""
    consumer = reads.get(Consumer, consumer_id)
    if consumer is None:
        raise rules.gone()
    identities = tuple(reads.owned(LinkedIdentity, consumer_id, IDENTITIES))
    claims = [reads.get(Identity, one.claim) for one in identities if one.linked]
    return Held(consumer, identities, tuple(claim for claim in claims if claim is not None and claim.consumer_id == consumer_id))


def profile(consumer_id: str) -> Profile:
    own = present(consumer_id)
    identities = [one for one in reads.owned(LinkedIdentity, consumer_id, IDENTITIES) if one.linked]
    return Profile(
        own,
        nickname=opened(own, "nickname", own.sealed_nickname),
        phone=opened(own, "phone", own.sealed_phone),
        name=opened(own, "name", own.sealed_name),
        id_tail=opened(own, "id_tail", own.sealed_id_tail),
        identities=tuple((one.channel, subject_of(own, one), one.linked_at) for one in identities),
    )


def subject_of(own: Consumer, linked: LinkedIdentity) -> str:
    return opened(own, channels.field_of(linked.channel), linked.sealed_subject)


def opened(own: Consumer, field: str, sealed: str) -> str:
    return sealing.unseal(own.consumer_id, own.wrapped_key, field, sealed) if sealed else ""


def masked(consumer_id: str) -> Masked | None:
    """None for somebody who has told nothing or is gone, and while the key service is silent: nobody waits at the counter for a
    name."""
    consumer = reads.get(Consumer, consumer_id)
    if consumer is None or not (consumer.sealed_nickname or consumer.sealed_phone):
        return None
    try:
        nickname, phone = opened(consumer, "nickname", consumer.sealed_nickname), opened(consumer, "phone", consumer.sealed_phone)
    except CounterpartUnknown:
        return None
    return Masked(rules.masked_name(nickname), rules.masked_phone(phone))


def _load(consumer_id: str, channel: Channel, claim: str) -> tuple[Consumer | None, LinkedIdentity | None, Identity | None]:
    own, place, claimed = reads.get_together(
        (Consumer, (consumer_id,)), (LinkedIdentity, (consumer_id, channel)), (Identity, (claim,))
    )
    return own, place, claimed
