"""The door of the bank, the registry and the regulator: HMAC-SHA256 both ways, 300 s, each nonce once."""
import hashlib
import hmac

from flask import Request

from infra.local.sandbox.door import Door, Said
from infra.local.sandbox.world import World

WINDOW_SECONDS = 300
HEADERS = ("X-Client-Id", "X-Timestamp", "X-Nonce", "X-Signature")


def hmac_door(world: World, name: str) -> Door:
    key, client_id = world.credentials[name]["key"].encode(), world.credentials[name]["client_id"]

    def refuse(asked: Request) -> Said | None:
        client, timestamp, nonce, signature = (asked.headers.get(name, "") for name in HEADERS)
        target = asked.environ["REQUEST_URI"]
        expected = _seal(key, asked.method, target, timestamp, nonce, asked.get_data())
        if client != client_id or not hmac.compare_digest(signature.encode(), expected.encode()):
            return _unauthorized("bad_signature")
        now = int(world.clock.now().timestamp())
        if not timestamp.isdigit() or abs(int(timestamp) - now) > WINDOW_SECONDS:
            return _unauthorized("outside_the_window")
        return None if _is_fresh(world, client, nonce, int(timestamp)) else _unauthorized("nonce_was_used")

    def seal(asked: Request, status: int, body: bytes) -> dict[str, str]:
        timestamp = str(int(world.clock.now().timestamp()))
        nonce = asked.headers.get("X-Nonce", "")
        return {"X-Timestamp": timestamp, "X-Signature": _seal(key, str(status), timestamp, nonce, body)}

    return Door(world, name, refuse, seal)


def _seal(key: bytes, *lines_and_body: str | bytes) -> str:
    """HMAC over the lines and, as the last line, the digest of the body."""
    *lines, body = lines_and_body
    assert isinstance(body, bytes)
    digest = hashlib.sha256(body).hexdigest()
    return hmac.new(key, "\n".join([*map(str, lines), digest]).encode(), hashlib.sha256).hexdigest()


def _is_fresh(world: World, client: str, nonce: str, seen_at: int) -> bool:
    """Remembers the nonce; one that is older than any window is forgotten."""
    with world.books.transaction():
        world.books.run("delete from nonces where seen_at < ?", seen_at - 4 * WINDOW_SECONDS)
        return bool(nonce) and world.books.run(
            "insert or ignore into nonces (client, nonce, seen_at) values (?, ?, ?)", client, nonce, seen_at
        ) == 1


def _unauthorized(code: str) -> Said:
    return Said(401, {"code": code, "message": "the request is not authenticated"})
