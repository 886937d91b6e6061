"""My own data: who I am through four channels, what I changed, my copy of everything, and my end."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib import sealing
from chalicelib.domain.card import CardState
from chalicelib.domain.consumer import Channel, Consumer, Identity, LinkedIdentity, Proof
from chalicelib.domain.principal import Role
from chalicelib.domain.terms import stored_value
from chalicelib.gateways import key_service
from chalicelib.operations import channels, sessions
from chalicelib.store import reads
from infra.local.sandbox.testing import Town as Counterparts
from tests.api.logins import WANG, enter, link, log_in
from tests.platform import Platform
from tests.town import Town, registered

ME = "/v1/consumers/me"


@pytest.mark.parametrize("channel", list(Channel))
def test_each_channel_leads_to_one_person_however_often(connected: Platform, counterparts: Counterparts, channel: str) -> None:
    first, again = (enter(connected, counterparts, channel, f"s-{channel}", **WANG) for _ in range(2))
    assert (first.status, first.json["role"]) == (201, "consumer")
    assert first.json["principal_id"] == again.json["principal_id"]
    assert enter(connected, counterparts, channel, "somebody else", **WANG).json["principal_id"] != first.json["principal_id"]
    seen = connected.get(ME, first.json["token"]).json
    assert [one["channel"] for one in seen["identities"]] == [channel]


def test_the_same_subject_at_two_channels_is_two_people(connected: Platform, counterparts: Counterparts) -> None:
    ids = {enter(connected, counterparts, channel, "same").json["principal_id"] for channel in ("wechat", "unionpay", "yongpai")}
    assert len(ids) == 3


@pytest.mark.parametrize("channel", list(Channel))
def test_a_code_is_good_once_and_a_silent_channel_is_no_no(connected: Platform, counterparts: Counterparts, channel: str) -> None:
    code = counterparts.login_code(channel, "s-1", **WANG)
    body = {"channel": channel, "code": code}
    assert connected.post("/v1/sessions", body).status == 201
    assert connected.post("/v1/sessions", body).code == "login_code_invalid"
    assert connected.post("/v1/sessions", body | {"code": "invented-code"}).code == "login_code_invalid"
    counterparts.fault(channel, "*", "drop")
    lost = enter(connected, counterparts, channel, "s-1", **WANG)
    assert (lost.status, lost.code, lost.json["facts"]) == (503, "channel_unknown", {"channel": channel})


@pytest.mark.parametrize("wrong", [{"channel": "telegram"}, {"channel": ["wechat"]}, {"code": "a b c d"}, {"code": "x" * 513}])
def test_a_login_of_another_shape_is_refused(connected: Platform, wrong: dict[str, Any]) -> None:
    answer = connected.post("/v1/sessions", {"channel": "wechat", "code": "0123456789"} | wrong)
    assert (answer.status, answer.code) == (400, "request_invalid")


def test_only_what_zheliban_checked_is_a_real_name(connected: Platform, counterparts: Counterparts) -> None:
    checked = connected.get(ME, log_in(connected, counterparts, "zheliban", "z-1", **WANG)).json
    assert (checked["name"], checked["phone"], checked["id_number_tail"]) == ("王小明", "13812345678", "1232")
    assert (checked["real_name_verified"], checked["real_name_level"], checked["phone_verified"]) == (True, "3", True)
    weak = connected.get(ME, log_in(connected, counterparts, "zheliban", "z-2", **WANG | {"authlevel": "1"})).json
    assert (weak["name"], weak["id_number_tail"], weak["real_name_verified"], weak["phone"]) == ("", "", False, "13812345678")


def test_a_person_changes_phone_and_nickname_and_nothing_else(connected: Platform, counterparts: Counterparts) -> None:
    token = log_in(connected, counterparts, "zheliban", "z-1", **WANG)
    changed = connected.call("PATCH", ME, {"phone": "13900001111", "nickname": "小明"}, token=token).json
    assert (changed["phone"], changed["phone_verified"], changed["nickname"], changed["name"]) == (
        "13900001111", False, "小明", "王小明"
    )  # fmt: skip
    assert connected.call("PATCH", ME, {"nickname": ""}, token=token).json == changed | {"nickname": ""}
    for wrong in ({"name": "x"}, {"phone": "0574-87654321"}, {"phone": "1"}, {"nickname": "x" * 31}, {"nickname": "<b>"}):
        assert connected.call("PATCH", ME, wrong, token=token).code == "request_invalid"


def test_kms_is_asked_once_for_a_newcomer_and_once_per_container_later(
    connected: Platform, counterparts: Counterparts, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    service = key_service.connect()
    below_new, below_unwrap = service.new_key, service.unwrap
    monkeypatch.setattr(service, "new_key", lambda owner: asked.append("new") or below_new(owner))
    monkeypatch.setattr(service, "unwrap", lambda owner, wrapped: asked.append("unwrap") or below_unwrap(owner, wrapped))
    answer = enter(connected, counterparts, "zheliban", "z-1", **WANG)
    connected.get(ME, answer.json["token"])
    assert asked == ["new"]
    enter(connected, counterparts, "zheliban", "z-1", **WANG)
    assert asked == ["new"], "somebody known is let in without any key"
    sealing.forget(answer.json["principal_id"])
    for _ in range(3):
        connected.get(ME, answer.json["token"])
    assert asked == ["new", "unwrap"]


def test_of_two_first_logins_at_once_one_person_comes_out(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one begins when the first has looked and has not yet written."""
    proof = Proof(Channel.UNIONPAY, "up-new")
    monkeypatch.setattr(channels, "EXCHANGES", {Channel.UNIONPAY: lambda code: proof})
    below, inner = sealing.new_key, []

    def slow(owner_id: str) -> str:
        monkeypatch.setattr(sealing, "new_key", below)
        inner.append(sessions.log_in(Channel.UNIONPAY, "2", town.platform.now()))
        return below(owner_id)

    monkeypatch.setattr(sealing, "new_key", slow)
    outer = sessions.log_in(Channel.UNIONPAY, "1", town.platform.now())
    assert [outer] == inner
    people = [item for item in town.platform.dump().values() if item.get("row", {}).get("S") == "Consumer"]
    assert len(people) == 3, "mei, li, and one more"


