"""The business day: a calendar day in Asia/Shanghai, +08:00 without daylight saving since 1991.

The date of an effect is decided by the server's clock alone; what a client calls the time is never asked.
"""
from datetime import date, datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

CLOSING_GRACE = timedelta(minutes=10)
"""A request begun before midnight may commit after it; a Lambda lives 30 s at most. Later, the day is over."""


def business_date(at: datetime) -> date:
    assert at.tzinfo is not None
    return at.astimezone(SHANGHAI).date()


def day_is_over(day: date, now: datetime) -> bool:
    return now >= datetime(day.year, day.month, day.day, tzinfo=SHANGHAI) + timedelta(days=1) + CLOSING_GRACE
