"""The figures of the law, by area: the national base, and what provinces have of their own.

`trust` says how far a line may be relied on: T the whole official text was read; S a summary of it was seen; M from memory, to
be confirmed; I our own reading or a choice of the platform. A change of the law is a new line with its date; the old one stays.
"""

from dataclasses import dataclass
from datetime import date

Value = int | bool | str | tuple[str, ...] | None

NATIONAL = "00"
BEIJING, SHANGHAI, JIANGSU, ZHEJIANG = "11", "31", "32", "33"
AREAS = {NATIONAL: "全国", BEIJING: "北京市", SHANGHAI: "上海市", JIANGSU: "江苏省", ZHEJIANG: "浙江省"}
TRUST = ("T", "S", "M", "I")


@dataclass(frozen=True)
class Figure:
    area: str
    name: str
    value: Value
    article: str
    in_force_from: date
    trust: str

    def __post_init__(self) -> None:
        assert self.area in AREAS
        assert self.trust in TRUST
        assert self.article


_COURT = "法释〔2025〕4号"
_MOFCOM = "单用途商业预付卡管理办法(试行)"
_DECREE = "消费者权益保护法实施条例"
_ZHEJIANG = "浙江省实施《消费者权益保护法》办法"
_BEIJING = "北京市单用途预付卡管理条例"
_SHANGHAI = "上海市单用途预付消费卡管理规定"
_JIANGSU = "江苏省预付卡管理办法"
_EDUCATION = "校外培训机构预收费监管规则"
_OURS = "平台规则"

_COURT_DAY = date(2025, 5, 1)
_MOFCOM_DAY = date(2012, 11, 1)
_DECREE_DAY = date(2024, 7, 1)
_ZHEJIANG_DAY = date(2017, 5, 1)
_BEIJING_DAY = date(2022, 6, 1)
_SHANGHAI_DAY = date(2019, 1, 1)
_JIANGSU_DAY = date(2021, 4, 1)
_EDUCATION_DAY = date(2021, 10, 1)
_PENALTY_DAY = date(2015, 3, 15)


def _base() -> tuple[Figure, ...]:
    lines: tuple[tuple[str, Value, str, date, str], ...] = (
        ("cooling_off_days", 7, f"{_COURT} 第14条", _COURT_DAY, "T"),
        ("cooling_off_unused_only", False, f"{_COURT} 第14条", _COURT_DAY, "T"),
        ("cooling_used_pricing", "discounted", f"{_COURT} 第14、15条（法律未明定，取有利于消费者的解释）", _COURT_DAY, "I"),
        ("refund_due_days", 15, "侵害消费者权益行为处罚办法 第10条", _PENALTY_DAY, "T"),
        ("cooling_off_refund_due_days", 15, "侵害消费者权益行为处罚办法 第10条", _PENALTY_DAY, "T"),
        ("licence_age_months", 0, f"{_MOFCOM}（未规定）", _MOFCOM_DAY, "S"),
        ("barred_statuses", (), f"{_MOFCOM}（未规定）", _MOFCOM_DAY, "S"),
        ("filing_due_days", 30, f"{_MOFCOM} 第7条", _MOFCOM_DAY, "S"),
        ("named_cap_enterprise_fen", 5_000_00, f"{_MOFCOM} 第18条", _MOFCOM_DAY, "S"),
        ("named_cap_other_fen", None, f"{_MOFCOM}（不适用于个体工商户）", _MOFCOM_DAY, "S"),
        ("anonymous_cap_enterprise_fen", 1_000_00, f"{_MOFCOM} 第18条", _MOFCOM_DAY, "S"),
        ("anonymous_cap_other_fen", None, f"{_MOFCOM}（不适用于个体工商户）", _MOFCOM_DAY, "S"),
        ("caps_waived_in_custody", (), f"{_MOFCOM} 第18条（未规定例外）", _MOFCOM_DAY, "S"),
        ("balance_percent_retail", 40, f"{_MOFCOM} 第25条", _MOFCOM_DAY, "S"),
        ("balance_percent_services", 100, f"{_MOFCOM} 第25条", _MOFCOM_DAY, "S"),
        ("balance_percent_group", 30, f"{_MOFCOM} 第25条", _MOFCOM_DAY, "S"),
        ("balance_young_capital_times", 2, f"{_MOFCOM} 第25条", _MOFCOM_DAY, "M"),
        ("named_stored_value_may_expire", False, f"{_MOFCOM} 第19条", _MOFCOM_DAY, "S"),
        ("closing_notice_days", 30, f"{_DECREE} 第21、22条", _DECREE_DAY, "M"),
        ("deemed_confirm_working_days", None, f"{_OURS}：沉默不视为确认", _COURT_DAY, "I"),
        ("deemed_refund_working_days", None, f"{_OURS}：沉默不视为同意", _COURT_DAY, "I"),
        ("education_confirm_working_days", 15, "全国校外教育培训监管与服务综合平台规则", _EDUCATION_DAY, "S"),
        ("education_refund_working_days", 5, "全国校外教育培训监管与服务综合平台规则", _EDUCATION_DAY, "S"),
        ("education_lessons_max", 60, _EDUCATION, _EDUCATION_DAY, "S"),
        ("education_days_max", 92, f"{_EDUCATION}（3 个月，取最长的三个连续自然月）", _EDUCATION_DAY, "I"),
        ("education_charge_max_fen", 5_000_00, _EDUCATION, _EDUCATION_DAY, "S"),
        ("complaint_answer_days", 7, "市场监督管理投诉举报处理暂行办法 第14条；平台规则：七日内答复", _COURT_DAY, "S"),
        ("complaint_answer_in_working_days", False, f"{_OURS}：投诉七日内答复", _COURT_DAY, "I"),
        ("retention_years", 5, f"{_MOFCOM} 第15条", _MOFCOM_DAY, "M"),
        ("bonus_line_percent", 42, f"{_OURS}：折扣达三成须复核", _COURT_DAY, "I"),
        ("bonus_day_cap_fen", 200_000_00, f"{_OURS}：单个卡产品每日赠送上限", _COURT_DAY, "I"),
        ("bonus_minute_cap_fen", 50_000_00, f"{_OURS}：单个卡产品每分钟赠送上限", _COURT_DAY, "I"),
        ("interest_merchant_bp", 300, f"{_COURT} 第16条（一年期 LPR，以合同订立日为准）", date(2025, 5, 20), "M"),
        ("interest_consumer_bp", 150, f"{_COURT} 第16条（一年期存款基准利率）", date(2015, 10, 24), "M"),
        ("interest_year_days", 365, f"{_OURS}：按 365 日计息", _COURT_DAY, "I"),
    )
    return tuple(Figure(NATIONAL, *line) for line in lines)


