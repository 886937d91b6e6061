"""The story of issue 2, as far as the money core tells it: who has how much after each step, in fen, and 0 fen off at the end."""

from chalicelib.domain import redemption as redemptions
from chalicelib.domain import refund as refunds
from chalicelib.domain.refund import Cause
from chalicelib.domain.transfer import broken_at
from tests.domain.town import CONSUMER, Town, balances, code_of, journal


def test_the_whole_life_of_a_card_by_the_fen() -> None:
    town = Town()

    town.place()  # 4: ordered, not yet paid
    assert town.card() is None
    town.pay()
    assert town.money() == {"face": 130000, "custody": 100000, "card": 100000, "payable": 0, "in_transit": 0}

    visit = town.hold(13000, nonce="aa")  # 6: asked for, not yet confirmed
    assert town.money() == {"face": 130000, "custody": 100000, "card": 100000, "payable": 0, "in_transit": 0}
    first = town.answer(redemptions.confirm, visit)
    assert town.money() == {
        "face": 117000,
        "custody": 100000,
        "card": 90000,
        "payable": 10000,
        "in_transit": 0,
    }

    own = town.hold(26000, who=CONSUMER)  # 7: by the store's code
    town.answer(redemptions.confirm, own)
    assert town.money() == {
        "face": 91000,
        "custody": 100000,
        "card": 70000,
        "payable": 30000,
        "in_transit": 0,
    }
    town.answer(redemptions.decline, town.hold(5000))
    late = town.hold(5000)
    town.later(minutes=5)
    assert code_of(lambda: town.answer(redemptions.confirm, late)) == "redemption_expired"
    town.do(redemptions.expire(late, town.card(), town.now))
    again = redemptions.confirm(first, town.card(), CONSUMER.principal_id, town.now)
    assert (again.replayed, again.answer) == (True, first)
    assert town.money() == {
        "face": 91000,
        "custody": 100000,
        "card": 70000,
        "payable": 30000,
        "in_transit": 0,
    }

    town.later(days=1)  # 11: the rest goes back
    assert town.quote(Cause.CONSUMER, no_reason=True).refund_fen == 70000
    town.ask_refund("ref_1_a", Cause.CONSUMER, no_reason=True)
    assert town.money() == {
        "face": 91000,
        "custody": 100000,
        "card": 0,
        "payable": 30000,
        "in_transit": 70000,
    }
    town.do(refunds.succeed(*town.refund("ref_1_a"), "wx-1", 70000, town.now))
    assert town.money() == {"face": 0, "custody": 30000, "card": 0, "payable": 30000, "in_transit": 0}

    transfers = sorted(journal(town.rows), key=lambda moved: moved.seq)
    assert sum(balances(transfers).values()) == 0
    assert [str(moved.kind) for moved in transfers] == [
        "purchase",
        "redemption",
        "redemption",
        "refund",
        "refund_paid",
    ]
    assert broken_at(transfers, town.card().head_hash, [moved.hash for moved in transfers]) is None
    assert code_of(lambda: town.hold(1)) == "card_closed"