def test_a_link_needs_both_proofs(connected: Platform, counterparts: Counterparts) -> None:
    token = log_in(connected, counterparts, "zheliban", "z-1", **WANG)
    code = counterparts.login_code("wechat", "o-1")
    body = {"channel": "wechat", "code": code}
    assert connected.post(f"{ME}/identities", body).code == "token_invalid"
    assert connected.post(f"{ME}/identities", body | {"code": "invented"}, token).code == "login_code_invalid"
    made = connected.post(f"{ME}/identities", body, token)
    assert (made.status, made.json) == (201, {"channel": "wechat", "linked": True})
    assert connected.post(f"{ME}/identities", body, token).code == "login_code_invalid"
    assert link(connected, counterparts, token, "wechat", "o-1").replayed
    assert link(connected, counterparts, token, "wechat", "o-2").code == "channel_already_linked"
    seen = connected.get(ME, token).json
    assert {one["channel"] for one in seen["identities"]} == {"zheliban", "wechat"}
    me = enter(connected, counterparts, "wechat", "o-1").json["principal_id"]
    assert me == seen["consumer_id"]


def test_an_identity_comes_over_from_somebody_who_never_bought(connected: Platform, counterparts: Counterparts) -> None:
    token = log_in(connected, counterparts, "zheliban", "z-1", **WANG)
    other = log_in(connected, counterparts, "wechat", "o-1")
    ended = connected.get(ME, other).json["consumer_id"]
    assert link(connected, counterparts, token, "wechat", "o-1").status == 201
    assert connected.get(ME, other).code == "token_invalid"
    assert connected.call("PATCH", ME, {"nickname": "x"}, token=other).code == "token_invalid"
    gone = reads.get(Consumer, ended)
    assert gone is not None and (gone.wrapped_key, gone.state) == ("", "erased")
    assert not [held for held in sealing._CIPHERS if held[0] == ended]
    assert enter(connected, counterparts, "wechat", "o-1").json["principal_id"] == connected.get(ME, token).json["consumer_id"]


def test_an_identity_is_unlinked_and_never_the_last_one(connected: Platform, counterparts: Counterparts) -> None:
    token = log_in(connected, counterparts, "zheliban", "z-1", **WANG)
    assert connected.post(f"{ME}/identities/zheliban/unlink", token=token).code == "last_identity"
    assert connected.post(f"{ME}/identities/wechat/unlink", token=token).code == "not_found"
    assert connected.post(f"{ME}/identities/telegram/unlink", token=token).code == "not_found"
    link(connected, counterparts, token, "unionpay", "u-1")
    done = connected.post(f"{ME}/identities/zheliban/unlink", token=token)
    assert (done.status, done.json) == (200, {"channel": "zheliban", "linked": False})
    assert connected.post(f"{ME}/identities/zheliban/unlink", token=token).replayed
    seen = connected.get(ME, token).json
    assert (seen["name"], seen["real_name_verified"], seen["phone"]) == ("", False, "")
    assert enter(connected, counterparts, "zheliban", "z-1", **WANG).json["principal_id"] != seen["consumer_id"]


