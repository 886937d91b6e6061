"""A call that ends without an answer to believe is Unknown, whoever was asked and however it went wrong."""
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from chalicelib.gateways.outcomes import Unknown
from chalicelib.gateways.signing import Reply, SignedChannel, reply_signature
from chalicelib.gateways.transport import Answer, exchange
from chalicelib.gateways.unionpay_login import UnionPayLogin
from chalicelib.gateways.wechat_login import WechatLogin
from chalicelib.gateways.wechat_pay import WechatPay
from chalicelib.gateways.yongpai_login import YongpaiLogin
from chalicelib.gateways.zheliban_login import ZhelibanLogin
from infra.local.sandbox.process import free_port
from infra.local.sandbox.testing import Town, number

WANG = {"name": "王小明", "idnum": "330212199001011232"}
DAY = date(2026, 11, 19)
CALLS: dict[tuple[str, str], Callable[[Town], object]] = {
    ("wechat", "exchange"): lambda town: town.wechat_login().exchange("any"),
    ("unionpay", "backend_token"): lambda town: town.unionpay_login().exchange("any"),
    ("unionpay", "token"): lambda town: town.unionpay_login().exchange(town.login_code("unionpay", "up-1")),
    ("zheliban", "validate"): lambda town: town.zheliban_login().exchange("any"),
    ("zheliban", "user_info"): lambda town: town.zheliban_login().exchange(town.login_code("zheliban", "zl-1", **WANG)),
    ("yongpai", "token"): lambda town: town.yongpai_login().exchange("any"),
    ("yongpai", "user_info"): lambda town: town.yongpai_login().exchange(town.login_code("yongpai", "yp-1")),
    ("wechat_pay", "prepay"): lambda town: town.prepay(number("ord")),
    ("wechat_pay", "query"): lambda town: town.wechat_pay().query(number("ord")),
    ("wechat_pay", "close"): lambda town: town.wechat_pay().close(number("ord")),
    ("wechat_pay", "refund"): lambda town: town.wechat_pay().refund("ref_1", "ord_123", 1, 1, "r", ""),
    ("wechat_pay", "query_refund"): lambda town: town.wechat_pay().query_refund(number("ref")),
    ("wechat_pay", "bill"): lambda town: town.wechat_pay().bill(DAY),
    ("custodian", "submit"): lambda town: town.custodian().submit(number("pay"), "某店", "62220", 1, ""),
    ("custodian", "query"): lambda town: town.custodian().query(number("pay")),
    ("custodian", "statement"): lambda town: town.custodian().statement(DAY),
    ("business_registry", "lookup"): lambda town: town.business_registry().lookup("91330200MA2AEXAM04"),
    ("regulator", "push"): lambda town: town.regulator().push(number("rpt"), "daily", "鄞州", DAY, b""),
}
ONE_OF_EACH = [
    ("wechat", "exchange"), ("unionpay", "token"), ("zheliban", "user_info"), ("yongpai", "token"), ("wechat_pay", "prepay"),
    ("custodian", "submit"), ("regulator", "push"),
]
CHANNELS = {"wechat", "unionpay", "zheliban", "yongpai"}


@pytest.mark.parametrize("kind", ["drop", "error", "unsigned"])
@pytest.mark.parametrize("call", CALLS, ids=".".join)
def test_a_lost_a_failed_and_an_unsigned_answer_are_unknown(
    town: Town, call: tuple[str, str], kind: str
) -> None:
    if call[0] in CHANNELS and kind == "unsigned":
        with pytest.raises(RuntimeError, match="does not sign"):
            town.fault(*call, kind)
        return
    town.fault(*call, kind)
    assert isinstance(CALLS[call](town), Unknown)


def test_nobody_is_waited_for_longer_than_the_read_timeout(town: Town) -> None:
    for counterpart, operation in ONE_OF_EACH:
        town.fault(counterpart, operation, "delay", seconds=4.6)
    before = datetime.now(UTC)
    with ThreadPoolExecutor(len(ONE_OF_EACH)) as pool:
        outcomes = list(pool.map(lambda call: CALLS[call](town), ONE_OF_EACH))
    assert all(isinstance(outcome, Unknown) for outcome in outcomes)
    assert datetime.now(UTC) - before < timedelta(seconds=5.5)


