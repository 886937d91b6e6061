"""UnionPay's open platform: a backend token for a signed question, an openId for a backend token and a code."""
import hashlib
import secrets

from flask import Flask

from infra.local.sandbox import channel_codes
from infra.local.sandbox.door import Body, Door, Said
from infra.local.sandbox.world import World

CHANNEL = "unionpay"
WINDOW_SECONDS = 300
TOKEN_SECONDS = 3600


def open_to(app: Flask, world: World) -> None:
    door = Door(world, CHANNEL, lambda asked: None, lambda asked, status, body: {})
    door.open(app, "POST", "/unionpay/backendToken", "backend_token", backend_token)
    door.open(app, "POST", "/unionpay/token", "token", token)


def backend_token(world: World, body: Body) -> Said:
    given = world.credentials[CHANNEL]
    nonce, timestamp = str(body.get("nonceStr", "")), str(body.get("timestamp", ""))
    signed = f"appId={given['appid']}&nonceStr={nonce}&secret={given['secret']}&timestamp={timestamp}"
    if body.get("appId") != given["appid"] or len(nonce) != 16 or not timestamp.isdigit():
        return _no("a01", "参数不合法")
    if abs(world.clock.now().timestamp() - int(timestamp)) > WINDOW_SECONDS:
        return _no("a05", "时间戳已过期")
    if body.get("signature") != hashlib.sha256(signed.encode()).hexdigest():
        return _no("a05", "签名错误")
    made = channel_codes.new_token(world, CHANNEL, {})
    return _yes({"backendToken": made, "expiresIn": TOKEN_SECONDS})


def token(world: World, body: Body) -> Said:
    if body.get("appId") != world.credentials[CHANNEL]["appid"] or body.get("grantType") != "authorization_code":
        return _no("a01", "参数不合法")
    if channel_codes.holder(world, CHANNEL, str(body.get("backendToken", ""))) is None:
        return _no("a10", "不合法的 backendToken，或已过期")
    person = channel_codes.take(world, CHANNEL, str(body.get("code", "")))
    if person is None:
        return _no("a31", "不合法的授权 code，或已过期")
    return _yes({
        "accessToken": secrets.token_hex(24), "expiresIn": TOKEN_SECONDS, "refreshToken": "", "scope": "upapi_base",
        "openId": person["subject"],
    })


def _yes(params: Body) -> Said:
    return Said(200, {"resp": "00", "msg": "成功", "params": params})


def _no(code: str, message: str) -> Said:
    return Said(200, {"resp": code, "msg": message, "params": {}})
