"""The stub that speed is measured against: it must make every confirmation a real one, and count what is written."""
import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from bench import world
from bench.stub import Answers


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answers]:
    from chalicelib import config

    for name, value in world.environment().items():
        monkeypatch.setenv(name, value)
    config.forget()
    yield Answers()
    config.forget()


def asked(answers: Answers, operation: str, **body: Any) -> Any:
    return json.loads(answers.to(operation, json.dumps(body).encode()))


def test_every_redemption_that_is_asked_for_is_pending_and_its_card_has_the_money(answers: Answers) -> None:
    table, wanted = os.environ["CARDS_TABLE"], world.redemption_id(7)
    keys = [{"pk": {"S": world.CARD_ID}, "sk": {"S": own}} for own in (wanted, "card")]
    redemption, card = asked(answers, "BatchGetItem", RequestItems={table: {"Keys": keys}})["Responses"][table]
    assert (redemption["redemption_id"], redemption["state"]) == ({"S": wanted}, {"S": "pending"})
    assert card["held_fen"] == redemption["face_fen"]


def test_only_a_conditional_write_of_a_posted_redemption_and_its_card_counts_as_posted(answers: Answers) -> None:
    posted = {"Put": {"Item": {"sk": {"S": "red_1"}, "state": {"S": "posted"}}, "ConditionExpression": "version = 1"}}
    card = {"Put": {"Item": {"sk": {"S": "card"}}, "ConditionExpression": "version = 2"}}
    careless = {"Put": {"Item": {"sk": {"S": "card"}}}}
    asked(answers, "TransactWriteItems", TransactItems=[posted, card])
    asked(answers, "TransactWriteItems", TransactItems=[posted, careless])
    asked(answers, "TransactWriteItems", TransactItems=[card, posted])
    assert (answers.seen["TransactWriteItems"], answers.seen["posted"]) == (3, 1)
