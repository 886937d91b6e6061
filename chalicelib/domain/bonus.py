"""How much bonus a card product has given today and in this minute, and how much more it may.

A meter row is one of SHARDS for a product and a day. Each shard may count up to its quota, and the quotas add up to the cap, so
that orders that count on different shards at the same time can never pass it together. An order counts on its own shard first,
and what does not fit there on the next ones; it is refused only when all of them together have no room.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.domain.business_day import SHANGHAI, business_date
from chalicelib.domain.decision import Put, change, create
from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.money import fen_to_yuan
from chalicelib.domain.refusals import Unprocessable
from chalicelib.domain.terms import Terms

SHARDS = 4


@dataclass(frozen=True)
class Meter:
    """`day_fen`: counted on this shard today; `minute_fen`: of these, in `minute` (of the day, from 0)."""

    merchant_id: str
    product_id: str
    business_date: date
    shard: int
    day_fen: int = 0
    minute: int = 0
    minute_fen: int = 0
    version: int = 1

    def __post_init__(self) -> None:
        assert 0 <= self.shard < SHARDS
        assert self.day_fen >= 0
        assert self.minute_fen >= 0


@dataclass(frozen=True)
class Caps:
    day_fen: int
    minute_fen: int


@dataclass(frozen=True)
class Count:
    """The puts that count a bonus. `tripped_fen`: 0, or the bonus that this minute would have had: the breaker, no puts."""

    puts: tuple[Put, ...]
    tripped_fen: int = 0


def caps_of(terms: Terms, rules: Rules) -> Caps:
    """The rules' caps; a product's own where these are lower."""
    own_day, own_minute = terms.bonus_day_cap_fen, terms.bonus_minute_cap_fen
    day_fen = rules.bonus_day_cap_fen if own_day is None else min(own_day, rules.bonus_day_cap_fen)
    minute_fen = rules.bonus_minute_cap_fen if own_minute is None else min(own_minute, rules.bonus_minute_cap_fen)
    return Caps(day_fen, minute_fen)


def blank(merchant_id: str, product_id: str, day: date) -> tuple[Meter, ...]:
    """The day's meters before anything was counted."""
    return tuple(Meter(merchant_id, product_id, day, shard) for shard in range(SHARDS))


def minute_of(at: datetime) -> int:
    local = at.astimezone(SHANGHAI)
    return local.hour * 60 + local.minute


def count(
    blanks: Sequence[Meter], found: Sequence[Meter | None], caps: Caps, bonus_fen: int, first: int, now: datetime
) -> Count:
    """Count a bonus, on shard `first` before the others. Unprocessable `bonus_cap_reached` when the day has no room for it; past
    the minute's cap the breaker trips. The day is asked first: what it refuses gives nothing away."""
    assert bonus_fen > 0
    assert all(one.business_date == business_date(now) for one in blanks)
    present = [have or blank for have, blank in zip(found, blanks, strict=True)]
    minute = max(minute_of(now), *(one.minute for one in present))  # another function's clock may be ahead of ours
    meters = [one if one.minute == minute else replace(one, minute=minute, minute_fen=0) for one in present]
    order = [(first + step) % SHARDS for step in range(SHARDS)]
    of_day = _spread([meters[shard].day_fen for shard in order], [_quota(caps.day_fen, shard) for shard in order], bonus_fen)
    if of_day is None:
        raise _cap_reached(sum(one.day_fen for one in meters), caps.day_fen, bonus_fen)
    minute_fen = [meters[shard].minute_fen for shard in order]
    of_minute = _spread(minute_fen, [_quota(caps.minute_fen, shard) for shard in order], bonus_fen)
    if of_minute is None:
        return Count((), tripped_fen=sum(minute_fen) + bonus_fen)
    puts = []
    for shard, more_today, more_now in zip(order, of_day, of_minute, strict=True):
        if more_today or more_now:
            before, meter = found[shard], meters[shard]
            after = replace(meter, day_fen=meter.day_fen + more_today, minute_fen=meter.minute_fen + more_now)
            puts.append(create(after) if before is None else change(before, replace(after, version=before.version + 1)))
    return Count(tuple(puts))


def give_back(found: Sequence[Meter | None], bonus_fen: int) -> tuple[Put, ...]:
    """The day's room that an order took and did not use; from any shards, since only their sum means something. The minute is
    over. What is not there any more (another day, another cap) is not given back."""
    puts = []
    for before in found:
        if before is not None and bonus_fen and before.day_fen:
            less = min(before.day_fen, bonus_fen)
            bonus_fen -= less
            puts.append(change(before, replace(before, day_fen=before.day_fen - less, version=before.version + 1)))
    return tuple(puts)


def _quota(cap_fen: int, shard: int) -> int:
    return cap_fen // SHARDS + (1 if shard < cap_fen % SHARDS else 0)


def _spread(used: list[int], quotas: list[int], amount: int) -> list[int] | None:
    """`amount` over the free places, the first ones first; None if they have no room for all of it."""
    parts = []
    for taken, quota in zip(used, quotas, strict=True):
        part = min(amount, max(0, quota - taken))
        amount -= part
        parts.append(part)
    return None if amount else parts


def _cap_reached(given_fen: int, cap_fen: int, bonus_fen: int) -> Unprocessable:
    return Unprocessable(
        "bonus_cap_reached",
        f"该卡产品今日赠送额度 {fen_to_yuan(cap_fen)} 元已不足，请明日再购",
        f"the product has given {given_fen} fen of bonus today, {bonus_fen} more would pass {cap_fen}",
        facts={"given_fen": given_fen, "needs_fen": bonus_fen, "max_fen": cap_fen},
    )
