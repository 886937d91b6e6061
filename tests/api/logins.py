"""Consumers over HTTP, coming in through any channel of the sandbox."""

from typing import Any

from infra.local.sandbox.testing import Town as Counterparts
from tests.platform import Answer, Platform

WANG = {"name": "王小明", "mobile": "13812345678", "idnum": "330212199001011232", "authlevel": "3"}


def enter(platform: Platform, counterparts: Counterparts, channel: str, subject: str, **person: Any) -> Answer:
    code = counterparts.login_code(channel, subject, **person)
    return platform.post("/v1/sessions", {"channel": channel, "code": code}, key="")


def log_in(platform: Platform, counterparts: Counterparts, channel: str, subject: str, **person: Any) -> str:
    """The token."""
    answer = enter(platform, counterparts, channel, subject, **person)
    assert answer.status == 201, answer.text
    return str(answer.json["token"])


def link(
    platform: Platform, counterparts: Counterparts, token: str, channel: str, subject: str, **person: Any
) -> Answer:
    code = counterparts.login_code(channel, subject, **person)
    return platform.post("/v1/consumers/me/identities", {"channel": channel, "code": code}, token)
