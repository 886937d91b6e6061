"""The world that is measured in: the function's environment, its people, and requests as API Gateway sends them."""
import os
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TABLES = {name: f"bench-{name}" for name in ("merchants", "cards", "consumers", "cases", "runs", "audit")}
APP_SECRET = "bench-app-secret-" + "0" * 47

MERCHANT_ID = "mch_" + "1" * 26
CARD_ID = "crd_" + "2" * 26
CONSUMER_ID = "con_" + "3" * 26


def environment(**changed: str) -> dict[str, str]:
    """Every variable of the function, and AWS variables with which nothing outside of this machine can be reached."""
    given = {
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_DEFAULT_REGION": "cn-northwest-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "STAGE": "production",
        "VERSION": "bench",
        "ARCHIVE_BUCKET": "bench-archive",
        "UPLOADS_BUCKET": "bench-uploads",
        "APP_SECRET": "bench/app",
        "COUNTERPARTS_SECRET": "bench/counterparts",
        "PERSONAL_KEY": "alias/bench-persons",
        "PUBLIC_URL": "http://127.0.0.1:9",
    }
    given |= {f"{name.upper()}_TABLE": table for name, table in TABLES.items()}
    counterparts = ("WECHAT", "UNIONPAY", "ZHELIBAN", "YONGPAI", "WECHAT_PAY", "CUSTODIAN", "BUSINESS_REGISTRY", "REGULATOR")
    given |= {f"{name}_URL": "http://127.0.0.1:9" for name in counterparts}
    return given | changed


def redemption_id(number: int) -> str:
    return f"red_{CARD_ID.removeprefix('crd_')}{number:026d}"


def token(principal_id: str, role: Any, session_id: str = "") -> str:
    from chalicelib import clock
    from chalicelib.api import tokens

    return tokens.issue(principal_id, role, clock.now(), session_id)[0]


def consumer_token() -> str:
    from chalicelib.domain.principal import Role

    return token(CONSUMER_ID, Role.CONSUMER)


def proxy_event(
    method: str, resource: str, path_parameters: dict[str, str], headers: dict[str, str], body: str | None = None
) -> dict[str, Any]:
    """A request of a REST API with proxy integration, as API Gateway hands it to the function."""
    sent = {"Accept": "application/json", "Host": "api.example.cn", "User-Agent": "bench", "X-Forwarded-Proto": "https"}
    sent |= {"Content-Type": "application/json"} | headers
    return {
        "resource": resource,
        "path": resource.format(**path_parameters),
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": path_parameters or None,
        "stageVariables": None,
        "requestContext": {
            "requestId": "7f1d0c9e-bench",
            "resourcePath": resource,
            "httpMethod": method,
            "path": f"/api{resource}",
            "stage": "api",
            "protocol": "HTTP/1.1",
            "identity": {"sourceIp": "203.0.113.9", "userAgent": "bench"},
        },
        "body": body,
        "isBase64Encoded": False,
    }


def confirmation(number: int, bearer: str) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {bearer}", "Idempotency-Key": f"bench-{number:08d}"}
    resource = "/v1/redemptions/{redemption_id}/confirm"
    return proxy_event("POST", resource, {"redemption_id": redemption_id(number)}, headers, "{}")
