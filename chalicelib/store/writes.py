"""A Decision -> one write. Puts only, each with its condition, so that a failed condition names its put.

PynamoDB sends checks, deletes, puts, updates in that order and DynamoDB answers with reasons in the sent order; with puts
alone the order is ours. A transaction carries a token derived from its content. What a lost response means is
found out by the caller, who loads and decides again: every decision answers a repetition with what is there.
"""
import hashlib
from typing import Any

from pynamodb.connection import Connection
from pynamodb.exceptions import PutError, PynamoDBException, TransactWriteError
from pynamodb.transactions import TransactWrite

from chalicelib.domain.decision import Decision, Put
from chalicelib.domain.refusals import Refusal, contention
from chalicelib.store.reads import unavailable
from chalicelib.store.rows import to_row

_CONDITION = "ConditionalCheckFailed"


def commit(decision: Decision[Any]) -> None:
    """All of the puts, or none and the Refusal of the first put whose condition failed (Contention if none did)."""
    if not decision.puts:
        return
    rows = [to_row(put.value) for put in decision.puts]
    if len(rows) == 1:
        _put(rows[0], decision.puts[0])
    else:
        _transact(rows, decision.puts)


def _condition(row: Any, put: Put) -> Any:
    if put.expect is None:
        return type(row).pk.does_not_exist()
    return type(row).version == put.expect


def _put(row: Any, put: Put) -> None:
    try:
        row.save(condition=_condition(row, put))
    except PutError as error:
        if error.cause_response_code == "ConditionalCheckFailedException":
            raise put.otherwise from error
        raise unavailable(error) from error
    except PynamoDBException as error:
        raise unavailable(error) from error


def _transact(rows: list[Any], puts: tuple[Put, ...]) -> None:
    token = _token(puts)
    try:
        with TransactWrite(connection=_connection(rows[0]), client_request_token=token) as transaction:
            for row, put in zip(rows, puts, strict=True):
                transaction.save(row, condition=_condition(row, put))
    except TransactWriteError as error:
        raise _refusal(error, puts) from error
    except PynamoDBException as error:
        raise unavailable(error) from error


def _refusal(error: TransactWriteError, puts: tuple[Put, ...]) -> Refusal:
    """Condition failures first, in the order of the puts; conflicts and throttling are worth another try."""
    for reason, put in zip(error.cancellation_reasons, puts, strict=False):
        if reason is not None and reason.code == _CONDITION:
            return put.otherwise
    if error.cancellation_reasons:
        return contention()
    return unavailable(error)


def _token(puts: tuple[Put, ...]) -> str:
    """The same decision has the same token, another decision another one."""
    return hashlib.sha256(repr([(put.value, put.expect) for put in puts]).encode()).hexdigest()[:36]


def _connection(row: Any) -> Connection:
    connection: Connection = type(row)._get_connection().connection
    return connection
