"""The business date is the calendar date in Shanghai of the server's clock, wherever the server stands."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from chalicelib.domain.business_day import business_date, day_is_over
from tests.domain.town import EAST_8


@pytest.fixture(params=["UTC", "America/New_York", "Pacific/Kiritimati", "Asia/Shanghai"])
def host_zone(request: pytest.FixtureRequest) -> Iterator[str]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = request.param
    time.tzset()
    yield request.param
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


MOMENTS = [
    (datetime(2026, 3, 3, 15, 59, 59, 999999, UTC), date(2026, 3, 3)),
    (datetime(2026, 3, 3, 16, 0, 0, 0, UTC), date(2026, 3, 4)),
    (datetime(2026, 3, 3, 23, 59, 59, 999999, EAST_8), date(2026, 3, 3)),
    (datetime(2026, 3, 4, 0, 0, 0, 0, EAST_8), date(2026, 3, 4)),
    (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), date(2026, 1, 1)),
    (datetime(2028, 2, 28, 16, 0, tzinfo=UTC), date(2028, 2, 29)),
    (datetime(2026, 7, 1, 12, 30, tzinfo=timezone(timedelta(hours=-11))), date(2026, 7, 2)),
    (datetime(1988, 7, 1, 15, 30, tzinfo=UTC), date(1988, 7, 1)),
]


@pytest.mark.parametrize("at, day", MOMENTS, ids=str)
def test_a_moment_has_one_date_whatever_the_zone_of_the_host(host_zone: str, at: datetime, day: date) -> None:
    assert business_date(at) == business_date(at.astimezone(UTC)) == day


def test_a_time_without_a_zone_is_our_own_mistake() -> None:
    with pytest.raises(AssertionError):
        business_date(datetime(2026, 3, 3))  # noqa: DTZ001 - the very thing


@pytest.mark.parametrize(
    "now, over",
    [
        (datetime(2026, 3, 3, 23, 59, tzinfo=EAST_8), False),
        (datetime(2026, 3, 4, 0, 9, 59, 999999, EAST_8), False),
        (datetime(2026, 3, 4, 0, 10, tzinfo=EAST_8), True),
        (datetime(2026, 3, 3, 16, 10, tzinfo=UTC), True),
        (datetime(2026, 3, 3, 16, 9, 59, tzinfo=UTC), False),
    ],
)
def test_a_day_is_over_ten_minutes_after_midnight(host_zone: str, now: datetime, over: bool) -> None:
    assert day_is_over(date(2026, 3, 3), now) is over
