"""Everything the counterparts have in common: clock, books, keys, faults, and the courier of notices."""
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from infra.local.sandbox.books import Books
from infra.local.sandbox.clock import Clock
from infra.local.sandbox.courier import Courier
from infra.local.sandbox.credentials import Credentials, load_or_make
from infra.local.sandbox.faults import Faults
from infra.local.sandbox.wechat_seal import WechatSeal


@dataclass
class World:
    clock: Clock
    books: Books
    credentials: Credentials
    faults: Faults
    seal: WechatSeal
    courier: Courier
    processing_seconds: float
    settled: tuple[date, int] = (date.min, 0)

    @classmethod
    def open(cls, state: Path, clock_file: Path, processing_ms: int) -> "World":
        credentials, platform_key = load_or_make(state)
        clock, books = Clock(clock_file), Books(state / "books.sqlite3")
        faults, seal = Faults(books), WechatSeal(credentials["wechat_pay"], platform_key, clock)
        courier = Courier(books, clock, faults, seal)
        return cls(clock, books, credentials, faults, seal, courier, processing_ms / 1000)

    def due(self) -> float:
        """When something that is accepted now will have been processed. Real time: machines do not work
        faster because somebody turned the clock."""
        return time.time() + self.processing_seconds

    def close(self) -> None:
        self.courier.stop()
        self.books.close()
