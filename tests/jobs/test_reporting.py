import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import Absent, Conflict
from chalicelib.domain.report import Report, ReportState
from chalicelib.jobs import reporting as job
from chalicelib.jobs import tasks
from chalicelib.operations import reporting, settlement
from chalicelib.store import reads
from tests.jobs import machine
from tests.jobs.counterparts import DEAF, LOST, Archive, Platform
from tests.jobs.town import DAY, MORNING, NIGHT, Town

DISTRICT = "鄞州区"


def run(town: Town, platform: Platform, archive: Archive, at: datetime = MORNING) -> Any:
    town.set_clock(at)
    table = job.table(platform, archive)  # type: ignore[arg-type]
    return machine.run(machine.load("reporting"), {}, lambda asked: tasks.run("reporting", table, asked))


def settled(town: Town) -> str:
    merchant_id = town.merchant()
    town.redeem(town.buy(merchant_id, "one").card_id, "one", 13000)
    settlement.fold(merchant_id, DAY, NIGHT)
    settlement.seal(DAY, NIGHT)
    return merchant_id


def report() -> Report:
    found = reads.get(Report, DISTRICT, DAY)
    assert found is not None
    return found


def test_the_daily_report_is_made_archived_pushed_and_acknowledged(town: Town) -> None:
    merchant_id, platform, archive = settled(town), Platform(), Archive()
    assert run(town, platform, archive)["outcome"] == "reported"
    assert report().state is ReportState.ACKNOWLEDGED
    assert report().receipt_no == f"receipt-{report().report_id}"
    sent = platform.report(report().report_id)
    assert sent["merchants"][0]["merchant_id"] == merchant_id
    assert sent["totals"]["redeemed_cash_fen"] == 10000
    assert sent["totals"]["prepaid_closing_fen"] == 90000
    assert reporting.content_of(report(), archive) == platform.received[report().report_id]
    assert archive.files[report().table_key].startswith(b"\xef\xbb\xbf")


def test_no_consumer_is_in_a_report(town: Town) -> None:
    settled(town)
    platform, archive = Platform(), Archive()
    run(town, platform, archive)
    for content in archive.files.values():
        assert b"con_" not in content
        assert b"crd_" not in content


def test_running_again_makes_the_same_bytes_and_keeps_the_receipt(town: Town) -> None:
    settled(town)
    platform, archive = Platform(), Archive()
    run(town, platform, archive)
    before, files = report(), dict(archive.files)
    archive.files.clear()
    assert run(town, platform, archive, MORNING + timedelta(hours=5))["outcome"] == "reported"
    assert (report(), archive.files) == (before, files)


@pytest.mark.parametrize("mood", [LOST, DEAF])
def test_an_unknown_answer_is_pushed_again_under_the_same_id(town: Town, mood: str) -> None:
    settled(town)
    platform = Platform(moods=[mood])
    assert run(town, platform, Archive())["outcome"] == "reported"
    assert len(platform.received) == 1


def test_a_refusal_is_kept_with_its_reason(town: Town) -> None:
    settled(town)
    ended = run(town, Platform(moods=["bad_schema"]), Archive())
    assert ended["failures"] == [{"district": DISTRICT, "outcome": "refused"}]
    assert (report().state, report().reason) == (ReportState.REFUSED, "bad_schema")


def test_a_platform_that_never_answers_leaves_the_report_made(town: Town) -> None:
    settled(town)
    assert run(town, Platform(moods=[DEAF] * 50), Archive())["outcome"] == "incomplete"
    assert report().state is ReportState.MADE


def test_a_day_that_is_not_settled_has_no_report(town: Town) -> None:
    town.merchant()
    ended = run(town, Platform(), Archive())
    assert ended["failures"] == [{"district": DISTRICT, "outcome": "refused"}]
    assert reads.get(Report, DISTRICT, DAY) is None


def test_every_district_gets_its_own_merchants_only(town: Town) -> None:
    settled(town)
    other = town.merchant("two", district="海曙区")
    settlement.fold(other, DAY, NIGHT)
    platform = Platform()
    with pytest.raises(Conflict, match="seal_differs"):
        settlement.seal(DAY, NIGHT)
    assert run(town, platform, Archive())["reports"] == 2
    rows = [len(json.loads(content)["merchants"]) for content in platform.received.values()]
    assert rows == [1, 1]


def test_a_regulator_sees_the_reports_of_their_own_district(town: Town) -> None:
    settled(town)
    run(town, Platform(), Archive())
    mine = Principal(Role.REGULATOR, "off_1", "platform", district=DISTRICT)
    assert reporting.visible(report().report_id, mine) == report()
    for stranger in (replace(mine, district="海曙区"), replace(mine, district="")):
        with pytest.raises(Absent):
            reporting.visible(report().report_id, stranger)
    with pytest.raises(Absent):
        reporting.visible("rpt_NONSENSE", mine)


def test_an_altered_file_is_never_pushed_or_shown(town: Town) -> None:
    settled(town)
    archive = Archive()
    reporting.make(DISTRICT, DAY, MORNING, archive)
    archive.files[report().key] += b" "
    with pytest.raises(Conflict, match="report_altered"):
        reporting.push(DISTRICT, DAY, MORNING, Platform(), archive)  # type: ignore[arg-type]