def _own() -> tuple[Figure, ...]:
    zhejiang: list[tuple[str, Value, str]] = [
        ("refund_due_days", 5, "第11条"),
        ("cooling_off_refund_due_days", 5, "第11条"),
        ("licence_age_months", 6, "第10条"),
        ("named_cap_enterprise_fen", 5_000_00, "第10条"),
        ("named_cap_other_fen", 2_000_00, "第10条"),
        ("anonymous_cap_enterprise_fen", 1_000_00, "第10条"),
        ("anonymous_cap_other_fen", 500_00, "第10条"),
        ("caps_waived_in_custody", ("full",), "第10条"),
        ("closing_notice_days", 30, "第11条"),
    ]
    beijing: list[tuple[str, Value, str]] = [
        ("cooling_off_days", 7, "第16条"),
        ("cooling_off_unused_only", True, "第16条"),
        ("refund_due_days", 15, "第17条"),
        ("cooling_off_refund_due_days", 5, "第16条"),
        ("barred_statuses", ("abnormal", "defaulter", "deregistering"), "第11条"),
        ("complaint_answer_days", 7, "第25条"),
        ("complaint_answer_in_working_days", True, "第25条"),
    ]
    jiangsu: list[tuple[str, Value, str]] = [
        ("cooling_off_days", 15, "（付款之日起十五日）"),
        ("barred_statuses", ("abnormal", "defaulter"), "（禁止发卡情形）"),
        ("filing_due_days", 30, "（发行后三十日）"),
    ]
    return (
        *(Figure(ZHEJIANG, name, value, f"{_ZHEJIANG} {where}", _ZHEJIANG_DAY, "T") for name, value, where in zhejiang),
        *(Figure(BEIJING, name, value, f"{_BEIJING} {where}", _BEIJING_DAY, "T") for name, value, where in beijing),
        *(Figure(JIANGSU, name, value, f"{_JIANGSU}{where}", _JIANGSU_DAY, "S") for name, value, where in jiangsu),
        Figure(SHANGHAI, "closing_notice_days", 30, f"{_SHANGHAI} 第17条", _SHANGHAI_DAY, "T"),
    )


FIGURES = _base() + _own()
"""Zhejiang: its cooling-off days are the national ones (the 办法 has none); whether the 办法 of 2017 is still in force could
not be confirmed. Shanghai: caps are the national ones (第14条); the successor of its 实施办法 of 2019 is not known. Jiangsu: the
operator may deduct reasonable costs within the fifteen days; no figure says how much, so nothing is deducted."""
