"""What tests of the gateways and of the sandbox share: the gateways over a running sandbox, a listener for
notices, and the short way to a paid order.
"""
import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

from chalicelib.gateways import custodian
from chalicelib.gateways.business_registry import BusinessRegistry
from chalicelib.gateways.custodian import Custodian
from chalicelib.gateways.regulator import Regulator
from chalicelib.gateways.signing import SignedChannel
from chalicelib.gateways.unionpay_login import UnionPayLogin
from chalicelib.gateways.wechat_login import WechatLogin
from chalicelib.gateways.wechat_pay import Payment, PaymentParameters, WechatPay
from chalicelib.gateways.yongpai_login import YongpaiLogin
from chalicelib.gateways.zheliban_login import ZhelibanLogin
from infra.local.sandbox.clock import BEIJING, Clock
from infra.local.sandbox.process import SandboxProcess

PATIENCE_SECONDS = 8
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=BEIJING)
_numbers = itertools.count(1)

T = TypeVar("T")


def eventually(look: Callable[[], T | None]) -> T:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.03)
    raise AssertionError(f"nothing happened in {PATIENCE_SECONDS} s")


@dataclass
class Notice:
    headers: dict[str, str]
    body: bytes


@dataclass
class Listener:
    """An address that takes notices; `answers` are the statuses it gives, 204 when they are used up."""
    notices: list[Notice] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def start(self) -> "Listener":
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.notices.append(Notice(dict(self.headers.items()), body))
                self.send_response(listener.answers.pop(0) if listener.answers else 204)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:
                """Quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/notices"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Town:
    """A running sandbox, and the platform's gateways pointed at it."""
    sandbox: SandboxProcess
    clock: Clock
    listener: Listener

    @classmethod
    def start(cls, directory: Path) -> "Town":
        """Its day is a Friday, its hour noon: no test runs over midnight because somebody works late."""
        clock_file = directory / "clock.json"
        clock = Clock(clock_file)
        clock.move_to(NOON)
        return cls(SandboxProcess.start(directory / "state", clock_file), clock, Listener().start())

    def stop(self) -> None:
        self.sandbox.stop()
        self.listener.stop()

    def wechat_pay(self, **changed: str) -> WechatPay:
        credentials = {**self.sandbox.credentials()["wechat_pay"], **changed}
        return WechatPay(f"{self.sandbox.url}/wechat-pay", credentials, self.clock.now)

    def wechat_login(self, **changed: str) -> WechatLogin:
        given = {**self.sandbox.credentials()["wechat"], **changed}
        return WechatLogin(f"{self.sandbox.url}/wechat", given["appid"], given["secret"])

    def unionpay_login(self, **changed: str) -> UnionPayLogin:
        given = {**self.sandbox.credentials()["unionpay"], **changed}
        return UnionPayLogin(f"{self.sandbox.url}/unionpay", given["appid"], given["secret"], self.clock.now)

    def zheliban_login(self, **changed: str) -> ZhelibanLogin:
        given = {**self.sandbox.credentials()["zheliban"], **changed}
        return ZhelibanLogin(f"{self.sandbox.url}/zheliban", given["servicecode"], given["servicepwd"], self.clock.now)

    def yongpai_login(self, **changed: str) -> YongpaiLogin:
        given = {**self.sandbox.credentials()["yongpai"], **changed}
        return YongpaiLogin(f"{self.sandbox.url}/yongpai", given["client_id"], given["client_secret"])

    def login_code(self, channel: str, subject: str, **person: Any) -> str:
        """A one-use code, as the channel's own app gives it to this person."""
        given = {"openid": subject} if channel == "wechat" else {"channel": channel, "subject": subject, **person}
        code: str = self.control("POST", "login-codes", **given)["code"]
        return code

    def custodian(self, **changed: str) -> Custodian:
        given = {**self.sandbox.credentials()["custodian"], **changed}
        return custodian.over(f"{self.sandbox.url}/custodian", given, self.clock.now)

    def business_registry(self, **changed: str) -> BusinessRegistry:
        return BusinessRegistry(self.channel("business_registry", "registry", **changed))

    def regulator(self, **changed: str) -> Regulator:
        return Regulator(self.channel("regulator", "regulator", **changed))

    def channel(self, name: str, prefix: str, **changed: str) -> SignedChannel:
        given = {**self.sandbox.credentials()[name], **changed}
        return SignedChannel(f"{self.sandbox.url}/{prefix}", given, self.clock.now)

    def control(self, method: str, path: str, **body: Any) -> dict[str, Any]:
        return self.sandbox.control(method, path, body or None)

    def fault(self, counterpart: str, operation: str, kind: str, **more: Any) -> None:
        self.control("POST", "faults", counterpart=counterpart, operation=operation, kind=kind, **more)

    def books(self) -> dict[str, Any]:
        return self.control("GET", "books")

    def move_to(self, instant: datetime) -> None:
        self.control("POST", "clock", to=instant.isoformat())

    def prepay(self, order_no: str, fen: int = 100_000, openid: str = "o-mei") -> Any:
        expires_at = self.clock.now() + timedelta(minutes=30)
        return self.wechat_pay().prepay(
            order_no, fen, "储值卡 pay 1000 get 1300", openid, self.listener.url, expires_at
        )

    def pay(self, order_no: str, fen: int = 100_000, openid: str = "o-mei") -> Payment:
        """Prepay and pay, as a person in the WeChat app does; the payment as WeChat tells it afterwards."""
        parameters = self.prepay(order_no, fen, openid)
        assert isinstance(parameters, PaymentParameters)
        self.control("POST", "payments", payment_parameters=vars(parameters), openid=openid)
        payment = self.wechat_pay().query(order_no)
        assert isinstance(payment, Payment)
        return payment

    def notices_of(self, order_no: str, event: str = "TRANSACTION") -> list[Notice]:
        """The notices that came and, once opened, are about this order."""
        return [
            notice for notice in list(self.listener.notices)
            if event.encode() in notice.body and self._order_of(notice) == order_no
        ]

    def _order_of(self, notice: Notice) -> str:
        read = self.wechat_pay().read_notice(notice.headers, notice.body, self.clock.now())
        return read.payment.order_no if hasattr(read, "payment") else read.order_no


def number(prefix: str) -> str:
    """A number that nobody has used."""
    return f"{prefix}_{time.time_ns():x}_{next(_numbers)}"
