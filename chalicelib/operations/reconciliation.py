"""Three-way reconciliation of a day: fetch and archive bill and statement, match them with the ledger, keep the result."""
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Protocol

from chalicelib.domain import matching
from chalicelib.domain import reconciliation as rules
from chalicelib.domain.business_day import business_date, day_is_over
from chalicelib.domain.decision import PUTS_MAX, Decision
from chalicelib.domain.matching import BankDay, Base, Kind, Line, Match, Sides
from chalicelib.domain.reconciliation import DayState, Difference, ReconciledDay
from chalicelib.domain.refusals import Conflict
from chalicelib.gateways import custodian, objects, wechat_pay
from chalicelib.gateways.custodian import Custodian
from chalicelib.gateways.outcomes import NotReady, Unknown
from chalicelib.gateways.wechat_bill import without_payers
from chalicelib.gateways.wechat_pay import WechatPay
from chalicelib.operations import ledger
from chalicelib.operations.attempts import commit
from chalicelib.operations.settlement import merchants_of
from chalicelib.store import reads

DAYS_PER_RUN_MAX = 7
DAYS_BACK_MAX = 60
DIFFERENCES_MAX = 5_000

FETCHED = "fetched"
NOT_READY = "not_ready"
UNKNOWN = "unknown"


class Archive(Protocol):
    def put(self, key: str, content: bytes, content_type: str) -> None: ...

    def get(self, key: str) -> bytes | None: ...


def settled_reference(day: date) -> str:
    """What the bank calls the provider's settlement of this day."""
    return f"WXP-{day:%Y%m%d}"


def days_to_match(asked: date | None, now: datetime) -> list[date]:
    """The asked day; or all days after the last agreed one up to yesterday, the oldest first, yesterday always among them."""
    yesterday = business_date(now) - timedelta(days=1)
    if asked is not None:
        return [asked] if day_is_over(asked, now) else []
    if not day_is_over(yesterday, now):
        return []
    known = reads.newest(ReconciledDay, "reconciliations", "day#", DAYS_BACK_MAX)
    agreed = [one.business_date for one in known if one.state is DayState.AGREED]
    first = min((one.business_date for one in known), default=yesterday)
    since = max(agreed, default=first - timedelta(days=1))
    missing = [since + timedelta(days=number) for number in range(1, (yesterday - since).days + 1)]
    return [*missing[:-1][: DAYS_PER_RUN_MAX - 1], *missing[-1:]]


def fetch_provider(day: date, pay: WechatPay | None = None, archive: Archive | None = None) -> str:
    """The provider's bill, as it came but for the payers' ids, and as lines, into the archive."""
    bill = (pay or wechat_pay.connect()).bill(day)
    if isinstance(bill, NotReady):
        return NOT_READY
    if isinstance(bill, Unknown):
        return UNKNOWN
    lines = [
        Line(Kind.REFUND, one.refund_no or "", one.amount_fen) if one.kind == "refund"
        else Line(Kind.PAYMENT, one.order_no, one.amount_fen, one.transaction_id)
        for one in bill.lines
    ]
    store = archive or objects.connect()
    store.put(f"bills/wechat-pay/{day}.csv", without_payers(bill.text).encode(), "text/csv; charset=utf-8")
    store.put(_bill_key(day), _as_json({"lines": [asdict(line) for line in lines]}), "application/json")
    return FETCHED


def fetch_bank(day: date, bank: Custodian | None = None, archive: Archive | None = None) -> str:
    """The bank's statement, as it came and as lines, into the archive."""
    statement = (bank or custodian.connect()).statement(day)
    if isinstance(statement, NotReady):
        return NOT_READY
    if isinstance(statement, Unknown):
        return UNKNOWN
    lines = [Line(Kind.BANK, one.reference, one.amount_fen) for one in statement.lines]
    content = {
        "opening_fen": statement.opening_fen,
        "closing_fen": statement.closing_fen,
        "lines": [asdict(line) for line in lines],
    }
    store = archive or objects.connect()
    store.put(f"statements/{day}.json", statement.text.encode(), "application/json")
    store.put(_statement_key(day), _as_json(content), "application/json")
    return FETCHED


def match(day: date, now: datetime, archive: Archive | None = None) -> ReconciledDay:
    """Compare the archived documents with the ledger; differences first, then the day, so that a crash leaves the day as it was.

    Conflict `not_fetched` when a document is missing.
    """
    sides = _sides(day, archive or objects.connect(), now)
    result = matching.match(sides)
    _keep_differences(day, result, now)
    return commit(lambda: rules.close(reads.get(ReconciledDay, day), sides, result, now)).answer


def differences_of(day: date) -> list[Difference]:
    return reads.owned(Difference, f"reconciliation#{day}", "difference#", limit=DIFFERENCES_MAX)


def _keep_differences(day: date, result: Match, now: datetime) -> None:
    """In transactions of at most PUTS_MAX rows; what is written already is not written again."""

    def next_rows() -> Decision[int]:
        puts = rules.picture(day, result.findings, differences_of(day), now)
        return Decision(len(puts), puts[:PUTS_MAX])

    for _ in range(DIFFERENCES_MAX // PUTS_MAX):
        if commit(next_rows).answer <= PUTS_MAX:
            return
    raise Conflict("too_many_differences", f"{day} 的差异过多", f"{day} has more than {DIFFERENCES_MAX} differences")


def _sides(day: date, archive: Archive, now: datetime) -> Sides:
    bill, statement = archive.get(_bill_key(day)), archive.get(_statement_key(day))
    if bill is None or statement is None:
        raise Conflict("not_fetched", f"{day} 的账单或对账单尚未取得", f"bill or statement of {day} is not in the archive")
    provider, told = _lines_in(bill), json.loads(statement)
    base = _base(day)
    before = day - timedelta(days=1)
    return Sides(
        business_date=day,
        settled_reference=settled_reference(before),
        provider=provider,
        bank=BankDay(told["opening_fen"], told["closing_fen"], _lines_in(statement)),
        ledger=ledger.gather(day, merchants_of(day), provider, base, lambda one: _archived_bill(one, archive), now),
        base=base,
    )


def _base(day: date) -> Base:
    """The latest day before this one that was looked at."""
    through = f"day#{day - timedelta(days=1)}"
    found = reads.newest(ReconciledDay, "reconciliations", "day#", limit=1, through=through)
    return found[0].as_base if found else Base()


def _archived_bill(day: date, archive: Archive) -> Sequence[Line]:
    content = archive.get(_bill_key(day))
    return () if content is None else _lines_in(content)


def _lines_in(content: bytes) -> tuple[Line, ...]:
    rows: Iterable[dict[str, str]] = json.loads(content)["lines"]
    return tuple(
        Line(Kind(row["kind"]), row["reference"], int(row["amount_fen"]), row["transaction_id"]) for row in rows
    )


def _bill_key(day: date) -> str:
    return f"bills/wechat-pay/{day}.lines.json"


def _statement_key(day: date) -> str:
    return f"statements/{day}.lines.json"


def _as_json(content: object) -> bytes:
    return json.dumps(content, sort_keys=True, ensure_ascii=True).encode("ascii")
