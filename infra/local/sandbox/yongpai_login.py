"""Yongpai: the authorization code grant of RFC 6749, and a userinfo address."""
from base64 import b64encode

from flask import Flask, request

from infra.local.sandbox import channel_codes
from infra.local.sandbox.door import Body, Door, Said
from infra.local.sandbox.world import World

CHANNEL = "yongpai"


def open_to(app: Flask, world: World) -> None:
    door = Door(world, CHANNEL, lambda asked: None, lambda asked, status, body: {})
    door.open(app, "POST", "/yongpai/oauth/token", "token", token)
    door.open(app, "GET", "/yongpai/oauth/userinfo", "user_info", user_info)


def token(world: World, body: Body) -> Said:
    given = world.credentials[CHANNEL]
    pair = b64encode(f"{given['client_id']}:{given['client_secret']}".encode()).decode()
    if request.headers.get("Authorization") != f"Basic {pair}":
        return Said(401, {"error": "invalid_client"})
    if body.get("grant_type") != "authorization_code":
        return Said(400, {"error": "unsupported_grant_type"})
    person = channel_codes.take(world, CHANNEL, str(body.get("code", "")))
    if person is None:
        return Said(400, {"error": "invalid_grant", "error_description": "code is unknown, used or expired"})
    made = channel_codes.new_token(world, CHANNEL, person)
    return Said(200, {"access_token": made, "token_type": "Bearer", "expires_in": 60 * channel_codes.TOKEN_MINUTES})


def user_info(world: World, body: Body) -> Said:
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    person = channel_codes.holder(world, CHANNEL, given) if scheme == "Bearer" else None
    if person is None:
        return Said(401, {"error": "invalid_token"})
    told: Body = {name: person[name] for name in ("phone_number", "phone_number_verified") if name in person}
    return Said(200, {"sub": person["subject"], **told})
