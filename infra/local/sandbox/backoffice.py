"""What the counterparts do without being asked: refunds arrive, payouts are executed, and at 00:30 WeChat
Pay settles the day before into the custody account as one line.
"""
import time
from datetime import date, datetime, timedelta
from datetime import time as time_of_day

from infra.local.sandbox.books import Row
from infra.local.sandbox.clock import BEIJING, stamp
from infra.local.sandbox.wechat_messages import refund_resource
from infra.local.sandbox.world import World

SETTLED_AT = time_of_day(0, 30, tzinfo=BEIJING)
PROVIDER_NAME = "财付通支付科技有限公司"


def catch_up(world: World) -> None:
    """Everything that is due. Money that arrives comes before money that leaves."""
    settle_provider(world)
    books, now = world.books, time.time()
    for row in books.rows("select * from refunds where state = 'PROCESSING' and due <= ?", now):
        _finish_refund(world, row)
    for row in books.rows("select * from instructions where state = 'processing' and due <= ?", now):
        _execute_payout(world, row)


def settle_provider(world: World) -> None:
    """Per day: payments minus refunds accepted on it, minus what was settled for it already. Nothing for a
    zero."""
    now = world.clock.now()
    last_day = (now - timedelta(days=1)).date()
    if now < datetime.combine(last_day + timedelta(days=1), SETTLED_AT):
        last_day -= timedelta(days=1)
    with world.books.transaction():
        last_entry = world.books.number("select max(id) from journal")
        if world.settled == (last_day, last_entry):
            return
        for row in _unsettled(world, last_day):
            _settle(world, date.fromisoformat(row["day"]), row["fen"])
    world.settled = (last_day, last_entry)


def _unsettled(world: World, last_day: date) -> list[Row]:
    return world.books.rows(
        "select day, sum(fen) as fen from ("
        " select day, case kind when 'payment' then fen else -fen end as fen from journal"
        "  where kind in ('payment', 'refund')"
        " union all select"
        "  substr(reference, 5, 4) || '-' || substr(reference, 9, 2) || '-' || substr(reference, 11),"
        "  case target when 'custody' then -fen else fen end from journal where kind = 'provider_settlement'"
        ") where day <= ? group by day having sum(fen) <> 0 order by day",
        last_day.isoformat(),
    )


def _settle(world: World, day: date, net_fen: int) -> None:
    booked_on = day + timedelta(days=1)
    source, target = ("provider", "custody") if net_fen > 0 else ("custody", "provider")
    world.books.move(
        datetime.combine(booked_on, SETTLED_AT), booked_on, source, target, abs(net_fen),
        "provider_settlement", f"WXP-{day:%Y%m%d}", PROVIDER_NAME,
    )


def _finish_refund(world: World, row: Row) -> None:
    now = world.clock.now()
    with world.books.transaction():
        if not world.books.run(
            "update refunds set state = 'SUCCESS', succeeded_at = ?"
            " where refund_no = ? and state = 'PROCESSING'",
            stamp(now), row["refund_no"],
        ):
            return
        order = world.books.row("select * from orders where order_no = ?", row["order_no"])
        assert order is not None
        world.books.move(now, now.date(), "provider_refunds", f"consumer:{order['openid']}", row["fen"],
                         "refund_arrival", row["refund_no"])
        done = world.books.row("select * from refunds where refund_no = ?", row["refund_no"])
        assert done is not None
        if done["notify_url"]:
            resource = refund_resource(world.credentials["wechat_pay"]["mchid"], order, done)
            world.courier.post(done["notify_url"], "REFUND.SUCCESS", "refund", resource)


def _execute_payout(world: World, row: Row) -> None:
    now = world.clock.now()
    with world.books.transaction():
        reason = _payee_fault(world, row["payee_name"], row["payee_account"])
        if not reason and world.books.balance("custody") < row["fen"]:
            reason = "insufficient_balance"
        done = world.books.run(
            "update instructions set state = ?, value_date = ?, reason = ?"
            " where instruction_no = ? and state = 'processing'",
            "failed" if reason else "succeeded", "" if reason else now.date().isoformat(), reason,
            row["instruction_no"],
        )
        if done and not reason:
            world.books.move(now, now.date(), "custody", f"merchant:{row['payee_account']}", row["fen"],
                             "payout", row["instruction_no"], row["payee_name"])


def _payee_fault(world: World, name: str, account: str) -> str:
    """An account belongs to one name. The first payout to a new account opens it for a registered company."""
    known = world.books.row("select name from payees where account = ?", account)
    if known:
        return "" if known["name"] == name else "payee_name_mismatch"
    if not world.books.row("select 1 from companies where name = ?", name):
        return "payee_unknown"
    world.books.add("payees", account=account, name=name)
    return ""
