"""What the clock has made, read over HTTP by those whom it concerns."""
import hashlib
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.domain.business_day import business_date
from chalicelib.domain.principal import Role
from chalicelib.operations import reconciliation, reporting, settlement
from tests.jobs.counterparts import Archive, Bank, Provider
from tests.platform import Platform
from tests.town import Town, settled


@pytest.fixture
def town(platform: Platform) -> Town:
    """A day later: a use of 130.00, settled, paid out, matched, reported."""
    made = settled(platform)
    made.confirm(made.hold(13_000))
    return made


@pytest.fixture
def day(town: Town) -> Any:
    platform, bank, provider, archive = town.platform, Bank(), Provider(), Archive()
    the_day = business_date(platform.now())
    platform.later(days=1)
    now, merchant_id = platform.now(), town.merchant.merchant_id
    bank.today = business_date(now)
    order_id = "ord_" + town.card.card_id.partition("_")[2]
    provider.paid(order_id, town.card.paid_fen, town.card.activated_at, "another")
    for merchant in settlement.merchants_of(the_day):
        settlement.fold(merchant.merchant_id, the_day, now)
    settlement.decide(merchant_id, the_day, now)
    settlement.instruct(merchant_id, the_day, now, bank)  # type: ignore[arg-type]
    settlement.ask(merchant_id, the_day, now, bank)  # type: ignore[arg-type]
    settlement.seal(the_day, now)
    reconciliation.fetch_provider(the_day, provider, archive)  # type: ignore[arg-type]
    reconciliation.fetch_bank(the_day, bank, archive)  # type: ignore[arg-type]
    reconciliation.match(the_day, now, archive)
    reporting.make(town.merchant.district, the_day, now)
    return the_day


def token(town: Town, role: Role) -> str:
    """Issued now: the ones of the town are a day old."""
    import jwt

    old = jwt.decode(town.tokens[role], options={"verify_signature": False})
    return town.platform.token(old["sub"], role)


def test_an_owner_reads_the_daily_statements_and_nobody_elses(town: Town, day: Any) -> None:
    owner = token(town, Role.OWNER)
    listed = town.platform.get("/v1/settlements", owner).json
    (statement,) = (one for one in listed["data"] if one["business_date"] == day.isoformat())
    assert (statement["earned_fen"], statement["redeemed_face_fen"]) == (10_000, 13_000)
    assert (statement["payout"]["amount_fen"], statement["payout"]["state"]) == (10_000, "posted")
    assert statement["payout"]["payee_account"].startswith("****")
    assert town.platform.get(f"/v1/settlements/{statement['settlement_id']}", owner).json == statement
    foreign = statement["settlement_id"].replace(town.merchant.merchant_id[4:], town.rival.merchant_id[4:])
    assert town.platform.get(f"/v1/settlements/{foreign}", owner).status == 404
    assert town.platform.get("/v1/settlements/set_NONSENSE", owner).status == 404


def test_statements_are_paged_from_the_latest(town: Town, day: Any) -> None:
    town.platform.later(days=2)
    settlement.fold(town.merchant.merchant_id, day + timedelta(days=2), town.platform.now())
    owner, cursor, seen = token(town, Role.OWNER), "", []
    for _ in range(20):
        page = town.platform.get(f"/v1/settlements?limit=1{cursor}", owner).json
        seen += [one["business_date"] for one in page["data"]]
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == sorted(set(seen), reverse=True)
    assert day.isoformat() in seen


def test_a_regulator_lists_the_reports_of_the_district(town: Town, day: Any) -> None:
    regulator = token(town, Role.REGULATOR)
    listed = town.platform.get(f"/v1/reports?from={day}&to={day}", regulator).json["data"]
    assert [(one["business_date"], one["state"], one["merchants"]) for one in listed] == [(day.isoformat(), "made", 2)]
    content = town.platform.get(f"/v1/reports/{listed[0]['report_id']}/content", regulator)
    assert hashlib.sha256(content.text.encode()).hexdigest() == listed[0]["sha256"]
    assert content.json["totals"]["redeemed_cash_fen"] == 10_000
    backwards = town.platform.get(f"/v1/reports?from={day}&to={day - timedelta(days=1)}", regulator)
    assert (backwards.status, backwards.code) == (400, "range_invalid")
    assert town.platform.get("/v1/reports", regulator).status == 400
    assert town.platform.get("/v1/reports/rpt_20260101NOBODY/content", regulator).status == 404


def test_the_custodian_reads_the_day_and_every_difference_by_its_name(town: Town, day: Any) -> None:
    custodian = token(town, Role.CUSTODIAN)
    shown = town.platform.get(f"/v1/reconciliations/{day}", custodian).json
    assert shown["state"] == "differs"
    assert {one["reason"] for one in shown["differences"]} == {"transaction_differs"}
    assert town.platform.get(f"/v1/reconciliations/{day + timedelta(days=9)}", custodian).status == 404
    assert town.platform.get("/v1/reconciliations/yesterday", custodian).status == 404


def test_only_the_roles_of_the_matrix_come_in(town: Town, day: Any) -> None:
    cases = {"/v1/settlements": Role.CONSUMER, "/v1/reports?from=x&to=y": Role.OWNER, f"/v1/reconciliations/{day}": Role.OWNER}
    for path, role in cases.items():
        assert town.platform.get(path, token(town, role)).code == "role_not_allowed"
