"""The payment provider's signed notices."""
from typing import Any

from chalice.app import Blueprint

from chalicelib.api.http import EVERYONE, Call, endpoint
from chalicelib.api.models import View
from chalicelib.operations import notices

routes = Blueprint(__name__)


class Taken(View):
    """The answer that WeChat Pay expects; anything but a 2xx is sent again on its schedule."""

    code: str = "SUCCESS"
    message: str = "成功"


@endpoint(
    routes, "POST", "/v1/notifications/wechat-pay", "A notice of WeChat Pay v3", who=EVERYONE, answer=Taken, raw=True
)
def wechat_pay(call: Call) -> Any:
    notices.take(call.headers, call.raw_body, call.now)
    return Taken()
