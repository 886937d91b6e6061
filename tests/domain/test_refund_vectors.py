"""Every stored-value row of the rule book's refund vectors, played on a card: what the consumer gets, what the merchant has."""

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from chalicelib.domain import refund as refunds
from chalicelib.domain.jurisdiction import rules_on
from chalicelib.domain.refund import Cause, Reason
from tests.domain.town import NOON, Town, code_of

ROWS = list(csv.DictReader((Path(__file__).parent / "data" / "refund-vectors.csv").open(encoding="utf-8")))
PRICED = [row for row in ROWS if row["expect_refund_fen"] and row["id"] != "A2s"]


def played(row: dict[str, str]) -> tuple[Town, Reason]:
    town = Town()
    town.buy(price_fen=int(row["paid_fen"]), bonus_fen=int(row["bonus_fen"]))
    if int(row["used_face_fen"]):
        town.use(int(row["used_face_fen"]))
    town.later(days=int(row["day"]))
    return town, Reason(
        Cause(row["cause"].lower()), row["no_reason"] == "yes", row["prior_experience"] == "yes"
    )


def test_the_vectors_are_all_there() -> None:
    assert {row["id"] for row in ROWS} == {"A1", "A2", "A2s", "A3", "A3n", "A4", "A5", "A6", "A7", "D1"}


def test_what_is_not_cooling_off_is_asked_for_after_it_and_what_is_within_it() -> None:
    days = rules_on("330212", NOON.date()).cooling_off_days
    for row in ROWS:
        assert (int(row["day"]) <= days) is (row["rule"] == "R1"), row["id"]


@pytest.mark.parametrize("no_reason", [True, False])
@pytest.mark.parametrize("cause", list(Cause))
@pytest.mark.parametrize("row", [row for row in PRICED if row["rule"] == "R1"], ids=lambda row: row["id"])
def test_a_cooling_off_vector_holds_for_whatever_cause_is_given(
    row: dict[str, str], cause: Cause, no_reason: bool
) -> None:
    town, _ = played(row)
    quoted = town.quote(cause, no_reason=no_reason)
    assert (quoted.rule, quoted.refund_fen) == ("R1", int(row["expect_refund_fen"]))


@pytest.mark.parametrize("row", PRICED, ids=lambda row: row["id"])
def test_the_refund_and_the_release_are_those_of_the_rule_book(row: dict[str, str]) -> None:
    town, reason = played(row)
    quoted = town.quote(reason.cause, no_reason=reason.no_reason, consumed_before=reason.consumed_before)
    assert (quoted.rule, quoted.refund_fen) == (row["rule"], int(row["expect_refund_fen"]))
    refund = town.ask_refund("ref_1_a", reason.cause, no_reason=reason.no_reason)
    if refund.state == "requested":
        town.do(refunds.agree(*town.refund("ref_1_a"), town.now))
    if refund.amount_fen:
        town.do(refunds.succeed(*town.refund("ref_1_a"), "wx-1", refund.amount_fen, town.now))
    released = int(row["expect_released_total_fen"])
    assert town.money() == {"face": 0, "custody": released, "card": 0, "payable": released, "in_transit": 0}


def test_vector_a2s_prices_use_in_the_cooling_off_days_by_the_list_where_the_parameter_says_so() -> None:
    """cooling_used_pricing: the law is open, so it is a named parameter of the rules, "discounted" by default."""
    row = next(row for row in ROWS if row["id"] == "A2s")
    town, reason = played(row)
    assert rules_on("330212", town.now.date()).cooling_used_pricing == "discounted"
    rules = replace(rules_on("330212", town.now.date()), cooling_used_pricing="list")
    quoted = refunds.quote(town.card(), reason, rules, town.now)
    assert (quoted.rule, quoted.refund_fen, quoted.release_fen) == ("R1", 87000, 3000)
    town.pricing = "list"
    refund = town.ask_refund("ref_1_a", reason.cause, no_reason=reason.no_reason)
    town.do(refunds.succeed(*town.refund("ref_1_a"), "wx-1", refund.amount_fen, town.now))
    assert (refund.amount_fen, town.money()["payable"]) == (
        int(row["expect_refund_fen"]),
        int(row["expect_released_total_fen"]),
    )


def test_vector_d1_is_refused_without_reason_and_1000_by_agreement() -> None:
    row = next(row for row in ROWS if row["id"] == "D1")
    town, reason = played(row)
    assert (
        code_of(lambda: town.quote(reason.cause, no_reason=True, consumed_before=True)) == "cooling_off_over"
    )
    assert town.quote(reason.cause, consumed_before=True).refund_fen == 100000
