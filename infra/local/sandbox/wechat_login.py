"""`jscode2session`: the code of wx.login against the openid. A code is good for one use within five
minutes."""
import secrets
from datetime import datetime, timedelta

from flask import Flask, request

from infra.local.sandbox.clock import stamp
from infra.local.sandbox.door import Body, Door, Said
from infra.local.sandbox.world import World

CODE_MINUTES = 5


def open_to(app: Flask, world: World) -> None:
    door = Door(world, "wechat", lambda asked: None, lambda asked, status, body: {})
    door.open(app, "GET", "/wechat/sns/jscode2session", "exchange", exchange)


def new_code(world: World, openid: str, unionid: str | None) -> str:
    code = "0" + secrets.token_urlsafe(23)
    world.books.add(
        "login_codes", code=code, openid=openid, unionid=unionid, made_at=stamp(world.clock.now()), used=0
    )
    return code


def exchange(world: World, body: Body) -> Said:
    given = world.credentials["wechat"]
    if request.args.get("appid") != given["appid"]:
        return _error(40013, "invalid appid")
    if request.args.get("secret") != given["secret"]:
        return _error(40125, "invalid appsecret")
    if request.args.get("grant_type") != "authorization_code":
        return _error(40002, "invalid grant_type")
    with world.books.transaction():
        row = world.books.row("select * from login_codes where code = ?", request.args.get("js_code", ""))
        if row is None:
            return _error(40029, "invalid code")
        if row["used"]:
            return _error(40163, "code been used")
        age = world.clock.now() - datetime.fromisoformat(row["made_at"])
        if age > timedelta(minutes=CODE_MINUTES):
            return _error(40029, "invalid code")
        world.books.run("update login_codes set used = 1 where code = ?", row["code"])
    identity = {"openid": row["openid"], "session_key": secrets.token_urlsafe(16) + "=="}
    if row["unionid"]:
        identity["unionid"] = row["unionid"]
    return Said(200, identity, content_type="text/plain")


def _error(code: int, message: str) -> Said:
    said = {"errcode": code, "errmsg": f"{message}, rid: {secrets.token_hex(12)}"}
    return Said(200, said, content_type="text/plain")
