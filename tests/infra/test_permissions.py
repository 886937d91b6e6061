"""Who may do what: one role per function, exact actions on named resources."""
from typing import Any

from tests.infra.reading import functions, listed, of_type, statements

Template = dict[str, Any]

NO_RESOURCE = {"LogDeliveryHasNoResources"}
"""Statements (by Sid) whose actions know no resource."""
FUNCTION_ACTIONS = {
    "dynamodb:BatchGetItem", "dynamodb:ConditionCheckItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query",
    "kms:Decrypt", "kms:GenerateDataKey", "lambda:InvokeFunction",
    "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:PutObject",
    "secretsmanager:GetSecretValue",
}  # fmt: skip


def _of_functions(template: Template) -> list[tuple[str, dict[str, Any]]]:
    roles = {function["Role"]["Fn::GetAtt"][0] for function in functions(template).values()}
    return [(role, statement) for role, statement in statements(template) if role in roles]


def _resources(template: Template, role: str, action: str) -> list[Any]:
    """What a role may do this with."""
    allowing = [statement for owner, statement in statements(template) if owner == role and action in listed(statement["Action"])]
    return [resource for statement in allowing for resource in listed(statement["Resource"])]


def test_no_two_functions_share_a_role(production: Template) -> None:
    roles = [function["Role"]["Fn::GetAtt"][0] for function in functions(production).values()]
    assert len(roles) == len(set(roles)) == 8


def test_no_action_is_a_wildcard(production: Template) -> None:
    asked = [(role, action) for role, statement in statements(production) for action in listed(statement["Action"])]
    assert not [(role, action) for role, action in asked if "*" in action]


def test_no_resource_is_a_wildcard_where_the_action_knows_resources(production: Template) -> None:
    wild = [
        (role, statement)
        for role, statement in statements(production)
        if "*" in listed(statement["Resource"]) and statement.get("Sid") not in NO_RESOURCE
    ]
    assert not wild


def test_functions_read_and_put_and_do_nothing_else(production: Template) -> None:
    """No delete, no scan, no update, no key: what is written stays."""
    asked = {action for _, statement in _of_functions(production) for action in listed(statement["Action"])}
    assert asked <= FUNCTION_ACTIONS


def test_functions_reach_resources_of_this_stack_only(production: Template) -> None:
    ours = set(production["Resources"])
    for role, statement in _of_functions(production):
        for resource in listed(statement["Resource"]):
            name = resource["Fn::GetAtt"][0] if "Fn::GetAtt" in resource else resource["Fn::Sub"].split(".")[0].removeprefix("${")
            assert name in ours, (role, resource)


def test_the_api_reads_three_folders_of_the_archive_and_keeps_papers_and_nothing_more(production: Template) -> None:
    role = functions(production)["APIHandler"]["Role"]["Fn::GetAtt"][0]
    papers = {"Fn::Sub": "${Uploads.Arn}/applications/*"}
    archived = [{"Fn::Sub": f"${{Archive.Arn}}/{folder}/*"} for folder in ("reports", "posters", "search")]
    assert sorted(map(str, _resources(production, role, "s3:GetObject"))) == sorted(map(str, [*archived, papers]))
    assert _resources(production, role, "s3:GetObjectVersion") == [papers]
    assert _resources(production, role, "s3:PutObject") == [papers]
    owners = {owner for owner, statement in _of_functions(production) if "Uploads" in str(statement["Resource"])}
    assert owners == {role}


def test_the_function_that_draws_posters_reads_nothing_and_only_the_api_calls_it(production: Template) -> None:
    role = functions(production)["Posters"]["Role"]["Fn::GetAtt"][0]
    actions = {action for owner, statement in statements(production) if owner == role for action in listed(statement["Action"])}
    assert actions == {"logs:CreateLogStream", "logs:PutLogEvents", "s3:PutObject"}
    assert _resources(production, role, "s3:PutObject") == [{"Fn::Sub": "${Archive.Arn}/posters/*"}]
    drawn = {"Fn::GetAtt": ["Posters", "Arn"]}
    callers = {owner for owner, statement in statements(production) if drawn in listed(statement["Resource"])}
    assert callers == {functions(production)["APIHandler"]["Role"]["Fn::GetAtt"][0]}


def test_the_search_reads_the_list_of_merchants_and_writes_its_index_and_nothing_else(production: Template) -> None:
    role = functions(production)["Search"]["Role"]["Fn::GetAtt"][0]
    assert _resources(production, role, "dynamodb:Query") == [{"Fn::Sub": "${MerchantsTable.Arn}/index/listed"}]
    assert _resources(production, role, "s3:PutObject") == [{"Fn::Sub": "${Archive.Arn}/search/*"}]
    assert not _resources(production, role, "dynamodb:PutItem")
    assert not _resources(production, role, "dynamodb:GetItem")


def test_a_function_writes_to_its_own_log_only(production: Template) -> None:
    for name, function in functions(production).items():
        role = function["Role"]["Fn::GetAtt"][0]
        assert _resources(production, role, "logs:PutLogEvents") == [{"Fn::GetAtt": [f"{name}Log", "Arn"]}]
        assert function["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}Log"}


def test_a_state_machine_invokes_its_own_function_only(production: Template) -> None:
    for name, machine in of_type(production, "AWS::StepFunctions::StateMachine").items():
        role, function = machine["RoleArn"]["Fn::GetAtt"][0], name.removesuffix("Machine")
        assert _resources(production, role, "lambda:InvokeFunction") == [{"Fn::GetAtt": [function, "Arn"]}]
        assert machine["DefinitionSubstitutions"] == {f"{function}FunctionArn": {"Fn::GetAtt": [function, "Arn"]}}


def test_every_role_trusts_one_service(production: Template) -> None:
    trusted = ("lambda.", "states.", "scheduler.", "events.")
    for name, role in of_type(production, "AWS::IAM::Role").items():
        (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
        service = statement["Principal"]["Service"]
        assert str(service["Fn::Sub"] if isinstance(service, dict) else service).startswith(trusted), name
