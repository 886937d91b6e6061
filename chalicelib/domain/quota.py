"""How often a person may do a thing in a day: counted in the transaction of the thing, so that two at once cannot exceed it."""

from dataclasses import dataclass, replace
from datetime import date

from chalicelib.domain.decision import Put, change, create
from chalicelib.domain.refusals import Conflict


@dataclass(frozen=True)
class Quota:
    """What of `what` was used by `owner_id` on a business date."""

    owner_id: str
    what: str
    day: date
    used: int = 0
    version: int = 1


def spend(present: Quota | None, fresh: Quota, most: int, otherwise: Conflict) -> Put:
    """One more; `otherwise` is raised when `most` are used. `fresh`: the row as it is before its first use."""
    if present is None:
        return create(replace(fresh, used=1))
    if present.used >= most:
        raise otherwise
    return change(present, replace(present, used=present.used + 1, version=present.version + 1))
