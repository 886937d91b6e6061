"""End to end: the story of `make run` on the deployed template, and two at once on one card, from several connections."""
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from chalicelib.domain import chart
from infra.local import story
from infra.local.auditor import audit
from infra.local.cast import ACCOUNT, Cast
from infra.local.client import Client
from infra.local.stage import Stage

RACERS = 8


def test_the_whole_story_holds_and_nobody_is_a_fen_off(played: tuple[Cast, Any]) -> None:
    play, balances = played
    assert balances.off_fen == 0
    assert balances.consumers[play.open_id] == -12_000
    assert balances.merchant_accounts[ACCOUNT["number"]] == 12_000
    assert all(fen == 0 for fen in balances.accounts.values())


@pytest.fixture
def play(played: tuple[Cast, Any]) -> Cast:
    """Another consumer with a fresh card of 1300.00 at the story's merchant."""
    cast = played[0]
    number = cast.facts.get("others", 0) + 1
    cast.facts["others"] = number
    cast.open_id = f"o-other-{number:04d}"
    cast.consumer = Client(cast.stage.url, f"consumer-{number:04d}")
    story.log_in(cast)
    story.purchase(cast)
    return cast


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """All calls begin together, each in a thread of its own."""
    barrier = Barrier(len(calls))

    def begin(call: Callable[[], Any]) -> Any:
        barrier.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(begin, calls))


def clone(client: Client, number: int) -> Client:
    return Client(client.url, f"{client.name}-{number}", token=client.token)


def in_books(play: Cast) -> Any:
    """The card, once no refund is under way between the provider's books and ours."""

    def agreed() -> Any:
        balances = audit(play.stage.sandbox("GET", "books"))
        return balances if balances.off_fen == 0 else None

    return play.stage.wait_for("agreement of all books", agreed).cards[play.facts["card"]]


def test_many_consents_to_one_redemption_post_it_once(play: Cast) -> None:
    asked = story.redeem(play, 13_000)
    path = f"/v1/redemptions/{asked['redemption_id']}/confirm"
    calls = [lambda one=clone(play.consumer, number): one.send("POST", path) for number in range(RACERS)]
    answers = at_once(calls)
    settled = [answer for answer in answers if answer.status == 200]
    assert sum("Idempotent-Replayed" not in answer.headers for answer in settled) == 1
    assert len({answer.text for answer in settled}) == 1
    assert {answer.status for answer in answers} <= {200, 503}
    assert in_books(play).escrow_fen == 90_000


def test_consent_and_refusal_at_once_end_in_exactly_one_of_them(play: Cast) -> None:
    asked = story.redeem(play, 13_000)
    path = f"/v1/redemptions/{asked['redemption_id']}"
    verbs = [verb for verb in ("confirm", "decline") for _ in range(RACERS // 2)]
    calls = [
        lambda one=clone(play.consumer, number), verb=verb: (verb, one.send("POST", f"{path}/{verb}"))
        for number, verb in enumerate(verbs)
    ]
    winners = {verb for verb, answer in at_once(calls) if answer.status == 200}
    assert len(winners) == 1
    left = in_books(play)
    assert (left.escrow_fen, left.held_fen) == ((90_000, 0) if winners == {"confirm"} else (100_000, 0))


def test_more_is_asked_for_at_once_than_the_card_has_and_the_balance_is_never_passed(play: Cast) -> None:
    own = {"store_code": play.facts["store"]["code"], "card_id": play.facts["card"], "amount_fen": 60_000}
    calls = [lambda one=clone(play.consumer, number): one.send("POST", "/v1/redemptions", own) for number in range(RACERS)]
    answers = at_once(calls)
    opened = [answer for answer in answers if answer.status == 201]
    assert len(opened) <= 2
    assert {answer.status for answer in answers} <= {201, 422, 503}
    card = in_books(play)
    assert card.held_fen == 60_000 * len(opened)
    assert card.available_fen == 130_000 - card.held_fen


def test_one_payment_code_shown_at_many_tills_is_good_once(play: Cast) -> None:
    shown = play.consumer.post(f"/v1/cards/{play.facts['card']}/payment-codes", status=201)["payment_code"]
    asked = {"payment_code": shown, "store_id": play.facts["store"]["store_id"], "amount_fen": 100}
    calls = [lambda one=clone(play.cashier, number): one.send("POST", "/v1/redemptions", asked) for number in range(RACERS)]
    answers = at_once(calls)
    assert sum(answer.status == 201 for answer in answers) == 1
    assert all(answer.json["code"] in ("payment_code_used", "contention") for answer in answers if answer.status != 201)
    assert in_books(play).held_fen == 100


def test_refund_and_consent_at_once_never_give_the_same_fen_twice(play: Cast) -> None:
    asked = story.redeem(play, 13_000)
    wish = {"card_id": play.facts["card"], "cause": "neutral", "no_reason": True}
    confirm = f"/v1/redemptions/{asked['redemption_id']}/confirm"
    calls: list[Callable[[], Any]] = [
        lambda: clone(play.consumer, 1).send("POST", confirm),
        *[lambda one=clone(play.consumer, number): one.send("POST", "/v1/refunds", wish) for number in range(2, RACERS)],
    ]
    answers = at_once(calls)
    assert sum(answer.status == 201 for answer in answers[1:]) <= 1
    card = in_books(play)
    assert card.released_fen in (0, 10_000)
    assert card.released_fen + card.refunded_fen + card.escrow_fen == 100_000


def test_a_notice_told_again_and_again_credits_once(play: Cast) -> None:
    stage: Stage = play.stage
    notices = stage.sandbox("GET", "notices")["data"]
    for notice in notices[-2:]:
        stage.sandbox("POST", f"notices/{notice['id']}/again")
    assert in_books(play).paid_fen == 100_000


def test_a_payout_that_the_bank_left_open_is_ended_by_the_deployed_sweep(play: Cast) -> None:
    """The machine stops asking after a while; the sweep goes on, under its own role."""
    stage = play.stage
    asked = story.redeem(play, 13_000)
    play.consumer.post(f"/v1/redemptions/{asked['redemption_id']}/confirm")
    day = stage.now().date()
    stage.move_to(day + timedelta(days=1), 3)
    silence = {"counterpart": "custodian", "operation": "query", "kind": "drop", "times": 50}
    stage.sandbox("POST", "faults", silence)
    stage.run("settlement", day)
    assert audit(stage.sandbox("GET", "books")).owed(chart.PAYOUT_IN_TRANSIT) >= 10_000
    stage.sandbox("DELETE", "faults")
    stage.advance(timedelta(minutes=2))
    assert stage.sweep()["failed"] == 0
    balances = audit(stage.sandbox("GET", "books"))
    assert (balances.owed(chart.PAYOUT_IN_TRANSIT), balances.off_fen) == (0, 0)
