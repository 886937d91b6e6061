"""Names that people read and trust: of merchants, stores, products, brands.

A name is Han characters, ASCII letters and digits, and a little punctuation; nothing invisible, nothing that turns the direction
of reading, no letter of another script that looks like one of these. Names that a customer would take for each other have one
`skeleton`; within a district it belongs to the merchant that was approved first.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

NAME_CHARS_MAX = 100
PUNCTUATION = frozenset("·()&-.'、 ")
"""What stands between the words. Full-width parentheses become these under NFKC."""

HAN = ((0x3007, 0x3007), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0x20000, 0x323AF))
"""Blocks of CJK unified ideographs, and the ideographic zero. Compatibility ideographs and radicals become these under NFKC."""

LOOK_ALIKES = (
    "0o",
    "1li",
    "己已巳",
    "未末",
    "土士",
    "日曰",
    "人入",
    "戊戌戍",
    "干千",
    "天夭",
    "大太犬",
    "王玉主",
    "刀力",
    "冶治",
    "冷泠",
    "候侯",
    "享亨",
    "佘余",
    "汩汨",
    "崇祟",
    "博搏",
    "拔拨",
    "折拆",
    "免兔",
    "兵乒乓",
    "茶荼",
    "晴睛",
    "辨辩",
)
"""Characters that are taken for each other at a glance; the first of each stands for all."""

TRADITIONAL = {
    traditional: simplified
    for traditional, simplified in zip(
        "髮發麗業東樂園寶華龍鳳飯館麵雞魚鮮豐盛門車馬長國貿藝術學習書畫電腦網絡醫藥療養護膚顏師傅農場雲鄉時間師陽陰廣萬億與興會員",
        "发发丽业东乐园宝华龙凤饭馆面鸡鱼鲜丰盛门车马长国贸艺术学习书画电脑网络医药疗养护肤颜师傅农场云乡时间师阳阴广万亿与兴会员",
        strict=True,
    )
    if traditional != simplified
}
"""Traditional forms that signs of shops use."""


class Flaw(StrEnum):
    """Why a text is no name."""

    EMPTY = "it has no letter, digit or Han character"
    INVISIBLE = "it has an invisible, control or direction character"
    FOREIGN = "it has a character beside Han, ASCII letters and digits and ·()&-.'、"


@dataclass(frozen=True)
class NameClaim:
    """The merchant whose name has this skeleton in this district: the one that was approved first."""

    district: str
    skeleton: str
    merchant_id: str
    version: int = 1


def normal(text: str) -> str:
    """NFKC, with single spaces: full-width letters, parentheses and spaces become the usual ones."""
    return " ".join(part for part in unicodedata.normalize("NFKC", text).split(" ") if part)


def flaw(text: str) -> Flaw | None:
    """Order: invisible, foreign, empty. Asked of what was typed and of what it becomes."""
    for form in (text, unicodedata.normalize("NFKC", text)):
        if any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp") for one in form):
            return Flaw.INVISIBLE
    made = normal(text)
    if not all(_of_a_name(one) for one in made):
        return Flaw.FOREIGN
    return None if skeleton(made) else Flaw.EMPTY


def _of_a_name(one: str) -> bool:
    return (one.isascii() and one.isalnum()) or one in PUNCTUATION or _is_han(one)


def _is_han(one: str) -> bool:
    return any(first <= ord(one) <= last for first, last in HAN)


_SAME = {ord(one): group[0] for group in LOOK_ALIKES for one in group[1:]}
_SIMPLIFIED = str.maketrans(TRADITIONAL)


def skeleton(name: str) -> str:
    """What is left of a name for an eye that does not look twice: without case, spaces, punctuation, traditional forms and
    the differences of characters that look alike."""
    kept = "".join(one for one in normal(name).casefold() if one not in PUNCTUATION)
    return kept.translate(_SIMPLIFIED).translate(_SAME)
