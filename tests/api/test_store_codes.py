"""Store codes under attack and in change: guessed, bent, of another kind, revoked under somebody's hand (threats T1, T3)."""

import base64
import json
import random
from collections.abc import Iterator
from dataclasses import replace

import pytest

from chalicelib.domain.audit import Trace
from chalicelib.domain.code_key import CodeKey, first_key
from chalicelib.domain.codes import CodeKeys, StoreCode, sign_store_code
from chalicelib.domain.principal import PLATFORM, Role
from chalicelib.domain.staff import Staff, StaffState
from chalicelib.operations import code_keys
from chalicelib.operations.attempts import commit
from chalicelib.store import reads
from tests.faults.wire import Wire, wire_of
from tests.platform import DISTRICT, Answer, Platform
from tests.town import Town

REASON = {"reason": "reason"}


@pytest.fixture
def wire(town: Town) -> Iterator[Wire]:
    with wire_of() as made:
        yield made


def raw_of(code: str) -> bytes:
    return base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def bare(answer: Answer) -> str:
    """What a person gets, without the number of the request."""
    assert answer.status == 422, answer.text
    return json.dumps({key: value for key, value in answer.json.items() if key != "request_id"}, sort_keys=True)


def scan(town: Town, code: str, token: str = "") -> Answer:
    return town.platform.get(f"/v1/store-codes/{code}", token)


def rotate_store(town: Town, token: str = "", key: str | None = None, body: object = REASON, store_id: str = "") -> Answer:
    path = f"/v1/merchants/{town.merchant.merchant_id}/stores/{store_id or town.store.store_id}/code/rotate"
    return town.platform.post(path, body, token or town.tokens[Role.OWNER], key)


def second_operator(town: Town) -> str:
    person = Staff("stf_2ND", "second", PLATFORM, Role.OPERATOR, (), DISTRICT, town.platform.now(), "", "f", StaffState.ACTIVE)
    town.platform.put(person)
    return town.platform.token(person.staff_id, Role.OPERATOR)


def revoke(town: Town, key_id: int) -> None:
    proposed = town.platform.post(f"/v1/code-keys/{key_id}/revoke", REASON, town.tokens[Role.OPERATOR])
    assert proposed.status == 200, proposed.text
    approved = town.platform.post(f"/v1/code-keys/{key_id}/approve", token=second_operator(town))
    assert approved.json["state"] == "revoked", approved.text


