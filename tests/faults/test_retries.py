"""What goes wrong between us and the store is retried at most three times, and ends as if nothing had gone wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from chalicelib.domain.card import Card
from chalicelib.operations import attempts
from chalicelib.store import reads
from tests.api.test_notices import envelope, ordered, payment, tell
from tests.faults import wire as faults
from tests.faults.wire import Wire, wire_of
from tests.platform import Answer
from tests.town import Town

WRITES = frozenset({"TransactWriteItems", "PutItem"})
READS = frozenset({"BatchGetItem", "GetItem"})


@dataclass
class Scene:
    """A request whose effect is written once, and how to see that it was."""

    town: Town
    ask: Callable[[], Answer]
    reads_before: int
    """Reads of the door, which are not retried: they come before the operation's first."""


def purchase(town: Town) -> Scene:
    body = envelope(town, payment(town, ordered(town)))
    return Scene(town, lambda: tell(town, body), 0)


def opening(town: Town) -> Scene:
    body = town.staff_body()
    return Scene(town, lambda: town.platform.post("/v1/redemptions", body, town.cashier, "till-0001"), 2)


def confirmation(town: Town) -> Scene:
    path = f"/v1/redemptions/{town.hold()}/confirm"
    return Scene(town, lambda: town.platform.post(path, token=town.consumer, key="confirm-1"), 0)


SCENES: dict[str, Callable[[Town], Scene]] = {
    "purchase credit": purchase,
    "redemption open": opening,
    "redemption confirm": confirmation,
}
FAULTS = {
    "lost response": faults.lost_after_apply,
    "connection error": faults.never_sent,
    "throttling": faults.throttled,
    "server error": faults.broken,
    "transaction conflict": faults.cancelled("TransactionConflict", "None"),
    "transaction in progress": faults.in_progress,
}
READ_FAULTS = {
    "connection error": faults.never_sent,
    "throttling": faults.throttled,
    "server error": faults.broken,
    "transaction conflict": faults.conflicting_read,
    "transaction in progress": faults.in_progress,
}


@pytest.fixture
def wire(town: Town) -> Iterator[Wire]:
    reads.get(Card, town.card.card_id)
    with wire_of() as watched:
        yield watched


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "PAUSE_MAX_SECONDS", 0.001)


def meaning(dump: dict[str, Any]) -> list[Any]:
    """The rows, without what differs between two runs by time or chance."""
    kept = (
        "row",
        "state",
        "amount_fen",
        "face_fen",
        "face_after_fen",
        "escrow_after_fen",
        "seq",
        "version",
        "used_fen",
        "held_fen",
        "holds",
        "released_fen",
        "length",
    )
    return sorted(repr([(name, item[name]) for name in kept if name in item]) for item in dump.values())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, list[Any]]]:
    """Status and rows of each scene without any fault."""
    from tests.platform import running
    from tests.town import settled

    ended = {}
    for name, scene in SCENES.items():
        with running(tmp_path_factory.mktemp("undisturbed") / "clock.json") as platform:
            town = settled(platform)
            ended[name] = (scene(town).ask().status, meaning(platform.dump()))
    return ended


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("times", [1, 2])
def test_a_write_that_goes_wrong_once_or_twice_ends_as_if_it_had_not(
    town: Town, wire: Wire, undisturbed: dict[str, tuple[int, list[Any]]], scene: str, fault: str, times: int
) -> None:
    played = SCENES[scene](town)
    wire.sent.clear()
    wire.only, wire.faults = WRITES, [FAULTS[fault]] * times
    first = played.ask()
    assert (first.status, meaning(town.platform.dump())) == undisturbed[scene], first.text
    assert wire.count(*WRITES) <= attempts.ATTEMPTS
    wire.faults.clear()
    before = town.platform.dump()
    again = played.ask()
    assert (again.status, again.text) == (first.status, first.text)
    assert town.platform.dump() == before, "the effect is there once"


