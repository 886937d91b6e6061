"""Two at once on the way to the shelf, from several connections, on the deployed template."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from infra.local import story
from infra.local.cast import ACCOUNT, COMPANY, Cast
from infra.local.client import Answer, Client
from infra.local.opening import APPROVE, FILING, LICENCE_PNG, hand_in
from tests.stack.test_story import at_once, clone

RACERS = 6
TWIN = {"name": "宁波甬尚二店美发有限公司", "licence_no": "91330212MA2AY4CL15"}


@pytest.fixture
def play(played: tuple[Cast, Any]) -> Cast:
    cast = played[0]
    cast.stage.advance(timedelta(minutes=1))
    for person in (cast.filer, cast.reviewer, cast.regulator, cast.owner):
        person.log_in(cast.stage.now())
    story.log_in(cast)
    return cast


def drafted(play: Cast, filer: Client, company: dict[str, str], number: int) -> str:
    """A complete draft of a company, with a licence picture of its own."""
    bank = {**ACCOUNT, "name": company["name"]}
    made = filer.post("/v1/merchant-applications", {**FILING, **company, "bank_account": bank}, 201)
    path = f"/v1/merchant-applications/{made['application_id']}"
    hand_in(filer, path, "licence", LICENCE_PNG + hashlib.sha256(f"{company}{number}".encode()).digest())
    return path


def registered(play: Cast, company: dict[str, str]) -> None:
    known = {**COMPANY, **company, "established_on": "2019-05-06", "bank_account": ACCOUNT["number"]}
    play.stage.sandbox("POST", "companies", known)


def sent(calls: list[Callable[[], Answer]]) -> list[Answer]:
    answers = at_once(calls)
    assert {answer.status for answer in answers} <= {200, 403, 409, 503}, [answer.text for answer in answers]
    return answers


def test_one_licence_is_claimed_by_one_of_many_who_submit_it_at_once(play: Cast) -> None:
    company = {"name": "宁波甬尚三店美发有限公司", "licence_no": "91330212MA22TH3BJP"}
    registered(play, company)
    paths = [drafted(play, play.filer, company, number) for number in range(RACERS)]
    calls = [
        lambda one=clone(play.filer, number), path=path: one.send("POST", f"{path}/submit") for number, path in enumerate(paths)
    ]
    answers = sent(calls)
    assert sum(answer.status == 200 for answer in answers) == 1
    states = [play.filer.get(path)["state"] for path in paths]
    assert sorted(states) == ["draft"] * (RACERS - 1) + ["submitted"]


def test_many_approvals_at_once_make_one_merchant(play: Cast) -> None:
    registered(play, TWIN)
    path = drafted(play, play.filer, TWIN, 0)
    play.filer.post(f"{path}/submit")
    play.reviewer.post(f"{path}/review", APPROVE)
    calls = [
        lambda one=clone(play.regulator, number): one.send("POST", f"{path}/review", APPROVE) for number in range(RACERS)
    ]
    answers = sent(calls)
    approved = [answer for answer in answers if answer.status == 200]
    assert sum("Idempotent-Replayed" not in answer.headers for answer in approved) == 1
    assert len({answer.json["filing_no"] for answer in approved}) == 1
    found = play.consumer.get(f"/v1/licences/{TWIN['licence_no']}")
    assert (found["state"], found["filing_no"]) == ("active", approved[0].json["filing_no"])


def test_approval_and_rejection_at_once_end_in_exactly_one_of_them(play: Cast) -> None:
    company = {"name": "宁波甬尚四店美发有限公司", "licence_no": "91330212MA21XG612A"}
    registered(play, company)
    path = drafted(play, play.filer, company, 0)
    play.filer.post(f"{path}/submit")
    no = {"decision": "reject", "reason": "材料不符"}
    calls = [
        lambda one=clone(play.reviewer, number), said=said: one.send("POST", f"{path}/review", said)
        for number, said in enumerate([APPROVE, no] * (RACERS // 2))
    ]
    sent(calls)
    seen = play.filer.get(path)
    assert (seen["state"], seen["rejections"]) in (("operator_approved", 0), ("rejected", 1))


def test_a_code_that_is_revoked_while_it_is_used_is_refused_from_then_on(play: Cast) -> None:
    """Whoever scans sees the store or a refusal; after the owner's answer nobody sees the store."""
    merchant, store = play.facts["merchant"], play.owner.get(f"/v1/merchants/{play.facts['merchant']}/stores")["data"][-1]
    path = f"/v1/store-codes/{store['code']}"
    rotate = f"/v1/merchants/{merchant}/stores/{store['store_id']}/code/rotate"
    scans = [lambda one=clone(play.consumer, number): one.send("GET", path) for number in range(RACERS)]
    answers = at_once([*scans, lambda: play.owner.send("POST", rotate, {"reason": "码被偷拍"})])
    assert answers[-1].status == 200, answers[-1].text
    assert {answer.status for answer in answers[:-1]} <= {200, 422}
    assert play.consumer.expect(422, "GET", path)["code"] == "store_code_invalid"
    fresh = answers[-1].json["code"]
    assert play.consumer.get(f"/v1/store-codes/{fresh}")["store_id"] == store["store_id"]
