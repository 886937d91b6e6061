"""The table of contents: every counterpart under its own prefix."""
from flask import Flask

from infra.local.sandbox import (
    bank,
    control,
    registry,
    regulator,
    unionpay_login,
    wechat_bills,
    wechat_login,
    wechat_orders,
    wechat_refunds,
    yongpai_login,
    zheliban_login,
)
from infra.local.sandbox.hmac_door import hmac_door
from infra.local.sandbox.wechat_door import wechat_pay_door
from infra.local.sandbox.world import World


def make_app(world: World) -> Flask:
    app = Flask("sandbox", static_folder=None)
    app.add_url_rule("/health", "health", lambda: {"status": "ok"})
    for channel in (wechat_login, unionpay_login, zheliban_login, yongpai_login):
        channel.open_to(app, world)
    pay = wechat_pay_door(world)
    wechat_orders.open_to(app, pay)
    wechat_refunds.open_to(app, pay)
    wechat_bills.open_to(app, pay)
    bank.open_to(app, hmac_door(world, "custodian"))
    registry.open_to(app, hmac_door(world, "business_registry"))
    regulator.open_to(app, hmac_door(world, "regulator"))
    control.open_to(app, world)
    return app