def test_paying_by_wechat_needs_a_wechat_identity(town: Town) -> None:
    person = registered(town.platform, Proof(Channel.UNIONPAY, "up-1"))
    token = town.platform.token(person.consumer_id, Role.CONSUMER)
    wish = {
        "product_id": town.product.product_id, "contract_version": town.product.contract_version, "payment_provider": "wechat_pay"
    }  # fmt: skip
    before = town.platform.dump()
    answer = town.platform.post("/v1/orders", wish, token)
    assert (answer.status, answer.code, answer.json["facts"]) == (422, "channel_not_linked", {"needs_channel": "wechat"})
    assert town.platform.dump() == before


def _order(town: Town, token: str, key: str = "") -> str:
    """Committed, although nobody answers at the provider."""
    wish = {
        "product_id": town.product.product_id, "contract_version": town.product.contract_version, "payment_provider": "wechat_pay"
    }  # fmt: skip
    return town.platform.post("/v1/orders", wish, token, key or None).code


def test_a_first_order_makes_a_buyer_whose_identity_stays_and_a_later_one_is_one_put(town: Town) -> None:
    from tests.faults.wire import wire_of

    def written(key: str) -> tuple[int, int]:
        with wire_of() as wire:
            assert _order(town, town.stranger, key) == "payment_provider_unknown"
        return wire.count("TransactWriteItems"), wire.count("PutItem")

    assert written("order-0001") == (1, 0)
    stranger = reads.get(Consumer, town.stranger_id)
    assert stranger is not None and stranger.buyer
    assert written("order-0001") == (0, 0)
    town.platform.put(replace(town.product, terms=stored_value(100_000, 0), version=town.product.version + 1))
    assert written("order-0002") == (0, 1)


@pytest.mark.parametrize("buys_first", [True, False])
def test_of_link_and_first_order_at_once_one_is_refused(town: Town, monkeypatch: pytest.MonkeyPatch, buys_first: bool) -> None:
    """The other one is written when the first has been decided and not yet written."""
    from chalicelib.operations import consumers, orders

    other = registered(town.platform, Proof(Channel.UNIONPAY, "up-1"))
    token = town.platform.token(other.consumer_id, Role.CONSUMER)
    monkeypatch.setattr(channels, "EXCHANGES", {Channel.WECHAT: lambda code: Proof(Channel.WECHAT, "o-canary-li")})
    module: Any = consumers if buys_first else orders
    name = "held" if buys_first else "_payer"
    below, codes = getattr(module, name), []

    def meanwhile(consumer_id: str) -> Any:
        loaded = below(consumer_id)
        monkeypatch.setattr(module, name, below)
        codes.append(_order(town, town.stranger) if buys_first else linked())
        return loaded

    def linked() -> str:
        return town.platform.post(f"{ME}/identities", {"channel": "wechat", "code": "any-code"}, token).code

    monkeypatch.setattr(module, name, meanwhile)
    codes.append(linked() if buys_first else _order(town, town.stranger))
    expected = ["payment_provider_unknown", "identity_has_cards"] if buys_first else ["", "token_invalid"]
    assert codes == expected
    assert len([item for item in town.platform.dump().values() if item.get("row", {}).get("S") == "Order"]) == 1 + buys_first


def test_the_payers_openid_is_in_no_row_and_reaches_the_provider(connected: Platform, counterparts: Counterparts) -> None:
    from tests.api.journey import Journey

    journey = Journey(connected, counterparts)
    journey.approved()
    journey.set_up()
    token = log_in(connected, counterparts, "wechat", "o-payer-canary")
    order = journey.done(journey.order(token), 201)
    assert "o-payer-canary" not in str(connected.dump())
    counterparts.control("POST", "payments", payment_parameters=order["payment_parameters"], openid="o-payer-canary")
    listed = connected.get("/v1/orders?limit=1", token).json
    assert ([one["order_id"] for one in listed["data"]], listed["has_more"]) == ([order["order_id"]], False)
    refused = connected.post(f"{ME}/erase", {"confirm": "erase"}, token)
    assert (refused.status, refused.code, refused.json["facts"]) == (409, "orders_open", {"orders": [order["order_id"]]})


