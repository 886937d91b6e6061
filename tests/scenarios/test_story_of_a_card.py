"""The story of a card, as far as the money core tells it: who has how much after each step, in fen, and 0 fen off at the end."""

from chalicelib.domain import redemption as redemptions
from chalicelib.domain import refund as refunds
from chalicelib.domain.refund import Cause
from chalicelib.domain.transfer import broken_at
from tests.domain.town import CONSUMER, Town, balances, code_of, journal

MONEY = ("face", "custody", "card", "payable", "in_transit")


def has(town: Town, *fen: int) -> bool:
    """Who has how much, in the order of MONEY."""
    return town.money() == dict(zip(MONEY, fen, strict=True))


def test_the_whole_life_of_a_card_by_the_fen() -> None:
    town = Town()
    town.place()
    assert town.card() is None
    town.pay()
    assert has(town, 130000, 100000, 100000, 0, 0)
    visits(town)
    town.later(days=1)
    the_rest_goes_back(town)
    transfers = sorted(journal(town.rows), key=lambda moved: moved.seq)
    assert sum(balances(transfers).values()) == 0
    assert [str(moved.kind) for moved in transfers] == ["purchase", "redemption", "redemption", "refund", "refund_paid"]
    assert broken_at(transfers, town.card().head_hash, [moved.hash for moved in transfers]) is None
    assert code_of(lambda: town.hold(1)) == "card_closed"


def visits(town: Town) -> None:
    """One by the consumer's code, one by the store's; one declined, one expired, one consent repeated."""
    visit = town.hold(13000, nonce="aa")
    assert has(town, 130000, 100000, 100000, 0, 0)
    first = town.answer(redemptions.confirm, visit)
    assert has(town, 117000, 100000, 90000, 10000, 0)
    town.answer(redemptions.confirm, town.hold(26000, who=CONSUMER))
    assert has(town, 91000, 100000, 70000, 30000, 0)
    town.answer(redemptions.decline, town.hold(5000))
    late = town.hold(5000)
    town.later(minutes=5)
    assert code_of(lambda: town.answer(redemptions.confirm, late)) == "redemption_expired"
    town.do(redemptions.expire(late, town.card(), town.now))
    again = redemptions.confirm(first, town.card(), CONSUMER.principal_id, town.now)
    assert (again.replayed, again.answer) == (True, first)
    assert has(town, 91000, 100000, 70000, 30000, 0)


def the_rest_goes_back(town: Town) -> None:
    assert town.quote(Cause.CONSUMER, no_reason=True).refund_fen == 70000
    town.ask_refund("ref_1_a", Cause.CONSUMER, no_reason=True)
    assert has(town, 91000, 100000, 0, 30000, 70000)
    town.do(refunds.succeed(*town.refund("ref_1_a"), "wx-1", 70000, town.now))
    assert has(town, 0, 30000, 0, 30000, 0)


def test_a_consumer_who_thinks_again_after_the_cooling_off_days_and_in_the_end_leaves() -> None:
    town = Town()
    town.buy()
    town.answer(redemptions.confirm, town.hold(52000, nonce="aa"))
    half_used = {"face": 78000, "custody": 100000, "card": 60000, "payable": 40000, "in_transit": 0}
    assert town.money() == half_used

    town.later(days=8)  # nobody's fault but the consumer's: asked for, thought better of, nothing has moved
    assert code_of(lambda: town.quote(Cause.CONSUMER, no_reason=True)) == "cooling_off_over"
    assert town.ask_refund("ref_1_a", Cause.CONSUMER).amount_fen == 48000
    assert code_of(lambda: town.hold(13000)) == "card_refunding"
    town.do(refunds.withdraw(*town.refund("ref_1_a"), town.now))
    assert town.money() == half_used

    town.answer(redemptions.confirm, town.hold(13000))  # the card works again
    assert town.money() == {
        "face": 65000,
        "custody": 100000,
        "card": 50000,
        "payable": 50000,
        "in_transit": 0,
    }

    town.later(days=30)  # and now for good: 1000 less 650 at list, the 150 between are the merchant's
    assert town.ask_refund("ref_1_b", Cause.CONSUMER).amount_fen == 35000
    town.do(refunds.agree(*town.refund("ref_1_b"), town.now))
    assert code_of(lambda: refunds.withdraw(*town.refund("ref_1_b"), town.now)) == "refund_in_transit"
    town.do(refunds.instruct(town.refund("ref_1_b")[0], "wx-2", town.now))
    town.do(refunds.succeed(*town.refund("ref_1_b"), "wx-2", 35000, town.now))
    assert town.money() == {"face": 0, "custody": 65000, "card": 0, "payable": 65000, "in_transit": 0}

    transfers = sorted(journal(town.rows), key=lambda moved: moved.seq)
    assert sum(balances(transfers).values()) == 0
    assert broken_at(transfers, town.card().head_hash, [moved.hash for moved in transfers]) is None
