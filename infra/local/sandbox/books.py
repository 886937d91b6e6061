"""What the counterparts remember, in one SQLite file; above all the journal: every movement of money
between two of their accounts. A balance is the sum of its movements, so the accounts add up to nothing at
any moment.

    consumer:<openid>     a person's own money; below zero by what they spent
    provider              what WeChat Pay holds for the platform and has not settled yet
    provider_refunds      refunds accepted, not yet with the person
    custody               the custody account at the bank
    merchant:<account>    a merchant's own bank account
"""
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any

from infra.local.sandbox.clock import stamp

SCHEMA = """
create table if not exists journal (id integer primary key, at text, day text, source text, target text,
  fen integer check (fen > 0), kind text, reference text, counterparty text, check (source <> target));
create index if not exists journal_day on journal (kind, day);
create table if not exists login_codes (code text primary key, openid text, unionid text, made_at text,
  used int);
create table if not exists channel_codes (code text primary key, channel text, person text, made_at text,
  used int);
create table if not exists channel_tokens (token text primary key, channel text, person text, made_at text);
create table if not exists orders (order_no text primary key, fingerprint text, openid text, fen int,
  description text, notify_url text, prepay_id text unique, prepared_at text, expires_at text, state text,
  transaction_id text, paid_at text);
create table if not exists refunds (refund_no text primary key, fingerprint text, order_no text,
  refund_id text, fen int, notify_url text, state text, accepted_at text, due real, succeeded_at text);
create table if not exists notices (id text primary key, url text, event text, original_type text,
  resource text, attempts int, next_at text, state text);
create index if not exists refunds_state on refunds (state);
create index if not exists notices_state on notices (state);
create table if not exists bill_files (token text primary key, made_at text, content blob);
create table if not exists instructions (instruction_no text primary key, fingerprint text, payee_name text,
  payee_account text, fen int, remark text, state text, due real, value_date text, reason text);
create index if not exists instructions_state on instructions (state);
create table if not exists payees (account text primary key, name text);
create table if not exists companies (licence_no text primary key, name text, body text);
create table if not exists reports (report_id text primary key, fingerprint text, receipt_no text, kind text,
  district text, business_date text, sha256 text, content blob, received_at text);
create table if not exists nonces (client text, nonce text, seen_at int, primary key (client, nonce));
create table if not exists faults (id integer primary key, counterpart text, operation text, kind text,
  times int, seconds real, field text, value text, phase text);
create table if not exists differences (id integer primary key, side text, kind text, business_date text,
  amount_fen int, reference text);
"""

Row = sqlite3.Row


class Books:
    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = wal")
        self._connection.execute("pragma synchronous = normal")
        self._connection.executescript(SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, one at a time; a transaction inside of another belongs to it."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def run(self, sql: str, *values: Any) -> int:
        with self._lock:
            return self._connection.execute(sql, values).rowcount

    def rows(self, sql: str, *values: Any) -> list[Row]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: Any) -> Row | None:
        found: Row | None = next(iter(self.rows(sql, *values)), None)
        return found

    def number(self, sql: str, *values: Any) -> int:
        found = self.row(sql, *values)
        return int(found[0] or 0) if found else 0

    def add(self, table: str, **values: Any) -> None:
        names, marks = ", ".join(values), ", ".join("?" for _ in values)
        self.run(f"insert into {table} ({names}) values ({marks})", *values.values())

    def move(
        self, at: datetime, day: date, source: str, target: str, fen: int, kind: str, reference: str,
        counterparty: str = "",
    ) -> None:
        self.add("journal", at=stamp(at), day=day.isoformat(), source=source, target=target, fen=fen,
                 kind=kind, reference=reference, counterparty=counterparty)

    def balance(self, account: str) -> int:
        return self.number(
            "select sum(case when target = ? then fen else -fen end) from journal"
            " where ? in (source, target)",
            account, account,
        )

    def balances(self, prefix: str) -> dict[str, int]:
        """Account without its prefix -> fen, of all accounts that begin so."""
        found = self.rows(
            "select account, sum(fen) as fen from (select target as account, fen from journal union all"
            " select source, -fen from journal) where account like ? group by account order by account",
            prefix + "%",
        )
        return {row["account"].removeprefix(prefix): row["fen"] for row in found}

    def close(self) -> None:
        with self._lock:
            self._connection.close()
