"""A town in moto's tables: merchants, cards and what happens to them, written through the domain's own decisions."""
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib import ids
from chalicelib.domain import order as orders
from chalicelib.domain import redemption as redemptions
from chalicelib.domain.business_day import SHANGHAI
from chalicelib.domain.card import Card
from chalicelib.domain.decision import Decision, create
from chalicelib.domain.order import Order, ProvenPayment
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.redemption import Ask, Redemption
from chalicelib.domain.settlement import Payable
from chalicelib.store import reads, writes
from tests.domain import town as sample

DAY = date(2026, 3, 3)
NEXT = date(2026, 3, 4)
NOON = datetime(2026, 3, 3, 12, 0, tzinfo=SHANGHAI)
NIGHT = datetime(2026, 3, 4, 3, 0, tzinfo=SHANGHAI)
MORNING = datetime(2026, 3, 4, 10, 30, tzinfo=SHANGHAI)

WANG = Principal(Role.CONSUMER, "con_wang")


class Town:
    def __init__(self, clock_file: Path) -> None:
        self.clock_file = clock_file

    def set_clock(self, at: datetime) -> None:
        offset = round((at - datetime.now(SHANGHAI)).total_seconds())
        self.clock_file.write_text(str(offset))

    def merchant(self, name: str = "one", filed_on: date = DAY, district: str = "鄞州区") -> str:
        merchant_id = ids.derived("mch", name)
        made = replace(
            sample.MERCHANT, merchant_id=merchant_id, name=name, account_name=name, filed_on=filed_on, district=district
        )
        self.commit(Decision(made, (create(made),)))
        return merchant_id

    def order(self, merchant_id: str, own: str, fen: int = 100000, bonus: int = 30000, at: datetime = NOON) -> Order:
        order_id = ids.derived("ord", own)
        made = Order(
            order_id, ids.renamed("crd", order_id), WANG.principal_id, merchant_id, "店", "prd_1", "卡", fen, bonus,
            "2026-01", "wechat_pay", at, at + timedelta(minutes=30), "f",
        )
        self.commit(Decision(made, (create(made),)))
        return made

    def buy(
        self, merchant_id: str, own: str, fen: int = 100000, at: datetime = NOON, paid_at: datetime | None = None
    ) -> Order:
        made = self.order(merchant_id, own, fen, at=at)
        proof = ProvenPayment(made.order_id, f"tx-{own}", fen, "CNY", paid_at or at)
        paid: Order = self.commit(orders.credit(made, proof, at))
        return paid

    def hold(self, card_id: str, own: str, face: int, at: datetime = NOON) -> Redemption:
        card = self.card(card_id)
        ask = Ask(ids.derived_within("red", card_id, own), "sto_1", face, "f")
        opened: Redemption = self.commit(redemptions.open_redemption(card, None, ask, WANG, card.merchant_id, at))
        return opened

    def redeem(self, card_id: str, own: str, face: int, at: datetime = NOON) -> Redemption:
        opened = self.hold(card_id, own, face, at)
        done: Redemption = self.commit(redemptions.confirm(opened, self.card(card_id), WANG.principal_id, at))
        return done

    def card(self, card_id: str) -> Card:
        found = reads.get(Card, card_id)
        assert found is not None
        return found

    def payable(self, merchant_id: str) -> Payable:
        found = reads.get(Payable, merchant_id)
        assert found is not None
        return found

    def commit(self, decision: Decision[Any]) -> Any:
        writes.commit(decision)
        return decision.answer
