"""Redemption (核销), end to end."""

from datetime import datetime

from chalicelib import ids
from chalicelib.domain import redemption as rules
from chalicelib.domain.business_day import business_date
from chalicelib.domain.card import Card
from chalicelib.domain.codes import PaymentCode
from chalicelib.domain.decision import Decision
from chalicelib.domain.principal import Principal
from chalicelib.domain.redemption import Ask, Redemption
from chalicelib.domain.refusals import absent
from chalicelib.domain.store import Store
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


def open_by_staff(
    code: PaymentCode, store_id: str, face_fen: int, principal: Principal, key: str, now: datetime
) -> Done[Redemption]:
    """Staff have scanned a payment code. The key's scope is this person, this operation and this card."""
    store = reads.get(Store, principal.organisation_id, store_id)
    if store is None or not principal.works_at(principal.organisation_id, store_id):
        raise absent("门店", "store")
    store.as_of(business_date(now)).require_not_closed()
    ask = Ask(
        redemption_id=ids.derived_within("red", code.card_id, principal.principal_id, "redemption", key),
        store_id=store_id,
        face_fen=face_fen,
        fingerprint=ids.fingerprint(store_id, str(face_fen), code.nonce),
        code_nonce=code.nonce,
        code_expires_at=code.expires_at,
    )
    return _open(code.card_id, ask, principal, principal.organisation_id, now)


def open_by_consumer(
    card_id: str, store: Store, face_fen: int, principal: Principal, key: str, now: datetime
) -> Done[Redemption]:
    """The consumer has scanned the store's code and chosen a card. `store`: as of today."""
    store.require_not_closed()
    ask = Ask(
        redemption_id=ids.derived_within("red", card_id, principal.principal_id, "redemption", key),
        store_id=store.store_id,
        face_fen=face_fen,
        fingerprint=ids.fingerprint(store.store_id, str(face_fen)),
    )
    return _open(card_id, ask, principal, store.merchant_id, now)


def _open(card_id: str, ask: Ask, principal: Principal, merchant_id: str, now: datetime) -> Done[Redemption]:
    def decide() -> Decision[Redemption]:
        earlier, card = _load(card_id, ask.redemption_id)
        return rules.open_redemption(card, earlier, ask, principal, merchant_id, now)

    return commit(decide)


def confirm(redemption_id: str, principal: Principal, now: datetime) -> Done[Redemption]:
    card_id = ids.owner_of("crd", redemption_id)
    return commit(lambda: rules.confirm(*_load(card_id, redemption_id), principal.principal_id, now))


def decline(redemption_id: str, principal: Principal, now: datetime) -> Done[Redemption]:
    card_id = ids.owner_of("crd", redemption_id)
    return commit(lambda: rules.decline(*_load(card_id, redemption_id), principal.principal_id, now))


def cancel(redemption_id: str, principal: Principal, now: datetime) -> Done[Redemption]:
    card_id = ids.owner_of("crd", redemption_id)
    return commit(lambda: rules.cancel(*_load(card_id, redemption_id), principal, now))


def expire(card_id: str, redemption_id: str, now: datetime) -> Done[Redemption]:
    return commit(lambda: rules.expire(*_load(card_id, redemption_id), now))


def _load(card_id: str, redemption_id: str) -> tuple[Redemption | None, Card | None]:
    """Redemption and card in one consistent read."""
    redemption, card = reads.get_together((Redemption, (card_id, redemption_id)), (Card, (card_id,)))
    return redemption, card
