"""Login with 浙里办 (the single sign-on of Zhejiang's government services): a one-use ticket -> who the government says it is.

    POST /sso/servlet/simpleauth?method=ticketValidation   servicecode, time, sign, st, datatype=json     -> {result, token}
    POST /sso/servlet/simpleauth?method=getUserInfo        servicecode, time, sign, token, datatype=json  -> {result, userid, ...}

    sign = MD5, hex, of servicecode + servicepwd + time; time is yyyyMMddHHmmss of Beijing

Known from clients that are public: the path (https://puser.zjzwfw.gov.cn), both methods and their parameters, `result` "0" for a
yes with `errmsg` otherwise, and the fields userid, username, mobile, idtype ("1": resident identity card), idnum, authlevel.
Parameters are taken from the query and from a form; we send a form, so that ticket and token stay out of access logs.
Assumed: from authlevel 2 on the name was checked against the register (1 is a phone number alone); any other `result` to a
ticket is a no to it. MD5 is theirs; nothing of ours rests on it: what vouches for the answer is the TLS of the URL.
"""

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from urllib.parse import urlencode

from chalicelib.domain.business_day import SHANGHAI
from chalicelib.gateways import fields
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.transport import exchange

REPLY_BYTES_MAX = 32 * 1024
SUBJECT_CHARS_MAX = 128
NAME_CHARS_MAX = 60
PATH = "/sso/servlet/simpleauth"
YES = "0"
IDENTITY_CARD = "1"
REAL_NAME_LEVELS = frozenset({"2", "3", "4"})
_MOBILE = re.compile(r"1[3-9]\d{9}", re.ASCII)
_IDENTITY_CARD_NUMBER = re.compile(r"\d{17}[\dX]", re.ASCII)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


@dataclass(frozen=True, repr=False)
class Person:
    """`level`: "" unless the name was checked; then name and identity card number are the register's. `mobile`: "" if none."""

    user_id: str
    name: str
    mobile: str
    id_number: str
    level: str


class ZhelibanLogin:
    def __init__(self, base_url: str, servicecode: str, servicepwd: str, clock: Callable[[], datetime]) -> None:
        self._url = base_url.rstrip("/") + PATH
        self._servicecode = servicecode
        self._servicepwd = servicepwd
        self._clock = clock

    def exchange(self, code: str) -> Person | Refused | Unknown:
        validated = self._ask("ticketValidation", st=code)
        if isinstance(validated, Refused | Unknown):
            return validated
        try:
            told = self._ask("getUserInfo", token=fields.text(validated, "token"))
            if isinstance(told, Refused):
                return Unknown(f"a fresh token was not taken: {told.code}")
            return told if isinstance(told, Unknown) else _person(told)
        except fields.Malformed as error:
            return Unknown(str(error))

    def _ask(self, method: str, **given: str) -> fields.Fields | Refused | Unknown:
        time = self._clock().astimezone(SHANGHAI).strftime("%Y%m%d%H%M%S")
        sign = hashlib.md5(f"{self._servicecode}{self._servicepwd}{time}".encode(), usedforsecurity=False).hexdigest()
        form = {"servicecode": self._servicecode, "time": time, "sign": sign, **given, "datatype": "json"}
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        url = f"{self._url}?method={method}"
        answer = exchange("POST", url, headers, urlencode(form).encode(), reply_bytes_max=REPLY_BYTES_MAX)
        if isinstance(answer, Unknown):
            return answer
        if answer.status != 200:
            return Unknown(f"status {answer.status}")
        try:
            data = fields.document(_unwrapped(answer.body))
            word = fields.text(data, "result")
        except fields.Malformed as error:
            return Unknown(str(error))
        return data if word == YES else Refused(word[:16], "")


def _unwrapped(body: bytes) -> bytes | str:
    """Some of its machines answer with the JSON once more as a JSON text."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return body
    return told if isinstance(told, str) else body


def _person(data: fields.Fields) -> Person:
    user_id = fields.bounded(data, "userid", SUBJECT_CHARS_MAX)
    mobile = fields.text_or_none(data, "mobile") or ""
    if mobile and not _MOBILE.fullmatch(mobile):
        mobile = ""
    level = fields.text_or_none(data, "authlevel") or ""
    if level not in REAL_NAME_LEVELS:
        return Person(user_id, "", mobile, "", "")
    name, number = fields.bounded(data, "username", NAME_CHARS_MAX), fields.text_or_none(data, "idnum") or ""
    if fields.text_or_none(data, "idtype") != IDENTITY_CARD:
        return Person(user_id, name, mobile, "", level)
    if not is_identity_card_number(number):
        raise fields.Malformed("idnum is not the number of an identity card")
    return Person(user_id, name, mobile, number, level)


def is_identity_card_number(text: str) -> bool:
    """GB 11643-1999: 18 characters, the last one a check character over the others."""
    if not _IDENTITY_CARD_NUMBER.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text, _WEIGHTS, strict=False))
    return "10X98765432"[total % 11] == text[-1]


@lru_cache(maxsize=1)
def connect() -> ZhelibanLogin:
    from chalicelib import clock, config

    given = config.counterparts()["zheliban"]
    return ZhelibanLogin(config.settings().zheliban_url, given["servicecode"], given["servicepwd"], clock.now)
