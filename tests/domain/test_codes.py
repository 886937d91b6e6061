"""Store codes and payment codes: nothing but the very text that we signed is read, and a payment code is good once."""

import base64
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import redemption as redemptions
from chalicelib.domain.codes import (
    CODE_CHARS_MAX,
    CodeKeys,
    PaymentCode,
    StoreCode,
    read_payment_code,
    read_store_code,
    require_fresh,
    sign_payment_code,
    sign_store_code,
)
from chalicelib.domain.redemption import Ask
from tests.domain.town import CASHIER, NOON, Town, code_of

OLD, NEW = b"o" * 32, b"n" * 32
KEYS = CodeKeys(1, {1: OLD})
ROTATED = CodeKeys(2, {1: OLD, 2: NEW})
STORE = StoreCode("sto_01HZX", 3)
NONCE = "00112233445566778899aabb"
EXPIRY = NOON + timedelta(seconds=60)
PAYMENT = PaymentCode("crd_01HZX", NONCE, EXPIRY)
READERS: dict[str, Any] = {
    "store": (
        sign_store_code(KEYS, STORE),
        lambda keys, text: read_store_code(keys, text),
        "store_code_invalid",
    ),
    "payment": (
        sign_payment_code(KEYS, PAYMENT),
        lambda keys, text: read_payment_code(keys, text),
        "payment_code_invalid",
    ),
}
KIND = pytest.mark.parametrize("kind", list(READERS))


def refusal(kind: str, text: str, keys: CodeKeys = KEYS) -> str:
    return code_of(lambda: READERS[kind][1](keys, text))


def raw_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def scanned(text: str, now: datetime) -> PaymentCode:
    """A code as its use sees it: genuine, then fresh."""
    code = read_payment_code(KEYS, text)
    require_fresh(code.expires_at, now)
    return code


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def test_a_signed_code_reads_as_what_was_signed() -> None:
    assert read_store_code(KEYS, READERS["store"][0]) == STORE
    assert read_payment_code(KEYS, READERS["payment"][0]) == PAYMENT


@KIND
def test_every_flipped_bit_of_every_byte_is_noticed(kind: str) -> None:
    text, _, code = READERS[kind]
    raw = raw_of(text)
    for position in range(len(raw)):
        for bit in range(8):
            bent = bytearray(raw)
            bent[position] ^= 1 << bit
            assert refusal(kind, text_of(bytes(bent))) == code, (position, bit)


@KIND
def test_every_changed_character_is_noticed_also_where_it_only_changes_unused_bits(kind: str) -> None:
    text, _, code = READERS[kind]
    for position in range(len(text)):
        for other in "AZaz09-_":
            if other != text[position]:
                assert refusal(kind, text[:position] + other + text[position + 1 :]) == code


@KIND
def test_a_code_cut_anywhere_or_with_anything_added_is_not_read(kind: str) -> None:
    text, _, code = READERS[kind]
    assert {refusal(kind, text[:length]) for length in range(len(text))} == {code}
    added = (
        text + "A",
        text + "=",
        text + "==",
        text + "\n",
        " " + text,
        text + text,
        text + "é",
        "ｃ" + text,
        text + "\x00",
    )
    assert {refusal(kind, other) for other in added} == {code}
    assert (
        refusal(kind, "A" * (CODE_CHARS_MAX + 1))
        == refusal(kind, "A" * 1_000_000)
        == refusal(kind, "!" * 20)
        == code
    )


@KIND
def test_a_code_signed_with_a_foreign_key_or_an_unknown_key_id_is_not_read(kind: str) -> None:
    text, _, code = READERS[kind]
    assert refusal(kind, text, CodeKeys(1, {1: b"x" * 32})) == code
    assert refusal(kind, text, CodeKeys(2, {2: OLD})) == code
    assert refusal(kind, text, CodeKeys(2, {1: NEW, 2: OLD})) == code


@KIND
def test_after_a_rotation_old_codes_are_still_read_and_new_ones_have_the_new_key(kind: str) -> None:
    assert refusal(kind, READERS[kind][0], ROTATED) == ""
    fresh = sign_store_code(ROTATED, STORE) if kind == "store" else sign_payment_code(ROTATED, PAYMENT)
    assert raw_of(fresh)[0] == 2
    assert refusal(kind, fresh, ROTATED) == ""
    assert refusal(kind, fresh, KEYS) != ""


def test_a_store_code_is_no_payment_code_and_the_other_way_round() -> None:
    long_store = sign_store_code(KEYS, StoreCode("sto_" + "0" * 52, 1))
    assert code_of(lambda: read_payment_code(KEYS, long_store)) == "payment_code_invalid"
    assert code_of(lambda: read_store_code(KEYS, READERS["payment"][0])) == "store_code_invalid"


@pytest.mark.parametrize(
    "seconds, refused",
    [
        (0, ""),
        (59, ""),
        (60, ""),
        (62, ""),
        (62.000001, "payment_code_expired"),
        (63, "payment_code_expired"),
        (86400, "payment_code_expired"),
    ],
)
def test_a_payment_code_is_read_for_60_seconds_and_2_of_skew(seconds: float, refused: str) -> None:
    text = READERS["payment"][0]
    assert code_of(lambda: scanned(text, NOON + timedelta(seconds=seconds))) == refused


def test_an_altered_code_that_is_also_old_is_invalid_not_expired() -> None:
    text = READERS["payment"][0]
    assert code_of(lambda: scanned(text[:-1], NOON + timedelta(days=1))) == "payment_code_invalid"


