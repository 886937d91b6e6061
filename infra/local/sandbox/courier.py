"""Brings WeChat Pay's notices to the platform, on WeChat's own schedule, until one is answered by 2xx.

The schedule runs on the sandbox's clock: turning the clock forward makes the next attempt due. What is
waiting survives a restart.
"""
import json
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import urllib3

from infra.local.sandbox.books import Books, Row
from infra.local.sandbox.clock import Clock, stamp
from infra.local.sandbox.faults import Faults, lie
from infra.local.sandbox.wechat_seal import WechatSeal

MINUTE, HOUR = 60, 3600
SCHEDULE_SECONDS = (
    15, 15, 30, 3 * MINUTE, 10 * MINUTE, 20 * MINUTE, 30 * MINUTE, 30 * MINUTE, 30 * MINUTE, HOUR,
    3 * HOUR, 3 * HOUR, 3 * HOUR, 6 * HOUR, 6 * HOUR,
)
ANSWER_SECONDS = 5
ROUND_SECONDS = 0.1
RUNNERS = 4


class Courier:
    def __init__(self, books: Books, clock: Clock, faults: Faults, seal: WechatSeal) -> None:
        self._books, self._clock, self._faults, self._seal = books, clock, faults, seal
        self._http = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(ANSWER_SECONDS))
        self._runners = ThreadPoolExecutor(RUNNERS)
        self._carried: set[str] = set()
        self._wake, self._stopped = threading.Event(), threading.Event()
        self.before_each_round: Callable[[], None] = lambda: None

    def post(self, url: str, event: str, original_type: str, resource: dict[str, Any]) -> str:
        """Belongs to the caller's transaction: there is a notice if and only if there is its reason."""
        notice_id = secrets.token_hex(16)
        self._books.add(
            "notices", id=notice_id, url=url, event=event, original_type=original_type,
            resource=json.dumps(resource, ensure_ascii=False), attempts=0, next_at=stamp(self._clock.now()),
            state="waiting",
        )
        self._wake.set()
        return notice_id

    def again(self, notice_id: str) -> bool:
        """Sends an old notice once more, freshly signed, as if its answer had been lost."""
        changed = self._books.run(
            "update notices set state = 'waiting', next_at = ? where id = ?",
            stamp(self._clock.now()), notice_id,
        )
        self._wake.set()
        return changed == 1

    def start(self) -> None:
        threading.Thread(target=self._rounds, name="courier", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()
        self._wake.set()
        self._runners.shutdown(wait=True, cancel_futures=True)

    def _rounds(self) -> None:
        while not self._stopped.is_set():
            try:
                self.before_each_round()
                self._send_out()
            except Exception:
                if not self._stopped.is_set():
                    traceback.print_exc(file=sys.stderr)
            self._wake.wait(ROUND_SECONDS)
            self._wake.clear()

    def _send_out(self) -> None:
        now = stamp(self._clock.now())
        for row in self._books.rows("select * from notices where state = 'waiting' and next_at <= ?", now):
            if row["id"] not in self._carried:
                self._carried.add(row["id"])
                self._runners.submit(self._carry, row)

    def _carry(self, row: Row) -> None:
        try:
            faults = self._faults.take("wechat_pay", "notice")
            kinds = {fault.kind for fault in faults}
            if "drop" in kinds:
                self._mark(row, "lost")
                return
            time.sleep(sum(fault.seconds for fault in faults if fault.kind == "delay"))
            resource = lie(json.loads(row["resource"]), faults)
            body = self._seal.envelope(row["id"], row["event"], row["original_type"], resource)
            if "error" in kinds:
                self._deliver(row["url"], body, self._seal.probe(body))
            taken = self._deliver(row["url"], body, {} if "unsigned" in kinds else self._seal.headers(body))
            if "repeat" in kinds:
                self._deliver(row["url"], body, self._seal.headers(body))
            self._mark(row, "delivered" if taken else "waiting")
        except Exception:
            traceback.print_exc(file=sys.stderr)
        finally:
            self._carried.discard(row["id"])

    def _deliver(self, url: str, body: bytes, headers: dict[str, str]) -> bool:
        try:
            answer = self._http.request(
                "POST", url, body=body, redirect=False,
                headers={"Content-Type": "application/json", "User-Agent": "Mozilla/4.0", **headers},
            )
        except urllib3.exceptions.HTTPError:
            return False
        return bool(200 <= answer.status < 300)

    def _mark(self, row: Row, state: str) -> None:
        attempts = row["attempts"] + 1
        if state == "waiting" and attempts > len(SCHEDULE_SECONDS):
            state = "given_up"
        pause = SCHEDULE_SECONDS[min(attempts, len(SCHEDULE_SECONDS)) - 1]
        next_at = stamp(self._clock.now() + timedelta(seconds=pause))
        self._books.run(
            "update notices set state = ?, attempts = ?, next_at = ? where id = ?",
            state, attempts, next_at, row["id"],
        )
