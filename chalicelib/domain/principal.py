"""Who is asking. Made at the door from a verified token, for staff together with their present row."""
from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.refusals import absent


class Role(StrEnum):
    CONSUMER = "consumer"
    OWNER = "owner"
    MANAGER = "manager"
    CASHIER = "cashier"
    OPERATOR = "operator"
    REGULATOR = "regulator"
    CUSTODIAN = "custodian"


MERCHANT_ROLES = frozenset({Role.OWNER, Role.MANAGER, Role.CASHIER})
OFFICIAL_ROLES = frozenset({Role.OPERATOR, Role.REGULATOR, Role.CUSTODIAN})

PLATFORM = "platform"
"""The organisation of operators, regulators and custodians; a merchant's staff has the merchant's id instead."""


@dataclass(frozen=True)
class Principal:
    """`stores`: the stores a cashier is bound to; empty means all of the merchant. `district`: a regulator's. `session_id`: of
    the session of staff and officials that asks; consumers have none."""

    role: Role
    principal_id: str
    organisation_id: str = ""
    stores: tuple[str, ...] = ()
    district: str = ""
    session_id: str = ""

    def works_at(self, merchant_id: str, store_id: str) -> bool:
        if self.role not in MERCHANT_ROLES or self.organisation_id != merchant_id:
            return False
        return not self.stores or store_id in self.stores

    def require_own(self, merchant_id: str) -> None:
        """What is another merchant's looks like what is not there."""
        if not self.works_for(merchant_id):
            raise absent("商户", "merchant")

    def works_for(self, merchant_id: str) -> bool:
        return self.role in MERCHANT_ROLES and self.organisation_id == merchant_id
