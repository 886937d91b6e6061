"""What keeps money's history: tables, archive, key, secrets and logs as they are packaged for production."""
from typing import Any

import pytest

from chalicelib.store import rows as row_shapes
from chalicelib.store import tables
from tests.infra.reading import of_type

Template = dict[str, Any]
KEY = {"Fn::GetAtt": ["DataKey", "Arn"]}


def test_every_table_can_be_restored_is_encrypted_with_our_key_and_forgets_what_is_due(production: Template) -> None:
    for name, table in of_type(production, "AWS::DynamoDB::Table").items():
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}, name
        assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": KEY}, name
        assert table["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}, name
        assert table["BillingMode"] == "PAY_PER_REQUEST", name


def test_production_tables_are_protected_from_deletion(production: Template) -> None:
    assert production["Conditions"]["InProduction"] == {"Fn::Equals": [{"Ref": "Stage"}, "production"]}
    assert production["Parameters"]["Stage"]["Default"] == "production"
    for name, table in of_type(production, "AWS::DynamoDB::Table").items():
        assert table["DeletionProtectionEnabled"] == {"Fn::If": ["InProduction", True, False]}, name


@pytest.mark.parametrize(("stage", "policy"), [("local", "Delete"), ("staging", "Retain"), ("production", "Retain")])
def test_data_outlives_its_stack_everywhere_but_on_a_laptop(templates: dict[str, Template], stage: str, policy: str) -> None:
    kinds = ("AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::SecretsManager::Secret", "AWS::KMS::Key", "AWS::Logs::LogGroup")
    kept = {name: made for name, made in templates[stage]["Resources"].items() if made["Type"] in kinds}
    assert len(kept) >= 15
    for name, made in kept.items():
        assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == (policy, policy), name


def test_the_tables_have_the_keys_and_indexes_that_the_store_uses(production: Template) -> None:
    deployed = {name: _shape(table) for name, table in _tables(production).items()}
    used = {_logical_name(model): _shape_of_model(model) for model in tables.TABLES}
    assert deployed == used


def test_attributes_are_declared_with_the_type_that_the_store_writes(production: Template) -> None:
    for model in tables.TABLES:
        table = _tables(production)[_logical_name(model)]
        declared = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
        for name, kind in declared.items():
            found = {attributes[name].attr_type for attributes in _attributes(model) if name in attributes}
            assert found == {kind}, f"{_logical_name(model)}.{name}"


BUCKETS = ("Archive", "Uploads")


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_keeps_every_version_encrypted_and_is_closed_to_the_public(production: Template, name: str) -> None:
    buckets = of_type(production, "AWS::S3::Bucket")
    assert set(buckets) == set(BUCKETS)
    bucket = buckets[name]
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY}
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4


@pytest.mark.parametrize("name", BUCKETS)
def test_a_bucket_refuses_requests_without_tls_except_on_a_laptop(production: Template, name: str) -> None:
    policy = production["Resources"][f"{name}Policy"]
    assert production["Conditions"][policy["Condition"]] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "Stage"}, "local"]}]}
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [{"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}.Arn}}/*"}]


def test_one_secret_is_generated_and_the_other_is_not_in_the_template(production: Template) -> None:
    secrets = of_type(production, "AWS::SecretsManager::Secret")
    assert secrets["AppSecret"]["GenerateSecretString"]["PasswordLength"] == 64
    assert not {"SecretString", "GenerateSecretString"} & set(secrets["CounterpartsSecret"])
    assert all(secret["KmsKeyId"] == KEY for secret in secrets.values())


def test_the_key_is_renewed_every_year(production: Template) -> None:
    assert all(key["EnableKeyRotation"] is True for key in of_type(production, "AWS::KMS::Key").values())


def test_no_log_is_kept_for_ever(production: Template) -> None:
    assert all(0 < group["RetentionInDays"] <= 400 for group in of_type(production, "AWS::Logs::LogGroup").values())


def _logical_name(model: Any) -> str:
    return str(model.Meta.setting).title().replace("_", "")


def _tables(template: Template) -> dict[str, Any]:
    return of_type(template, "AWS::DynamoDB::Table")


def _shape(table: dict[str, Any]) -> dict[str, Any]:
    indexes = table.get("GlobalSecondaryIndexes", []) + table.get("LocalSecondaryIndexes", [])
    assert all(index["Projection"] == {"ProjectionType": "ALL"} for index in indexes)
    return {"": _keys(table["KeySchema"])} | {index["IndexName"]: _keys(index["KeySchema"]) for index in indexes}


def _keys(schema: list[dict[str, str]]) -> list[tuple[str, str]]:
    return [(key["KeyType"], key["AttributeName"]) for key in schema]


def _shape_of_model(model: Any) -> dict[str, Any]:
    found = {"": _keys_of(model.get_attributes())}
    for name, index in model._indexes.items():
        found[name] = _keys_of(index.Meta.attributes)
    return found


def _keys_of(attributes: dict[str, Any]) -> list[tuple[str, str]]:
    hashes = [("HASH", attribute.attr_name) for attribute in attributes.values() if attribute.is_hash_key]
    return hashes + [("RANGE", attribute.attr_name) for attribute in attributes.values() if attribute.is_range_key]


def _attributes(model: Any) -> list[dict[str, Any]]:
    """Of the table, of its indexes, and of every kind of row that lies in it."""
    rows = [shape.row.get_attributes() for shape in row_shapes.ROWS.values() if shape.table is model]
    return [model.get_attributes(), *(index.Meta.attributes for index in model._indexes.values()), *rows]
