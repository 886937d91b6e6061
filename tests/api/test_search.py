"""Searching for merchants over HTTP: with no index, with one, and with changes since it was made."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from chalicelib.domain.merchant import Industry, Merchant, StopReason
from chalicelib.gateways.objects import Objects
from chalicelib.operations import search
from chalicelib.operations.applications import search_names
from chalicelib.store import search_index
from tests.platform import Platform
from tests.store.values import example

NAMES = ("宁波甬尚美发有限公司", "甬尚茶馆", "鄞州甬上火锅店", "宁波月湖餐饮有限公司", "长乐路银行咖啡")
MODES = ("scan", "index", "index and changes")


def merchant(platform: Platform, name: str, number: int, **other: Any) -> Merchant:
    pinyin, initials = search_names(name)
    return replace(
        example(Merchant, empty=True), merchant_id=f"mch_{number:026d}", name=name, pinyin=pinyin, initials=initials,
        district="330212", industry=Industry.BEAUTY, updated_at=platform.now(), **other,
    )  # fmt: skip


def open_town(platform: Platform, mode: str = "scan") -> list[Merchant]:
    made = [merchant(platform, name, number) for number, name in enumerate(NAMES)]
    if mode == "scan":
        platform.put(*made)
        return made
    platform.put(*made[:2], *(made[2:] if mode == "index" else ()))
    platform.later(minutes=6)
    assert search.build(platform.now()).merchants == (len(made) if mode == "index" else 2)
    if mode == "index and changes":
        changed = [replace(one, updated_at=platform.now(), version=2) for one in made]
        platform.put(*changed[2:])
        return changed
    return made


def names_of(platform: Platform, q: str = "", **more: Any) -> list[str]:
    wanted = "&".join(f"{name}={quote(str(value))}" for name, value in {"q": q, **more}.items() if value != "")
    answer = platform.get(f"/v1/merchants?{wanted}")
    assert answer.status == 200, answer.text
    return [one["name"] for one in answer.json["data"]]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("甬尚茶馆", ["甬尚茶馆"]),
        ("甬尚", ["甬尚茶馆", "宁波甬尚美发有限公司"]),
        ("甬", ["甬尚茶馆", "鄞州甬上火锅店", "宁波甬尚美发有限公司"]),
        ("yongshang", ["甬尚茶馆", "鄞州甬上火锅店", "宁波甬尚美发有限公司"]),
        ("YONG shang", ["甬尚茶馆", "鄞州甬上火锅店", "宁波甬尚美发有限公司"]),
        ("yongshangme", ["宁波甬尚美发有限公司"]),
        ("甬shang", ["甬尚茶馆", "鄞州甬上火锅店", "宁波甬尚美发有限公司"]),
        ("甬shang美", ["宁波甬尚美发有限公司"]),
        ("ysmf", ["宁波甬尚美发有限公司"]),
        ("yongsang", ["甬尚茶馆", "鄞州甬上火锅店", "宁波甬尚美发有限公司"]),
        ("lingbo", ["宁波月湖餐饮有限公司", "宁波甬尚美发有限公司"]),
        ("yongshnag", ["甬尚茶馆", "鄞州甬上火锅店", "宁波甬尚美发有限公司"]),
        ("changle", ["长乐路银行咖啡"]),
        ("yinhang", ["长乐路银行咖啡"]),
        ("甬尚（茶馆）", ["甬尚茶馆"]),
        ("ongshang", ["甬尚茶馆", "鄞州甬上火锅店", "宁波甬尚美发有限公司"]),
        ("ngshan", []),
        ("银座", []),
        ("?!（）", []),
        ("%", []),
        ("_", []),
        ("*", []),
        ('"甬尚" OR "月湖"', []),
        ("甬尚 NEAR 茶馆", []),
        ("甬尚*", ["甬尚茶馆", "宁波甬尚美发有限公司"]),
        ("-甬尚-", ["甬尚茶馆", "宁波甬尚美发有限公司"]),
        ("甬%尚", ["甬尚茶馆", "宁波甬尚美发有限公司"]),
        ("' OR 1=1 --", []),
    ],
)
def test_what_people_type_finds_the_merchants_they_mean_best_first(
    platform: Platform, mode: str, typed: str, found: list[str]
) -> None:
    open_town(platform, mode)
    assert names_of(platform, typed) == found


@pytest.mark.parametrize("mode", MODES)
def test_nothing_typed_finds_everybody_by_name(platform: Platform, mode: str) -> None:
    open_town(platform, mode)
    assert names_of(platform) == sorted(NAMES) == names_of(platform, "  ")


@pytest.mark.parametrize("mode", MODES)
def test_filters_combine_with_each_other_and_with_the_query(platform: Platform, mode: str) -> None:
    made = open_town(platform, mode)
    platform.put(
        replace(made[0], industry=Industry.CATERING, district="330203", updated_at=platform.now()),
        made[1].stopped(StopReason.ORDER, platform.now()),
    )
    platform.later(seconds=2)
    assert names_of(platform, "甬尚", state="sales_stopped") == ["甬尚茶馆"]
    assert names_of(platform, "甬尚", state="active") == ["宁波甬尚美发有限公司"]
    assert names_of(platform, "yongshang", district="330203", industry="catering") == ["宁波甬尚美发有限公司"]
    assert names_of(platform, "yongshang", district="330203", industry="beauty") == []
    assert names_of(platform, district="330203") == ["宁波甬尚美发有限公司"]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("typed", ["", "甬", "yong"])
def test_pages_are_the_whole_list_and_one_that_comes_between_two_pages_moves_nothing(
    platform: Platform, mode: str, typed: str
) -> None:
    open_town(platform, mode)
    whole, pages, cursor = names_of(platform, typed), list[dict[str, Any]](), ""
    for number in range(12):
        answer = platform.get(f"/v1/merchants?q={quote(typed)}&limit=1&cursor={cursor}").json
        pages += answer["data"]
        cursor = answer["next_cursor"]
        assert answer["has_more"] == (cursor is not None)
        if cursor is None:
            break
        if number < 2:
            platform.put(merchant(platform, "甬", 50 + number), merchant(platform, "宁甬", 60 + number))
            platform.later(seconds=2)
    assert [one["name"] for one in pages if one["name"] in NAMES] == whole
    assert len({one["merchant_id"] for one in pages}) == len(pages) > len(whole)


def test_a_cursor_is_good_for_its_own_query_only(platform: Platform) -> None:
    open_town(platform)
    cursor = platform.get(f"/v1/merchants?q={quote('甬')}&limit=1").json["next_cursor"]
    for other in ("q=yong", f"q={quote('甬')}&state=active", f"q={quote('甬')}&district=330212", ""):
        assert platform.get(f"/v1/merchants?{other}&limit=1&cursor={cursor}").code == "cursor_invalid"
    assert platform.get(f"/v1/merchants?q={quote('甬')}&limit=1&cursor={cursor}x").code == "cursor_invalid"
    assert platform.get(f"/v1/merchants?q={quote(' 甬 ')}&limit=1&cursor={cursor}").status == 200


def test_a_page_ends_where_its_last_name_says_however_long_the_name_is(platform: Platform) -> None:
    long = ["甬" * 98 + end for end in ("尚", "上")]
    platform.put(*(merchant(platform, name, number) for number, name in enumerate(long)))
    cursor = platform.get(f"/v1/merchants?q={quote('甬')}&limit=1").json["next_cursor"]
    rest = platform.get(f"/v1/merchants?q={quote('甬')}&limit=1&cursor={cursor}").json
    assert ([one["name"] for one in rest["data"]], rest["has_more"]) == ([max(long)], False)


def test_a_new_merchant_is_found_before_the_next_build_and_a_renamed_one_by_its_new_name_only(platform: Platform) -> None:
    made = open_town(platform, "index")
    assert names_of(platform, "甬尚") == ["甬尚茶馆", "宁波甬尚美发有限公司"]
    pinyin, initials = search_names("天一阁茶馆")
    renamed = replace(made[1], name="天一阁茶馆", pinyin=pinyin, initials=initials, updated_at=platform.now(), version=2)
    platform.put(merchant(platform, "甬尚书店", 77), renamed)
    platform.later(seconds=2)
    assert names_of(platform, "甬尚") == ["甬尚书店", "宁波甬尚美发有限公司"]
    assert names_of(platform, "tianyige") == ["天一阁茶馆"]


def test_what_the_table_says_now_is_shown_though_the_list_of_changes_is_a_second_old(platform: Platform) -> None:
    made = open_town(platform, "index")
    assert names_of(platform, "茶馆", state="active") == ["甬尚茶馆"]
    platform.put(made[1].stopped(StopReason.LICENCE, platform.now()))
    assert names_of(platform, "茶馆", state="active") == []
    assert platform.get(f"/v1/merchants?q={quote('茶馆')}").json["data"][0]["state"] == "sales_stopped"


class Counting:
    """The archive, and what was asked of it."""

    def __init__(self, archive: Objects) -> None:
        self.archive, self.asked = archive, list[str]()

    def get(self, key: str) -> bytes | None:
        self.asked.append(key)
        return self.archive.get(key)

    def put(self, key: str, content: bytes, content_type: str) -> None:
        self.archive.put(key, content, content_type)

    def newer(self, key: str, etag: str) -> Any:
        self.asked.append(key)
        return self.archive.newer(key, etag)


def found_in(platform: Platform, archive: Any, q: str = "甬尚") -> list[str]:
    wanted = search.Wanted.of(q)
    return [one.name for one in search.find(wanted, search.Filters(), None, 20, platform.now(), archive).merchants]


def test_a_container_looks_at_the_pointer_once_a_minute_and_loads_an_index_once(platform: Platform) -> None:
    from chalicelib.gateways import objects

    open_town(platform, "index")
    archive = Counting(objects.connect())
    for _ in range(3):
        assert found_in(platform, archive) == ["甬尚茶馆", "宁波甬尚美发有限公司"]
    assert archive.asked[0] == search.POINTER_KEY
    assert [key.startswith("search/index-") for key in archive.asked[1:]] == [True]
    platform.later(seconds=61)
    found_in(platform, archive)
    assert archive.asked[2:] == [search.POINTER_KEY]
    platform.put(merchant(platform, "甬尚书店", 77))
    platform.later(minutes=6)
    assert search.build(platform.now()).size
    assert "甬尚书店" in found_in(platform, archive)
    assert len(set(archive.asked)) == 3


def spoilt(content: bytes) -> bytes:
    return content[:5000] + b"\0" * 64 + content[5064:]


@pytest.mark.parametrize(
    "damage",
    [lambda _: b"", spoilt, lambda content: content[:100], lambda _: b"SQLite format 3\0", lambda _: search_index.build([])],
    ids=["empty", "spoilt", "cut off", "a head only", "of others"],
)
def test_without_a_sound_index_the_search_scans(platform: Platform, damage: Callable[[bytes], bytes]) -> None:
    from chalicelib.gateways import objects

    open_town(platform, "index")
    archive = objects.connect()
    pointer = search.Pointer.of(archive.get(search.POINTER_KEY) or b"")
    archive.put(pointer.key, damage(archive.get(pointer.key) or b""), "application/vnd.sqlite3")
    assert names_of(platform, "yongshnag") == ["甬尚茶馆", "鄞州甬上火锅店", "宁波甬尚美发有限公司"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"not json", b'{"key": "search/index-0"}'])
def test_a_pointer_that_says_nothing_is_no_pointer_and_the_next_build_writes_it_again(platform: Platform, content: bytes) -> None:
    from chalicelib.gateways import objects

    open_town(platform, "index")
    objects.connect().put(search.POINTER_KEY, content, "application/json")
    assert names_of(platform, "甬尚") == ["甬尚茶馆", "宁波甬尚美发有限公司"]
    assert search.build(platform.now()).size


def test_an_archive_that_does_not_answer_leaves_the_container_with_the_index_it_has(platform: Platform) -> None:
    class Silent(Counting):
        def newer(self, key: str, etag: str) -> Any:
            raise TimeoutError(key)

    from chalicelib.gateways import objects

    open_town(platform, "index")
    found = found_in(platform, objects.connect())
    platform.later(seconds=timedelta(minutes=2).total_seconds())
    assert found_in(platform, Silent(objects.connect())) == found
    search.forget()
    assert found_in(platform, Silent(objects.connect())) == found


def test_an_index_of_another_layout_is_none(platform: Platform) -> None:
    from chalicelib.gateways import objects

    open_town(platform, "index")
    archive = objects.connect()
    other = (archive.get(search.POINTER_KEY) or b"").replace(b'"layout": 1', b'"layout": 2')
    archive.put(search.POINTER_KEY, other, "application/json")
    assert names_of(platform, "甬尚") == ["甬尚茶馆", "宁波甬尚美发有限公司"]
    assert search._KEPT.index is None
    assert search.build(platform.now()).size


def test_many_results_are_shown_twenty_at_a_time_and_a_hundred_at_most(platform: Platform) -> None:
    platform.put(*(merchant(platform, f"甬尚{number:03d}号店", number) for number in range(23)))
    first = platform.get(f"/v1/merchants?q={quote('甬尚')}").json
    assert (len(first["data"]), first["has_more"]) == (20, True)
    rest = platform.get(f"/v1/merchants?q={quote('甬尚')}&limit=100&cursor={first['next_cursor']}").json
    assert (len(rest["data"]), rest["has_more"], rest["next_cursor"]) == (3, False, None)
    assert platform.get("/v1/merchants?limit=101").code == "request_invalid"
