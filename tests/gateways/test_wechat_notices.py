import socket
from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.gateways.outcomes import NoticeRefused
from chalicelib.gateways.wechat_guard import HEADERS
from chalicelib.gateways.wechat_pay import PaymentNotice, RefundNotice, WechatPay
from infra.local.sandbox.testing import Notice, Town, eventually, number


@pytest.fixture(scope="module")
def paid(shared_town: Town) -> Notice:
    """The genuine notice of a payment of 1000.00, as it came over HTTP."""
    order_no = number("ord")
    shared_town.pay(order_no)
    return eventually(lambda: shared_town.notices_of(order_no))[0]


def reason(town: Town, headers: dict[str, str], body: bytes, **changed: str) -> str:
    with pytest.raises(NoticeRefused) as refused:
        town.wechat_pay(**changed).read_notice(headers, body, town.clock.now())
    return refused.value.reason


def test_a_payment_notice_tells_what_the_query_tells(town: Town) -> None:
    order_no = number("ord")
    payment = town.pay(order_no, 123_456)
    notice = eventually(lambda: town.notices_of(order_no))[0]
    read = town.wechat_pay().read_notice(notice.headers, notice.body, town.clock.now())
    assert isinstance(read, PaymentNotice) and read.payment == payment and read.notice_id


def test_a_refund_notice_tells_the_refund_and_its_payment(town: Town) -> None:
    order_no, refund_no = number("ord"), number("ref")
    payment = town.pay(order_no, 1_000)
    town.wechat_pay().refund(refund_no, order_no, 400, 1_000, "退款", town.listener.url)
    notice = eventually(lambda: town.notices_of(order_no, "REFUND."))[0]
    read = town.wechat_pay().read_notice(notice.headers, notice.body, town.clock.now())
    assert isinstance(read, RefundNotice)
    assert (read.refund.refund_no, read.refund.amount_fen, read.refund.state) == (refund_no, 400, "success")
    assert (read.order_no, read.transaction_id, read.total_fen) == (order_no, payment.transaction_id, 1_000)


def test_headers_are_found_under_any_spelling_of_case(town: Town, paid: Notice) -> None:
    for change in (str.lower, str.upper):
        headers = {change(name): value for name, value in paid.headers.items()}
        assert town.wechat_pay().read_notice(headers, paid.body, town.clock.now())


def test_a_single_flipped_bit_anywhere_is_refused(town: Town, paid: Notice) -> None:
    for place in range(0, len(paid.body), 29):
        body = bytearray(paid.body)
        body[place] ^= 1
        assert reason(town, paid.headers, bytes(body)) == "bad_signature"


def test_the_same_json_written_otherwise_is_refused(town: Town, paid: Notice) -> None:
    assert reason(town, paid.headers, paid.body.replace(b'":', b'": ')) == "bad_signature"


def test_a_body_that_is_no_text_is_refused(town: Town, paid: Notice) -> None:
    assert reason(town, paid.headers, b"\xff" + paid.body) == "bad_signature"


@pytest.mark.parametrize("header", HEADERS)
def test_a_missing_header_is_refused(town: Town, paid: Notice, header: str) -> None:
    headers = {name: value for name, value in paid.headers.items() if name != header}
    assert reason(town, headers, paid.body) == "missing_header"


@pytest.mark.parametrize(
    ("header", "change", "word"),
    [
        ("Wechatpay-Serial", lambda value: "PUB_KEY_ID_0123", "unknown_serial"),
        ("Wechatpay-Serial", lambda value: "5157F09EFDC096DE15EBE81A47057A72", "unknown_serial"),
        ("Wechatpay-Signature-Type", lambda value: "WECHATPAY2-SM2-WITH-SM3", "unknown_algorithm"),
        ("Wechatpay-Signature", lambda value: "WECHATPAY/SIGNTEST/" + value, "probe"),
        ("Wechatpay-Signature", lambda value: value[:-8] + "AAAAAAA=", "bad_signature"),
        ("Wechatpay-Signature", lambda value: "not base64 at all", "bad_signature"),
        ("Wechatpay-Nonce", lambda value: value[::-1] + "0", "bad_signature"),
        ("Wechatpay-Timestamp", lambda value: str(int(value) + 1), "bad_signature"),
        ("Wechatpay-Timestamp", lambda value: "yesterday", "stale"),
        ("Wechatpay-Timestamp", lambda value: "-" + value, "stale"),
        ("Wechatpay-Timestamp", lambda value: "9" * 40, "stale"),
    ],
)
def test_a_changed_header_is_refused(
    town: Town, paid: Notice, header: str, change: Callable[[str], str], word: str
) -> None:
    headers = {**paid.headers, header: change(paid.headers[header])}
    assert reason(town, headers, paid.body) == word


