"""WeChat login: exchanges the one-use code of `wx.login` for the consumer's openid (`jscode2session`).

The answer is not signed; the TLS of the URL is what vouches for it. The session key in it is dropped here:
nothing of ours needs it, and whoever holds it can forge what the mini-program says.
"""
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlencode

from chalicelib.gateways import fields
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.transport import exchange

REPLY_BYTES_MAX = 16 * 1024
# -1: WeChat is busy; 45009, 45011: too many calls. None of them says anything about the code.
BUSY = frozenset({-1, 45009, 45011})


@dataclass(frozen=True)
class Identity:
    openid: str
    unionid: str | None


class WechatLogin:
    def __init__(self, base_url: str, appid: str, secret: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._appid = appid
        self._secret = secret

    def exchange(self, code: str) -> Identity | Refused | Unknown:
        query = urlencode({
            "appid": self._appid, "secret": self._secret, "js_code": code,
            "grant_type": "authorization_code",
        })
        url = f"{self._base_url}/sns/jscode2session?{query}"
        answer = exchange("GET", url, {}, reply_bytes_max=REPLY_BYTES_MAX)
        if isinstance(answer, Unknown):
            return answer
        if answer.status != 200:
            return Unknown(f"status {answer.status}")
        try:
            return _identity(fields.document(answer.body))
        except fields.Malformed as error:
            return Unknown(str(error))


def _identity(data: fields.Fields) -> Identity | Refused | Unknown:
    code = fields.integer(data, "errcode") if "errcode" in data else 0
    if code in BUSY:
        return Unknown(f"WeChat is busy ({code})")
    if code:
        return Refused(str(code), str(data.get("errmsg") or ""))
    return Identity(fields.text(data, "openid"), fields.text_or_none(data, "unionid"))


@lru_cache(maxsize=1)
def connect() -> WechatLogin:
    from chalicelib import config

    credentials = config.counterparts()["wechat"]
    return WechatLogin(config.settings().wechat_url, credentials["appid"], credentials["secret"])
