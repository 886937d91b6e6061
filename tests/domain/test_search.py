"""What a search means, without any index: how names are spelt, and how well they answer what people type."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain import search
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.search import Entry, Match, Wanted, entry_of, key_of, match
from chalicelib.domain.syllables import SYLLABLES
from chalicelib.operations.applications import search_names
from tests.store.values import example

MERCHANT = example(Merchant, empty=True)


def entry(name: str, **other: str) -> Entry:
    pinyin, initials = search_names(name)
    return entry_of(replace(MERCHANT, **({"name": name, "pinyin": pinyin, "initials": initials} | other)))


@pytest.mark.parametrize(
    ("name", "spelling"),
    [
        ("宁波甬尚美发", "ning bo yong shang mei fa"),
        ("长乐银行", "chang le yin hang"),
        ("方案室", "fang an shi"),
        ("反感", "fan gan"),
        ("西安先生", "xi an xian sheng"),
        ("K歌之王（鄞州）7-Eleven店", "k ge zhi wang yin zhou 7eleven dian"),
        ("甬-尚", "yong shang"),
        ("绿女", "lv nv"),
        ("㐂家", "㐂 jia"),
        ("ABC", "abc"),
    ],
)
def test_the_stored_pinyin_is_cut_into_the_units_of_the_name(name: str, spelling: str) -> None:
    assert " ".join(entry(name).spelling) == spelling


def test_pinyin_that_does_not_belong_to_its_name_is_one_piece() -> None:
    odd = entry("月湖东南西北商贸城", pinyin="yongjiang", initials="yj")
    assert (odd.spelling, odd.initials) == (("yongjiang",), "yj")
    assert match(Wanted.of("yongj"), odd) is Match.SPELT_FROM_START
    assert match(Wanted.of("jiang"), odd) is None
    assert match(Wanted.of("月y"), odd) is None


def test_every_reading_that_approval_may_give_is_a_syllable() -> None:
    from pypinyin import Style, pinyin

    chars = (chr(code) for code in range(0x4E00, 0xA000))
    given = {reading for char in chars for reading in pinyin(char, style=Style.NORMAL, heteronym=True)[0] if reading.isascii()}
    assert given <= SYLLABLES


@pytest.mark.parametrize(
    ("typed", "how"),
    [
        ("宁波甬尚美发", Match.EXACT),
        ("宁波", Match.PREFIX),
        ("尚美", Match.SUBSTRING),
        ("宁波 尚", None),
        ("n", Match.SPELT_FROM_START),
        ("ningboy", Match.SPELT_FROM_START),
        ("宁boyong尚m", Match.SPELT_FROM_START),
        ("yong", Match.SPELT),
        ("meifa", Match.SPELT),
        ("波yongshang", Match.SPELT),
        ("甬s", Match.SPELT),
        ("y尚", None),
        ("尚甬", None),
        ("nbys", Match.INITIALS),
        ("ysm", Match.INITIALS),
        ("nys", None),
        ("lin", Match.CONFUSED),
        ("lingbo", Match.CONFUSED),
        ("yongsang", Match.CONFUSED),
        ("meiha", Match.CONFUSED),
        ("li", None),
        ("yongxhang", Match.SLIP),
        ("yongshhang", Match.SLIP),
        ("yonshang", Match.SLIP),
        ("oyngs", Match.SLIP),
        ("yxng", None),
        ("yxngshxng", None),
        ("", None),
    ],
)
def test_how_a_name_answers(typed: str, how: Match | None) -> None:
    assert match(Wanted.of(typed), entry("宁波甬尚美发")) is how


def test_punctuation_and_width_and_case_do_not_matter_and_nothing_else_is_nothing() -> None:
    assert key_of("ＫＴＶ（甬·尚） ") == "ktv甬尚"
    assert (Wanted.of(" \u3000").everything, Wanted.of("?").everything, Wanted.of("?").key) == (True, False, "")


@given(st.text(max_size=20))
def test_a_key_is_its_own_key(text: str) -> None:
    assert key_of(key_of(text)) == key_of(text)


@given(st.lists(st.sampled_from(sorted(SYLLABLES)), min_size=1, max_size=5), st.integers(1, 30))
def test_the_beginning_of_a_spelling_stays_its_beginning_when_sounds_are_confused(spelling: list[str], length: int) -> None:
    """Of one syllable: two are folded apart, so that "yanguo" is yan guo and not yang uo."""
    part = spelling[0]
    assert search.confused(part).startswith(search.confused(part[:length]))


@given(st.lists(st.sampled_from(sorted(SYLLABLES)), min_size=1, max_size=6))
def test_syllables_and_initials_are_found_again_in_what_is_stored(spelling: list[str]) -> None:
    han = "".join(chr(0x4E00 + number) for number in range(len(spelling)))
    text, initials = "".join(spelling), "".join(part[0] for part in spelling)
    found = entry_of(replace(MERCHANT, name=han, pinyin=text, initials=initials))
    assert "".join(found.spelling) == text
    assert found.initials == initials
    assert all(part in SYLLABLES for part in found.spelling)


def test_shorter_names_come_first_then_names_then_ids() -> None:
    names = ["甬尚茶馆", "甬尚", "尚甬尚", "甬尚茶", "甬上"]
    found = sorted(filter(None, (search.position(Wanted.of("甬尚"), entry(name)) for name in names)))
    assert [one.name for one in found] == ["甬尚", "甬尚茶", "甬尚茶馆", "尚甬尚"]
    twins = [search.position(Wanted.of(""), entry("甬尚", merchant_id=own)) for own in ("mch_2", "mch_1")]
    assert [one.merchant_id for one in sorted(filter(None, twins))] == ["mch_1", "mch_2"]
