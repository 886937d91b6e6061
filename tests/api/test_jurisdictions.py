"""GET /v1/jurisdictions/{district}: anyone may see which rules hold, since when, and by which article."""

from typing import Any

import pytest

from tests.platform import Platform


def figures(platform: Platform, path: str) -> dict[str, Any]:
    answer = platform.get(path)
    assert answer.status == 200, answer.text
    return {one["name"]: one for one in answer.json["rules"]}


def test_the_rules_of_ningbo_today_with_their_articles(platform: Platform) -> None:
    answer = platform.get("/v1/jurisdictions/330212").json
    assert (answer["district"], answer["area"], answer["on"]) == ("330212", "浙江省", platform.now().date().isoformat())
    due = figures(platform, "/v1/jurisdictions/330212")["refund_due_days"]
    assert due == {
        "name": "refund_due_days",
        "value": 5,
        "article": "浙江省实施《消费者权益保护法》办法 第11条",
        "in_force_from": "2017-05-01",
        "area": "浙江省",
        "trust": "T",
    }


def test_the_rules_of_another_day_and_of_a_district_without_rules_of_its_own(platform: Platform) -> None:
    path = "/v1/jurisdictions/320102?on=2021"
    before, after = (figures(platform, f"{path}-{day}")["barred_statuses"] for day in ("03-31", "04-01"))
    assert (before["value"], before["area"]) == ([], "全国")
    assert (after["value"], after["area"]) == (["abnormal", "defaulter"], "江苏省")
    assert platform.get("/v1/jurisdictions/440305").json["area"] == "全国"


@pytest.mark.parametrize("district", ["33021", "3302120", "33021a", "ningbo"])
def test_what_is_no_district_is_not_there(platform: Platform, district: str) -> None:
    assert platform.get(f"/v1/jurisdictions/{district}").code == "not_found"


@pytest.mark.parametrize("on", ["1767225600", "2026-1-1", "2026-02-30", "today", ""])
def test_a_date_is_year_month_day(platform: Platform, on: str) -> None:
    assert platform.get(f"/v1/jurisdictions/330212?on={on}").code == "request_invalid"
