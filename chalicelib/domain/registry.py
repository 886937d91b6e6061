"""What the business registry says of a licence, held against what an applicant says. No unlicensed trading."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.domain.business_day import business_date
from chalicelib.domain.filing import Filing
from chalicelib.domain.jurisdiction import Rules
from chalicelib.domain.merchant import Industry
from chalicelib.domain.name import normal
from chalicelib.domain.refusals import Unprocessable


@dataclass(frozen=True)
class RegisteredCompany:
    """`scope`: what the business may do, in the registry's words; "" where the registry does not tell."""

    licence_no: str
    name: str
    status: str
    legal_representative: str
    established_on: date
    valid_until: date | None
    legal_form: str
    scope: str = ""


SCOPE_WORDS: Mapping[Industry, tuple[str, ...]] = {
    Industry.BEAUTY: ("美发", "理发", "美容", "美甲", "造型", "养生", "护肤", "化妆"),
    Industry.CATERING: ("餐饮", "餐厅", "饮品", "小吃", "糕点", "食品", "咖啡"),
    Industry.FRESH_FOOD: ("生鲜", "食用农产品", "果", "蔬菜", "水产", "食品", "超市", "零售"),
    Industry.LIFE_SERVICES: ("生活服务", "洗染", "洗衣", "洗涤", "家政", "保洁", "摄影", "宠物", "维修", "居民", "浴"),
    Industry.EDUCATION: ("教育", "培训", "艺术", "咨询", "托育"),
    Industry.FITNESS: ("健身", "体育", "运动", "瑜伽", "游泳", "舞蹈"),
    Industry.AUTOMOTIVE: ("汽车", "机动车", "洗车", "轮胎"),
}
"""Words of a registered scope, any one of which covers the industry."""


def require_lawful(filing: Filing, company: RegisteredCompany | None, rules: Rules, now: datetime) -> RegisteredCompany:
    """In this order: not registered, other name, other legal representative, other legal form, not in good standing,
    expired, too young (R14), scope without the industry, bank account of another name."""
    registered = _registered(filing, company)
    if registered.status != "normal":
        raise Unprocessable(
            "licence_not_in_good_standing",
            f"营业执照状态为 {registered.status}",
            f"licence {filing.licence_no} is {registered.status}",
            param="licence_no",
            facts={"has": registered.status, "needs": "normal"},
        )
    today = business_date(now)
    if registered.valid_until is not None and registered.valid_until < today:
        said = f"licence {filing.licence_no} ended {registered.valid_until}"
        raise Unprocessable("licence_expired", "营业执照已过期", said, param="licence_no")
    _require_age(registered.established_on, today, rules)
    _require_scope(filing, registered)
    if normal(filing.account_name) != normal(registered.name):
        said = "the bank account must be in the licence's name"
        raise Unprocessable("account_name_differs", "结算账户须与营业执照同名", said, param="bank_account")
    return registered


def _registered(filing: Filing, company: RegisteredCompany | None) -> RegisteredCompany:
    """What the registry says, if it is about this licence and says the same."""
    if company is None or company.licence_no != filing.licence_no:
        said = f"the registry knows no licence {filing.licence_no}"
        raise Unprocessable("licence_not_found", "登记机关查无此照", said, param="licence_no")
    if normal(company.name) != normal(filing.name):
        said = f"licence {filing.licence_no} has another name"
        raise Unprocessable("licence_name_differs", "名称与登记信息不一致", said, param="name")
    if company.legal_representative != filing.legal_representative:
        said = f"licence {filing.licence_no} has another legal representative"
        raise Unprocessable("legal_representative_differs", "法定代表人与登记信息不一致", said, param="legal_representative")
    if company.legal_form != filing.legal_form:
        said = f"licence {filing.licence_no} is of an {company.legal_form}"
        raise Unprocessable("legal_form_differs", "主体类型与登记信息不一致", said, param="legal_form")
    return company


def _require_age(established_on: date, today: date, rules: Rules) -> None:
    months = (today.year - established_on.year) * 12 + today.month - established_on.month
    if today.day < established_on.day:
        months -= 1
    if months < rules.licence_age_months:
        raise Unprocessable(
            "licence_too_young",
            f"营业执照须满 {rules.licence_age_months} 个月（{rules.licence_age_article}）",
            f"the licence is {months} months old, {rules.licence_age_months} are needed",
            param="licence_no",
            facts={"has_months": months, "needs_months": rules.licence_age_months},
        )


def _require_scope(filing: Filing, company: RegisteredCompany) -> None:
    words = SCOPE_WORDS[filing.industry] if filing.industry else ()
    if company.scope and not any(word in company.scope for word in words):
        raise Unprocessable(
            "scope_does_not_cover",
            "登记的经营范围不含所填行业",
            f"the registered scope of {filing.licence_no} does not cover {filing.industry}",
            param="industry",
            facts={"needs_one_of": list(words)},
        )