def test_every_flipped_bit_is_refused_with_one_body_and_without_asking_the_store(town: Town, wire: Wire) -> None:
    """Bits of the key's id name a key that never was, which is looked for once each."""
    code = town.store_code
    assert scan(town, code).status == 200
    raw = raw_of(code)
    bodies, asked = set(), set()
    for bit in range(len(raw) * 8):
        bent = bytearray(raw)
        bent[bit // 8] ^= 1 << bit % 8
        before = len(wire.sent)
        bodies.add(bare(scan(town, text_of(bytes(bent)))))
        asked.add((bit < 8, len(wire.sent) - before))
    assert len(bodies) == 1
    assert asked <= {(True, 1), (True, 0), (False, 0)}


def test_codes_of_another_kind_store_key_or_print_are_refused_with_one_body_before_any_money(town: Town) -> None:
    keys = code_keys.signing(town.platform.now())
    others = [
        town.payment_code(),
        sign_store_code(CodeKeys(1, {1: b"f" * 32}), StoreCode(town.store.store_id, 1)),
        sign_store_code(CodeKeys(9, {9: b"f" * 32}), StoreCode(town.store.store_id, 1)),
        sign_store_code(keys, StoreCode(town.store.store_id, 2)),
        sign_store_code(keys, StoreCode(town.store.store_id, 0)),
        sign_store_code(keys, StoreCode("sto_" + "0" * 52, 1)),
        town.store_code.swapcase(),
        "A" * 60,
    ]
    before = town.platform.dump()
    said = {bare(scan(town, code)) for code in others}
    said |= {bare(town.platform.post("/v1/redemptions", town.consumer_body(store_code=code), town.consumer)) for code in others}
    assert len(said) == 1
    assert town.platform.dump() == before


def test_a_code_of_another_store_takes_nothing_from_a_card_of_this_merchant(town: Town) -> None:
    keys = code_keys.signing(town.platform.now())
    rivals = sign_store_code(keys, StoreCode(town.rival_store.store_id, 1))
    before = town.platform.dump()
    assert town.platform.post("/v1/redemptions", town.consumer_body(store_code=rivals), town.consumer).status == 404
    assert town.platform.dump() == before


def test_a_thousand_guesses_are_answered_alike(town: Town, wire: Wire) -> None:
    """Same length, same key id, a tag that somebody made up; and texts of any kind."""
    chance = random.Random(7)
    head = raw_of(town.store_code)[:-12]
    scan(town, town.store_code)
    before = len(wire.sent)
    said = {bare(scan(town, text_of(head + chance.randbytes(12)))) for _ in range(900)}
    assert len(wire.sent) == before
    said |= {bare(scan(town, text_of(chance.randbytes(chance.randint(8, 80))))) for _ in range(100)}
    assert len(said) == 1


def test_a_scan_reads_merchant_store_and_key_in_one_call_and_counts_in_four(town: Town, wire: Wire) -> None:
    scan(town, town.store_code)
    wire.sent.clear()
    assert scan(town, town.store_code).status == 200
    operations = [call.operation for call in wire.sent]
    assert operations == ["BatchGetItem", *["Query"] * 4, "Query"]
    (batch,) = (call.body["RequestItems"] for call in wire.sent if call.operation == "BatchGetItem")
    assert [len(table["Keys"]) for table in batch.values()] == [3]
    assert all(call.body["Limit"] <= 100 for call in wire.sent if call.body.get("Select") == "COUNT")


def test_a_redemption_by_store_code_counts_no_receipts(town: Town, wire: Wire) -> None:
    town.hold()
    wire.sent.clear()
    town.hold(100)
    assert not [call for call in wire.sent if call.operation == "Query"]


def test_receipts_of_this_store_and_this_day_are_counted_only_when_posted(town: Town) -> None:
    for _ in range(3):
        town.confirm(town.hold(100))
    town.hold(100)
    elsewhere = replace(town.store, store_id=f"{town.store.store_id[:-1]}0", name="二号店")
    town.platform.put(elsewhere)
    other = sign_store_code(code_keys.signing(town.platform.now()), StoreCode(elsewhere.store_id, 1))
    assert (scan(town, town.store_code).json["receipts_today"], scan(town, other).json["receipts_today"]) == (3, 0)
    assert "<dd>3</dd>" in town.platform.get(f"/m/{town.store_code}").text
    town.platform.later(days=1)
    assert scan(town, town.store_code).json["receipts_today"] == 0


@pytest.mark.parametrize("count, shown", [(99, "99"), (100, "99+"), (130, "99+")])
def test_more_than_99_receipts_are_said_to_be_more(town: Town, count: int, shown: str) -> None:
    """One card's receipts lie in one shard, of which a scan looks at so many rows."""
    opened = town.hold(100)
    town.confirm(opened)
    one = town.redemption(opened)
    town.platform.put(*(replace(one, redemption_id=f"{opened[:-3]}{n:03d}", seq=100 + n) for n in range(count - 1)))
    seen = scan(town, town.store_code).json
    assert (seen["receipts_today"], seen["receipts_today_more"]) == (99, shown.endswith("+"))
    assert f"<dd>{shown}</dd>" in town.platform.get(f"/m/{town.store_code}").text


def test_of_two_that_need_the_first_key_the_second_one_takes_the_key_of_the_first(platform: Platform) -> None:
    first = code_keys.signing(platform.now())
    seen = iter([[], code_keys.all_keys()])
    trace = Trace("aud_2", "-", "platform", "platform", platform.now())
    done = commit(lambda: first_key(next(seen), "wrapped by the second", trace))
    assert (done.answer.key_id, done.replayed) == (1, True)
    code_keys.forget()
    assert code_keys.signing(platform.now()) == first


def test_after_a_rotation_old_prints_are_good_and_new_ones_have_the_new_key(town: Town) -> None:
    old = town.store_code
    made = town.platform.post("/v1/code-keys/rotate", token=town.tokens[Role.OPERATOR])
    assert (made.status, made.json["key_id"], made.json["state"]) == (201, 2, "current")
    (listed,) = town.platform.get(f"/v1/merchants/{town.merchant.merchant_id}/stores").json["data"]
    assert raw_of(listed["code"])[0] == 2
    assert [scan(town, code).status for code in (old, listed["code"])] == [200, 200]


def test_a_revoked_key_ends_its_prints_in_the_middle_of_a_visit(town: Town) -> None:
    """The consumer scanned a moment ago; what is asked for now is refused, what was opened before can still be confirmed."""
    old = town.store_code
    held = town.hold(100)
    assert town.platform.post("/v1/code-keys/rotate", token=town.tokens[Role.OPERATOR]).status == 201
    body = town.consumer_body(100, store_code=old)
    revoke(town, 1)
    before = town.platform.dump()
    said = {bare(town.platform.post("/v1/redemptions", body, town.consumer)), bare(scan(town, old)), bare(scan(town, "A" * 60))}
    assert len(said) == 1
    assert town.platform.get(f"/m/{old}").status == 422
    assert town.platform.get(f"/v1/store-codes/{old}/qr.svg").status == 422
    assert town.platform.dump() == before
    town.confirm(held)
    assert scan(town, town.store_code).status == 200


def test_another_container_that_knew_the_key_refuses_it_too(town: Town) -> None:
    """What is remembered is the key, never that it is good."""
    old = town.store_code
    assert scan(town, old).status == 200
    key = reads.get(CodeKey, 1)
    assert key is not None
    town.platform.put(replace(key, state="revoked", version=9))
    assert scan(town, old).code == "store_code_invalid"


def test_a_new_store_code_ends_the_older_prints_once_per_request(town: Town) -> None:
    old = town.store_code
    done = rotate_store(town, key="rotate-once-0001")
    assert (done.status, done.json["code_version"], done.replayed) == (200, 2, False)
    again = rotate_store(town, key="rotate-once-0001")
    assert (again.json, again.replayed) == (done.json, True)
    assert rotate_store(town, key="rotate-once-0001", body={"reason": "other"}).code == "idempotency_key_reused"
    assert scan(town, old).code == "store_code_invalid"
    assert scan(town, done.json["code"]).json["store_id"] == town.store.store_id


def test_only_the_own_owner_renews_a_code_and_a_foreign_store_is_absent(town: Town) -> None:
    before = town.platform.dump()
    refused = [
        rotate_store(town, town.rival_owner),
        rotate_store(town, store_id=town.rival_store.store_id),
        rotate_store(town, store_id="sto_0"),
    ]
    assert {answer.code for answer in refused} == {"not_found"}
    assert rotate_store(town, town.tokens[Role.MANAGER]).code == "role_not_allowed"
    assert rotate_store(town, body={}).code == "request_invalid"
    assert town.platform.dump() == before


def test_keys_are_listed_without_their_material(town: Town) -> None:
    key = reads.get(CodeKey, 1)
    assert key is not None
    listed = town.platform.get("/v1/code-keys", town.tokens[Role.OPERATOR])
    assert [one["state"] for one in listed.json["data"]] == ["current"]
    assert key.wrapped not in listed.text


@pytest.mark.parametrize("key_id", ["0", "01", "256", "999", "1000", "-1", "x", "250"])
def test_a_key_id_that_never_was_is_absent(town: Town, key_id: str) -> None:
    assert town.platform.post(f"/v1/code-keys/{key_id}/revoke", REASON, town.tokens[Role.OPERATOR]).code == "not_found"


def test_every_change_of_a_key_and_of_a_code_is_audited(town: Town) -> None:
    town.platform.post("/v1/code-keys/rotate", token=town.tokens[Role.OPERATOR])
    revoke(town, 1)
    rotate_store(town)
    actions = {item["action"]["S"] for key, item in town.platform.dump().items() if "AuditTable" in key}
    assert actions >= {"code_key.create", "code_key.rotate", "code_key.propose_revoke", "code_key.revoke", "store_code.rotate"}


def test_the_same_key_rotates_once(town: Town) -> None:
    operator = town.tokens[Role.OPERATOR]
    first, again = (town.platform.post("/v1/code-keys/rotate", token=operator, key="rotation-1") for _ in range(2))
    assert (first.json, again.replayed) == (again.json, True)
    assert len(town.platform.get("/v1/code-keys", operator).json["data"]) == 2
