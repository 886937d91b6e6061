"""WeChat Pay v3, mini-program payments of a direct merchant: orders, refunds, the bill of a day, and notices.

Every answer, the refusals too, is believed only when WeChat Pay signed it (wechat_guard.py). 5xx and 429
are `Unknown`, and so is 401: it speaks of our signature and says nothing of what an earlier, lost call may
have done.
"""
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache
from typing import Any, TypeVar
from urllib.parse import quote

from chalicelib.gateways import fields, wechat_bill, wechat_facts
from chalicelib.gateways.outcomes import NotFound, NoticeRefused, NotReady, Refused, Unknown
from chalicelib.gateways.transport import Clock
from chalicelib.gateways.wechat_bill import BEIJING, Bill, BillLine
from chalicelib.gateways.wechat_facts import (
    Payment,
    PaymentNotice,
    PaymentParameters,
    RefundNotice,
    RefundStatus,
)
from chalicelib.gateways.wechat_guard import GuardedCore, NoAnswer, guarded_client, own_path

__all__ = [
    "Bill", "BillLine", "Closed", "Payment", "PaymentNotice", "PaymentParameters", "RefundNotice",
    "RefundStatus", "WechatPay", "connect",
]

UNDECIDED_STATUSES = frozenset({202, 401, 408, 429})
BILL_READY = time(10, 0, tzinfo=BEIJING)
EVENT_PREFIXES = {"transaction": "TRANSACTION.", "refund": "REFUND."}
DESCRIPTION_CHARS_MAX = 127
REASON_BYTES_MAX = 80

Body = bytes
T = TypeVar("T")


@dataclass(frozen=True)
class Closed:
    """Nobody can pay this order any more, and nobody has."""