def test_staff_who_look_at_one_thing_see_a_masked_customer_and_the_customer_does_not(town: Town) -> None:
    redemption = town.hold()
    path = f"/v1/redemptions/{redemption}"
    assert town.platform.get(path, town.cashier).json["customer"] is None, "nothing was told"
    town.platform.call("PATCH", ME, {"phone": "13812345678", "nickname": "小梅"}, token=town.consumer)
    assert town.platform.get(path, town.cashier).json["customer"] == {"nickname": "小**", "phone": "138****5678"}
    assert town.platform.get(path, town.consumer).json["customer"] is None
    town.confirm(redemption)
    town.platform.later(days=8)
    owner, consumer = (town.platform.token(_id(token), role) for token, role in (
        (town.tokens[Role.OWNER], Role.OWNER), (town.consumer, Role.CONSUMER)
    ))  # fmt: skip
    asked = town.platform.post("/v1/refunds", {"card_id": town.card.card_id, "cause": "consumer"}, consumer)
    seen = town.platform.get(f"/v1/refunds/{asked.json['refund_id']}", owner)
    assert seen.json["customer"] == {"nickname": "小**", "phone": "138****5678"}


def _id(token: str) -> str:
    from jwt import decode

    return str(decode(token, options={"verify_signature": False})["sub"])


