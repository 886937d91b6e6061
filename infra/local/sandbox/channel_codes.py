"""One-use codes of the login channels, and the tokens that they were turned into. A code is good once within five minutes."""
import json
import secrets
from base64 import b64encode
from datetime import datetime, timedelta

from infra.local.sandbox import checks
from infra.local.sandbox.clock import stamp
from infra.local.sandbox.door import Body
from infra.local.sandbox.world import World

CODE_MINUTES = 5
TOKEN_MINUTES = 60
NEW_CODE = {
    "unionpay": lambda: b64encode(secrets.token_bytes(16)).decode(),
    "zheliban": lambda: f"{secrets.token_hex(16)}-ticket",
    "yongpai": lambda: secrets.token_urlsafe(24),
}


def give(world: World, body: Body) -> str:
    """A code for the person that the body describes."""
    channel = checks.text(body, "channel", 20)
    if channel not in NEW_CODE:
        raise checks.bad("channel")
    checks.text(body, "subject", 512)
    person = {name: value for name, value in body.items() if name != "channel"}
    code = NEW_CODE[channel]()
    world.books.add(
        "channel_codes", code=code, channel=channel, person=json.dumps(person, ensure_ascii=False),
        made_at=stamp(world.clock.now()), used=0,
    )
    return code


def take(world: World, channel: str, code: str) -> Body | None:
    """The person behind a code that is good; the code is used up."""
    with world.books.transaction():
        row = world.books.row("select * from channel_codes where code = ? and channel = ?", code, channel)
        if row is None or row["used"] or _older(world, row["made_at"], CODE_MINUTES):
            return None
        world.books.run("update channel_codes set used = 1 where code = ?", code)
    person: Body = json.loads(row["person"])
    return person


def new_token(world: World, channel: str, person: Body) -> str:
    token = secrets.token_hex(24)
    world.books.add(
        "channel_tokens", token=token, channel=channel, person=json.dumps(person, ensure_ascii=False),
        made_at=stamp(world.clock.now()),
    )
    return token


def holder(world: World, channel: str, token: str) -> Body | None:
    row = world.books.row("select * from channel_tokens where token = ? and channel = ?", token, channel)
    if row is None or _older(world, row["made_at"], TOKEN_MINUTES):
        return None
    person: Body = json.loads(row["person"])
    return person


def _older(world: World, made_at: str, minutes: int) -> bool:
    return world.clock.now() - datetime.fromisoformat(made_at) > timedelta(minutes=minutes)
