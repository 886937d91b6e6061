"""The two things that are compared, in a process of their own.

    python -m bench.load cpu [ROUNDS CALLS]       JSON: CPU seconds per call of each, by round, rounds interleaved
    python -m bench.load handler|write|pair CALLS the calls alone, to be counted by callgrind

handler   the Chalice app, called with a proxy event, a real token, warm
write     botocore's TransactWriteItems with the very two items that the handler wrote
pair      botocore's BatchGetItem of the two rows, then that write: what no handler that reads first can be below
"""
import gc
import io
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

from bench import world
from bench.stub import Stub

WARM_CALLS = 5

Work = Callable[[int], None]


class NotConfirmed(Exception):
    """The handler answered something else than a confirmed redemption."""


def handler() -> Work:
    from app import app

    bearer = world.consumer_token()

    def confirm(number: int) -> None:
        event = world.confirmation(number, bearer)
        with redirect_stdout(io.StringIO()):
            answer = app(event, None)
        if answer["statusCode"] != 200 or '"state":"posted"' not in answer["body"] or "Idempotent-Replayed" in answer["headers"]:
            raise NotConfirmed(f"{answer['statusCode']} {answer['body'][:400]}")

    return confirm


def _client() -> Any:
    import botocore.session

    return botocore.session.get_session().create_client("dynamodb")


def write(items: list[Any]) -> Work:
    client = _client()
    return lambda number: client.transact_write_items(TransactItems=items)


def pair(items: list[Any]) -> Work:
    client = _client()
    keys = [{"pk": item["Put"]["Item"]["pk"], "sk": item["Put"]["Item"]["sk"]} for item in items]
    wanted = {world.TABLES["cards"]: {"Keys": keys, "ConsistentRead": True}}

    def read_and_write(number: int) -> None:
        client.batch_get_item(RequestItems=wanted)
        client.transact_write_items(TransactItems=items)

    return read_and_write


def of_name(name: str) -> Work:
    if name == "handler":
        return handler()
    items = Stub(os.environ["AWS_ENDPOINT_URL"]).written()["TransactItems"]
    return {"write": write, "pair": pair}[name](items)


def repeat(work: Work, calls: int, first: int = 0) -> None:
    for number in range(first, first + calls):
        work(number)


def cpu(rounds: int, calls: int) -> list[dict[str, float]]:
    confirm = handler()
    repeat(confirm, WARM_CALLS)
    works = {"handler": confirm, "write": of_name("write"), "pair": of_name("pair")}
    for work in works.values():
        repeat(work, WARM_CALLS)
    measured = []
    for number in range(rounds):
        spent = {}
        for name, work in works.items():
            gc.collect()
            started = time.process_time()
            repeat(work, calls, first=number * calls)
            spent[name] = (time.process_time() - started) / calls
        measured.append(spent)
    return measured


def main(arguments: list[str]) -> None:
    if arguments[0] == "cpu":
        print(json.dumps(cpu(int(arguments[1]), int(arguments[2]))))
    else:
        work = of_name(arguments[0])
        repeat(work, WARM_CALLS + int(arguments[1]))


if __name__ == "__main__":
    main(sys.argv[1:])
