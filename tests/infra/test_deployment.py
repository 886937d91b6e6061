"""The packaged template as a whole: settings that name something, clocks of the right zone, both partitions, no open end."""
import json
import re
from typing import Any

import pytest

from app import app
from infra.build import ROOT, STAGES
from tests.infra.reading import functions, of_type, values

Template = dict[str, Any]

ENVIRONMENT = {
    "STAGE", "VERSION", "MERCHANTS_TABLE", "CARDS_TABLE", "CONSUMERS_TABLE", "CASES_TABLE", "RUNS_TABLE", "AUDIT_TABLE",
    "ARCHIVE_BUCKET", "UPLOADS_BUCKET", "PERSONAL_KEY",
    "APP_SECRET", "COUNTERPARTS_SECRET", "PUBLIC_URL", "WECHAT_URL", "WECHAT_PAY_URL", "CUSTODIAN_URL", "BUSINESS_REGISTRY_URL",
    "REGULATOR_URL", "UNIONPAY_URL", "ZHELIBAN_URL", "YONGPAI_URL",
}  # fmt: skip


def _settings() -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((ROOT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    return settings


def test_every_key_of_the_settings_names_a_handler() -> None:
    handlers = {handler.name for handler in app.pure_lambda_functions} | {"api_handler"}
    configured = [_settings(), *_settings()["stages"].values()]
    named = {name for part in configured for name in part.get("lambda_functions", {})}
    assert named == handlers


def test_every_handler_has_a_policy_of_its_own_and_no_policy_is_left_over() -> None:
    named = [function["iam_policy_file"] for function in _settings()["lambda_functions"].values()]
    assert sorted(named) == sorted(path.name for path in (ROOT / ".chalice").glob("policy-*.json"))
    assert _settings()["autogen_policy"] is False


def test_memory_and_time_limits_of_the_settings_reach_the_template(production: Template) -> None:
    for name, wanted in _settings()["lambda_functions"].items():
        function = functions(production)["APIHandler" if name == "api_handler" else name.capitalize()]
        assert (function["MemorySize"], function["Timeout"]) == (wanted["lambda_memory_size"], wanted["lambda_timeout"])


@pytest.mark.parametrize("stage", STAGES)
def test_every_setting_of_a_function_is_a_reference(templates: dict[str, Template], stage: str) -> None:
    variables = templates[stage]["Globals"]["Function"]["Environment"]["Variables"]
    assert set(variables) == ENVIRONMENT
    assert all(set(value) == {"Ref"} for value in variables.values())
    assert templates[stage]["Parameters"]["Stage"]["Default"] == stage


def test_only_posters_has_the_layer_and_only_the_api_knows_who_draws(production: Template) -> None:
    layers = {name: function["Layers"] for name, function in functions(production).items() if "Layers" in function}
    assert layers == {"Posters": [{"Ref": "PostersLayer"}]}
    told = {name: function.get("Environment", {}).get("Variables", {}) for name, function in functions(production).items()}
    assert {name: own for name, own in told.items() if own} == {"APIHandler": {"POSTERS_FUNCTION": {"Ref": "Posters"}}}
    assert functions(production)["Posters"]["Timeout"] < functions(production)["APIHandler"]["Timeout"]


def test_no_counterpart_has_an_address_by_default(production: Template) -> None:
    urls = {name: parameter for name, parameter in production["Parameters"].items() if name.endswith("Url")}
    assert len(urls) == 9
    assert not [name for name, parameter in urls.items() if "Default" in parameter]


def test_clocks_are_those_of_shanghai(production: Template) -> None:
    schedules = of_type(production, "AWS::Scheduler::Schedule")
    assert {schedule["ScheduleExpressionTimezone"] for schedule in schedules.values()} == {"Asia/Shanghai"}
    assert {name: schedule["ScheduleExpression"] for name, schedule in schedules.items()} == {
        "SettlementSchedule": "cron(0 3 * * ? *)",
        "ReconciliationSchedule": "cron(30 10 * * ? *)",
        "ReportingSchedule": "cron(30 11 * * ? *)",
        "SearchSchedule": "rate(10 minutes)",
        "SweepSchedule": "rate(1 minute)",
        "WatchSchedule": "cron(5 * * * ? *)",
    }


def test_what_a_clock_could_not_start_is_kept_and_alarmed(production: Template) -> None:
    queue = {"Fn::GetAtt": ["ScheduleDeadLetters", "Arn"]}
    for schedule in of_type(production, "AWS::Scheduler::Schedule").values():
        assert schedule["Target"]["DeadLetterConfig"] == {"Arn": queue}
    for rule in of_type(production, "AWS::Events::Rule").values():
        assert [target["DeadLetterConfig"] for target in rule["Targets"]] == [{"Arn": queue}]


@pytest.mark.parametrize("noun", ["settlement", "reconciliation", "reporting"])
def test_a_person_may_run_a_business_date_again(production: Template, noun: str) -> None:
    rule = of_type(production, "AWS::Events::Rule")[f"{noun.capitalize()}Requested"]
    assert rule["EventPattern"] == {"source": ["fangxinchong.clock"], "detail-type": [f"{noun}.requested"]}
    (target,) = rule["Targets"]
    assert target["Arn"] == {"Ref": f"{noun.capitalize()}Machine"}
    assert target["InputPath"] == "$.detail"


def test_every_function_and_every_machine_raises_an_alarm(production: Template) -> None:
    watched = {
        (alarm["MetricName"], dimension["Value"].get("Ref"))
        for alarm in of_type(production, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Dimensions"]
        if isinstance(dimension["Value"], dict)
    }
    assert {("Errors", name) for name in functions(production)} <= watched
    machines = of_type(production, "AWS::StepFunctions::StateMachine")
    assert {(metric, name) for name in machines for metric in ("ExecutionsFailed", "ExecutionsTimedOut")} <= watched
    assert all(alarm["AlarmActions"] == [{"Ref": "Alarms"}] for alarm in of_type(production, "AWS::CloudWatch::Alarm").values())


@pytest.mark.parametrize("stage", STAGES)
def test_nothing_is_bound_to_one_partition(templates: dict[str, Template], stage: str) -> None:
    bound = [value for value in values(templates[stage]) if isinstance(value, str) and re.search(r"arn:aws(-cn)?:", value)]
    assert not bound


def test_the_api_is_regional(production: Template) -> None:
    (api,) = of_type(production, "AWS::Serverless::Api").values()
    assert api["EndpointConfiguration"] == "REGIONAL"


def test_what_the_gateway_refuses_by_itself_is_a_problem_document(production: Template) -> None:
    (api,) = of_type(production, "AWS::Serverless::Api").values()
    statuses = {}
    for kind, answer in api["GatewayResponses"].items():
        (text,) = answer["ResponseTemplates"].values()
        problem = json.loads(text)
        assert {"type", "title", "code", "request_id"} <= set(problem), kind
        assert answer["ResponseParameters"]["Headers"]["Content-Type"] == "'application/problem+json'"
        assert problem.get("status") == answer.get("StatusCode"), kind
        statuses[kind] = answer.get("StatusCode")
    assert statuses["MISSING_AUTHENTICATION_TOKEN"] == 404
    assert {413, 429, 504, 500} <= set(statuses.values())


def test_an_unknown_route_reaches_the_handler(production: Template) -> None:
    (api,) = of_type(production, "AWS::Serverless::Api").values()
    known = api["DefinitionBody"]["paths"]["/v1/health"]["get"]["x-amazon-apigateway-integration"]
    for path in ("/", "/{proxy+}"):
        for method in ("get", "post", "put", "patch", "delete", "head", "options", "x-amazon-apigateway-any-method"):
            integration = api["DefinitionBody"]["paths"][path][method]["x-amazon-apigateway-integration"]
            assert (integration["uri"], integration["type"]) == (known["uri"], known["type"]), (path, method)
