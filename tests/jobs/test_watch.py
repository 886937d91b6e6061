"""The licence watch against the sandbox's business registry, and against registries that say nothing or break."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib import ids
from chalicelib.domain.alert import Alert, AlertKind
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.merchant import LicenceStatus, Merchant
from chalicelib.gateways.business_registry import Licence
from chalicelib.gateways.outcomes import NotFound, Unknown
from chalicelib.jobs import watch as job
from chalicelib.operations import watch
from chalicelib.store import reads
from infra.local.sandbox.testing import Town as Counterparts
from tests import town as people
from tests.platform import DISTRICT, Platform, running
from tests.town import Town


@pytest.fixture(scope="module")
def counterparts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counterparts]:
    started = Counterparts.start(tmp_path_factory.mktemp("watch"))
    yield started
    started.stop()


@pytest.fixture
def platform(counterparts: Counterparts) -> Iterator[Platform]:
    sandbox = counterparts.sandbox
    with running(Path(counterparts.clock._path), sandbox.url, sandbox.credentials()) as started:
        yield started
    counterparts.control("DELETE", "faults")


@pytest.fixture
def town(platform: Platform, counterparts: Counterparts) -> Town:
    made = people.settled(platform)
    made.merchant = replace(made.merchant, licence_no="91330212MA2AEXAM2N")
    made.rival = replace(made.rival, licence_no="91330212MA2AF3C43F")
    platform.put(made.merchant, made.rival)
    for merchant in (made.merchant, made.rival):
        register(counterparts, merchant)
    platform.later(hours=21)
    return made


def register(counterparts: Counterparts, merchant: Merchant, **other: Any) -> None:
    told = {
        "licence_no": merchant.licence_no,
        "name": merchant.name,
        "legal_representative": merchant.legal_representative,
        "valid_until": None,
        "status": "normal",
    }
    counterparts.control("POST", "companies", **told | other)


def ran(event: dict[str, Any] | None = None, context: Any = None) -> dict[str, Any]:
    said: dict[str, Any] = job.handler(event or {}, context)
    return said


def present(merchant: Merchant) -> Merchant:
    found = reads.get(Merchant, merchant.merchant_id)
    assert found is not None
    return found


def alerts() -> list[Alert]:
    return reads.cases(f"alerts#open#{DISTRICT}")


def audited(object_id: str) -> list[str]:
    return [entry.action for entry in reads.owned(AuditEntry, object_id, "20")]


def test_every_merchant_is_checked_and_again_only_after_most_of_a_day(town: Town) -> None:
    now = town.platform.now()
    assert ran() == {"outcome": "watched", "same": 2, "failed": 0, "without_answer": 0, "left": 0}
    assert abs(present(town.merchant).licence_checked_at - now) < timedelta(minutes=1)
    assert present(town.merchant).updated_at == town.merchant.updated_at
    town.platform.later(hours=19)
    assert ran() == {"outcome": "watched", "failed": 0, "without_answer": 0, "left": 0}
    town.platform.later(hours=1)
    assert ran()["same"] == 2


def test_bad_standing_overnight_stops_sales_and_good_standing_lifts_the_stop(town: Town, counterparts: Counterparts) -> None:
    register(counterparts, town.merchant, status="abnormal")
    assert {name: count for name, count in ran().items() if name in ("stopped", "same")} == {"stopped": 1, "same": 1}
    assert (present(town.merchant).stops, present(town.rival).stops) == (("licence",), ())
    (alert,) = alerts()
    assert (alert.merchant_id, alert.kind) == (town.merchant.merchant_id, AlertKind.LICENCE)
    register(counterparts, town.merchant, status="normal")
    town.platform.later(hours=21)
    assert ran()["lifted"] == 1
    assert present(town.merchant).stops == ()
    assert audited(town.merchant.merchant_id) == ["merchant.stop_sales", "merchant.lift_stop"]
    assert alerts() == [alert]


def test_the_job_with_a_merchant_looks_that_one_up_at_once_due_or_not(town: Town, counterparts: Counterparts) -> None:
    assert ran()["same"] == 2
    register(counterparts, town.merchant, status="revoked")
    named = {"merchant_id": town.merchant.merchant_id}
    assert ran(named) == {"outcome": "watched", "stopped": 1, "failed": 0, "without_answer": 0, "left": 0}
    assert ran({"merchant_id": ids.random_id("mch")}) == {"outcome": "refused", "code": "not_found"}


def test_a_registry_that_does_not_answer_changes_nothing(town: Town, counterparts: Counterparts) -> None:
    counterparts.fault("business_registry", "lookup", "drop", times=2)
    before = town.platform.dump()
    assert ran()["silent"] == 2
    assert town.platform.dump() == before


def test_an_answer_that_is_not_signed_stops_nobody(town: Town, counterparts: Counterparts) -> None:
    register(counterparts, town.merchant, status="revoked")
    counterparts.fault("business_registry", "lookup", "unsigned", times=2)
    assert ran()["silent"] == 2
    assert present(town.merchant).stops == ()


def test_a_run_with_no_time_left_leaves_the_rest_for_the_next(town: Town) -> None:
    class Ending:
        def get_remaining_time_in_millis(self) -> int:
            return job.MILLISECONDS_TO_END

    assert ran(context=Ending()) == {"outcome": "watched", "failed": 0, "without_answer": 0, "left": 2}


def test_the_line_in_the_log_counts_what_needs_a_person(town: Town, capsys: pytest.CaptureFixture[str]) -> None:
    ran({"merchant_id": town.merchant.merchant_id})
    line = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (line["job"], line["merchant_id"], line["failed"], line["without_answer"]) == (
        "watch", town.merchant.merchant_id, 0, 0,
    )  # fmt: skip


@dataclass
class Registry:
    """By hand: `answers` by licence number; an exception is raised, whoever is not in it is unknown."""

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def lookup(self, licence_no: str) -> Any:
        self.asked.append(licence_no)
        answer = self.answers.get(licence_no, Unknown("no answer"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def licence(merchant: Merchant, status: str = "normal") -> Licence:
    founded = merchant.filed_on.replace(year=2019)
    return Licence(
        merchant.licence_no, merchant.name, "enterprise", status, founded, None, "", merchant.legal_representative, ""
    )


def watched(town: Town, registry: Registry, at: datetime | None = None, **more: Any) -> watch.Run:
    return watch.run(at or town.platform.now(), registry, **more)  # type: ignore[arg-type]


def test_one_that_breaks_is_counted_and_never_stops_the_others(town: Town) -> None:
    town.platform.put(replace(town.merchant, licence_checked_at=town.merchant.licence_checked_at - timedelta(hours=1)))
    registry = Registry({town.merchant.licence_no: RuntimeError("poison"), town.rival.licence_no: licence(town.rival)})
    done = watched(town, registry)
    assert registry.asked == [town.merchant.licence_no, town.rival.licence_no], "the longest unchecked first"
    assert done.failures == [(town.merchant.merchant_id, "RuntimeError")]
    assert done.outcomes == {"same": 1}


def test_three_days_without_an_answer_raise_one_alert_and_are_asked_about_less_often(town: Town) -> None:
    checked_at, registry = town.merchant.licence_checked_at, Registry({town.rival.licence_no: licence(town.rival)})
    hours = [watched(town, registry, checked_at + timedelta(days=3, hours=hour)) for hour in range(12)]
    assert sum(done.outcomes["unchecked"] for done in hours) == 1
    assert sum(done.unchecked for done in hours) == 3
    assert registry.asked.count(town.merchant.licence_no) == 3
    (alert,) = alerts()
    assert (alert.merchant_id, alert.kind) == (town.merchant.merchant_id, AlertKind.UNCHECKED)
    assert present(town.merchant) == town.merchant


def test_the_own_last_day_stops_sales_in_the_first_run_after_it_without_the_registry(town: Town) -> None:
    ends = town.platform.now().date()
    town.platform.put(
        replace(town.merchant, licence_valid_until=ends, licence_checked_at=town.platform.now()),
        replace(town.rival, licence_checked_at=town.platform.now()),
    )
    assert watched(town, Registry()).outcomes == {}
    midnight = datetime(ends.year, ends.month, ends.day, tzinfo=town.platform.now().tzinfo) + timedelta(days=1, minutes=5)
    assert watched(town, Registry(), midnight).outcomes == {"stopped": 1}
    assert present(town.merchant).licence_status is LicenceStatus.EXPIRED


def test_a_licence_that_is_gone_from_the_registry_stops_sales(town: Town) -> None:
    registry = Registry({town.merchant.licence_no: NotFound(), town.rival.licence_no: licence(town.rival)})
    assert watched(town, registry).outcomes == {"stopped": 1, "same": 1}
    assert present(town.merchant).licence_status is LicenceStatus.NOT_FOUND