@pytest.mark.parametrize("fault", READ_FAULTS)
@pytest.mark.parametrize("scene", SCENES)
def test_a_read_of_a_decision_that_goes_wrong_twice_ends_as_if_it_had_not(
    town: Town, wire: Wire, undisturbed: dict[str, tuple[int, list[Any]]], scene: str, fault: str
) -> None:
    played = SCENES[scene](town)
    wire.sent.clear()
    wire.only, wire.faults = READS, [None] * played.reads_before + [READ_FAULTS[fault]] * 2
    answer = played.ask()
    assert (answer.status, meaning(town.platform.dump())) == undisturbed[scene], answer.text
    assert wire.faults == []


@pytest.mark.parametrize("fault", [name for name in FAULTS if name != "lost response"])
@pytest.mark.parametrize("scene", SCENES)
def test_after_the_third_failure_the_answer_is_a_503_and_nothing_is_written(
    town: Town, wire: Wire, scene: str, fault: str
) -> None:
    played = SCENES[scene](town)
    before = town.platform.dump()
    wire.sent.clear()
    wire.only, wire.faults = WRITES, [FAULTS[fault]] * 9
    answer = played.ask()
    assert (answer.status, answer.code) in ((503, "store_unavailable"), (503, "contention"))
    assert answer.headers["Retry-After"] == "1"
    assert wire.count(*WRITES) == attempts.ATTEMPTS == 3
    assert town.platform.dump() == before
    wire.faults.clear()
    assert played.ask().status in (200, 201), "the same request later succeeds"


@pytest.mark.parametrize("scene", SCENES)
def test_a_store_that_does_not_answer_a_read_is_a_503(town: Town, wire: Wire, scene: str) -> None:
    played = SCENES[scene](town)
    before = town.platform.dump()
    wire.sent.clear()
    wire.only, wire.faults = READS, [faults.never_sent] * 9
    answer = played.ask()
    assert (answer.status, answer.code) == (503, "store_unavailable")
    assert wire.count(*READS) <= attempts.ATTEMPTS
    wire.faults.clear()
    assert town.platform.dump() == before


def test_every_response_lost_is_found_out_by_reading_back(town: Town, wire: Wire) -> None:
    """The effect was written by the first try; the second finds it and answers as a repetition."""
    played = confirmation(town)
    wire.sent.clear()
    wire.only, wire.faults = WRITES, [faults.lost_after_apply] * 9
    answer = played.ask()
    assert (answer.status, answer.json["state"], answer.replayed) == (200, "posted", True)
    assert wire.count(*WRITES) == 1


def test_another_writer_in_between_makes_the_decision_be_taken_again(town: Town, wire: Wire) -> None:
    """Two redemptions of one card at once: the slower one decides again on the card as it is now."""
    first, second = town.hold(10_000), town.hold(20_000)

    def interfere(request: Any, below: Any) -> Any:
        wire.faults.clear()
        town.confirm(first)
        return below(request)

    wire.sent.clear()
    wire.only, wire.faults = WRITES, [interfere]
    town.confirm(second)
    assert town.present_card().used_fen == 30_000
    assert [town.redemption(one).seq for one in (first, second)] == [2, 3]
    assert wire.count(*WRITES) == 3


def test_health_says_that_the_store_does_not_answer(town: Town, wire: Wire) -> None:
    wire.faults = [faults.never_sent]
    answer = town.platform.get("/v1/health")
    assert (answer.status, answer.json["store"]) == (503, "unavailable")


def test_a_confirmed_redemption_is_one_read_call_and_one_write_call(town: Town, wire: Wire) -> None:
    played = confirmation(town)
    wire.sent.clear()
    assert played.ask().status == 200
    assert [call.operation for call in wire.sent] == ["BatchGetItem", "TransactWriteItems"]
    assert len(wire.sent[1].body["TransactItems"]) == 2
