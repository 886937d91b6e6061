"""The other side of every gateway, by hand: each keeps books of its own, and can be told to answer badly."""
import json
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from chalicelib.domain.business_day import SHANGHAI
from chalicelib.gateways.custodian import Accepted, PayoutStatus, Statement, StatementLine
from chalicelib.gateways.outcomes import NotFound, NotReady, Refused, Unknown
from chalicelib.gateways.regulator import Acknowledged
from chalicelib.gateways.wechat_pay import Bill, BillLine, Closed, Payment, RefundStatus

LOST = "lost"
DEAF = "deaf"


class Archive:
    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def put(self, key: str, content: bytes, content_type: str) -> None:
        self.files[key] = content

    def get(self, key: str) -> bytes | None:
        return self.files.get(key)


@dataclass
class Instruction:
    payee_account: str
    fen: int
    state: str = "processing"
    value_date: date | None = None


@dataclass
class Bank:
    """`moods`: how the next calls go, first to last: "lost" takes the instruction and its answer never arrives, "deaf" neither
    takes nor answers, any other text is a refusal with this code. `pays`: an instruction is paid when it is asked about."""

    today: date = date(2026, 3, 4)
    moods: list[str] = field(default_factory=list)
    pays: bool = True
    fails: bool = False
    instructions: dict[str, Instruction] = field(default_factory=dict)
    lines: dict[date, list[StatementLine]] = field(default_factory=dict)
    submitted: list[str] = field(default_factory=list)
    ready: bool = True

    def submit(self, number: str, payee_name: str, payee_account: str, fen: int, remark: str) -> Any:
        self.submitted.append(number)
        mood = self.moods.pop(0) if self.moods else ""
        if mood == DEAF:
            return Unknown("no answer")
        if mood not in ("", LOST):
            return Refused(mood, "no")
        self.instructions.setdefault(number, Instruction(payee_account, fen))
        return Unknown("the answer was lost") if mood == LOST else Accepted()

    def query(self, number: str) -> Any:
        mood = self.moods.pop(0) if self.moods else ""
        if mood == DEAF:
            return Unknown("no answer")
        known = self.instructions.get(number)
        if known is None:
            return PayoutStatus("not_found", None, "")
        if known.state == "processing" and self.fails:
            known.state = "failed"
        if known.state == "processing" and self.pays:
            known.state, known.value_date = "succeeded", self.today
            self.book(self.today, number, -known.fen)
        return PayoutStatus(known.state, known.value_date, "account closed" if known.state == "failed" else "")

    def book(self, day: date, reference: str, fen: int) -> None:
        self.lines.setdefault(day, []).append(StatementLine(reference, fen, "other", ""))

    def statement(self, day: date) -> Any:
        if not self.ready:
            return NotReady()
        opening = sum(line.amount_fen for one, lines in self.lines.items() if one < day for line in lines)
        lines = tuple(self.lines.get(day, []))
        closing = opening + sum(line.amount_fen for line in lines)
        return Statement(day, opening, closing, lines, "as it came")

    @property
    def paid_fen(self) -> int:
        return sum(one.fen for one in self.instructions.values() if one.state == "succeeded")


@dataclass
class Provider:
    """WeChat Pay as the jobs see it: bills, and answers about orders and refunds."""

    bills: dict[date, list[BillLine]] = field(default_factory=dict)
    payments: dict[str, Payment] = field(default_factory=dict)
    closed: list[str] = field(default_factory=list)
    refunds: dict[str, RefundStatus] = field(default_factory=dict)
    poisonous: set[str] = field(default_factory=set)
    deaf: bool = False
    ready: bool = True

    def paid(self, order_no: str, fen: int, at: datetime, transaction_id: str) -> None:
        self.payments[order_no] = Payment(order_no, transaction_id, fen, "CNY", "mch", "app", at, "SUCCESS")
        line = BillLine("payment", order_no, None, transaction_id, fen, at)
        self.bills.setdefault(at.astimezone(SHANGHAI).date(), []).append(line)

    def refunded(self, refund_no: str, order_no: str, fen: int, at: datetime) -> None:
        line = BillLine("refund", order_no, refund_no, "tx", fen, at)
        self.bills.setdefault(at.astimezone(SHANGHAI).date(), []).append(line)

    def bill(self, day: date) -> Any:
        if self.deaf:
            return Unknown("no answer")
        return Bill("as it came", tuple(self.bills.get(day, []))) if self.ready else NotReady()

    def query(self, order_no: str) -> Any:
        if order_no in self.poisonous:
            raise RuntimeError("poison")
        if self.deaf:
            return Unknown("no answer")
        missing = Payment(order_no, "", 0, "CNY", "mch", "app", None, "NOTPAY")
        return self.payments.get(order_no, missing)

    def close(self, order_no: str) -> Any:
        self.closed.append(order_no)
        return Closed()

    def refund(self, refund_no: str, order_no: str, fen: int, total_fen: int, reason: str, notify_url: str) -> Any:
        if self.deaf:
            return Unknown("no answer")
        return self.refunds.setdefault(refund_no, RefundStatus(refund_no, f"wx-{refund_no}", "processing", fen, None))

    def query_refund(self, refund_no: str) -> Any:
        if self.deaf:
            return Unknown("no answer")
        return self.refunds.get(refund_no, NotFound())

    def net(self, day: date) -> int:
        return sum(line.amount_fen if line.kind == "payment" else -line.amount_fen for line in self.bills.get(day, []))


@dataclass
class Platform:
    """The regulator's."""

    moods: list[str] = field(default_factory=list)
    received: dict[str, bytes] = field(default_factory=dict)

    def push(self, report_id: str, kind: str, district: str, day: date, content: bytes) -> Any:
        mood = self.moods.pop(0) if self.moods else ""
        if mood == DEAF:
            return Unknown("no answer")
        if mood not in ("", LOST):
            return Refused(mood, "no")
        assert self.received.setdefault(report_id, content) == content
        if mood == LOST:
            return Unknown("the answer was lost")
        return Acknowledged(f"receipt-{report_id}", datetime(2026, 3, 4, 11, 30, tzinfo=SHANGHAI))

    def report(self, report_id: str) -> Any:
        return json.loads(self.received[report_id])
