"""The state diagrams of both READMEs, drawn from the transition tables of the domain.

    python -m infra.diagrams            rewrites what stands between the two markers
    python -m infra.diagrams --check    compares, and says in one sentence what to do when they differ
"""
import importlib
import pkgutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from chalicelib import domain
from chalicelib.domain import (
    alert,
    application,
    code_key,
    consumer,
    file,
    merchant,
    order,
    payout,
    product,
    reconciliation,
    redemption,
    refund,
    report,
    staff,
    store,
    tip_off,
)

ROOT = Path(__file__).resolve().parents[1]
BEGIN = "<!-- diagrams: made by python -m infra.diagrams, do not edit -->"
END = "<!-- /diagrams -->"


@dataclass(frozen=True)
class Machine:
    """`begins`: the states that a new thing may have. What it is, in both languages."""

    english: str
    chinese: str
    table: Mapping[tuple[Any, Any], Any]
    begins: tuple[StrEnum, ...]


MACHINES = (
    Machine(
        "Redemption: nothing moves before the consumer confirms",
        "核销：消费者确认之前，一分钱也不动",
        redemption.TRANSITIONS,
        (redemption.RedemptionState.PENDING,),
    ),
    Machine(
        "Order: a closed order whose money came in after all is still credited",
        "订单：关闭后才到账的钱，照样入卡",
        order.TRANSITIONS,
        (order.OrderState.CREATED,),
    ),
    Machine(
        "Refund: automatic where the law needs nobody's consent, else the merchant agrees first",
        "退款：依法无需他人同意的自动退，其余先由商户同意",
        refund.TRANSITIONS,
        (refund.RefundState.REQUESTED, refund.RefundState.IN_TRANSIT),
    ),
    Machine(
        "Merchant application: two different persons approve",
        "商户申请：两个不同的人审核",
        application.TRANSITIONS,
        (application.ApplicationState.DRAFT,),
    ),
    Machine("File of an application", "申请的文件", file.TRANSITIONS, (file.FileState.ANNOUNCED,)),
    Machine(
        "Merchant: sales stop for a reason, and go on when no reason is left",
        "商户：因故停售，原因全部消除后恢复",
        merchant.TRANSITIONS,
        (merchant.MerchantState.ACTIVE,),
    ),
    Machine(
        "Card product: much bonus waits for a second person; the breaker suspends",
        "卡产品：赠送过高须另一人复核；熔断即停售",
        product.TRANSITIONS,
        (product.ProductState.PROPOSED, product.ProductState.ON_SALE),
    ),
    Machine("Alert: a person closes it", "预警：由人处理", alert.TRANSITIONS, (alert.AlertState.OPEN,)),
    Machine(
        "Tip-off: the regulator of the district resolves it",
        "举报：由辖区监管部门处理",
        tip_off.TRANSITIONS,
        (tip_off.TipOffState.OPEN,),
    ),
    Machine(
        "Key of store codes: revoking ends all prints under it, so two operators do it",
        "门店码密钥：吊销即作废其下所有印刷码，须两名运营人员",
        code_key.TRANSITIONS,
        (code_key.CodeKeyState.CURRENT,),
    ),
    Machine(
        "Consumer: an erased one leaves a ledger under an id that leads nowhere",
        "消费者：注销后账目仍在，编号不再指向任何人",
        consumer.TRANSITIONS,
        (consumer.ConsumerState.ACTIVE,),
    ),
    Machine("Staff", "员工", staff.TRANSITIONS, (staff.StaffState.INVITED,)),
    Machine(
        "Store: moves and closes on the announced day",
        "门店：到公告之日迁址或停业",
        store.TRANSITIONS,
        (store.StoreState.OPEN,),
    ),
    Machine(
        "Payout: only the bank's word ends it",
        "结算付款：只有银行的答复才算数",
        payout.TRANSITIONS,
        (payout.PayoutState.DECIDED,),
    ),
    Machine(
        "Reconciled day",
        "对账日",
        reconciliation.DAY_TRANSITIONS,
        (reconciliation.DayState.DIFFERS, reconciliation.DayState.AGREED),
    ),
    Machine(
        "Difference: resolved, never deleted",
        "差异：可以解决，不会删除",
        reconciliation.DIFFERENCE_TRANSITIONS,
        (reconciliation.DifferenceState.OPEN,),
    ),
    Machine("Report to the regulator", "监管日报", report.TRANSITIONS, (report.ReportState.MADE,)),
)


def tables() -> dict[str, Mapping[tuple[Any, Any], Any]]:
    """Every transition table of the domain, by the name it has there."""
    found: dict[str, Mapping[tuple[Any, Any], Any]] = {}
    for module in pkgutil.iter_modules(domain.__path__):
        members = vars(importlib.import_module(f"{domain.__name__}.{module.name}"))
        named = [name for name in members if name.endswith("TRANSITIONS")]
        found |= {f"{module.name}.{name}": members[name] for name in named}
    return found


def diagram(machine: Machine) -> str:
    """A state without a way out is an end."""
    edges = [f"    {before} --> {after}: {event}" for (before, event), after in machine.table.items()]
    left = {before for before, _ in machine.table}
    reached = dict.fromkeys([*machine.begins, *machine.table.values()])
    begins = [f"    [*] --> {state}" for state in machine.begins]
    ends = [f"    {state} --> [*]" for state in reached if state not in left]
    lines = [*begins, *edges, *ends]
    return "\n".join(["```mermaid", "stateDiagram-v2", "    direction LR", *lines, "```"])


def section(titles: Mapping[str, str]) -> str:
    """`titles`: by the English title, the one to show."""
    return "\n\n".join(f"**{titles[machine.english]}**\n\n{diagram(machine)}" for machine in MACHINES)


READMES: Mapping[str, Mapping[str, str]] = {
    "README.md": {machine.english: machine.english for machine in MACHINES},
    "README.zh-CN.md": {machine.english: machine.chinese for machine in MACHINES},
}


def redrawn(text: str, titles: Mapping[str, str]) -> str:
    """The document with its diagrams as the tables have them now. ValueError without the two markers."""
    before, opening, rest = text.partition(BEGIN)
    _, closing, after = rest.partition(END)
    if not opening or not closing:
        raise ValueError(f"the markers {BEGIN!r} and {END!r} are missing")
    return f"{before}{BEGIN}\n\n{section(titles)}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    for name, titles in READMES.items():
        path = ROOT / name
        present = path.read_text(encoding="utf-8")
        wanted = redrawn(present, titles)
        if "--check" not in arguments:
            path.write_text(wanted, encoding="utf-8")
        elif wanted != present:
            said = f"The diagrams in {name} are not what TRANSITIONS say; run `python -m infra.diagrams`."
            print(said, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
