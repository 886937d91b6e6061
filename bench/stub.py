"""A DynamoDB that forgets: every redemption asked for is pending and its card has the money, so that every confirmation really
confirms. Writes are counted and not kept. Its own process, so that its work is nobody's CPU time.

    python -m bench.stub        prints its port, answers until its stdin closes

GET /counts   calls by operation, and `posted`: transactions whose first put posts a redemption and whose second moves its card
GET /written  the last TransactWriteItems, as it came
"""
import json
import os
import socketserver
import subprocess
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import urllib3

from bench import world

PAID_FEN, BONUS_FEN, HELD_FEN = 100_000, 30_000, 13_000
CODE_VALID = timedelta(hours=1)


@dataclass(frozen=True)
class Stub:
    """A running stub, seen from another process."""

    url: str

    def counts(self) -> Counter[str]:
        return Counter(urllib3.request("GET", f"{self.url}/counts", retries=False).json())

    def written(self) -> dict[str, Any]:
        body: dict[str, Any] = urllib3.request("GET", f"{self.url}/written", retries=False).json()
        return body


@contextmanager
def running() -> Iterator[Stub]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.stub"],
        cwd=world.ROOT, env=os.environ | world.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield Stub(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.stdin.close()
        process.wait(10)


def _rows() -> tuple[dict[str, Any], dict[str, Any]]:
    """A card and a pending redemption as the store itself would write them."""
    from chalicelib import clock
    from chalicelib.domain.card import Card, UsedCode
    from chalicelib.domain.redemption import Redemption
    from chalicelib.store.rows import to_row

    now = clock.now()
    card = Card(
        card_id=world.CARD_ID, holder_id=world.CONSUMER_ID, merchant_id=world.MERCHANT_ID, merchant_name="甬江美发有限公司",
        product_id="prd_" + "4" * 52, product_name="充 1000 得 1300", contract_version="2026-01", paid_fen=PAID_FEN,
        bonus_fen=BONUS_FEN, activated_at=now, held_fen=HELD_FEN, holds=1, length=1, head_hash="a" * 64,
        used_codes=(UsedCode("0" * 24, now + CODE_VALID),), version=2,
    )
    redemption = Redemption(
        redemption_id=world.redemption_id(0), card_id=world.CARD_ID, merchant_id=world.MERCHANT_ID, store_id="sto_" + "5" * 52,
        consumer_id=world.CONSUMER_ID, face_fen=HELD_FEN, opened_by="stf_" + "6" * 26, opened_at=now,
        expires_at=now + CODE_VALID, fingerprint="f" * 32,
    )
    return to_row(card).serialize(), to_row(redemption).serialize()


class Answers:
    """What is answered to each operation; `seen` counts what was asked."""

    def __init__(self) -> None:
        self.card, self.redemption = _rows()
        self.seen: Counter[str] = Counter()
        self.written = b"{}"
        self._lock = threading.Lock()

    def to(self, operation: str, body: bytes) -> bytes:
        with self._lock:
            self.seen[operation] += 1
        answer: Any = {}
        if operation == "BatchGetItem":
            asked = json.loads(body)["RequestItems"]
            found = {table: [self._item(key) for key in wanted["Keys"]] for table, wanted in asked.items()}
            answer = {"Responses": found, "UnprocessedKeys": {}}
        elif operation == "GetItem":
            answer = {"Item": self._item(json.loads(body)["Key"])}
        elif operation == "TransactWriteItems":
            self._take(body)
        elif operation == "GetSecretValue":
            answer = {"SecretString": world.APP_SECRET}
        return json.dumps(answer).encode()

    def _item(self, key: dict[str, dict[str, str]]) -> dict[str, Any]:
        own = key["sk"]["S"]
        if own == "card":
            return self.card | {"pk": key["pk"], "card_id": key["pk"]}
        return self.redemption | {"pk": key["pk"], "sk": key["sk"], "card_id": key["pk"], "redemption_id": {"S": own}}

    def _take(self, body: bytes) -> None:
        puts = [part["Put"] for part in json.loads(body)["TransactItems"]]
        conditional = all(put.get("ConditionExpression") for put in puts)
        posts = len(puts) == 2 and puts[0]["Item"].get("state") == {"S": "posted"} and puts[1]["Item"]["sk"] == {"S": "card"}
        with self._lock:
            self.written = body
            self.seen["posted"] += posts and conditional


class _Connection(socketserver.StreamRequestHandler):
    wbufsize = -1
    disable_nagle_algorithm = True
    server: "_Server"

    def handle(self) -> None:
        while first := self.rfile.readline():
            method, path, _ = first.decode("ascii").split(" ", 2)
            headers = {}
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = line.partition(b":")
                headers[name.lower()] = value.strip()
            body = self.rfile.read(int(headers.get(b"content-length", 0)))
            target = headers.get(b"x-amz-target", b"").decode("ascii").rpartition(".")[2]
            self._answer(self._control(path) if method == "GET" else self.server.answers.to(target, body))

    def _control(self, path: str) -> bytes:
        answers = self.server.answers
        return answers.written if path == "/written" else json.dumps(answers.seen).encode()

    def _answer(self, body: bytes) -> None:
        head = (
            "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nx-amzn-RequestId: BENCH\r\n"
            f"x-amz-crc32: {zlib.crc32(body)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.wfile.write(head.encode("ascii") + body)
        self.wfile.flush()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        self.answers = Answers()
        super().__init__(("127.0.0.1", 0), _Connection)


def main() -> None:
    with _Server() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_address[1], flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
