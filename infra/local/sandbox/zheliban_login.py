"""The single sign-on of Zhejiang's government services: a ticket against a token, a token against the person."""
import hashlib
from datetime import datetime, timedelta

from flask import Flask, Response, request

from infra.local.sandbox import channel_codes
from infra.local.sandbox.clock import BEIJING
from infra.local.sandbox.door import Body, Door, Handler, Said
from infra.local.sandbox.world import World

CHANNEL = "zheliban"
WINDOW = timedelta(minutes=10)


def open_to(app: Flask, world: World) -> None:
    door = Door(world, CHANNEL, lambda asked: None, lambda asked, status, body: {})
    methods: dict[str, tuple[str, Handler]] = {
        "ticketValidation": ("validate", validate), "getUserInfo": ("user_info", user_info),
    }

    def serve() -> Response:
        operation, handler = methods.get(request.args.get("method", ""), ("*", unknown))
        return door.serve(operation, handler, {})

    app.add_url_rule("/zheliban/sso/servlet/simpleauth", "zheliban.simpleauth", serve, methods=["GET", "POST"])


def validate(world: World, body: Body) -> Said:
    asked = {**request.args, **body}
    refused = _refused(world, asked)
    if refused:
        return refused
    person = channel_codes.take(world, CHANNEL, asked.get("st", ""))
    if person is None:
        return _no("2", "票据无效")
    return Said(200, {"result": "0", "errmsg": "成功", "token": channel_codes.new_token(world, CHANNEL, person)})


def user_info(world: World, body: Body) -> Said:
    asked = {**request.args, **body}
    refused = _refused(world, asked)
    if refused:
        return refused
    person = channel_codes.holder(world, CHANNEL, asked.get("token", ""))
    if person is None:
        return _no("3", "令牌无效")
    return Said(200, {
        "result": "0", "errmsg": "成功", "userid": person["subject"], "username": person.get("name", ""),
        "mobile": person.get("mobile", ""), "idtype": person.get("idtype", "1"), "idnum": person.get("idnum", ""),
        "authlevel": person.get("authlevel", "3"), "loginname": f"zjzw{person['subject'][-6:]}", "sex": "1",
    })


def unknown(world: World, body: Body) -> Said:
    return _no("9", "方法不存在")


def _refused(world: World, asked: Body) -> Said | None:
    given = world.credentials[CHANNEL]
    time = str(asked.get("time", ""))
    sign = hashlib.md5(f"{given['servicecode']}{given['servicepwd']}{time}".encode(), usedforsecurity=False).hexdigest()
    if asked.get("servicecode") != given["servicecode"] or asked.get("sign") != sign or asked.get("datatype") != "json":
        return _no("1", "接入验证失败")
    try:
        at = datetime.strptime(time, "%Y%m%d%H%M%S").replace(tzinfo=BEIJING)
    except ValueError:
        return _no("1", "时间格式有误")
    return _no("1", "请求已过期") if abs(world.clock.now() - at) > WINDOW else None


def _no(code: str, message: str) -> Said:
    return Said(200, {"result": code, "errmsg": message})
