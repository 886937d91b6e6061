import csv
import io
import json
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import matching, report, settlement
from chalicelib.domain import reconciliation as rules
from chalicelib.domain.refusals import Conflict
from chalicelib.domain.report import Report, ReportState
from chalicelib.domain.settlement import MerchantDay, Seal
from tests.domain.test_reconciliation import SIDES
from tests.domain.test_settlement import SALE, USE
from tests.domain.town import MERCHANT, NOON, code_of

DAY = date(2026, 3, 3)
FOLDED: MerchantDay = settlement.fold("mch_1", DAY, [SALE, USE], None, None, NOON).answer.day
SEAL: Seal = settlement.seal(DAY, [FOLDED], None, NOON).answer
ROW = report.row(MERCHANT, FOLDED)


def made(name: str = "甬江美发有限公司") -> report.Files:
    return report.compose("鄞州区", DAY, [replace(ROW, merchant_name=name)], SEAL, None)


def filed(sha256: str = "a" * 64) -> Report:
    return Report("rpt_1", "鄞州区", DAY, 1, sha256, "k.json", "k.csv", NOON)


def test_the_row_of_a_merchant_says_what_the_day_was() -> None:
    sent = json.loads(made().content)
    (row,) = sent["merchants"]
    assert (row["cards_issued"], row["cash_in_fen"], row["bonus_given_fen"]) == (1, 100000, 30000)
    assert (row["redemptions"], row["redeemed_face_fen"], row["redeemed_cash_fen"]) == (1, 13000, 10000)
    assert (row["prepaid_opening_fen"], row["prepaid_closing_fen"]) == (0, 90000)
    assert sent["totals"]["prepaid_closing_fen"] == 90000
    assert sent["seal"]["merkle_root"] == SEAL.root
    assert sent["custody"] is None


def test_custody_and_its_difference_are_in_the_report_once_the_day_is_reconciled() -> None:
    day = rules.close(None, SIDES, matching.match(SIDES), NOON).answer
    sent = json.loads(report.compose("鄞州区", DAY, [ROW], SEAL, day).content)
    assert sent["custody"] == {
        "state": "agreed",
        "differences": 0,
        "bank_closing_fen": 260000,
        "provider_receivable_fen": 102000,
        "ledger_fen": 362000,
        "difference_fen": 0,
    }


@given(st.permutations([replace(ROW, merchant_id=f"mch_{number}") for number in range(5)]))
def test_the_bytes_do_not_depend_on_the_order_of_the_rows(rows: list[report.Row]) -> None:
    ordered = sorted(rows, key=lambda row: row.merchant_id)
    assert report.compose("区", DAY, rows, SEAL, None) == report.compose("区", DAY, ordered, SEAL, None)


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx"])
def test_no_cell_is_a_formula(name: str) -> None:
    text = made(name).table.decode("utf-8-sig")
    _, row = csv.reader(io.StringIO(text, newline=""))
    assert row[3] == "'" + name


def test_the_table_begins_with_a_byte_order_mark_and_keeps_chinese_and_quotes() -> None:
    table = made('美发, "一"店').table
    assert table.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))[1][3] == '美发, "一"店'


def test_a_report_is_made_once_and_never_replaced() -> None:
    first = report.make(None, filed()).answer
    assert report.make(first, replace(filed(), made_at=NOON + timedelta(days=1))).replayed
    taken = report.acknowledge(first, "R-1", NOON).answer
    with pytest.raises(Conflict, match="report_differs"):
        report.make(taken, filed("b" * 64))


def test_a_report_that_was_made_and_not_yet_taken_is_pushed_again_as_it_was_made() -> None:
    first = report.make(None, filed()).answer
    again = report.make(first, filed("b" * 64))
    assert (again.replayed, again.answer) == (True, first)


def test_a_receipt_ends_a_report_and_a_refusal_too() -> None:
    done = report.acknowledge(filed(), "R-1", NOON).answer
    assert (done.state, done.receipt_no) == (ReportState.ACKNOWLEDGED, "R-1")
    assert report.acknowledge(done, "R-1", NOON).replayed
    assert code_of(lambda: report.refuse(done, "late", NOON)) == "report_acknowledged"
    refused = report.refuse(filed(), "schema", NOON).answer
    assert refused.reason == "schema"
    assert code_of(lambda: report.acknowledge(refused, "R-1", NOON)) == "report_refused"
