"""UnionPay login (云闪付): exchanges the one-use authorization code of the UnionPay app for the person's openId.

    POST /backendToken   {appId, nonceStr, timestamp, signature}            -> {resp, msg, params: {backendToken, expiresIn}}
    POST /token          {appId, backendToken, code, grantType}             -> {resp, msg, params: {openId, accessToken, ...}}

    signature = SHA-256, hex, of "appId=..&nonceStr=..&secret=..&timestamp=.." (names in ASCII order, timestamp in seconds)

Known from the platform's pages and from clients that are public: paths under https://open.95516.com/open/access/1.0, names,
signature, `resp` "00" for a yes, that a backendToken is to be kept (there is a daily limit) and that a code is Base64 text.
Assumed: the words for a backend token that is not taken (TOKEN_REFUSED); any other `resp` is a no to the code. The answers
are not signed; the TLS of the URL vouches for them. The scope `upapi_base` tells no name and no phone, and we ask for none.
"""

import hashlib
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from chalicelib.gateways import fields
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.transport import exchange

REPLY_BYTES_MAX = 16 * 1024
SUBJECT_CHARS_MAX = 128
YES = "00"
TOKEN_REFUSED = frozenset({"a10"})
"""The backend token is unknown or has expired: nothing is said about the code."""
BUSY = frozenset({"98", "99"})
RENEWED_BEFORE_SECONDS = 60


@dataclass(frozen=True, repr=False)
class Identity:
    open_id: str


@dataclass(frozen=True, repr=False)
class _BackendToken:
    text: str
    good_until: float


class UnionPayLogin:
    def __init__(self, base_url: str, appid: str, secret: str, clock: Callable[[], datetime]) -> None:
        self._base_url = base_url.rstrip("/")
        self._appid = appid
        self._secret = secret
        self._clock = clock
        self._kept: _BackendToken | None = None

    def exchange(self, code: str) -> Identity | Refused | Unknown:
        token = self._backend_token()
        if isinstance(token, Unknown):
            return token
        body = {"appId": self._appid, "backendToken": token, "code": code, "grantType": "authorization_code"}
        answer = self._ask("/token", body)
        if isinstance(answer, Refused) and answer.code in TOKEN_REFUSED:
            self._kept = None
            return Unknown("the backend token was not taken")
        if isinstance(answer, Refused | Unknown):
            return answer
        try:
            return Identity(fields.bounded(answer, "openId", SUBJECT_CHARS_MAX))
        except fields.Malformed as error:
            return Unknown(str(error))

    def _backend_token(self) -> str | Unknown:
        """A no to this question is about us, not about the code."""
        now = self._clock().timestamp()
        if self._kept is not None and now < self._kept.good_until:
            return self._kept.text
        stamp, nonce = str(int(now)), secrets.token_hex(8)
        signed = f"appId={self._appid}&nonceStr={nonce}&secret={self._secret}&timestamp={stamp}"
        signature = hashlib.sha256(signed.encode()).hexdigest()
        body = {"appId": self._appid, "nonceStr": nonce, "timestamp": stamp, "signature": signature}
        answer = self._ask("/backendToken", body)
        if isinstance(answer, Refused):
            return Unknown(f"no backend token: {answer.code}")
        if isinstance(answer, Unknown):
            return answer
        try:
            text, valid = fields.text(answer, "backendToken"), fields.integer(answer, "expiresIn")
        except fields.Malformed as error:
            return Unknown(str(error))
        self._kept = _BackendToken(text, now + valid - RENEWED_BEFORE_SECONDS)
        return text

    def _ask(self, path: str, body: dict[str, str]) -> fields.Fields | Refused | Unknown:
        """The `params` of a yes."""
        headers = {"Content-Type": "application/json"}
        answer = exchange("POST", self._base_url + path, headers, json.dumps(body).encode(), reply_bytes_max=REPLY_BYTES_MAX)
        if isinstance(answer, Unknown):
            return answer
        if answer.status != 200:
            return Unknown(f"status {answer.status}")
        try:
            data = fields.document(answer.body)
            word = fields.text(data, "resp")
            if word == YES:
                return fields.section(data, "params")
        except fields.Malformed as error:
            return Unknown(str(error))
        return Unknown(f"UnionPay is busy ({word[:8]})") if word in BUSY else Refused(word[:8], "")


@lru_cache(maxsize=1)
def connect() -> UnionPayLogin:
    from chalicelib import clock, config

    given = config.counterparts()["unionpay"]
    return UnionPayLogin(config.settings().unionpay_url, given["appid"], given["secret"], clock.now)
