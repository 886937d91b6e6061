"""Login with 甬派 (Ningbo Daily's app): an OAuth 2.0 authorization code -> the person's id there.

    POST /oauth/token     grant_type=authorization_code, code; client by HTTP Basic  -> {access_token, token_type, expires_in}
    GET  /oauth/userinfo  Authorization: Bearer ..      -> {sub, phone_number?, phone_number_verified?}

No document of 甬派 about this is public. Assumed: the token request and its errors are those of RFC 6749 (4.1.3, 2.3.1, 5.2),
the second call and its fields those of OpenID Connect Core 5.3 and 5.1, and the code comes from the app's own bridge, so that
there is no redirect_uri to repeat. To be compared with the contract before the first real login.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import quote_plus, urlencode

from chalicelib.gateways import fields
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.transport import exchange

REPLY_BYTES_MAX = 16 * 1024
SUBJECT_CHARS_MAX = 128
TOKEN_CHARS_MAX = 2048
CODE_REFUSED = "invalid_grant"
"""RFC 6749 5.2: the one error that is about the code; the others are about us."""
_PHONE = re.compile(r"(?:\+86)?(1[3-9]\d{9})", re.ASCII)
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*", re.ASCII)


@dataclass(frozen=True, repr=False)
class Identity:
    """`phone`: only one that 甬派 says it has verified, else ""."""

    subject: str
    phone: str


class YongpaiLogin:
    def __init__(self, base_url: str, client_id: str, client_secret: str) -> None:
        self._base_url = base_url.rstrip("/")
        pair = f"{quote_plus(client_id)}:{quote_plus(client_secret)}"
        self._basic = b64encode(pair.encode()).decode()

    def exchange(self, code: str) -> Identity | Refused | Unknown:
        try:
            token = self._token(code)
            if not isinstance(token, str):
                return token
            answer = exchange(
                "GET", f"{self._base_url}/oauth/userinfo", {"Authorization": f"Bearer {token}"}, reply_bytes_max=REPLY_BYTES_MAX
            )
            if isinstance(answer, Unknown):
                return answer
            if answer.status != 200:
                return Unknown(f"status {answer.status}")
            return _identity(fields.document(answer.body))
        except fields.Malformed as error:
            return Unknown(str(error))

    def _token(self, code: str) -> str | Refused | Unknown:
        form = urlencode({"grant_type": "authorization_code", "code": code}).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"Basic {self._basic}"}
        answer = exchange("POST", f"{self._base_url}/oauth/token", headers, form, reply_bytes_max=REPLY_BYTES_MAX)
        if isinstance(answer, Unknown):
            return answer
        if answer.status == 400 and fields.text(fields.document(answer.body), "error") == CODE_REFUSED:
            return Refused(CODE_REFUSED, "")
        if answer.status != 200:
            return Unknown(f"status {answer.status}")
        data = fields.document(answer.body)
        token = fields.bounded(data, "access_token", TOKEN_CHARS_MAX)
        if fields.text(data, "token_type").lower() != "bearer" or not _BEARER.fullmatch(token):
            raise fields.Malformed("the token is not a bearer token")
        return token


def _identity(data: fields.Fields) -> Identity:
    subject = fields.bounded(data, "sub", SUBJECT_CHARS_MAX)
    found = _PHONE.fullmatch(fields.text_or_none(data, "phone_number") or "")
    return Identity(subject, found[1] if found and data.get("phone_number_verified") is True else "")


@lru_cache(maxsize=1)
def connect() -> YongpaiLogin:
    from chalicelib import config

    given = config.counterparts()["yongpai"]
    return YongpaiLogin(config.settings().yongpai_url, given["client_id"], given["client_secret"])
