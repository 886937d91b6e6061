"""Table of contents: the Chalice app, its blueprints, its middleware. No rule, no query."""
from chalice.app import Chalice

from chalicelib.api import (
    applications,
    cards,
    contracts,
    documents,
    health,
    jurisdictions,
    merchants,
    notifications,
    orders,
    pages,
    products,
    reconciliations,
    redemptions,
    refunds,
    reports,
    sessions,
    settlements,
    staff,
    store_codes,
    stores,
)
from chalicelib.api.http import front
from chalicelib.jobs import reconciliation, reporting, settlement, sweep

app = Chalice(app_name="fangxinchong")

for noun in (
    applications,
    cards,
    contracts,
    documents,
    health,
    jurisdictions,
    merchants,
    notifications,
    orders,
    pages,
    products,
    reconciliations,
    redemptions,
    refunds,
    reports,
    sessions,
    settlements,
    staff,
    store_codes,
    stores,
    reconciliation,
    reporting,
    settlement,
    sweep,
):
    app.register_blueprint(noun.routes)

app.register_middleware(front(lambda: app.routes), "http")
