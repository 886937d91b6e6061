"""What time it is, for the doors (api/ and jobs/) only; everything below them is told.

On a developer's machine the whole local world shares one movable clock: a file with an offset in seconds. In any stage but
`local` the file is not looked at.
"""
import os
from datetime import datetime, timedelta

from chalicelib.domain.business_day import SHANGHAI


def now() -> datetime:
    real = datetime.now(SHANGHAI)
    if os.environ.get("STAGE") != "local":
        return real
    return real + timedelta(seconds=_offset_seconds(os.environ.get("CLOCK_OFFSET_FILE", "")))


def _offset_seconds(path: str) -> int:
    try:
        with open(path, encoding="ascii") as file:
            return int(file.read().strip() or "0")
    except FileNotFoundError:
        return 0
