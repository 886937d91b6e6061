"""Who at a merchant may do what. One table for stores, one for people; docs/rights.md is made of them.

Whoever is bound to stores has each right in these stores only; whoever is bound to none has it in all of the merchant's.
Operators are the platform's: they appear where a merchant cannot help itself.
"""

from collections.abc import Mapping
from enum import StrEnum

from chalicelib.domain.principal import MERCHANT_ROLES, Role

_OWNER = frozenset({Role.OWNER})
_EVERYBODY_BELOW = frozenset({Role.MANAGER, Role.CASHIER})


class StoreRight(StrEnum):
    OPEN = "open"
    RENAME = "rename"
    CHANGE_HOURS = "change_hours"
    MOVE = "move"
    CLOSE = "close"
    REDEEM = "redeem"


class StaffRight(StrEnum):
    SEE = "see"
    INVITE = "invite"
    CHANGE = "change"
    RESET = "reset"
    DISABLE = "disable"
    REVOKE_SESSIONS = "revoke_sessions"


STORES: Mapping[StoreRight, frozenset[Role]] = {
    StoreRight.OPEN: _OWNER,
    StoreRight.RENAME: _OWNER,
    StoreRight.CHANGE_HOURS: frozenset({Role.OWNER, Role.MANAGER}),
    StoreRight.MOVE: _OWNER,
    StoreRight.CLOSE: _OWNER,
    StoreRight.REDEEM: MERCHANT_ROLES,
}

_BY_INVITERS: Mapping[Role, frozenset[Role]] = {
    Role.OPERATOR: _OWNER,
    Role.OWNER: _EVERYBODY_BELOW,
    Role.MANAGER: frozenset({Role.CASHIER}),
}

STAFF: Mapping[StaffRight, Mapping[Role, frozenset[Role]]] = {
    StaffRight.SEE: {Role.OWNER: MERCHANT_ROLES, Role.MANAGER: _EVERYBODY_BELOW},
    StaffRight.INVITE: _BY_INVITERS,
    StaffRight.CHANGE: {Role.OWNER: _EVERYBODY_BELOW},
    StaffRight.RESET: _BY_INVITERS,
    StaffRight.DISABLE: _BY_INVITERS,
    StaffRight.REVOKE_SESSIONS: {Role.OPERATOR: MERCHANT_ROLES, Role.OWNER: _EVERYBODY_BELOW},
}
"""By right and role: whom a person of the role may do it to."""


def over(right: StaffRight, role: Role) -> frozenset[Role]:
    return STAFF[right].get(role, frozenset())
