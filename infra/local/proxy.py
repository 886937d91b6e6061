"""One stable address in front of the emulator's API, whose own address changes with every change of a route.

It rewrites the request's target and nothing else: headers go through as they came, bodies are streamed, nothing is added.
"""
import asyncio
import contextlib
import threading
from collections.abc import Callable
from dataclasses import dataclass

from infra.local.failure import PlatformFailed

HEAD_BYTES_MAX = 64 * 1024
CHUNK_BYTES = 64 * 1024
UNREACHABLE = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True)
class Head:
    first: bytes
    lines: tuple[bytes, ...]

    def value(self, name: bytes) -> bytes:
        for line in self.lines:
            key, _, value = line.partition(b":")
            if key.strip().lower() == name:
                return value.strip().lower()
        return b""

    def raw(self, first: bytes, without: bytes = b"") -> bytes:
        kept = [line for line in self.lines if not without or line.partition(b":")[0].strip().lower() != without]
        return b"\r\n".join([first, *kept, b"", b""])


class Proxy:
    """Serves 127.0.0.1:`port` in a thread of its own; `target` gives (port, prefix of the path) of the API now."""

    def __init__(self, port: int, target: Callable[[], tuple[int, str]]) -> None:
        self.port = port
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._open: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        except OSError as error:
            self.stop()
            raise PlatformFailed(f"Port {self.port} is in use ({error.strerror}); choose another with PORT=.") from error

    def stop(self) -> None:
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=HEAD_BYTES_MAX)

    async def _close(self) -> None:
        if hasattr(self, "_server"):
            self._server.close()
        for task in list(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        upstream: asyncio.StreamWriter | None = None
        try:
            port, prefix = self._target()
            answers, upstream = await asyncio.open_connection("127.0.0.1", port, limit=HEAD_BYTES_MAX)
            while await _exchange(reader, writer, answers, upstream, prefix):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            with contextlib.suppress(ConnectionError):
                writer.write(UNREACHABLE)
        except asyncio.CancelledError:
            pass  # the proxy stops
        finally:
            for stream in (writer, upstream):
                if stream:
                    stream.close()


async def _exchange(
    client: asyncio.StreamReader, back: asyncio.StreamWriter,
    answers: asyncio.StreamReader, upstream: asyncio.StreamWriter, prefix: str,
) -> bool:
    """One request and its answer; False when either side closes afterwards."""
    request = await _head(client)
    if request is None:
        return False
    method, target, version = request.first.split(b" ")
    upstream.write(request.raw(b" ".join([method, prefix.encode() + target, version]), without=b"expect"))
    if request.value(b"expect") == b"100-continue":
        back.write(CONTINUE)
    await _body(request, client, upstream, to_the_end=False)
    answer = await _head(answers)
    if answer is None:
        raise ConnectionError("the emulator closed the connection")
    back.write(answer.raw(answer.first))
    status = answer.first.split(b" ")[1]
    if method != b"HEAD" and status not in (b"204", b"304"):
        await _body(answer, answers, back, to_the_end=True)
    await back.drain()
    return b"close" not in (request.value(b"connection"), answer.value(b"connection"))


async def _head(reader: asyncio.StreamReader) -> Head | None:
    try:
        raw = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as ended:
        if ended.partial:
            raise
        return None
    first, *lines = raw[:-4].split(b"\r\n")
    return Head(first, tuple(lines))


async def _body(head: Head, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, to_the_end: bool) -> None:
    length = head.value(b"content-length")
    if head.value(b"transfer-encoding") == b"chunked":
        await _chunks(reader, writer)
    elif length:
        await _copy(reader, writer, int(length))
    elif to_the_end:
        while piece := await reader.read(CHUNK_BYTES):
            writer.write(piece)
            await writer.drain()
    await writer.drain()


async def _chunks(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        line = await reader.readuntil(b"\r\n")
        writer.write(line)
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        await _copy(reader, writer, size + 2)
    while (line := await reader.readuntil(b"\r\n")) != b"\r\n":
        writer.write(line)
    writer.write(b"\r\n")


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, left: int) -> None:
    while left:
        piece = await reader.read(min(left, CHUNK_BYTES))
        if not piece:
            raise ConnectionError("the body ended too early")
        writer.write(piece)
        await writer.drain()
        left -= len(piece)
