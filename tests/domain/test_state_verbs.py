"""The verbs of redemptions and refunds in every state: each acts once, repeats its own end, and refuses every other."""

from dataclasses import replace

import pytest

from chalicelib.domain import redemption, refund
from chalicelib.domain.redemption import RedemptionState
from chalicelib.domain.refund import Cause, RefundState
from chalicelib.domain.refusals import Conflict
from tests.domain.town import CONSUMER, OWNER, Town

VERBS = {
    "confirm": (lambda row, card, now: redemption.confirm(row, card, CONSUMER.principal_id, now), "posted"),
    "decline": (lambda row, card, now: redemption.decline(row, card, CONSUMER.principal_id, now), "declined"),
    "cancel": (lambda row, card, now: redemption.cancel(row, card, OWNER, now), "cancelled"),
}


@pytest.mark.parametrize("state", list(RedemptionState))
@pytest.mark.parametrize("verb", list(VERBS))
def test_a_verb_on_a_redemption_acts_once_repeats_its_own_end_and_refuses_every_other(
    state: RedemptionState, verb: str
) -> None:
    town = Town()
    town.buy()
    hold = replace(town.hold(13000), state=state)
    decide, end = VERBS[verb]
    if state == "pending":
        assert decide(hold, town.card(), town.now).answer.state == end
    elif state == end:
        assert decide(hold, town.card(), town.now).replayed
    else:
        with pytest.raises(Conflict) as caught:
            decide(hold, town.card(), town.now)
        assert caught.value.code == f"redemption_{state}"


@pytest.mark.parametrize("state", list(RedemptionState))
def test_the_sweep_ends_only_what_is_pending_and_over_and_never_complains(state: RedemptionState) -> None:
    town = Town()
    town.buy()
    hold = replace(town.hold(13000), state=state)
    town.later(minutes=5)
    decision = redemption.expire(hold, town.card(), town.now)
    assert decision.replayed is (state != "pending")
    assert decision.answer.state == ("expired" if state == "pending" else state)


@pytest.mark.parametrize("seconds, over", [(299, False), (300, True)])
def test_consent_and_expiry_meet_at_the_same_moment(seconds: int, over: bool) -> None:
    town = Town()
    town.buy()
    hold = town.hold(13000)
    town.later(seconds=seconds)
    assert redemption.expire(hold, town.card(), town.now).replayed is not over
    if over:
        with pytest.raises(Conflict, match="redemption_expired"):
            redemption.confirm(hold, town.card(), CONSUMER.principal_id, town.now)
    else:
        assert redemption.confirm(hold, town.card(), CONSUMER.principal_id, town.now).answer.state == "posted"


REFUND_VERBS = {
    "withdraw": (
        lambda row, card, now: refund.withdraw(row, card, now),
        {"requested": "withdrawn"},
        {"withdrawn"},
    ),
    "agree": (
        lambda row, card, now: refund.agree(row, card, now),
        {"requested": "in_transit"},
        {"in_transit", "instructed", "succeeded"},
    ),
    "instruct": (
        lambda row, card, now: refund.instruct(row, "wx", now),
        {"in_transit": "instructed"},
        {"instructed", "succeeded"},
    ),
    "succeed": (
        lambda row, card, now: refund.succeed(row, card, "wx", row.amount_fen, now),
        {"in_transit": "succeeded", "instructed": "succeeded"},
        {"succeeded"},
    ),
    "reject": (
        lambda row, card, now: refund.reject(row, card, "no", now),
        {"in_transit": "rejected", "instructed": "rejected"},
        {"rejected"},
    ),
}


WAYS: dict[str, tuple[str, ...]] = {
    "requested": (),
    "withdrawn": ("withdraw",),
    "in_transit": ("agree",),
    "instructed": ("agree", "instruct"),
    "succeeded": ("agree", "succeed"),
    "rejected": ("agree", "reject"),
}


def refund_in(state: str, used_fen: int = 0) -> Town:
    """A town with a refund that came to that state by the verbs themselves: asked for after the cooling-off days."""
    town = Town()
    town.buy()
    if used_fen:
        town.use(used_fen)
    town.later(days=8)
    town.ask_refund("ref_1_a", Cause.CONSUMER)
    for verb in WAYS[state]:
        town.do(REFUND_VERBS[verb][0](*town.refund("ref_1_a"), town.now))
    assert town.refund("ref_1_a")[0].state == state
    return town


@pytest.mark.parametrize("state", list(RefundState))
@pytest.mark.parametrize("verb", list(REFUND_VERBS))
def test_a_verb_on_a_refund_acts_repeats_or_refuses_by_its_state(state: RefundState, verb: str) -> None:
    town = refund_in(state)
    row, card = town.refund("ref_1_a")
    decide, acts, repeats = REFUND_VERBS[verb]
    if state in acts:
        decision = decide(row, card, town.now)
        assert (decision.answer.state, decision.replayed) == (acts[state], False)
        town.do(decision)
    elif state in repeats:
        decision = decide(row, card, town.now)
        assert (decision.answer, decision.replayed) == (row, True)
    else:
        with pytest.raises(Conflict) as caught:
            decide(row, card, town.now)
        assert caught.value.code == f"refund_{state}"


def test_agreeing_to_nothing_ends_the_refund_and_agreeing_again_is_a_repetition() -> None:
    town = refund_in("requested", used_fen=117000)
    ended = town.do(refund.agree(*town.refund("ref_1_a"), town.now))
    assert (ended.state, ended.amount_fen, ended.resolved_at) == ("succeeded", 0, town.now)
    assert ended.provider_date is None
    assert refund.agree(*town.refund("ref_1_a"), town.now).replayed


@pytest.mark.parametrize("used_fen", [0, 52000, 117000], ids=["unused", "used", "nothing to give back"])
@pytest.mark.parametrize("verb", ["succeed", "reject", "instruct"])
def test_the_providers_word_on_a_refund_that_nobody_agreed_to_moves_nothing(verb: str, used_fen: int) -> None:
    """The money never left. The table has an edge from `requested` to `succeeded`, but only the merchant's consent takes it."""
    town = refund_in("requested", used_fen)
    before, money = town.rows.image(), town.money()
    with pytest.raises(Conflict, match="refund_requested"):
        town.do(REFUND_VERBS[verb][0](*town.refund("ref_1_a"), town.now))
    assert (town.rows.image(), town.money()) == (before, money)
