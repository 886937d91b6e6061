"""The people of the story, and what the story is about."""
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from infra.local.client import Client, StaffClient, StepFailed
from infra.local.stage import Stage
from infra.officials import Official

COMPANY = {
    "name": "宁波甬尚美发有限公司",
    "licence_no": "91330212MA2AF3C43F",
    "legal_form": "enterprise",
    "legal_representative": "林晓",
    "address": "宁波市鄞州区中山东路88号",
}
ACCOUNT = {"name": COMPANY["name"], "number": "3301040160001234567", "bank": "宁波银行"}
PASSWORD = "yong-shang-2026-mei"


@dataclass
class Cast:
    """Everybody in the story, and what they have learnt so far."""

    stage: Stage
    first_day: date
    filer: StaffClient
    reviewer: StaffClient
    regulator: StaffClient
    owner: StaffClient
    cashier: StaffClient
    consumer: Client
    applicant: Client
    open_id: str = "o-zhao-0001"
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def people(self) -> tuple[Client, ...]:
        return (self.filer, self.reviewer, self.regulator, self.owner, self.cashier, self.consumer, self.applicant)


def cast(stage: Stage, first_day: date, officials: dict[str, Official]) -> Cast:
    def staff(name: str, username: str, password: str, secret: str = "") -> StaffClient:
        return StaffClient(stage.url, name, username=username, password=password, totp_secret=secret)

    def official(name: str, role: str) -> StaffClient:
        person = officials[role]
        return staff(name, person.username, person.password, person.totp_secret)

    return Cast(
        stage,
        first_day,
        official("operator-wang", "filer"),
        official("operator-li", "reviewer"),
        official("regulator-zhou", "regulator"),
        staff("owner-lin", "lin.xiao", PASSWORD),
        staff("cashier-chen", "chen.yi", PASSWORD),
        Client(stage.url, "consumer-zhao"),
        Client(stage.url, "applicant-lin"),
    )


def require(holds: bool, what: str) -> None:
    if not holds:
        raise StepFailed(what)
