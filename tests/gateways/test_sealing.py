"""What is sealed for a person and a field opens for nobody and nothing else."""

import pytest
from cryptography.exceptions import InvalidTag

from chalicelib import sealing
from chalicelib.domain.refusals import CounterpartUnknown
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
