"""Table of contents: the Chalice app, its blueprints, its middleware. No rule, no query."""
from chalice.app import Chalice

from chalicelib.api import (
    alerts,
    applications,
    cards,
    code_keys,
    consumers,
    contracts,
    documents,
    files,
    health,
    jurisdictions,
    licences,
    merchants,
    nominations,
    notifications,
    orders,
    pages,
    posters,
    products,
    reconciliations,
    redemptions,
    refunds,
    registrations,
    reports,
    sessions,
    settlements,
    staff,
    staff_sessions,
    store_codes,
    stores,
    tip_offs,
)
from chalicelib.api.http import front
from chalicelib.jobs import posters as poster_job
from chalicelib.jobs import reconciliation, reporting, search, settlement, sweep, watch

app = Chalice(app_name="fangxinchong")

for noun in (
    alerts, applications, cards, code_keys, consumers, contracts, documents, files, health, licences, jurisdictions,
    merchants, nominations, notifications, orders, pages, posters, products, reconciliations, redemptions, refunds,
    registrations, reports, sessions, settlements, staff, staff_sessions, store_codes, stores, tip_offs, poster_job,
    reconciliation, reporting, search, settlement, sweep, watch,
):
    app.register_blueprint(noun.routes)

app.register_middleware(front(lambda: app.routes), "http")
