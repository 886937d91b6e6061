"""A nomination: a consumer wants a merchant on the platform. Operators see how many want whom, and never who.

One person counts once for a merchant. A merchant is its licence number, where the consumer knows it, else its name in a district.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.domain.decision import Decision, Put, change, create
from chalicelib.domain.quota import Quota, spend
from chalicelib.domain.refusals import Conflict

NOMINATIONS_PER_DAY = 5


@dataclass(frozen=True)
class Nomination:
    """What one consumer said. `licence_no`, `address` and `note` may be empty."""

    nomination_id: str
    consumer_id: str
    nominee_id: str
    name: str
    licence_no: str
    district: str
    address: str
    note: str
    nominated_at: datetime
    version: int = 1


@dataclass(frozen=True)
class Nominee:
    """A merchant that is wanted in a district, as its first nomination described it. `wanted_by`: persons."""

    nominee_id: str
    district: str
    name: str
    licence_no: str
    address: str
    wanted_by: int
    first_at: datetime
    last_at: datetime
    version: int = 1


def nominate(
    earlier: Nomination | None,
    nominee: Nominee | None,
    quota: Quota | None,
    nomination: Nomination,
    fresh: Quota,
    connected_id: str,
) -> Decision[Nomination]:
    """`connected_id`: the merchant that has this licence on the platform, "" if none has.

    Order of refusals: connected already, too many today. Who nominated it before gets what is there.
    """
    if earlier is not None:
        return Decision(earlier, replayed=True)
    if connected_id:
        raise Conflict(
            "nominee_connected",
            "该商户已接入本平台",
            f"merchant {connected_id} is on the platform already",
            param="licence_no",
            facts={"merchant_id": connected_id},
        )
    counted = spend(quota, fresh, NOMINATIONS_PER_DAY, _too_many())
    return Decision(nomination, (create(nomination), _one_more(nominee, nomination), counted))


def _too_many() -> Conflict:
    return Conflict(
        "too_many_nominations",
        f"每人每天最多推荐 {NOMINATIONS_PER_DAY} 家商户，请明天再试",
        f"a person may nominate {NOMINATIONS_PER_DAY} merchants a day, try again tomorrow",
        facts={"max": NOMINATIONS_PER_DAY},
    )


def _one_more(nominee: Nominee | None, nomination: Nomination) -> Put:
    at = nomination.nominated_at
    if nominee is not None:
        return change(nominee, replace(nominee, wanted_by=nominee.wanted_by + 1, last_at=at, version=nominee.version + 1))
    first = Nominee(
        nomination.nominee_id, nomination.district, nomination.name, nomination.licence_no, nomination.address, 1, at, at
    )
    return create(first)
