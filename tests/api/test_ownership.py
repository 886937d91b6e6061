"""Role x operation x own, foreign, absent: made of the routes themselves.

Every object of OBJECTS belongs to one side of the town; the callers belong to the other side. What is somebody else's has to
look exactly like what is not there, and nothing may be written. A route with a parameter that is not listed here fails.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app import app
from chalicelib import ids
from chalicelib.api.http import ENDPOINTS, Endpoint
from chalicelib.domain.alert import Alert
from chalicelib.domain.principal import MERCHANT_ROLES, Role
from chalicelib.domain.report import Report
from chalicelib.domain.settlement import MerchantDay
from chalicelib.domain.staff import Staff
from chalicelib.store import reads
from tests.api.bodies import smallest
from tests.api.journey import FILING
from tests.api.papers import PNG, announced
from tests.platform import DISTRICT, FRIDAY
from tests.town import Town, paid, person, settled

NOBODY = "0" * 26
ELSEWHERE = "330203"
NOT_OWNED = frozenset({"channel", "code", "date", "key_id", "licence_no"})
"""Parameters of things that belong to nobody in particular: what is printed on a wall, a business date, a key of the platform."""
SEES_ALL = frozenset({Role.OPERATOR, Role.CUSTODIAN})


def _asked(declared: Endpoint) -> list[str]:
    return re.findall(r"{(\w+)}", declared.path)


OWNED = [declared for declared in ENDPOINTS if declared.who and set(_asked(declared)) - NOT_OWNED]
PAIRS = [(declared, role) for declared in OWNED for role in sorted(declared.who - SEES_ALL)]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    from tests.platform import running

    with running(tmp_path_factory.mktemp("owners") / "clock.json") as platform:
        yield settled(platform)


@pytest.fixture(scope="module")
def objects(town: Town) -> dict[str, str]:
    """Parameter -> the id of an object that is there: of the town's merchant, consumer or district."""
    merchant, card = town.merchant.merchant_id, town.card.card_id
    owned = town.platform.post("/v1/merchant-applications", FILING, town.tokens[Role.OPERATOR]).json
    filer = town.tokens[Role.OPERATOR]
    file = announced(town.platform, f"/v1/merchant-applications/{owned['application_id']}", filer, PNG)
    told = {"merchant_id": merchant, "kind": "off_platform_payment", "what_happened": "x", "happened_on": str(FRIDAY)}
    tip_off = town.platform.post("/v1/tip-offs", told, town.consumer).json["tip_off_id"]
    redemption = town.hold(1_000)
    refund = town.platform.post("/v1/refunds", {"card_id": _second_card(town), "cause": "neutral"}, town.consumer).json
    report = Report(f"rpt_{FRIDAY:%Y%m%d}{DISTRICT}", DISTRICT, FRIDAY, 1, "0" * 64, "k", "t", town.platform.now())
    town.platform.put(MerchantDay(merchant, FRIDAY, town.platform.now(), "0" * 64), report)
    return {
        "merchant_id": merchant,
        "application_id": owned["application_id"],
        "card_id": card,
        "order_id": ids.renamed("ord", card),
        "refund_id": refund["refund_id"],
        "redemption_id": redemption,
        "settlement_id": f"set_{ids.part_of(merchant)}{FRIDAY:%Y%m%d}",
        "report_id": report.report_id,
        "staff_id": staff_of(town.tokens[Role.MANAGER]),
        "file_id": file["file_id"],
        "tip_off_id": tip_off,
        "alert_id": reads.newest(Alert, merchant, "alt_")[0].alert_id,
        "session_id": claims_of(town.tokens[Role.MANAGER])["jti"],
        "store_id": town.store.store_id,
        "product_id": town.product.product_id,
    }


def _second_card(town: Town) -> str:
    order, card = paid(town.platform, town.merchant, town.product, town.consumer_id)
    town.platform.put(order, card)
    return card.card_id


@pytest.fixture(scope="module")
def strangers(town: Town) -> dict[Role, str]:
    """Of each role a person to whom nothing in `objects` belongs."""
    made = {role: person(town.platform, role, town.rival, town.rival_store) for role in MERCHANT_ROLES}
    made |= {Role.CONSUMER: town.stranger, Role.REGULATOR: person(town.platform, Role.REGULATOR, town.rival, town.rival_store)}
    regulator = reads.get(Staff, staff_of(made[Role.REGULATOR]))
    assert regulator is not None
    town.platform.put(replace(regulator, district=ELSEWHERE))
    return made


def claims_of(token: str) -> dict[str, str]:
    import jwt

    found: dict[str, str] = jwt.decode(token, options={"verify_signature": False})
    return found


def staff_of(token: str) -> str:
    return claims_of(token)["sub"]


def absent_of(own_id: str) -> str:
    """The id of nothing, of the same kind and length."""
    prefix, _, part = own_id.partition("_")
    return f"{prefix}_{NOBODY}{part[26:]}" if len(part) >= 26 else f"{prefix}_{'0' * len(part)}"


def filled(declared: Endpoint, known: dict[str, str]) -> str:
    return re.sub(r"{(\w+)}", lambda found: known.get(found[1], "2026-11-20"), declared.path)


@pytest.mark.parametrize("declared, role", PAIRS, ids=lambda one: str(one) if isinstance(one, Role) else one.operation_id)
def test_a_strangers_object_looks_like_none(
    town: Town, objects: dict[str, str], strangers: dict[Role, str], declared: Endpoint, role: Role
) -> None:
    absent = {name: absent_of(own) for name, own in objects.items()}
    body, before = smallest(declared.body), town.platform.dump()
    foreign, missing = (
        town.platform.call(declared.method, filled(declared, known), body, token=strangers[role], key="foreign-0001")
        for known in (objects, absent)
    )
    assert (foreign.status, foreign.code) == (404, "not_found"), foreign.text
    assert (foreign.text, foreign.headers) == (missing.text, missing.headers)
    assert town.platform.dump() == before


def test_every_parameter_of_an_owned_route_has_an_object_that_is_there(town: Town, objects: dict[str, str]) -> None:
    assert {name for declared in OWNED for name in _asked(declared)} - NOT_OWNED <= set(objects)
    assert {declared.path for declared in OWNED} <= set(app.routes)


@pytest.mark.parametrize("declared", OWNED, ids=lambda one: one.operation_id)
def test_its_owner_finds_it(town: Town, objects: dict[str, str], declared: Endpoint) -> None:
    """So that a 404 above means whose it is, and not that the test asked for nothing."""
    found = [
        town.platform.call(declared.method, filled(declared, objects), b"[]", token=town.tokens[role], key="owner-00001")
        if declared.method != "GET"
        else town.platform.get(filled(declared, objects), town.tokens[role])
        for role in declared.who
    ]
    assert any(answer.status != 404 for answer in found), [answer.text for answer in found]
