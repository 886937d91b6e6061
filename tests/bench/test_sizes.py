"""What a row costs, by the examples of DynamoDB's own rules."""
import pytest

from bench.sizes import index_units, item_bytes, read_units, write_units

ROW = {"pk": {"S": "crd_1"}, "sk": {"S": "card"}, "bucket": {"S": "day"}, "seq": {"N": "2"}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "放心"}, 6),
        ({"N": "0"}, 1),
        ({"N": "130000"}, 2),
        ({"N": "12345"}, 4),
        ({"N": "-7"}, 3),
        ({"BOOL": True}, 1),
        ({"L": [{"S": "ab"}, {"S": "c"}]}, 8),
        ({"M": {"k": {"S": "v"}}}, 6),
    ],
)
def test_an_attribute_costs_its_name_and_its_value(value: dict[str, object], size: int) -> None:
    assert item_bytes({"name": value}) == 4 + size


def test_a_write_costs_a_unit_per_started_kilobyte_and_double_in_a_transaction() -> None:
    assert [write_units(size, transaction=False) for size in (1, 1024, 1025)] == [1, 1, 2]
    assert [write_units(size, transaction=True) for size in (1, 1024, 1025)] == [2, 2, 4]


def test_a_read_costs_a_unit_per_four_kilobytes_and_half_when_it_may_be_stale() -> None:
    assert [read_units(size, consistent=True) for size in (0, 4096, 4097)] == [1, 1, 2]
    assert read_units(4096, consistent=False) == 0.5


def test_an_index_is_written_once_when_a_row_enters_or_changes_and_twice_when_it_moves() -> None:
    elsewhere = ROW | {"bucket": {"S": "pending"}}
    outside = {name: value for name, value in ROW.items() if name != "bucket"}
    keys = ("bucket", "seq")
    assert index_units(None, ROW, keys) == 1
    assert index_units(ROW, ROW | {"version": {"N": "2"}}, keys) == 1
    assert index_units(elsewhere, ROW, keys) == 2
    assert index_units(ROW, outside, keys) == 1
    assert index_units(outside, outside, keys) == 0
