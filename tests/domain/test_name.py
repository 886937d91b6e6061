"""Names that mean one thing to the eye: one script, nothing invisible, and one skeleton for what looks alike (threat T17)."""

import pytest

from chalicelib.domain.name import LOOK_ALIKES, PUNCTUATION, TRADITIONAL, Flaw, flaw, normal, skeleton


@pytest.mark.parametrize(
    "name",
    ["甬尚美发有限公司", "K's Coffee & Tea", "宁波（中国）餐饮", "7-11便利店", "阿凡提·巴依", "A", "〇七咖啡",
     "𠮷野家", "充 1000 得 1300"],
)  # fmt: skip
def test_names_as_businesses_have_them_are_names(name: str) -> None:
    assert flaw(name) is None


@pytest.mark.parametrize(
    "typed, kept",
    [
        ("ＡＢＣ美发", "ABC美发"),
        ("宁波（中国）公司", "宁波(中国)公司"),
        ("甬尚\u3000美发", "甬尚 美发"),
        ("  甬尚   美发 ", "甬尚 美发"),
        ("\u2f2d泉", "山泉"),
        ("①号店", "1号店"),
    ],
)
def test_compatible_forms_become_the_usual_ones(typed: str, kept: str) -> None:
    assert (flaw(typed), normal(typed)) == (None, kept)
    assert normal(kept) == kept


@pytest.mark.parametrize(
    "hidden",
    ["\u202e", "\u202a", "\u2066", "\u2069", "\u200b", "\u200c", "\u200d", "\u200e", "\u2060", "\ufeff", "\u00ad", "\x00", "\n",
     "\t", "\x7f", "\x85", "\u2028", "\u2029", "\u061c", "\ue000", "\U000e0041"],
)  # fmt: skip
@pytest.mark.parametrize("place", ["{}甬尚", "甬{}尚", "甬尚{}"])
def test_what_cannot_be_seen_is_refused_wherever_it_hides(hidden: str, place: str) -> None:
    assert flaw(place.format(hidden)) is Flaw.INVISIBLE


@pytest.mark.parametrize(
    "name",
    ["B\u0430r", "\u0391lpha", "カフェ", "ひかり", "한국", "مقهى", "caf\u00e9", "cafe\u0301", "甬尚\ufe00", "甬尚!",
     "甬尚/美发", "<b>", "\u0131stanbul", "甬尚☕", "𝐁ar\u0456", "甬尚|"],
)  # fmt: skip
def test_any_other_script_or_sign_is_refused(name: str) -> None:
    assert flaw(name) is Flaw.FOREIGN


@pytest.mark.parametrize("name", ["", "   ", "···", "()", "&-.'、"])
def test_punctuation_alone_is_no_name(name: str) -> None:
    assert flaw(name) is Flaw.EMPTY


@pytest.mark.parametrize(
    "one, other",
    [
        ("甬尚美发", "甬尚 美發"),
        ("K&T", "k.t"),
        ("B1ll", "bill"),
        ("C00L", "cool"),
        ("自己人", "自已入"),
        ("未来城", "末来城"),
        ("土地公", "士地公"),
        ("日月", "曰月"),
        ("戊戌", "戍戊"),
        ("宁波(中国)店", "宁波中国店"),
        ("ＡＢＣ", "a b c"),
        ("麗人髮廊", "丽人发廊"),
    ],
)
def test_what_looks_alike_has_one_skeleton(one: str, other: str) -> None:
    assert skeleton(one) == skeleton(other) != ""


@pytest.mark.parametrize("one, other", [("甬尚美发", "甬上美发"), ("一号店", "二号店"), ("K2", "K3"), ("东店", "西店")])
def test_what_reads_differently_has_another_skeleton(one: str, other: str) -> None:
    assert skeleton(one) != skeleton(other)


def test_the_tables_of_look_alikes_are_sound() -> None:
    """A character stands in one group, groups are not empty, and taking the skeleton twice changes nothing."""
    members = "".join(LOOK_ALIKES)
    assert len(members) == len(set(members))
    assert all(len(group) > 1 for group in LOOK_ALIKES)
    assert not set(TRADITIONAL) & set(TRADITIONAL.values())
    for text in (*members, *TRADITIONAL, *TRADITIONAL.values(), *PUNCTUATION):
        assert skeleton(skeleton(text)) == skeleton(text)
