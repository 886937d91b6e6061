"""The one clock of the local world: the real one plus whole seconds that a file holds (one JSON number)."""
import json
import math
import os
from datetime import datetime, timedelta, timezone
from pathlib import Path

BEIJING = timezone(timedelta(hours=8))


class Clock:
    def __init__(self, path: Path) -> None:
        self._path = path

    def offset_seconds(self) -> int:
        try:
            return int(json.loads(self._path.read_text()))
        except FileNotFoundError:
            return 0

    def now(self) -> datetime:
        return datetime.now(BEIJING) + timedelta(seconds=self.offset_seconds())

    def advance(self, seconds: float) -> datetime:
        self._write(self.offset_seconds() + seconds)
        return self.now()

    def move_to(self, instant: datetime) -> datetime:
        self._write((instant - datetime.now(BEIJING)).total_seconds())
        return self.now()

    def _write(self, seconds: float) -> None:
        """In one step, so that no reader ever sees half a number. Rounded up: what was to be reached is."""
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}.new")
        fresh.write_text(json.dumps(math.ceil(seconds)))
        fresh.replace(self._path)


def stamp(instant: datetime) -> str:
    """RFC 3339 in Beijing time, whole seconds, as WeChat and the bank write it."""
    return instant.astimezone(BEIJING).isoformat(timespec="seconds")
