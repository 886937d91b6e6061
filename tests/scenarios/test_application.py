"""An owner comes to the platform alone: registers, applies in parts, is rejected, corrects it, and is a merchant in the end."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.sandbox.testing import Town as Counterparts
from tests.api.office import APPLICATIONS, Office
from tests.api.papers import PNG, hand_in
from tests.platform import forget, running


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    counterparts = Counterparts.start(tmp_path_factory.mktemp("counterparts"))
    with running(Path(counterparts.clock._path), counterparts.sandbox.url, counterparts.sandbox.credentials()) as platform:
        yield Office(platform, counterparts)
    forget()
    counterparts.stop()


def test_an_owner_registers_applies_is_rejected_corrects_it_and_is_active(office: Office) -> None:
    filing = office.company(scope="一般项目：理发服务；美容服务")
    owner = office.owner("lin.xiao")
    path = in_parts(office, owner, filing)
    rejected(office, owner, path)
    corrected(office, owner, path)
    active = approved(office, path)
    seen = office.ok(office.platform.get(f"/v1/merchants/{active['merchant_id']}"))
    assert (seen["name"], seen["filing_no"], seen["state"]) == (filing["name"], active["filing_no"], "active")
    store = {"name": "中山店", "district": "330212", "address": "中山东路 88 号"}
    office.ok(office.platform.post(f"/v1/merchants/{active['merchant_id']}/stores", store, owner), 201)


def in_parts(office: Office, owner: str, filing: dict[str, object]) -> str:
    """The licence on Monday, the rest on Tuesday: what is still missing is named each time."""
    licence = ("name", "licence_no", "legal_form", "legal_representative", "established_on")
    begun = office.ok(office.platform.post(APPLICATIONS, {part: filing[part] for part in licence}, owner), 201)
    path = f"{APPLICATIONS}/{begun['application_id']}"
    assert "industry" in begun["missing"]
    assert "name" not in begun["missing"]
    assert office.submit(path, owner).code == "application_incomplete"
    rest = {part: said for part, said in filing.items() if part not in licence}
    saved = office.ok(office.save(path, rest, owner))
    assert (saved["missing"], saved["contact_phone"]) == (["files.licence"], "0574-87654321")
    hand_in(office.platform, path, owner, PNG + b"out of focus")
    submitted = office.ok(office.submit(path, owner))
    assert (submitted["state"], submitted["missing"]) == ("submitted", [])
    return path


def rejected(office: Office, owner: str, path: str) -> None:
    (waiting,) = office.ok(office.platform.get(APPLICATIONS, office.reviewer))["data"]
    assert path.endswith(waiting["application_id"])
    why = {"decision": "reject", "reason": "营业执照照片不清晰，街道与执照不符"}
    office.ok(office.review(path, office.reviewer, why))
    told = office.ok(office.platform.get(path, owner))
    assert (told["state"], told["reason"], told["rejections"]) == ("rejected", why["reason"], 1)


def corrected(office: Office, owner: str, path: str) -> None:
    office.ok(office.save(path, {"street": "首南街道"}, owner))
    hand_in(office.platform, path, owner, PNG + b"in focus")
    again = office.ok(office.submit(path, owner))
    assert (again["state"], again["street"], again["rejections"]) == ("submitted", "首南街道", 1)


def approved(office: Office, path: str) -> dict[str, str]:
    """Two persons, the second of them the district's regulator, who has seen the licence and no telephone number."""
    office.ok(office.review(path, office.reviewer))
    seen = office.ok(office.platform.get(path, office.regulator))
    assert (seen["state"], seen["contact_phone"]) == ("operator_approved", "057****4321")
    active: dict[str, str] = office.ok(office.review(path, office.regulator))
    assert active["state"] == "active"
    assert active["filing_no"].startswith("BA330212")
    return active
