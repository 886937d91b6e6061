"""A consumer looks for shops whose names she has only heard: what she types and sees, without an index and with one."""

from urllib.parse import quote

from chalicelib.domain.merchant import StopReason
from chalicelib.jobs.search import handler
from tests.api.test_search import merchant
from tests.platform import Platform

STREET = ("宁波甬尚美发有限公司", "甬尚茶馆", "宁波月湖餐饮有限公司", "慈溪长乐健身中心")


def seen(platform: Platform, typed: str, more: str = "") -> list[str]:
    return [one["name"] for one in platform.get(f"/v1/merchants?q={quote(typed)}{more}").json["data"]]


def test_a_shop_is_found_by_what_one_has_heard_of_its_name(platform: Platform) -> None:
    street = [merchant(platform, name, number) for number, name in enumerate(STREET)]
    platform.put(*street)
    assert seen(platform, "甬尚") == ["甬尚茶馆", "宁波甬尚美发有限公司"]  # approved a moment ago, found at once

    platform.later(minutes=10)
    assert handler({}, None)["outcome"] == "built"
    platform.later(minutes=1)
    assert seen(platform, "yongshang") == ["甬尚茶馆", "宁波甬尚美发有限公司"]  # pinyin
    assert seen(platform, "ysmf") == ["宁波甬尚美发有限公司"]  # initials
    assert seen(platform, "甬shang美") == ["宁波甬尚美发有限公司"]  # half typed, half chosen
    assert seen(platform, "yongsang") == ["甬尚茶馆", "宁波甬尚美发有限公司"]  # a southerner's sh
    assert seen(platform, "yuehucnayin") == ["宁波月湖餐饮有限公司"]  # two letters swapped
    assert seen(platform, "changle") == ["慈溪长乐健身中心"]  # 长 is chang here, and le is 乐
    assert seen(platform, "甬尚", "&industry=catering") == []

    platform.put(street[1].stopped(StopReason.LICENCE, platform.now()), merchant(platform, "甬尚书店", 9))
    platform.later(seconds=2)
    assert seen(platform, "甬尚", "&state=active") == ["甬尚书店", "宁波甬尚美发有限公司"]
    assert seen(platform, "甬尚", "&state=sales_stopped") == ["甬尚茶馆"]
