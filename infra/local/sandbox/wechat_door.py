"""WeChat Pay's door: the merchant signs the request, the platform key signs every answer."""
from flask import Request

from infra.local.sandbox.door import Door, Said
from infra.local.sandbox.world import World

PREFIX = "/wechat-pay"


def wechat_pay_door(world: World) -> Door:
    def refuse(asked: Request) -> Said | None:
        """The merchant signs the path as WeChat documents it, from /v3 on."""
        target = asked.environ["REQUEST_URI"].removeprefix(PREFIX)
        fault = world.seal.fault_of_request(
            asked.headers.get("Authorization", ""), asked.method, target, asked.get_data()
        )
        return Said(401, {"code": "SIGN_ERROR", "message": fault}) if fault else None

    return Door(world, "wechat_pay", refuse, lambda asked, status, body: world.seal.headers(body))