class WechatPay:
    def __init__(self, base_url: str, credentials: Mapping[str, str], clock: Clock) -> None:
        self._base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._clock = clock

    def prepay(
        self,
        order_no: str,
        amount_fen: int,
        description: str,
        openid: str,
        notify_url: str,
        expires_at: datetime,
    ) -> PaymentParameters | Refused | Unknown:
        body = self._ask(lambda client: client.pay(
            description=description[:DESCRIPTION_CHARS_MAX],
            out_trade_no=order_no,
            amount={"total": amount_fen, "currency": "CNY"},
            payer={"openid": openid},
            notify_url=notify_url,
            time_expire=expires_at.astimezone(BEIJING).isoformat(timespec="seconds"),
        ))
        return body if isinstance(body, (Refused, Unknown)) else _read(body, self._payment_parameters)

    def query(self, order_no: str) -> Payment | Refused | Unknown:
        body = self._ask(lambda client: client.query(out_trade_no=quote(order_no, safe="")))
        if isinstance(body, (Refused, Unknown)):
            return body
        payment = _read(body, wechat_facts.payment)
        if isinstance(payment, Payment) and payment.order_no != order_no:
            return Unknown("the answer is about another order")
        return payment

    def close(self, order_no: str) -> Closed | Refused | Unknown:
        body = self._ask(lambda client: client.close(out_trade_no=quote(order_no, safe="")))
        if isinstance(body, Refused) and body.code == "ORDER_CLOSED":
            return Closed()
        return body if isinstance(body, (Refused, Unknown)) else Closed()

    def refund(
        self, refund_no: str, order_no: str, refund_fen: int, total_fen: int, reason: str, notify_url: str
    ) -> RefundStatus | Refused | Unknown:
        body = self._ask(lambda client: client.refund(
            out_refund_no=refund_no,
            out_trade_no=order_no,
            amount={"refund": refund_fen, "total": total_fen, "currency": "CNY"},
            reason=reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore") or None,
            notify_url=notify_url,
        ))
        return body if isinstance(body, (Refused, Unknown)) else self._refund_status(body, refund_no)

    def query_refund(self, refund_no: str) -> RefundStatus | NotFound | Unknown:
        body = self._ask(lambda client: client.query_refund(out_refund_no=quote(refund_no, safe="")))
        if isinstance(body, Refused) and body.code == "RESOURCE_NOT_EXISTS":
            return NotFound()
        if isinstance(body, Refused):
            return Unknown(f"{body.code}: {body.message}")
        return body if isinstance(body, Unknown) else self._refund_status(body, refund_no)

    def bill(self, day: date) -> Bill | NotReady | Unknown:
        body = self._ask(lambda client: client.trade_bill(bill_date=day.isoformat()))
        if isinstance(body, Refused):
            return self._no_bill(body, day)
        if isinstance(body, Unknown):
            return body
        try:
            offer = fields.document(body)
            if fields.text(offer, "hash_type") != "SHA1":
                raise fields.Malformed("the bill is hashed by something else than SHA1")
            path = own_path(self._base_url, fields.text(offer, "download_url"))
            packed = self._ask(lambda client: client.download_bill(path))
            if isinstance(packed, (Refused, Unknown)):
                return packed if isinstance(packed, Unknown) else Unknown(f"no file: {packed.code}")
            return wechat_bill.read(wechat_bill.unpack(packed, fields.text(offer, "hash_value")), day)
        except (fields.Malformed, NoAnswer) as error:
            return Unknown(str(error))

    def read_notice(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> PaymentNotice | RefundNotice:
        """`body` must be the bytes as they came: JSON that was parsed and written again has another
        signature."""
        doubt = self._core.doubt(headers, body, now)
        if doubt:
            raise NoticeRefused(*doubt)
        try:
            envelope = fields.document(body)
            notice_id, event = fields.text(envelope, "id"), fields.text(envelope, "event_type")
            original_type = fields.text(fields.section(envelope, "resource"), "original_type")
            if not event.startswith(EVENT_PREFIXES.get(original_type, "?")):
                raise fields.Malformed(f"an event we do not know: {event[:40]}")
        except fields.Malformed as error:
            raise NoticeRefused("malformed", str(error)) from error
        plain = self._core.decrypt(headers, body)
        if plain is None:
            raise NoticeRefused("undecryptable", "the resource does not open with our key")
        try:
            return wechat_facts.notice(notice_id, original_type, fields.document(plain))
        except fields.Malformed as error:
            raise NoticeRefused("malformed", str(error)) from error

    @cached_property
    def _library(self) -> tuple[Any, GuardedCore]:
        return guarded_client(self._base_url, self._credentials, self._clock)

    @property
    def _core(self) -> GuardedCore:
        return self._library[1]

    def _ask(self, call: Callable[[Any], tuple[int, Body]]) -> Body | Refused | Unknown:
        """Makes one call through the library and sorts its answer: the body of a 2xx, a refusal, or no
        answer."""
        try:
            client = self._library[0]
        except Exception as error:  # keys that do not load: ours to repair, and no word about the effect
            return Unknown(f"the credentials do not load: {error}")
        try:
            status, body = call(client)
        except NoAnswer as error:
            return Unknown(str(error))
        except Exception as error:  # the library checks arguments by bare exceptions, before anything is sent
            return Refused("invalid_argument", str(error))
        if status in (200, 204):
            return body
        if status in UNDECIDED_STATUSES or not 400 <= status < 500:
            return Unknown(f"status {status}")
        try:
            data = fields.document(body)
            return Refused(fields.text(data, "code"), str(data.get("message") or ""))
        except fields.Malformed as error:
            return Unknown(f"status {status}: {error}")

    def _payment_parameters(self, data: fields.Fields) -> PaymentParameters:
        package = f"prepay_id={fields.text(data, 'prepay_id')}"
        app_id, nonce = self._credentials["appid"], secrets.token_hex(16)
        time_stamp = str(int(self._clock().timestamp()))
        pay_sign = self._core.sign([app_id, time_stamp, nonce, package])
        return PaymentParameters(time_stamp, nonce, package, "RSA", pay_sign, app_id)

    def _refund_status(self, body: Body, refund_no: str) -> RefundStatus | Unknown:
        status = _read(body, lambda data: wechat_facts.refund(data, "status"))
        if isinstance(status, RefundStatus) and status.refund_no != refund_no:
            return Unknown("the answer is about another refund")
        return status

    def _no_bill(self, refused: Refused, day: date) -> Bill | NotReady | Unknown:
        """WeChat makes no file for a day without trade; before 10:00 of the next day that word means
        nothing yet."""
        ready_at = datetime.combine(day + timedelta(days=1), BILL_READY)
        if refused.code == "NO_STATEMENT_EXIST" and self._clock() >= ready_at:
            return Bill("", ())
        if refused.code in ("NO_STATEMENT_EXIST", "STATEMENT_CREATING"):
            return NotReady()
        return Unknown(f"{refused.code}: {refused.message}")


def _read(body: Body, reader: Callable[[fields.Fields], T]) -> T | Unknown:
    try:
        return reader(fields.document(body))
    except fields.Malformed as error:
        return Unknown(str(error))


@lru_cache(maxsize=1)
def connect() -> WechatPay:
    from chalicelib import clock, config

    return WechatPay(config.settings().wechat_pay_url, config.counterparts()["wechat_pay"], clock.now)
