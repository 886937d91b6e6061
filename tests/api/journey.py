"""The steps of a journey over HTTP, each as a client makes it."""

from dataclasses import dataclass, field
from typing import Any

from chalicelib.domain.principal import PLATFORM, Role
from chalicelib.domain.staff import Staff, StaffState
from infra.local.sandbox.testing import Notice, eventually
from infra.local.sandbox.testing import Town as Counterparts
from tests.api.papers import hand_in
from tests.platform import DISTRICT, Answer, Platform

COMPANY = {
    "name": "甬尚美发有限公司",
    "licence_no": "91330212MA2AF3C43F",
    "legal_representative": "林晓",
    "address": "中山东路 88 号",
}
ACCOUNT = {"name": COMPANY["name"], "number": "3301040160001234567", "bank": "宁波银行"}
FILING = COMPANY | {
    "legal_form": "enterprise",
    "issuer_type": "other",
    "legal_representative_id_no": "330212198001011238",
    "industry": "beauty",
    "registered_capital_fen": 50_000_000,
    "established_on": "2019-05-06",
    "premises": "owned",
    "district": DISTRICT,
    "street": "百丈街道",
    "contact_name": "林晓",
    "contact_phone": "0574-87654321",
    "sector_authority": "鄞州区商务局",
    "store_count": 1,
    "issue_starts_on": "2026-12-01",
    "last_year_revenue_fen": 300_000_000,
    "last_year_card_sales_fen": 0,
    "year_end_prepaid_fen": 0,
    "fund_mode": "custody",
    "commitment_accepted": True,
    "bank_account": ACCOUNT,
}
PASSWORD = "yong-shang-2026-mei"


@dataclass
class Journey:
    platform: Platform
    counterparts: Counterparts
    facts: dict[str, Any] = field(default_factory=dict)

    def official(self, role: Role, name: str) -> str:
        """Officials are entered by an administrator, not over HTTP."""
        staff = Staff(f"stf_{name}", name, PLATFORM, role, (), DISTRICT, self.platform.now(), "", "f", StaffState.ACTIVE)
        self.platform.put(staff)
        return self.platform.token(staff.staff_id, role)

    def done(self, answer: Answer, status: int = 200) -> Any:
        assert answer.status == status, answer.text
        return answer.json

    def approved(self) -> dict[str, Any]:
        """Filed, verified at the registry, approved by two persons."""
        self.counterparts.control("POST", "companies", **COMPANY, established_on="2019-05-06", bank_account=ACCOUNT["number"])
        filer, reviewer = self.official(Role.OPERATOR, "wang"), self.official(Role.OPERATOR, "li")
        regulator = self.official(Role.REGULATOR, "zhou")
        made = self.done(self.platform.post("/v1/merchant-applications", FILING, filer), 201)
        path = f"/v1/merchant-applications/{made['application_id']}"
        assert self.platform.post(f"{path}/submit", token=filer).json["facts"]["missing"] == ["files.licence"]
        hand_in(self.platform, path, filer)
        assert self.done(self.platform.post(f"{path}/submit", token=filer))["licence_checked_at"]
        approve = {"decision": "approve"}
        assert self.platform.post(f"{path}/review", approve, filer).code == "second_person_needed"
        assert self.platform.post(f"{path}/review", approve, regulator).code == "application_submitted"
        self.done(self.platform.post(f"{path}/review", approve, reviewer))
        active = self.done(self.platform.post(f"{path}/review", approve, regulator))
        self.facts |= {"filer": filer, "regulator": regulator, "merchant_id": made["merchant_id"], "application": active}
        assert isinstance(active, dict)
        return active

    def hired(self, inviter: str, username: str, role: str, **more: Any) -> str:
        """Invited, activated, logged in with password and one-time password."""
        from pyotp import TOTP

        merchant = f"/v1/merchants/{self.facts['merchant_id']}"
        invited = self.done(self.platform.post(f"{merchant}/staff", {"username": username, "role": role, **more}, inviter), 201)
        accepted = {"username": username, "activation_code": invited["activation_code"], "password": PASSWORD}
        secret = self.done(self.platform.post("/v1/staff-activations", accepted), 201)["totp_secret"]
        login = {"username": username, "password": PASSWORD, "totp": TOTP(secret).at(self.platform.now())}
        token: str = self.done(self.platform.post("/v1/sessions", login), 201)["token"]
        assert self.platform.post("/v1/sessions", login).code == "wrong_credentials", "a one-time password is good once"
        return token

    def set_up(self) -> None:
        self.facts["owner"] = owner = self.hired(self.facts["filer"], "lin.xiao", "owner")
        merchant = f"/v1/merchants/{self.facts['merchant_id']}"
        store = {"name": "中山店", "district": DISTRICT, "address": "中山东路 88 号"}
        self.facts["store"] = opened = self.done(self.platform.post(f"{merchant}/stores", store, owner), 201)
        tiers = [{"price_fen": 100_000, "bonus_fen": 30_000}]
        terms = {"name": "充 1000 得 1300", "kind": "stored_value", "tiers": tiers}
        self.facts["product"] = self.done(self.platform.post(f"{merchant}/products", terms, owner), 201)
        self.facts["cashier"] = self.hired(owner, "chen.yi", "cashier", stores=[opened["store_id"]])

    def log_in(self, openid: str = "o-zhao") -> str:
        code = self.counterparts.control("POST", "login-codes", openid=openid)["code"]
        made = self.done(self.platform.post("/v1/sessions", {"channel": "wechat", "code": code}), 201)
        assert self.platform.post("/v1/sessions", {"channel": "wechat", "code": code}).code == "login_code_invalid"
        return str(made["token"])

    def scan(self, token: str = "") -> Any:
        return self.done(self.platform.get(f"/v1/store-codes/{self.facts['store']['code']}", token))

    def order(self, token: str, key: str | None = None) -> Answer:
        product = self.facts["product"]
        wish = {
            "product_id": product["product_id"],
            "contract_version": product["contract_version"],
            "payment_provider": "wechat_pay",
        }
        return self.platform.post("/v1/orders", wish, token, key)

    def pay(self, order: dict[str, Any], openid: str = "o-zhao") -> Notice:
        """In the WeChat app; the signed and encrypted notice that follows."""
        self.counterparts.control("POST", "payments", payment_parameters=order["payment_parameters"], openid=openid)
        return eventually(lambda: next(iter(self.counterparts.notices_of(order["order_id"])), None))

    def tell(self, notice: Notice) -> Answer:
        wanted = {name: text for name, text in notice.headers.items() if name.lower().startswith("wechatpay-")}
        return self.platform.post("/v1/notifications/wechat-pay", notice.body, key="", headers=wanted)

    def balance(self, token: str) -> tuple[int, int]:
        seen = self.scan(token)
        return seen["balance_face_fen"], seen["balance_custody_fen"]
