"""Every stored value comes back from its row as it was; tables are the template's; items stay small."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.store import reads
from chalicelib.store.rows import ROWS, to_row, to_value
from chalicelib.store.tables import TABLES
from tests import resources
from tests.platform import TABLE_SETTINGS, Platform
from tests.store.values import example
from tests.town import Town

ITEM_BYTES_MAX = 1024
"""One write unit."""


def parts_of_key(value: Any) -> list[Any]:
    shape = ROWS[type(value)]
    inner = getattr(value, shape.flatten) if shape.flatten else None
    return [getattr(value, name, None) if hasattr(value, name) else getattr(inner, name) for name in shape.key_fields]


@pytest.mark.parametrize("empty", [False, True], ids=["full", "empty"])
@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.__name__)
def test_every_value_comes_back_from_the_store_as_it_was(platform: Platform, kind: type[Any], empty: bool) -> None:
    value = example(kind, empty=empty)
    assert to_value(to_row(value)) == value
    platform.put(value)
    assert reads.get(kind, *parts_of_key(value)) == value


def test_a_row_of_another_kind_under_the_same_key_is_not_taken_for_the_value(town: Town) -> None:
    from chalicelib.domain.redemption import Redemption
    from chalicelib.domain.refund import Refund

    redemption = town.hold(100)
    assert reads.get(Refund, town.card.card_id, redemption) is None
    assert reads.get_together((Refund, (town.card.card_id, redemption)), (Redemption, (town.card.card_id, redemption)))[0] is None


def test_the_templates_tables_are_the_stores_tables() -> None:
    """Names, keys, and indexes with their keys and projections."""
    described = resources.tables()
    assert set(described) == set(resources.LOGICAL_NAMES)
    for table in TABLES:
        setting: str = table.Meta.setting
        made = described[TABLE_SETTINGS[setting.upper()]]
        schema: Any = table._get_schema()
        assert made["KeySchema"] == schema["key_schema"]
        kinds = {one["AttributeName"]: one["AttributeType"] for one in made["AttributeDefinitions"]}
        assert kinds == {one["AttributeName"]: one["AttributeType"] for one in schema["attribute_definitions"]}
        for name, ours in (
            ("GlobalSecondaryIndexes", "global_secondary_indexes"),
            ("LocalSecondaryIndexes", "local_secondary_indexes"),
        ):
            told = {one["IndexName"]: (one["KeySchema"], one["Projection"]) for one in made.get(name, [])}
            wanted = {
                one["index_name"]: (one["key_schema"], {"ProjectionType": one["projection"]["ProjectionType"]})
                for one in schema[ours]
            }
            assert told == wanted


def item_bytes(item: dict[str, Any]) -> int:
    """As DynamoDB counts: names and texts in UTF-8, two digits a byte and one more for a number, a byte each for the rest."""
    return sum(len(name.encode()) + value_bytes(value) for name, value in item.items())


def value_bytes(value: dict[str, Any]) -> int:
    ((kind, content),) = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return len(content.strip("-")) // 2 + 2
    if kind == "L":
        return 3 + sum(1 + value_bytes(one) for one in content)
    return 1


def test_a_confirmed_redemption_and_its_card_are_one_write_unit_each(town: Town) -> None:
    """With real ids; a card remembers up to 12 codes of the last minute, here the usual one."""
    made = town.platform.post("/v1/redemptions", town.staff_body(13_000), town.cashier)
    redemption = made.json["redemption_id"]
    town.confirm(redemption)
    items = {item["sk"]["S"]: item for item in town.platform.dump().values() if item["pk"]["S"] == town.card.card_id}
    sizes = {name: item_bytes(items[name]) for name in (redemption, "card")}
    assert {name: size for name, size in sizes.items() if size > ITEM_BYTES_MAX} == {}


def test_an_order_is_one_write_unit_when_it_is_placed_and_when_it_is_paid(town: Town) -> None:
    """With real ids, the digest of its contract and a name of 20 characters."""
    name = "宁波鄞州甬江一号美发美容管理有限责任公司"
    town.platform.put(replace(town.merchant, name=name))
    wish = {"product_id": town.product.product_id, "contract_version": "2026-01", "payment_provider": "wechat_pay"}
    town.platform.post("/v1/orders", wish, town.consumer)
    placed, paid = (
        [item for item in town.platform.dump().values() if item["sk"]["S"] == "order" and item["state"]["S"] == state]
        for state in ("created", "paid")
    )
    assert placed[0]["merchant_name"]["S"] == name
    assert item_bytes(placed[0]) <= ITEM_BYTES_MAX
    longer = {**paid[0], "merchant_name": {"S": name}}
    assert item_bytes(longer) <= ITEM_BYTES_MAX


def test_the_meters_of_a_bonus_are_small(town: Town) -> None:
    wish = {"product_id": town.product.product_id, "contract_version": "2026-01", "payment_provider": "wechat_pay"}
    town.platform.post("/v1/orders", wish, town.consumer)
    meters = [item for item in town.platform.dump().values() if item["sk"]["S"].startswith("meter#")]
    assert [item_bytes(item) < ITEM_BYTES_MAX / 2 for item in meters] == [True]
