"""The custodian bank: payout instructions out of the custody account, their fate, and the statement of a day.

    POST /v1/instructions                     202 accepted, also for the same one again; 409 other content
    GET  /v1/instructions/{instruction_no}    processing, succeeded, failed; 404 instruction_not_found
    GET  /v1/statements/{date}?account=...    opening, entries, closing; 404 statement_not_ready

The instruction number is the identity of the payout at the bank. After an `Unknown` ask by that number;
`not_found` soon after a submission is no proof that the bank will never see it.
"""
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import quote

from chalicelib.domain.money import fen_to_yuan
from chalicelib.gateways import fields
from chalicelib.gateways.outcomes import NotReady, Refused, Unknown
from chalicelib.gateways.signing import Reply, SignedChannel, refusal
from chalicelib.gateways.transport import Clock

PAYOUT_STATES = frozenset({"processing", "succeeded", "failed"})
LINE_KINDS = frozenset({"payout", "provider_settlement", "other"})
STATEMENT_BYTES_MAX = 32 * 1024 * 1024


@dataclass(frozen=True)
class Accepted:
    """The bank has the instruction; whether it pays is told by `query`."""


@dataclass(frozen=True)
class PayoutStatus:
    """`state` is processing, succeeded, failed or not_found; `value_date` is set when succeeded, `reason`
    when failed."""
    state: str
    value_date: date | None
    reason: str


@dataclass(frozen=True)
class StatementLine:
    """`amount_fen` is signed: credits to the custody account are positive."""
    reference: str
    amount_fen: int
    kind: str
    counterparty: str


@dataclass(frozen=True)
class Statement:
    """opening + lines = closing, checked before anybody sees it. `text` is what the bank sent, for the
    archive."""
    day: date
    opening_fen: int
    closing_fen: int
    lines: tuple[StatementLine, ...]
    text: str


class Custodian:
    def __init__(self, channel: SignedChannel, custody_account: str) -> None:
        self._channel = channel
        self._custody_account = custody_account

    def submit(
        self, instruction_no: str, payee_name: str, payee_account: str, amount_fen: int, remark: str
    ) -> Accepted | Refused | Unknown:
        reply = self._channel.ask("POST", "/v1/instructions", {
            "instruction_no": instruction_no, "payer_account": self._custody_account,
            "payee_name": payee_name, "payee_account": payee_account,
            "amount": fen_to_yuan(amount_fen), "currency": "CNY", "remark": remark,
        })
        if isinstance(reply, Unknown):
            return reply
        if reply.status == 202 and reply.data.get("instruction_no") == instruction_no:
            return Accepted()
        return refusal(reply) if 400 <= reply.status < 500 else Unknown(f"unexpected answer {reply.status}")

    def query(self, instruction_no: str) -> PayoutStatus | Unknown:
        reply = self._channel.ask("GET", f"/v1/instructions/{quote(instruction_no, safe='')}")
        if isinstance(reply, Unknown):
            return reply
        if reply.status == 404 and reply.data.get("code") == "instruction_not_found":
            return PayoutStatus("not_found", None, "")
        if reply.status != 200 or reply.data.get("instruction_no") != instruction_no:
            return Unknown(f"unexpected answer {reply.status}")
        try:
            return _payout_status(reply.data)
        except fields.Malformed as error:
            return Unknown(str(error))

    def statement(self, day: date) -> Statement | NotReady | Unknown:
        path = f"/v1/statements/{day.isoformat()}?account={quote(self._custody_account, safe='')}"
        reply = self._channel.ask("GET", path, reply_bytes_max=STATEMENT_BYTES_MAX)
        if isinstance(reply, Unknown):
            return reply
        if reply.status == 404 and reply.data.get("code") == "statement_not_ready":
            return NotReady()
        if reply.status != 200:
            return Unknown(f"unexpected answer {reply.status}")
        try:
            return self._read_statement(day, reply)
        except fields.Malformed as error:
            return Unknown(str(error))

    def _read_statement(self, day: date, reply: Reply) -> Statement:
        data = reply.data
        if fields.day(data, "date") != day or fields.text(data, "account") != self._custody_account:
            raise fields.Malformed("the statement is of another day or account")
        if fields.text(data, "currency") != "CNY":
            raise fields.Malformed("the statement is in another currency")
        lines = tuple(_line(row) for row in fields.rows(data, "entries"))
        opening_fen, closing_fen = fields.fen(data, "opening"), fields.fen(data, "closing")
        if opening_fen + sum(line.amount_fen for line in lines) != closing_fen:
            raise fields.Malformed("the statement does not add up")
        return Statement(day, opening_fen, closing_fen, lines, reply.text)


def _payout_status(data: fields.Fields) -> PayoutStatus:
    state = fields.one_of(data, "state", PAYOUT_STATES)
    value_date = fields.day(data, "value_date") if state == "succeeded" else None
    return PayoutStatus(state, value_date, fields.text_or_none(data, "reason") or "")


def _line(row: fields.Fields) -> StatementLine:
    return StatementLine(
        reference=fields.text(row, "reference"),
        amount_fen=fields.fen(row, "amount"),
        kind=fields.one_of(row, "kind", LINE_KINDS),
        counterparty=fields.text_or_none(row, "counterparty") or "",
    )


def over(base_url: str, credentials: dict[str, str], clock: Clock) -> Custodian:
    return Custodian(SignedChannel(base_url, credentials, clock), credentials["custody_account"])


@lru_cache(maxsize=1)
def connect() -> Custodian:
    from chalicelib import clock, config

    return over(config.settings().custodian_url, config.counterparts()["custodian"], clock.now)
