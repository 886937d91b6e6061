"""Deploys the packaged template through CloudFormation, as one would to the cloud: upload, create or update, wait, read outputs.

Afterwards it does by API what the emulator's CloudFormation leaves out, and fills the secret that only an administrator knows.
"""
import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

import boto3  # type: ignore[import-untyped]
import botocore.config  # type: ignore[import-untyped]
from botocore.exceptions import ClientError  # type: ignore[import-untyped]

from infra.build import Build
from infra.local.emulator import ACCESS_KEY, REGION
from infra.local.failure import PlatformFailed

STACK = "fangxinchong"
BUCKET = "fangxinchong-deployments"
WAIT_SECONDS_MAX = 120
NOTHING_CHANGED = "No updates are to be performed"


@dataclass(frozen=True)
class Cloud:
    """Clients for the emulator at `url`, with an administrator's credentials."""

    url: str

    def session(self) -> boto3.Session:
        return boto3.Session(aws_access_key_id=ACCESS_KEY, aws_secret_access_key=ACCESS_KEY, region_name=REGION)

    def client(self, name: str) -> Any:
        config = botocore.config.Config(
            retries={"total_max_attempts": 1}, inject_host_prefix=False, s3={"addressing_style": "path"}
        )
        return self.session().client(name, endpoint_url=self.url, config=config)


def deploy(cloud: Cloud, made: Build, parameters: dict[str, str]) -> dict[str, str]:
    """The stack's outputs. Raises PlatformFailed with the reasons the emulator gives."""
    template_url = _upload(cloud, made)
    formation = cloud.client("cloudformation")
    asked = {
        "StackName": STACK,
        "TemplateURL": template_url,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in sorted(parameters.items())],
    }
    try:
        if _stack(formation):
            formation.update_stack(**asked)
        else:
            formation.create_stack(**asked)
    except ClientError as error:
        if NOTHING_CHANGED not in str(error):
            raise PlatformFailed(f"The emulator refused the template: {error}") from error
    outputs = _wait(formation)
    _complete_tables(cloud, made)
    return outputs


def put_secret(cloud: Cloud, secret_id: str, content: dict[str, Any]) -> None:
    """Nothing is written when it holds this already."""
    manager = cloud.client("secretsmanager")
    text = json.dumps(content, sort_keys=True)
    try:
        if manager.get_secret_value(SecretId=secret_id).get("SecretString") == text:
            return
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
    manager.put_secret_value(SecretId=secret_id, SecretString=text)


def _upload(cloud: Cloud, made: Build) -> str:
    objects = cloud.client("s3")
    objects.create_bucket(Bucket=BUCKET)
    package_key = f"packages/{made.digest}.zip"
    objects.put_object(Bucket=BUCKET, Key=package_key, Body=made.package.read_bytes())
    layer = made.layer.read_bytes()
    layer_key = f"layers/{hashlib.sha256(layer).hexdigest()}.zip"
    objects.put_object(Bucket=BUCKET, Key=layer_key, Body=layer)
    template = json.loads(made.template.read_text(encoding="utf-8"))
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            resource["Properties"]["CodeUri"] = {"Bucket": BUCKET, "Key": package_key}
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            resource["Properties"]["ContentUri"] = {"Bucket": BUCKET, "Key": layer_key}
    text = json.dumps(template).encode()
    template_key = f"templates/{hashlib.sha256(text).hexdigest()}.json"
    objects.put_object(Bucket=BUCKET, Key=template_key, Body=text)
    return f"{cloud.url}/{BUCKET}/{template_key}"


def _stack(formation: Any) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = formation.describe_stacks(StackName=STACK)["Stacks"][0]
        return found
    except ClientError:
        return None


def _wait(formation: Any) -> dict[str, str]:
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while time.monotonic() < deadline:
        stack = _stack(formation)
        status = stack["StackStatus"] if stack else "absent"
        if stack and status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        if not status.endswith("_IN_PROGRESS"):
            raise PlatformFailed(f"The stack is {status}: {_reasons(formation)}")
        time.sleep(0.1)
    raise PlatformFailed(f"The stack did not come up in {WAIT_SECONDS_MAX} s.")


def _reasons(formation: Any) -> str:
    events = formation.describe_stack_events(StackName=STACK)["StackEvents"]
    failed = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason', '')}" for e in events if "FAILED" in e["ResourceStatus"]]
    return "; ".join(failed) or "it gave no reason"


def _complete_tables(cloud: Cloud, made: Build) -> None:
    """The emulator's CloudFormation drops time to live and point-in-time recovery; its API has them."""
    formation, dynamodb = cloud.client("cloudformation"), cloud.client("dynamodb")
    template = json.loads(made.template.read_text(encoding="utf-8"))
    for resource in formation.describe_stack_resources(StackName=STACK)["StackResources"]:
        if resource["ResourceType"] != "AWS::DynamoDB::Table":
            continue
        name, properties = resource["PhysicalResourceId"], template["Resources"][resource["LogicalResourceId"]]["Properties"]
        lives = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"]
        if lives == "DISABLED":
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=properties["TimeToLiveSpecification"])
            dynamodb.update_continuous_backups(
                TableName=name, PointInTimeRecoverySpecification=properties["PointInTimeRecoverySpecification"]
            )
