"""The meters of a product's bonus: exact at the cap, whatever counts at once; and what the breaker sees of a minute."""

import random
from datetime import timedelta

import pytest

from chalicelib.domain import bonus
from chalicelib.domain.bonus import SHARDS, Caps, Meter, blank, caps_of, count, give_back
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.refusals import Contention, Refusal
from chalicelib.domain.terms import stored_value
from tests.domain.rows import Rows
from tests.domain.town import LAW, NOON, code_of, meters_of

MUCH = 10**9


class Meters:
    """A product's meters over rows that commit as the store does."""

    def __init__(self, day_fen: int = MUCH, minute_fen: int = MUCH) -> None:
        self.rows, self.caps, self.now = Rows(), Caps(day_fen, minute_fen), NOON

    def read(self) -> tuple[Meter | None, ...]:
        return meters_of(self.rows, "prd_1", self.now)

    def counted(self, fen: int, first: int = 0, seen: tuple[Meter | None, ...] | None = None) -> bonus.Count:
        blanks = blank("mch_1", "prd_1", business_date(self.now))
        return count(blanks, self.read() if seen is None else seen, self.caps, fen, first, self.now)

    def give(self, fen: int, first: int = 0, seen: tuple[Meter | None, ...] | None = None) -> str:
        """given, or the code of why not."""
        try:
            counted = self.counted(fen, first, seen)
            if counted.tripped_fen:
                return "tripped"
            self.rows.commit(Decision(None, counted.puts))
        except Refusal as refusal:
            return refusal.code
        return "given"

    @property
    def sum_fen(self) -> int:
        return sum(one.day_fen for one in self.rows.all(Meter))


@pytest.mark.parametrize("cap", [30_000, 90_000, 100_000, 100_001, 119_999, 120_000, 1, 29_999])
def test_as_many_bonuses_are_given_as_the_cap_has_room_for_and_not_one_more(cap: int) -> None:
    meters = Meters(day_fen=cap)
    for number in range(cap // 30_000):
        assert meters.give(30_000, first=number) == "given"
    assert meters.give(30_000) == "bonus_cap_reached"
    assert meters.sum_fen == cap // 30_000 * 30_000
    rest = cap % 30_000
    if rest:
        assert meters.give(rest) == "given"
        assert meters.sum_fen == cap
    assert meters.give(1) == "bonus_cap_reached"


def test_a_bonus_larger_than_a_shards_share_is_counted_on_several() -> None:
    meters = Meters(day_fen=1_000)
    assert meters.give(1_000, first=2) == "given"
    assert [one.day_fen for one in meters.read() if one] == [250, 250, 250, 250]


def test_a_small_bonus_is_one_row() -> None:
    assert [put.value.shard for put in Meters(day_fen=4_000, minute_fen=4_000).counted(1_000, first=2).puts] == [2]


def test_a_refusal_says_what_was_given_what_is_needed_and_the_cap() -> None:
    meters = Meters(day_fen=100)
    meters.give(90)
    with pytest.raises(Refusal) as caught:
        meters.counted(11)
    assert caught.value.facts == {"given_fen": 90, "needs_fen": 11, "max_fen": 100}


def test_orders_on_different_shards_at_once_all_count_and_on_the_same_shard_one_does() -> None:
    meters = Meters(day_fen=4_000)
    seen = meters.read()
    assert [meters.give(1_000, first, seen) for first in (0, 1, 2, 3)] == ["given"] * 4
    again = Meters(day_fen=4_000)
    seen = again.read()
    assert [again.give(1_000, 1, seen) for _ in range(3)] == ["given", "contention", "contention"]


@pytest.mark.parametrize("seed", range(25))
def test_however_stale_what_orders_have_seen_the_sum_never_passes_the_caps(seed: int) -> None:
    """Each order decides from rows read some commits ago, as requests at the same time do, and tries again on contention."""
    draw = random.Random(seed)
    cap = draw.randrange(1_000, 5_000)
    by_day, by_minute = Meters(day_fen=cap), Meters(minute_fen=cap)
    for meters, end in ((by_day, "bonus_cap_reached"), (by_minute, "tripped")):
        snapshots = [meters.read()]
        for _ in range(120):
            seen = draw.choice(snapshots[-4:])
            said = meters.give(draw.randrange(1, 400), draw.randrange(SHARDS), seen)
            assert said in ("given", "contention", end)
            assert meters.sum_fen <= cap
            snapshots.append(meters.read())
        while meters.give(1) == "given":
            pass
        assert (meters.sum_fen, meters.give(1)) == (cap, end)


def test_the_minute_begins_anew_and_the_day_goes_on() -> None:
    meters = Meters(day_fen=250, minute_fen=100)
    assert [meters.give(60, 1), meters.give(60, 2)] == ["given", "tripped"]
    assert meters.counted(60).tripped_fen == 120
    assert meters.give(40, 3) == "given"  # what trips is not counted
    meters.now += timedelta(minutes=1)
    assert [meters.give(100, 0), meters.give(1, 0)] == ["given", "tripped"]
    meters.now += timedelta(minutes=1)
    assert meters.give(51) == "bonus_cap_reached"
    assert meters.give(50) == "given"
    meters.now += timedelta(hours=12)
    assert meters.give(100) == "given"


def test_the_day_is_asked_before_the_minute() -> None:
    assert Meters(day_fen=10, minute_fen=10).give(11) == "bonus_cap_reached"


def test_a_clock_that_is_behind_counts_in_the_minute_that_has_begun() -> None:
    meters = Meters(minute_fen=100)
    meters.give(60, 1)
    meters.now -= timedelta(minutes=1)
    assert meters.give(41, 2) == "tripped"
    assert meters.give(40, 2) == "given"


def test_what_is_given_back_is_free_again_and_never_more_than_was_counted() -> None:
    meters = Meters(day_fen=1_000)
    meters.give(700, first=3)
    meters.rows.commit(Decision(None, give_back(meters.read(), 300)))
    assert meters.sum_fen == 400
    meters.rows.commit(Decision(None, give_back(meters.read(), 10_000)))
    assert meters.sum_fen == 0
    assert give_back(meters.read(), 5) == give_back((None,) * SHARDS, 5) == ()


def test_giving_back_and_giving_at_once_do_not_lose_one_another() -> None:
    meters = Meters(day_fen=1_000)
    meters.give(100, first=0)
    seen = meters.read()
    assert meters.give(100, first=0) == "given"
    with pytest.raises(Contention):
        meters.rows.commit(Decision(None, give_back(seen, 100)))
    assert meters.sum_fen == 200


@pytest.mark.parametrize("own, cap", [(None, 2_000), (1_000, 1_000), (3_000, 2_000), (1, 1)])
def test_a_product_may_have_lower_caps_than_the_rules_never_higher_ones(own: int | None, cap: int) -> None:
    from dataclasses import replace

    rules = replace(LAW, bonus_day_cap_fen=2_000, bonus_minute_cap_fen=2_000)
    terms = replace(stored_value(100, 10), bonus_day_cap_fen=own, bonus_minute_cap_fen=own)
    assert caps_of(terms, rules) == Caps(cap, cap)


def test_a_cap_that_was_lowered_at_noon_counts_what_was_given_before() -> None:
    meters = Meters(day_fen=1_000)
    meters.give(800)
    meters.caps = Caps(400, MUCH)
    assert code_of(lambda: meters.counted(401)) == "bonus_cap_reached"