def test_other_spellings_that_the_library_knows_do_not_replace_the_real_headers(
    town: Town, paid: Notice
) -> None:
    django = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in paid.headers.items()}
    assert reason(town, django, paid.body) == "missing_header"


@pytest.mark.parametrize(("seconds", "believed"), [(-299, True), (299, True), (-301, False), (301, False)])
def test_an_old_notice_is_refused_and_so_is_one_from_the_future(
    town: Town, paid: Notice, seconds: int, believed: bool
) -> None:
    signed_at = int(paid.headers["Wechatpay-Timestamp"])
    now = town.clock.now().fromtimestamp(signed_at + seconds, town.clock.now().tzinfo)
    pay = town.wechat_pay()
    if believed:
        assert pay.read_notice(paid.headers, paid.body, now)
        return
    with pytest.raises(NoticeRefused) as refused:
        pay.read_notice(paid.headers, paid.body, now)
    assert refused.value.reason == "stale"


def test_yesterdays_genuine_notice_cannot_be_played_back(town: Town, paid: Notice) -> None:
    with pytest.raises(NoticeRefused) as refused:
        town.wechat_pay().read_notice(paid.headers, paid.body, town.clock.now() + timedelta(days=1))
    assert refused.value.reason == "stale"


def test_another_api_key_does_not_open_the_notice(town: Town, paid: Notice) -> None:
    assert reason(town, paid.headers, paid.body, apiv3_key="k" * 32) == "undecryptable"


def test_an_unknown_serial_is_refused_without_any_call(town: Town, paid: Notice) -> None:
    headers = {**paid.headers, "Wechatpay-Serial": "5157F09EFDC096DE15EBE81A47057A72"}
    with socket.create_server(("127.0.0.1", 0)) as wechat:
        url = f"http://127.0.0.1:{wechat.getsockname()[1]}"
        pay = WechatPay(url, town.sandbox.credentials()["wechat_pay"], town.clock.now)
        with pytest.raises(NoticeRefused) as refused:
            pay.read_notice(headers, paid.body, town.clock.now())
        assert refused.value.reason == "unknown_serial"
        wechat.setblocking(False)
        with pytest.raises(BlockingIOError):
            wechat.accept()


def test_a_signed_notice_that_is_not_a_notice_is_refused(town: Town) -> None:
    from infra.local.sandbox.credentials import load_or_make
    from infra.local.sandbox.wechat_seal import WechatSeal

    credentials, key = load_or_make(town.sandbox.state)
    seal = WechatSeal(credentials["wechat_pay"], key, town.clock)
    strange = [
        b"[]", b"{}", b"null", b"", b"not json",
        seal.envelope("n1", "TRANSACTION.SUCCESS", "complaint", {}),
        seal.envelope("n1", "REFUND.SUCCESS", "transaction", {}),
        seal.envelope("n1", "TRANSACTION.SUCCESS", "transaction", {}),
        seal.envelope("n1", "TRANSACTION.SUCCESS", "transaction", {"trade_state": "SUCCESS"}),
        seal.envelope("n1", "REFUND.SUCCESS", "refund", {"refund_status": "BLOSSOMED"}),
        seal.envelope("n1", "TRANSACTION.SUCCESS", "transaction", {}).replace(b"AES_256", b"AES_128"),
    ]
    words = {reason(town, seal.headers(body), body) for body in strange}
    assert words == {"malformed", "undecryptable"}
