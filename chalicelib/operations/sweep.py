"""The sweep: what got stuck is taken one step further. Consumers of notices and timers assume loss; this finds what got lost.

Everything is bounded, the oldest first, and one item that always fails is counted and never stops the others. An item that
is old and still without an answer is asked about less often, so that a heap of them cannot fill every run.
"""
import zlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.domain.business_day import SHANGHAI
from chalicelib.domain.order import Order
from chalicelib.domain.payout import Payout
from chalicelib.domain.redemption import Redemption
from chalicelib.domain.refund import Refund
from chalicelib.domain.refusals import Refusal
from chalicelib.gateways import wechat_pay
from chalicelib.gateways.custodian import Custodian
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.wechat_pay import Closed, WechatPay
from chalicelib.operations import notices, orders, redemptions, refunds, settlement
from chalicelib.store import reads, tables

SCANNED_PER_SHARD_MAX = 500
PER_KIND_MAX = {Redemption: 200, Order: 50, Refund: 50, Payout: 50}

YOUNG = timedelta(minutes=1)
"""Whoever began it may still be at it."""
OLD = timedelta(hours=1)
OLD_EVERY_MINUTES = 15

GONE_AT_PROVIDER = frozenset({"CLOSED", "REVOKED"})
UNPAID_AT_PROVIDER = frozenset({"NOTPAY", "PAYERROR"})

Item = Redemption | Order | Refund | Payout


@dataclass
class Swept:
    """`outcomes` by kind and outcome; `failures`: id and code of what could not be done; `left`: for the next run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[str, str]] = field(default_factory=list)
    left: int = 0


def run(
    now: datetime,
    pay: WechatPay | None = None,
    bank: Custodian | None = None,
    time_left: Callable[[], bool] = lambda: True,
) -> Swept:
    swept = Swept()
    done: Counter[type[Item]] = Counter()
    for item in _due(now):
        if done[type(item)] >= PER_KIND_MAX[type(item)] or not time_left():
            swept.left += 1
            continue
        done[type(item)] += 1
        try:
            swept.outcomes[f"{type(item).__name__.lower()}.{_step(item, now, pay, bank)}"] += 1
        except Refusal as refusal:
            swept.failures.append((_id(item), refusal.code))
        except Exception as error:  # a poison item is one line in the log, and the next one's turn
            swept.failures.append((_id(item), type(error).__name__))
    return swept


def _due(now: datetime) -> list[Item]:
    """The longest overdue first."""
    at = now.astimezone(SHANGHAI).isoformat(timespec="microseconds")
    waiting: list[Item] = [*reads.listed(tables.OPEN_PAYOUTS)]
    for kind in (Redemption, Order, Refund):
        waiting += reads.pending_until(kind, at, SCANNED_PER_SHARD_MAX)
    return sorted((item for item in waiting if _is_due(item, now)), key=lambda item: (_since(item), _id(item)))


def _is_due(item: Item, now: datetime) -> bool:
    age = now - _since(item)
    if isinstance(item, Refund | Payout) and age < YOUNG:
        return False
    if isinstance(item, Redemption) or age < OLD:
        return True
    minute = int(now.timestamp()) // 60
    return (minute + zlib.crc32(_id(item).encode())) % OLD_EVERY_MINUTES == 0


def _since(item: Item) -> datetime:
    if isinstance(item, Redemption | Order):
        return item.expires_at
    return item.requested_at if isinstance(item, Refund) else item.decided_at


def _id(item: Item) -> str:
    if isinstance(item, Redemption):
        return item.redemption_id
    if isinstance(item, Order):
        return item.order_id
    return item.refund_id if isinstance(item, Refund) else item.payout_id


def _step(item: Item, now: datetime, pay: WechatPay | None, bank: Custodian | None) -> str:
    if isinstance(item, Redemption):
        return str(redemptions.expire(item.card_id, item.redemption_id, now).answer.state)
    if isinstance(item, Order):
        return _settle_order(item, now, pay or wechat_pay.connect())
    if isinstance(item, Refund):
        return str(refunds.pursue(item.card_id, item.refund_id, now, pay).state)
    return str(settlement.pursue(item.merchant_id, item.settlement_date, now, bank))


def _settle_order(order: Order, now: datetime, pay: WechatPay) -> str:
    """Paid: credited. Closed only after the provider said that nobody paid, and that nobody can any more."""
    answer = pay.query(order.order_id)
    if isinstance(answer, Unknown):
        return "unknown"
    if isinstance(answer, Refused):
        if answer.code != "ORDER_NOT_EXIST":
            return "unknown"
        return str(orders.close(order.card_id, now).answer.state)
    payment = notices.proven(answer)
    if payment is not None:
        return str(orders.credit_proven(payment, now).answer.state)
    if answer.state in GONE_AT_PROVIDER:
        return str(orders.close(order.card_id, now).answer.state)
    if answer.state in UNPAID_AT_PROVIDER and isinstance(pay.close(order.order_id), Closed):
        return str(orders.close(order.card_id, now).answer.state)
    return "waiting"