def test_reading_a_code_asks_no_clock() -> None:
    """Genuine for ever; whether it is fresh is asked where it is used, after the question whether this is a repetition."""
    code = read_payment_code(KEYS, READERS["payment"][0])
    assert (code.card_id, code.nonce, code.expires_at) == ("crd_01HZX", NONCE, EXPIRY)
    assert code_of(lambda: require_fresh(code.expires_at, EXPIRY + timedelta(days=365))) == "payment_code_expired"


def test_no_code_shows_an_amount_or_a_name_and_the_longest_ids_still_fit() -> None:
    longest = sign_store_code(KEYS, StoreCode("sto_" + "0" * 52, 65535))
    assert len(longest) <= CODE_CHARS_MAX
    assert read_store_code(KEYS, longest).version == 65535
    assert len(sign_payment_code(KEYS, PaymentCode("crd_" + "0" * 26, NONCE, EXPIRY))) <= CODE_CHARS_MAX


def hold_with_code(town: Town, now: datetime) -> str:
    """What staff do with a scanned code: read it, then ask for a hold with its nonce."""
    town.now = now

    def used() -> None:
        code = read_payment_code(KEYS, sign_payment_code(KEYS, PaymentCode("crd_1", NONCE, EXPIRY)))
        town.count += 1
        ask = Ask(f"red_1_{town.count}", "sto_1", 100, str(town.count), code.nonce, code.expires_at)
        town.do(redemptions.open_redemption(town.card(), None, ask, CASHIER, "mch_1", town.now))

    return code_of(used)


def with_code(town: Town, key: str, body: str = "f") -> Any:
    ask = Ask(f"red_1_{key}", "sto_1", 100, body, NONCE, EXPIRY)
    earlier = town.rows.get(redemptions.Redemption, ask.redemption_id)
    return redemptions.open_redemption(town.card(), earlier, ask, CASHIER, "mch_1", town.now)


@pytest.mark.parametrize("seconds", [0, 59, 62, 63, 299, 300, 86400])
def test_a_request_repeated_after_its_code_has_expired_answers_with_what_was_opened(seconds: int) -> None:
    """The answer was lost on the way; whoever asks again with the same key must not be told that the code is old."""
    town = Town()
    town.buy()
    opened = town.do(with_code(town, "a"))
    town.later(seconds=seconds)
    before = town.rows.image()
    again = with_code(town, "a")
    assert (again.answer, again.replayed, again.puts) == (opened, True, ())
    assert code_of(lambda: with_code(town, "a", "another body")) == "idempotency_key_reused"
    other_key = "payment_code_used" if seconds <= 62 else "payment_code_expired"
    assert code_of(lambda: with_code(town, "b")) == other_key
    assert town.rows.image() == before


def test_a_repetition_answers_with_what_has_become_of_it_in_the_meantime() -> None:
    town = Town()
    town.buy()
    opened = town.do(with_code(town, "a"))
    posted = town.answer(redemptions.confirm, opened)
    town.later(days=1)
    assert (with_code(town, "a").answer, with_code(town, "a").replayed) == (posted, True)


def test_an_expired_code_holds_nothing_and_is_not_remembered() -> None:
    town = Town()
    town.buy()
    town.later(seconds=63)
    before = town.rows.image()
    assert code_of(lambda: town.do(with_code(town, "a"))) == "payment_code_expired"
    assert town.rows.image() == before


@pytest.mark.parametrize("first, second", [(0, 0), (0, 59), (30, 59.999)])
def test_a_payment_code_is_used_once(first: float, second: float) -> None:
    town = Town()
    town.buy()
    assert hold_with_code(town, NOON + timedelta(seconds=first)) == ""
    assert hold_with_code(town, NOON + timedelta(seconds=second)) == "payment_code_used"


@pytest.mark.parametrize("first, second", [(0, 60), (0, 61), (0, 62), (60, 60), (61, 62)])
def test_a_payment_code_is_used_once_also_within_the_two_seconds_of_skew(first: float, second: float) -> None:
    """T2, B11: as long as a code can be read, the card has to remember it."""
    town = Town()
    town.buy()
    assert hold_with_code(town, NOON + timedelta(seconds=first)) == ""
    assert hold_with_code(town, NOON + timedelta(seconds=second)) == "payment_code_used"


def test_a_code_whose_hold_was_declined_stays_used() -> None:
    town = Town()
    town.buy()
    hold = town.hold(100, nonce="aa")
    town.answer(redemptions.decline, hold)
    assert code_of(lambda: town.hold(100, nonce="aa")) == "payment_code_used"


def test_a_refused_hold_leaves_the_code_unused() -> None:
    town = Town()
    town.buy()
    assert code_of(lambda: town.hold(130001, nonce="aa")) == "insufficient_balance"
    assert town.hold(100, nonce="aa").state == "pending"


def test_a_thirteenth_code_within_a_minute_waits_and_an_old_one_is_forgotten() -> None:
    card = Town().buy()
    for number in range(12):
        card = card.with_code_used(str(number), EXPIRY, NOON)
    assert code_of(lambda: card.with_code_used("0", EXPIRY, NOON)) == "payment_code_used"
    assert code_of(lambda: card.with_code_used("new", EXPIRY, NOON)) == "too_many_codes"
    much_later = EXPIRY + timedelta(seconds=10)
    assert len(card.with_code_used("new", much_later, much_later).used_codes) == 1
