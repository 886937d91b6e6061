"""Rules of law as dated data: every figure has its article and the day from which it holds.

The rule in force on a date is chosen, never the newest one. Where the law is open, the figure is a named parameter with the
reading that is better for the consumer as its default.
"""
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Rules:
    """`bonus_line_percent`: bonus / price from which a second person has to look (risk signal 5, yellow at a discount of 30 %).
    `cooling_used_pricing`: "discounted" or "list", the price of what was used when a card is given back in the cooling-off days;
    not settled, so the consumer-friendly reading. `complaint_answer_days`: the law says seven working days; calendar days are the
    reading that is better for the consumer."""

    in_force_from: date
    cooling_off_days: int
    cooling_off_article: str
    refund_due_days: int
    refund_due_article: str
    licence_age_months: int
    licence_age_article: str
    filing_due_days: int
    filing_due_article: str
    closing_notice_days: int
    closing_notice_article: str
    bonus_line_percent: int
    cooling_used_pricing: str
    complaint_answer_days: int
    complaint_answer_article: str


ZHEJIANG = (
    Rules(
        in_force_from=date(2025, 5, 1),
        cooling_off_days=7,
        cooling_off_article="法释〔2025〕4号 第14条",
        refund_due_days=5,
        refund_due_article="浙江省实施《消费者权益保护法》办法 第11条",
        licence_age_months=6,
        licence_age_article="浙江省实施《消费者权益保护法》办法 第10条",
        filing_due_days=30,
        filing_due_article="单用途商业预付卡管理办法(试行) 第7条",
        closing_notice_days=30,
        closing_notice_article="消费者权益保护法实施条例 第22条，浙江省实施《消费者权益保护法》办法 第11条",
        bonus_line_percent=42,
        cooling_used_pricing="discounted",
        complaint_answer_days=7,
        complaint_answer_article="市场监督管理投诉举报处理暂行办法 第14条",
    ),
)


def rules_on(district: str, day: date) -> Rules:
    """The rules of a district (GB/T 2260 code) in force on `day`. Before the first of them the first one is meant: the platform
    is younger."""
    in_force = [rules for rules in ZHEJIANG if rules.in_force_from <= day]
    return in_force[-1] if in_force else ZHEJIANG[0]
