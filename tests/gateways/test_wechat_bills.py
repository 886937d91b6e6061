import gzip
import hashlib
from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from chalicelib.gateways import wechat_bill
from chalicelib.gateways.fields import Malformed
from chalicelib.gateways.outcomes import NotReady, Unknown
from chalicelib.gateways.wechat_pay import Bill
from infra.local.sandbox.testing import NOON, Town
from infra.local.sandbox.wechat_bills import bill_text

DAY = date(2026, 11, 20)
GIVEN = {"appid": "wx0123456789abcdef", "mchid": "1900000109"}


@pytest.fixture(scope="module")
def trading_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One day was traded: 1000.00 and 0.29 paid, 300.00 refunded; it is noon of the next day."""
    town = Town.start(tmp_path_factory.mktemp("bills"))
    town.pay("ord_first", 100_000)
    town.pay("ord_second", 29)
    town.wechat_pay().refund("ref_first", "ord_first", 30_000, 100_000, "退款", town.listener.url)
    assert town.wechat_pay().bill(DAY) == NotReady()
    town.move_to(NOON.replace(hour=9, minute=59) + timedelta(days=1))
    assert town.wechat_pay().bill(DAY) == NotReady()
    town.move_to(NOON + timedelta(days=1))
    yield town
    town.stop()


@pytest.fixture
def next_day(trading_day: Town) -> Iterator[Town]:
    yield trading_day
    trading_day.control("DELETE", "faults")


def test_the_bill_lists_payments_and_refunds_of_the_day(next_day: Town) -> None:
    bill = next_day.wechat_pay().bill(DAY)
    assert isinstance(bill, Bill)
    told = [(line.kind, line.order_no, line.refund_no, line.amount_fen) for line in bill.lines]
    assert sorted(told, key=str) == [
        ("payment", "ord_first", None, 100_000),
        ("payment", "ord_second", None, 29),
        ("refund", "ord_first", "ref_first", 30_000),
    ]
    assert all(line.at.date() == DAY and line.transaction_id.startswith("4200") for line in bill.lines)
    assert bill.text.startswith("交易时间,公众账号ID,商户号")


def test_a_day_without_trade_is_an_empty_bill_once_it_is_over(next_day: Town) -> None:
    assert next_day.wechat_pay().bill(DAY - timedelta(days=1)) == Bill("", ())
    assert next_day.wechat_pay().bill(DAY + timedelta(days=1)) == NotReady()


@pytest.mark.parametrize("value", ["truncated", "altered"])
def test_a_file_without_the_announced_hash_is_refused_as_a_whole(next_day: Town, value: str) -> None:
    next_day.fault("wechat_pay", "bill_file", "lie", value=value)
    outcome = next_day.wechat_pay().bill(DAY)
    assert isinstance(outcome, Unknown) and "hash" in outcome.reason


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("hash_value", "0" * 40),
        ("hash_type", "MD5"),
        ("download_url", "http://127.0.0.1:9/v3/billdownload/file?token=x"),
        ("download_url", "/v3/billdownload/file?token=x"),
        ("download_url", "ftp://elsewhere"),
    ],
)
def test_an_offer_that_cannot_be_trusted_is_unknown(next_day: Town, field: str, value: str) -> None:
    next_day.fault("wechat_pay", "bill", "lie", field=field, value=value)
    assert isinstance(next_day.wechat_pay().bill(DAY), Unknown)


@pytest.mark.parametrize("kind", ["drop", "error"])
def test_a_lost_file_is_unknown(next_day: Town, kind: str) -> None:
    next_day.fault("wechat_pay", "bill_file", kind)
    assert isinstance(next_day.wechat_pay().bill(DAY), Unknown)


def test_planted_differences_are_told_until_they_are_taken_away(next_day: Town) -> None:
    def told() -> dict[str, int]:
        bill = next_day.wechat_pay().bill(DAY)
        assert isinstance(bill, Bill)
        return {line.refund_no or line.order_no: line.amount_fen for line in bill.lines}

    true = {"ord_first": 100_000, "ord_second": 29, "ref_first": 30_000}
    planted = [
        ("extra_line", "ord_ghost", 777, {**true, "ord_ghost": 777}),
        ("missing_line", "ord_second", 0, {"ord_first": 100_000, "ref_first": 30_000}),
        ("wrong_amount", "ord_second", 30, {**true, "ord_second": 30}),
    ]
    for kind, reference, fen, expected in planted:
        made = next_day.control(
            "POST", "differences", side="provider", kind=kind, business_date=DAY.isoformat(),
            reference=reference, amount_fen=fen,
        )
        assert told() == expected
        next_day.control("DELETE", f"differences/{made['id']}")
        assert told() == true


def a_row(reference: str, fen: int, kind: str = "payment", state: str = "SUCCESS") -> dict[str, object]:
    refund_no = reference if kind == "refund" else ""
    return {
        "kind": kind, "at": f"{DAY}T12:00:00+08:00", "fen": fen, "order_no": "ord_1",
        "transaction_id": "42001", "openid": "o", "description": "a,b,`c",
        "refund_no": refund_no, "refund_id": "503", "refund_state": state if kind == "refund" else "",
    }


def a_bill(*rows: dict[str, object]) -> str:
    return bill_text(GIVEN, list(rows))


@pytest.mark.parametrize("fen", [1, 29, 110, 123_456_789])
def test_amounts_come_back_to_the_fen(fen: int) -> None:
    assert wechat_bill.read(a_bill(a_row("o", fen)), DAY).lines[0].amount_fen == fen


def test_a_failed_refund_is_no_movement() -> None:
    bill = wechat_bill.read(a_bill(a_row("o", 5), a_row("ref_1", 5, "refund", "FAIL")), DAY)
    assert [line.kind for line in bill.lines] == ["payment"]


def test_a_bill_cut_anywhere_is_refused() -> None:
    """Whatever the hash says: a bill that lost a byte of a figure, a row or its totals is no bill."""
    whole = a_bill(a_row("o", 100_000), a_row("r", 30_000, "refund")).removesuffix("\r\n")
    for length in range(len(whole) - 1):
        with pytest.raises(Malformed):
            wechat_bill.read(whole[:length], DAY)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("`2,`1000.00", "`3,`1000.00"),
        ("`2,`1000.00", "`2,`1000.01"),
        ("`CNY,`1000.00", "`CNY,`999.99"),
        ("`CNY", "`USD"),
        ("`SUCCESS,`OTHERS", "`REVOKED,`OTHERS"),
        ("2026-11-20 12", "2026-11-21 12"),
        ("2026-11-20 12", "yesterday"),
        ("`1000.00,`0.00,`\r\n", "`1,000.00,`0.00,`\r\n"),
        ("商户订单号", "订单号"),
    ],
)
def test_a_bill_that_contradicts_itself_is_refused(old: str, new: str) -> None:
    whole = a_bill(a_row("o", 100_000), a_row("r", 30_000, "refund"))
    assert old in whole
    with pytest.raises(Malformed):
        wechat_bill.read(whole.replace(old, new, 1), DAY)


def test_a_packed_bill_is_unpacked_only_when_it_is_whole() -> None:
    plain = a_bill(a_row("o", 1)).encode()
    packed, sha1 = gzip.compress(plain), hashlib.sha1(plain).hexdigest()
    assert wechat_bill.unpack(packed, sha1.upper()).startswith("交易时间")
    for broken in (packed[:-9], packed[: len(packed) // 2], b"", plain, packed[:40] + b"\x00" + packed[41:]):
        with pytest.raises(Malformed):
            wechat_bill.unpack(broken, sha1)


def test_a_bill_that_unpacks_into_far_too_much_is_refused() -> None:
    with pytest.raises(Malformed):
        wechat_bill.unpack(gzip.compress(bytes(wechat_bill.BILL_BYTES_MAX + 1)), "0" * 40)


def test_the_payers_ids_are_struck_out_and_nothing_else() -> None:
    rows = [a_row("o", 100_000), a_row("r", 30_000, "refund")]
    whole = a_bill(*({**row, "openid": "o-canary"} for row in rows))
    struck = wechat_bill.without_payers(whole)
    assert whole.count("o-canary") == 2
    assert struck == whole.replace("o-canary", "")
    assert wechat_bill.read(struck, DAY).lines == wechat_bill.read(whole, DAY).lines
    assert wechat_bill.without_payers("") == ""
