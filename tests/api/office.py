"""An office that receives applications: people of a town, a registry that knows the companies a test enters."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.principal import PLATFORM, Role
from chalicelib.domain.staff import Staff, StaffState
from infra.local.sandbox.testing import Town as Counterparts
from tests.api.journey import ACCOUNT, COMPANY, FILING, PASSWORD
from tests.api.papers import PNG, hand_in
from tests.platform import DISTRICT, Answer, Platform

APPLICATIONS = "/v1/merchant-applications"
OTHER_LICENCE = "91330212MA2CK7H21L"
APPROVE = {"decision": "approve"}
REJECT = {"decision": "reject", "reason": "执照照片不清晰"}


@dataclass
class Office:
    platform: Platform
    counterparts: Counterparts
    people: dict[str, str] = field(default_factory=dict)

    def official(self, name: str, role: Role = Role.OPERATOR, district: str = DISTRICT) -> str:
        if name not in self.people:
            staff = Staff(f"stf_{name}", name, PLATFORM, role, (), district, self.platform.now(), "", "f", StaffState.ACTIVE)
            self.platform.put(staff)
            self.people[name] = self.platform.token(staff.staff_id, role)
        return self.people[name]

    @property
    def clerk(self) -> str:
        return self.official("clerk")

    @property
    def reviewer(self) -> str:
        return self.official("reviewer")

    @property
    def regulator(self) -> str:
        return self.official("regulator", Role.REGULATOR)

    def company(self, **other: Any) -> dict[str, Any]:
        """Enters a company in the registry; the filing that fits."""
        known = COMPANY | other
        self.counterparts.control("POST", "companies", **known, established_on="2019-05-06")
        filed = {name: said for name, said in known.items() if name in FILING}
        return FILING | filed | {"bank_account": ACCOUNT | {"name": known["name"]}}

    def consumer(self, openid: str = "o-lin") -> str:
        code = self.counterparts.control("POST", "login-codes", openid=openid)["code"]
        return str(self.ok(self.platform.post("/v1/sessions", {"channel": "wechat", "code": code}), 201)["token"])

    def owner(self, username: str = "lin.xiao", openid: str = "o-lin") -> str:
        """Registers as a consumer, activates, logs in: the owner's token."""
        from pyotp import TOTP

        registered = self.ok(self.platform.post("/v1/merchant-registrations", {"username": username}, self.consumer(openid)), 201)
        accepted = {"username": username, "activation_code": registered["activation_code"], "password": PASSWORD}
        secret = self.ok(self.platform.post("/v1/staff-activations", accepted), 201)["totp_secret"]
        login = {"username": username, "password": PASSWORD, "totp": TOTP(secret).at(self.platform.now())}
        return str(self.ok(self.platform.post("/v1/sessions", login), 201)["token"])

    def ok(self, answer: Answer, status: int = 200) -> Any:
        assert answer.status == status, answer.text
        return answer.json

    def begun(self, filing: dict[str, Any], token: str = "") -> str:
        """The path of a new application."""
        made = self.ok(self.platform.post(APPLICATIONS, filing, token or self.clerk), 201)
        return f"{APPLICATIONS}/{made['application_id']}"

    def submitted(self, filing: dict[str, Any], token: str = "", picture: bytes = PNG + b"a licence") -> str:
        path = self.begun(filing, token)
        hand_in(self.platform, path, token or self.clerk, picture)
        self.ok(self.submit(path, token))
        return path

    def save(self, path: str, parts: dict[str, Any], token: str = "") -> Answer:
        return self.platform.call("PATCH", path, parts, token=token or self.clerk)

    def submit(self, path: str, token: str = "") -> Answer:
        return self.platform.post(f"{path}/submit", token=token or self.clerk)

    def review(self, path: str, token: str, decision: dict[str, Any] | None = None) -> Answer:
        return self.platform.post(f"{path}/review", decision or APPROVE, token)

    def active(self, filing: dict[str, Any], **more: Any) -> dict[str, Any]:
        path = self.submitted(filing, **more)
        self.ok(self.review(path, self.reviewer))
        merchant: dict[str, Any] = self.ok(self.review(path, self.regulator))
        return merchant
