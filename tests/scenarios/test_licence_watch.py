"""A licence that goes bad overnight: sales stop by themselves, everybody reads why, an official closes the alert; then it is good
again, and the merchant sells. Over HTTP, with the business registry of the sandbox."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chalicelib.domain.principal import Role
from chalicelib.jobs import watch
from infra.local.sandbox.testing import Town as Counterparts
from tests.api.journey import COMPANY, Journey
from tests.platform import Platform, forget, running

LICENCE = f"/v1/licences/{COMPANY['licence_no']}"


@pytest.fixture
def counterparts(tmp_path: Path) -> Iterator[Counterparts]:
    started = Counterparts.start(tmp_path)
    yield started
    started.stop()


@pytest.fixture
def platform(counterparts: Counterparts) -> Iterator[Platform]:
    sandbox = counterparts.sandbox
    with running(Path(counterparts.clock._path), sandbox.url, sandbox.credentials()) as started:
        yield started
    forget()


def overnight(journey: Journey, status: str) -> Any:
    """The registry's word changes, a day goes by, the clock starts the watch; everybody logs in again."""
    journey.counterparts.control("POST", "companies", **COMPANY, established_on="2019-05-06", status=status)
    journey.platform.later(hours=23)
    journey.facts["regulator"] = journey.platform.token("stf_zhou", Role.REGULATOR)
    return watch.handler({}, None)


def test_a_licence_becomes_abnormal_overnight_and_good_again(platform: Platform, counterparts: Counterparts) -> None:
    journey = Journey(platform, counterparts)
    journey.approved()
    journey.set_up()
    assert platform.get(LICENCE).json["colour"] == "green"
    page = f"/m/{journey.facts['store']['code']}"

    assert overnight(journey, "abnormal")["stopped"] == 1

    # who buys is refused, and told why
    refused = journey.order(journey.log_in())
    assert (refused.status, refused.code) == (409, "sales_stopped")
    assert "经营异常名录" in refused.json["title"]
    assert refused.json["facts"]["reasons"][0]["since"] == "2026-11-21"

    # who scans the store, or looks the licence up, reads it
    assert "营业执照被列入经营异常名录（2026-11-21 起）" in platform.get(page).text
    assert journey.scan()["stop_reasons"][0]["code"] == "licence"
    assert platform.get(LICENCE).json["colour"] == "red"

    # the regulator has an alert, looks at it, and closes it
    (alert,) = platform.get("/v1/alerts", journey.facts["regulator"]).json["data"]
    assert (alert["kind"], alert["merchant_id"]) == ("licence", journey.facts["merchant_id"])
    closing = {"reason": "已约谈，商户正在申请移出名录"}
    closed = platform.post(f"/v1/alerts/{alert['alert_id']}/close", closing, journey.facts["regulator"])
    assert closed.json["state"] == "closed"

    # closing the alert sells nothing: the registry's word does
    assert journey.order(journey.log_in()).code == "sales_stopped"
    assert overnight(journey, "abnormal")["same"] == 1
    assert platform.get("/v1/alerts", journey.facts["regulator"]).json["data"] == []

    assert overnight(journey, "normal")["lifted"] == 1
    assert platform.get(LICENCE).json["colour"] == "green"
    assert "停止售卡" not in platform.get(page).text
    assert journey.order(journey.log_in()).status == 201
