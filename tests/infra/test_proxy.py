"""The stable address: requests and answers go through as they came, whatever their framing."""
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from infra.local.failure import PlatformFailed
from infra.local.prerequisites import free_port
from infra.local.proxy import HEAD_BYTES_MAX, Proxy

SECONDS = 5


@dataclass
class Upstream:
    """Takes one connection after the other, keeps what it reads, says what it is told to say."""

    answers: list[bytes] = field(default_factory=list)
    read: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            while self.answers and (got := connection.recv(1 << 20)):
                ends = (b"\n0\r\n\r\n", b"END") if got.startswith(b"POST") else b"\r\n\r\n"
                while not got.endswith(ends):
                    got += connection.recv(1 << 20)
                self.read.append(got)
                connection.sendall(self.answers.pop(0))

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    made = Upstream()
    yield made
    made.close()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[Proxy]:
    made = Proxy(free_port(), lambda: (upstream.port, "/restapis/a/api/_user_request_"))
    made.start()
    yield made
    made.stop()


def _say(proxy: Proxy, request: bytes, until: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", proxy.port), SECONDS) as client:
        client.sendall(request)
        return _hear(client, until)


def _hear(client: socket.socket, until: bytes) -> bytes:
    got = b""
    while not got.endswith(until) and (piece := client.recv(1 << 16)):
        got += piece
    return got


def test_only_the_target_is_rewritten(proxy: Proxy, upstream: Upstream) -> None:
    upstream.answers = [b"HTTP/1.1 200 OK\r\nX-Odd:  Case \r\ncontent-length: 2\r\n\r\nhi"]
    request = b"POST /v1/a%2Fb?x=%20&x=2 HTTP/1.1\r\nhOst: shop.example\r\nX-A:1\r\nX-A: 2\r\nContent-Length: 5\r\n\r\n{}END"
    assert _say(proxy, request, until=b"hi") == b"HTTP/1.1 200 OK\r\nX-Odd:  Case \r\ncontent-length: 2\r\n\r\nhi"
    assert upstream.read == [request.replace(b" /v1", b" /restapis/a/api/_user_request_/v1")]


def test_chunks_go_through_both_ways(proxy: Proxy, upstream: Upstream) -> None:
    answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    upstream.answers = [answer]
    request = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\nwxyz\r\n0\r\n\r\n"
    assert _say(proxy, request, until=b"0\r\n\r\n") == answer
    assert upstream.read[0].endswith(b"4;x=y\r\nwxyz\r\n0\r\n\r\n")


def test_one_connection_serves_many_requests(proxy: Proxy, upstream: Upstream) -> None:
    upstream.answers = [b"HTTP/1.1 204 No Content\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nend"]
    with socket.create_connection(("127.0.0.1", proxy.port), SECONDS) as client:
        client.sendall(b"DELETE /a HTTP/1.1\r\nHost: x\r\n\r\n")
        assert _hear(client, b"\r\n\r\n") == b"HTTP/1.1 204 No Content\r\n\r\n"
        client.sendall(b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n")
        assert _hear(client, b"end").startswith(b"HTTP/1.1 200 OK")


def test_an_answer_to_head_has_no_body_whatever_length_it_states(proxy: Proxy, upstream: Upstream) -> None:
    upstream.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\nConnection: close\r\n\r\n"]
    assert _say(proxy, b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", until=b"never").endswith(b"close\r\n\r\n")


def test_an_answer_without_a_length_lasts_until_the_end(proxy: Proxy, upstream: Upstream) -> None:
    upstream.answers = [b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"]
    assert _say(proxy, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", until=b"never").endswith(b"until the end")


def test_a_client_that_waits_for_leave_to_send_its_body_gets_it(proxy: Proxy, upstream: Upstream) -> None:
    upstream.answers = [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone"]
    with socket.create_connection(("127.0.0.1", proxy.port), SECONDS) as client:
        client.sendall(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
        assert _hear(client, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"END")
        assert _hear(client, b"done").startswith(b"HTTP/1.1 200 OK")
    assert b"Expect" not in upstream.read[0]


HUGE = b"GET / HTTP/1.1\r\nX: " + b"y" * (HEAD_BYTES_MAX + 1) + b"\r\n\r\n"


@pytest.mark.parametrize("request_", [b"nonsense\r\n\r\n", HUGE], ids=["no HTTP", "a huge head"])
def test_what_is_no_request_is_answered_and_the_connection_closed(proxy: Proxy, request_: bytes) -> None:
    assert _say(proxy, request_, until=b"never").startswith(b"HTTP/1.1 502")


def test_an_api_that_is_down_is_answered_for(proxy: Proxy, upstream: Upstream) -> None:
    upstream.close()
    assert _say(proxy, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", until=b"never").startswith(b"HTTP/1.1 502")


def test_a_port_that_is_taken_is_said_in_one_sentence(proxy: Proxy) -> None:
    with pytest.raises(PlatformFailed, match=f"Port {proxy.port} is in use"):
        Proxy(proxy.port, lambda: (0, "")).start()
