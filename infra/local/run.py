"""`make run`: bring the platform up, seed a district, play the story, print it, stop.

Exits 0 when every step held and the books are 0 fen off after each of them; else with the step that failed.
"""

import sys
import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from chalicelib import clock
from chalicelib.domain import chart
from chalicelib.domain.business_day import business_date
from chalicelib.domain.money import fen_to_yuan
from infra.local import cast as people
from infra.local import story
from infra.local.auditor import Balances, BooksDisagree, audit
from infra.local.client import StepFailed
from infra.local.desk import appoint_officials, open_desk
from infra.local.district import COMPANIES, seed
from infra.local.failure import PlatformFailed
from infra.local.platform import Platform
from infra.local.stage import Stage

STATE = Path(".local/run")
WAIT_SCALE = 0.1
"""The waiting states of the machines, shortened, but not to nothing: the bank takes some hundred milliseconds."""
COLUMNS = ("consumer", "card", "payable", "in transit", "merchant", "bank", "provider", "off")


@dataclass(frozen=True)
class Row:
    number: int
    who: str
    what: str
    money: tuple[int, ...]
    calls: int
    ms: float

    def text(self) -> str:
        amounts = " ".join(f"{fen_to_yuan(fen):>10}" for fen in self.money)
        return f"{self.number:>2} {self.who:<20} {amounts} {self.calls:>5} {self.ms:>7.0f}  {self.what}"


HEADER = f"{'#':>2} {'who':<20} {' '.join(f'{name:>10}' for name in COLUMNS)} {'calls':>5} {'ms':>7}  what"


def money(balances: Balances, open_id: str) -> tuple[int, ...]:
    """Who has how much: the story's consumer and merchant, and the platform's accounts."""
    in_transit = balances.owed(chart.REFUND_IN_TRANSIT) + balances.owed(chart.PAYOUT_IN_TRANSIT)
    return (
        balances.consumers.get(open_id, 0),
        balances.owed("card:"),
        balances.owed("payable:"),
        in_transit,
        balances.merchant_accounts.get(people.ACCOUNT["number"], 0),
        balances.bank_fen,
        balances.provider_fen,
        balances.off_fen,
    )


def play(platform: Platform) -> tuple[people.Cast, Balances]:
    """The story on a platform that is up: its people as they are at the end, and the audit after the last step."""
    stage = Stage(platform)
    stage.move_to(business_date(stage.now()), 10)
    open_desk(platform)
    started = time.monotonic()
    stores = seed(platform.sandbox)
    print(f"district: {len(COMPANIES)} companies, {stores} stores, {time.monotonic() - started:.1f} s", flush=True)
    cast = people.cast(stage, business_date(clock.now()), appoint_officials())
    print(
        f"\nThe life of a card, {cast.first_day} to {cast.first_day + timedelta(days=2)}; amounts in CNY\n\n{HEADER}", flush=True
    )
    balances = audit(stage.sandbox("GET", "books"))
    for number, who, step in story.steps(cast):
        calls, ms = sum(person.calls for person in cast.people), time.perf_counter()
        try:
            what = step(cast)
            balances = audit(stage.sandbox("GET", "books"))
        except (StepFailed, BooksDisagree) as failure:
            raise StepFailed(f"step {number} ({step.__name__}) failed: {failure}") from failure
        took = (time.perf_counter() - ms) * 1000
        done = sum(person.calls for person in cast.people) - calls
        print(Row(number, who, what, money(balances, cast.open_id), done, took).text(), flush=True)
        if balances.off_fen:
            raise StepFailed(f"step {number} ({step.__name__}): the books are {balances.off_fen} fen off")
    return cast, balances


def trial_balance(balances: Balances) -> str:
    lines = ["", "Every account at the end (debit less credit, CNY):"]
    lines += [f"  {account:<44} {fen_to_yuan(fen):>12}" for account, fen in sorted(balances.accounts.items())]
    lines.append(f"  {'sum of every account':<44} {fen_to_yuan(balances.sum_fen):>12}")
    held = balances.bank_fen + balances.provider_fen
    lines.append(f"  {'held by bank and provider':<44} {fen_to_yuan(held):>12}")
    lines.append(f"\n{balances.off_fen} fen off")
    return "\n".join(lines)


def main() -> int:
    started = time.monotonic()
    try:
        with Platform(STATE, persist=False, wait_scale=WAIT_SCALE) as platform:
            _, balances = play(platform)
            print(trial_balance(balances))
    except (PlatformFailed, StepFailed, BooksDisagree) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"the story holds, {time.monotonic() - started:.0f} s in all")
    return 0


if __name__ == "__main__":
    sys.exit(main())
