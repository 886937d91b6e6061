"""Table of contents: the Chalice app, its blueprints, its middleware. No rule, no query."""
from chalice.app import Chalice

from chalicelib.api import (
    applications,
    cards,
    health,
    merchants,
    notifications,
    orders,
    redemptions,
    refunds,
    sessions,
    store_codes,
)
from chalicelib.api.http import front

app = Chalice(app_name="fangxinchong")

for noun in (
    applications,
    cards,
    health,
    merchants,
    notifications,
    orders,
    redemptions,
    refunds,
    sessions,
    store_codes,
):
    app.register_blueprint(noun.routes)

app.register_middleware(front(lambda: app.routes), "http")
