"""What is sealed for a person and a field opens for nobody and nothing else."""

import pytest
from cryptography.exceptions import InvalidTag

from chalicelib import sealing
from chalicelib.domain.refusals import CounterpartUnknown
from chalicelib.gateways import key_service
from tests.platform import Platform


def test_a_sealed_field_opens_for_its_owner_and_field_only(platform: Platform) -> None:
    wrapped = sealing.new_key("con_1")
    sealed = sealing.seal("con_1", wrapped, "phone", "13812345678")
    assert "138" not in sealed
    assert sealing.unseal("con_1", wrapped, "phone", sealed) == "13812345678"
    with pytest.raises(InvalidTag):
        sealing.unseal("con_1", wrapped, "name", sealed)
    with pytest.raises(InvalidTag):
        sealing.unseal("con_1", wrapped, "phone", f"{sealed[:-8]}AAAAAAA=")


def test_the_wrapped_key_of_one_person_is_of_no_use_under_another_ones_name(platform: Platform) -> None:
    wrapped = sealing.new_key("con_1")
    with pytest.raises(CounterpartUnknown):
        sealing.seal("con_2", wrapped, "phone", "13812345678")


def test_the_same_text_sealed_twice_looks_different(platform: Platform) -> None:
    wrapped = sealing.new_key("con_1")
    assert sealing.seal("con_1", wrapped, "phone", "1") != sealing.seal("con_1", wrapped, "phone", "1")


def test_a_new_key_is_known_and_one_that_was_dropped_is_asked_for_again(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    service = key_service.connect()
    below = service.unwrap
    monkeypatch.setattr(service, "unwrap", lambda owner, wrapped: asked.append(owner) or below(owner, wrapped))
    wrapped = sealing.new_key("con_1")
    sealed = sealing.seal("con_1", wrapped, "phone", "1")
    assert asked == []
    sealing.new_key("con_2")
    sealing.forget("con_1")
    assert sealing.unseal("con_1", wrapped, "phone", sealed) == "1"
    assert asked == ["con_1"]


def test_keys_are_remembered_up_to_a_bound_the_one_used_longest_ago_goes(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "KEYS_REMEMBERED_MAX", 2)
    one, two = (sealing.new_key(owner) for owner in ("con_1", "con_2"))
    sealing.seal("con_1", one, "phone", "1")
    sealing.new_key("con_3")
    assert ("con_1", one) in sealing._CIPHERS
    assert ("con_2", two) not in sealing._CIPHERS
    assert len(sealing._CIPHERS) == 2