def test_a_closed_port_is_unknown(town: Town) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    given = town.sandbox.credentials()
    pay = WechatPay(nowhere, given["wechat_pay"], town.clock.now)
    assert isinstance(pay.query("ord_123456"), Unknown)
    for login in (
        WechatLogin(nowhere, "wx", "secret"), UnionPayLogin(nowhere, "up", "secret", town.clock.now),
        ZhelibanLogin(nowhere, "fxc", "pwd", town.clock.now), YongpaiLogin(nowhere, "fxc", "secret"),
    ):
        assert isinstance(login.exchange("code"), Unknown)
    assert isinstance(SignedChannel(nowhere, given["regulator"], town.clock.now).ask("GET", "/"), Unknown)


def test_an_address_that_is_none_is_unknown() -> None:
    assert isinstance(exchange("GET", "http://[half", {}), Unknown)


@pytest.mark.parametrize("name", ["custodian", "business_registry", "regulator"])
def test_an_answer_signed_by_another_key_is_unknown(town: Town, name: str) -> None:
    """The counterpart refuses our signature too, but says so under a key that we do not hold."""
    call = next(call for call in CALLS if call[0] == name)
    wrong = {"key": "0" * 64}
    outcomes: dict[str, Callable[[], object]] = {
        "custodian": lambda: town.custodian(**wrong).query("pay_1"),
        "business_registry": lambda: town.business_registry(**wrong).lookup("91330200MA2AEXAM06"),
        "regulator": lambda: town.regulator(**wrong).push("rpt_1", "daily", "鄞州区", DAY, b""),
    }
    outcome = outcomes[call[0]]()
    assert isinstance(outcome, Unknown) and "signature" in outcome.reason


class Scripted(BaseHTTPRequestHandler):
    reply: tuple[int, dict[str, str], bytes] = (200, {}, b"{}")

    def do_GET(self) -> None:
        status, headers, body = self.reply
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def scripted() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Scripted)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def url_of(server: HTTPServer) -> str:
    return f"http://127.0.0.1:{server.server_port}/"


def test_an_answer_beyond_its_bound_is_unknown(scripted: HTTPServer) -> None:
    Scripted.reply = (200, {}, b"x" * 1001)
    assert isinstance(exchange("GET", url_of(scripted), {}, reply_bytes_max=1000), Unknown)
    assert isinstance(exchange("GET", url_of(scripted), {}, reply_bytes_max=1001), Answer)


def test_an_answer_shorter_than_it_said_is_unknown(scripted: HTTPServer) -> None:
    Scripted.reply = (200, {"Content-Length": "100"}, b"x")
    assert isinstance(exchange("GET", url_of(scripted), {}), Unknown)


@pytest.mark.parametrize(("nonce", "age"), [("another", 0), ("", 0), ("ours", 301), ("ours", -301)])
def test_a_genuine_answer_to_another_question_or_of_another_time_is_unknown(
    scripted: HTTPServer, monkeypatch: pytest.MonkeyPatch, nonce: str, age: int
) -> None:
    """An answer that was recorded cannot be played back: it is bound to the nonce of its question."""
    now = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    monkeypatch.setattr("secrets.token_hex", lambda size: "ours")
    timestamp = str(int(now.timestamp()) - age)
    signed = reply_signature(b"key", 200, timestamp, nonce, b"{}")
    Scripted.reply = (200, {"X-Timestamp": timestamp, "X-Signature": signed}, b"{}")
    channel = SignedChannel(url_of(scripted), {"client_id": "c", "key": "key"}, lambda: now)
    assert isinstance(channel.ask("GET", ""), Unknown)


def test_the_answer_to_our_question_is_believed(
    scripted: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
    monkeypatch.setattr("secrets.token_hex", lambda size: "ours")
    timestamp = str(int(now.timestamp()) - 299)
    signed = reply_signature(b"key", 200, timestamp, "ours", b"{}")
    Scripted.reply = (200, {"X-Timestamp": timestamp, "X-Signature": signed}, b"{}")
    channel = SignedChannel(url_of(scripted), {"client_id": "c", "key": "key"}, lambda: now)
    assert isinstance(channel.ask("GET", ""), Reply)


def test_a_redirection_is_not_followed(scripted: HTTPServer) -> None:
    Scripted.reply = (302, {"Location": "http://127.0.0.1:9/elsewhere"}, b"")
    answer = exchange("GET", url_of(scripted), {})
    assert isinstance(answer, Answer) and answer.status == 302


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"openid": 5}', b'{"errcode": "no"}'])
def test_a_login_answer_of_another_shape_is_unknown(scripted: HTTPServer, body: bytes) -> None:
    Scripted.reply = (200, {}, body)
    assert isinstance(WechatLogin(url_of(scripted), "wx", "secret").exchange("code"), Unknown)