def test_nobody_waits_at_the_counter_for_a_silent_key_service(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.gateways.outcomes import Unknown

    redemption = town.hold()
    town.platform.call("PATCH", ME, {"nickname": "小梅"}, token=town.consumer)
    sealing.forget(town.consumer_id)
    monkeypatch.setattr(key_service.connect(), "unwrap", lambda owner, wrapped: Unknown("no answer"))
    seen = town.platform.get(f"/v1/redemptions/{redemption}", town.cashier)
    assert (seen.status, seen.json["customer"]) == (200, None)
    assert town.platform.get(ME, town.consumer).code == "key_service_unknown"


def test_an_export_has_everything_and_says_what_was_cut(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.operations import personal

    posted, declined = town.hold(1_000), town.hold(2_000)
    town.confirm(posted)
    town.platform.post(f"/v1/redemptions/{declined}/decline", token=town.consumer)
    whole = town.platform.get(f"{ME}/export", town.consumer).json
    card = town.card.card_id
    assert [one["subject"] for one in whole["identities"]] == ["o-canary-mei"]
    assert [one["card_id"] for one in whole["cards"]] == [one["card_id"] for one in whole["histories"]] == [card]
    (history,) = whole["histories"]
    assert [one["transfer_id"] for one in history["transfers"]][1:] == [posted]
    assert [one["redemption_id"] for one in history["redemptions_not_posted"]] == [declined]
    assert [one["card_id"] for one in whole["orders"]] == [card]
    assert whole["cut"] == []
    for limit in ("CARDS_EXPORTED_MAX", "ORDERS_EXPORTED_MAX", "ROWS_OF_A_CARD_MAX"):
        monkeypatch.setattr(personal, limit, 1)
    cut = town.platform.get(f"{ME}/export", town.consumer).json["cut"]
    assert [one["what"] for one in cut] == ["transfers", "cards", "orders"]
    rest = [town.platform.get(one["route"], town.consumer) for one in cut]
    assert [(one.status, len(one.json["data"])) for one in rest] == [(200, 1), (200, 0), (200, 0)]
    assert rest[0].json["data"][0]["transfer_id"] == posted
    monkeypatch.setattr(personal, "HISTORIES_EXPORTED_MAX", 0)
    cut = town.platform.get(f"{ME}/export", town.consumer).json["cut"]
    assert {"what": "transfers", "route": f"/v1/cards/{card}/transfers"} in cut


def test_lists_of_cards_and_orders_are_paged(town: Town) -> None:
    from dataclasses import replace

    from chalicelib import ids
    from chalicelib.domain.order import Order

    order = reads.get(Order, town.card.card_id)
    assert order is not None
    for number in range(4):
        own = f"ord_{number}"
        twin = ids.renamed("crd", own)
        town.platform.put(replace(town.card, card_id=twin), replace(order, order_id=own, card_id=twin))
    for path, name in (("/v1/cards", "card_id"), ("/v1/orders", "order_id")):
        seen, cursor = [], ""
        while True:
            page = town.platform.get(f"{path}?limit=2{cursor}", town.consumer).json
            seen += [one[name] for one in page["data"]]
            if not page["has_more"]:
                break
            cursor = f"&cursor={page['next_cursor']}"
        assert len(seen) == len(set(seen)) == 5
        assert town.platform.get(f"{path}?cursor={page['next_cursor'] or 'x'}", town.consumer).code == "cursor_invalid"
        first = town.platform.get(f"{path}?limit=2", town.consumer).json
        assert town.platform.get(f"{path}?cursor={first['next_cursor']}", town.stranger).code == "cursor_invalid"


def test_erasure_is_refused_with_what_is_left(town: Town) -> None:
    before = town.platform.dump()
    assert town.platform.post(f"{ME}/erase", {}, town.consumer).code == "request_invalid"
    assert town.platform.post(f"{ME}/erase", {"confirm": "yes"}, town.consumer).code == "request_invalid"
    answer = town.platform.post(f"{ME}/erase", {"confirm": "erase"}, town.consumer)
    left = {"card_id": town.card.card_id, "state": "active", "face_fen": 130_000, "custody_fen": 100_000}
    assert (answer.status, answer.code) == (409, "cards_not_empty")
    assert answer.json["facts"] == {"cards": [left], "refunds": []}
    assert town.platform.dump() == before


def test_more_than_can_be_looked_through_is_not_erased(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.operations import personal

    monkeypatch.setattr(personal, "LOOKED_THROUGH_MAX", 1)
    assert town.platform.post(f"{ME}/erase", {"confirm": "erase"}, town.consumer).code == "too_much_to_erase"


def test_an_erased_person_leaves_a_ledger_that_verifies_and_nothing_that_names_them(town: Town) -> None:
    from dataclasses import replace

    from chalicelib.domain.transfer import broken_at

    town.platform.call("PATCH", ME, {"phone": "13812345678", "nickname": "小梅"}, token=town.consumer)
    for _ in range(10):
        town.confirm(town.hold(13_000))
    before = reads.get(Consumer, town.consumer_id)
    assert before is not None
    linked = reads.get(LinkedIdentity, town.consumer_id, Channel.WECHAT)
    assert linked is not None
    done = town.platform.post(f"{ME}/erase", {"confirm": "erase"}, town.consumer)
    assert (done.status, done.json["state"], done.json["kept_years"]) == (200, "erased", 5)
    assert town.platform.post(f"{ME}/erase", {"confirm": "erase"}, town.consumer).replayed

    rows = str(town.platform.dump())
    sealed = (before.wrapped_key, before.sealed_phone, before.sealed_nickname, linked.sealed_subject)
    assert not [part for part in ("o-canary-mei", "13812345678", "小梅", *sealed) if part in rows]
    assert reads.get(Identity, linked.claim) == Identity(linked.claim, "", 2)
    assert not [held for held in sealing._CIPHERS if held[0] == town.consumer_id]
    card = town.present_card()
    chain = reads.chained_rows(card.card_id, 0, 100)
    assert (card.state, card.escrow_fen, len(chain)) == (CardState.ACTIVE, 0, 11)
    assert broken_at([row.transfer for row in chain], card.head_hash, [row.hash for row in chain]) is None
    for answer in (
        town.platform.get(ME, town.consumer),
        town.platform.get(f"{ME}/export", town.consumer),
        town.platform.call("PATCH", ME, {"nickname": "x"}, token=town.consumer),
        town.platform.post(f"{ME}/identities/wechat/unlink", token=town.consumer),
        town.platform.post("/v1/orders", {
            "product_id": town.product.product_id, "contract_version": town.product.contract_version,
            "payment_provider": "wechat_pay",
        }, town.consumer),
    ):  # fmt: skip
        assert answer.code == "token_invalid"
    town.platform.put(replace(card, version=card.version + 1))
    assert town.platform.get(f"/v1/redemptions/{chain[1].redemption_id}", town.cashier).json["customer"] is None


def test_linking_and_ending_are_audited_without_personal_data(connected: Platform, counterparts: Counterparts) -> None:
    token = log_in(connected, counterparts, "zheliban", "canary-z", **WANG)
    link(connected, counterparts, token, "wechat", "canary-o")
    connected.post(f"{ME}/identities/wechat/unlink", token=token)
    connected.post(f"{ME}/erase", {"confirm": "erase"}, token)
    items = [item for item in connected.dump().values() if item.get("row", {}).get("S") == "AuditEntry"]
    assert sorted(item["action"]["S"] for item in items) == ["consumer.erase", "consumer.link", "consumer.unlink"]
    assert not [part for part in ("canary", *WANG.values()) if part != "3" and part in str(items)]
