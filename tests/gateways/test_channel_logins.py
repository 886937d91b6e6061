"""The three login channels beside WeChat: one-use codes, whose no is a no, and answers that are not to be believed."""
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import urllib3

from chalicelib.gateways import fields, unionpay_login, yongpai_login, zheliban_login
from chalicelib.gateways.outcomes import Refused, Unknown
from infra.local.sandbox.testing import Town

WANG = {"name": "王小明", "mobile": "13812345678", "idnum": "330212199001011232", "authlevel": "3"}
EXCHANGES: dict[str, Callable[[Town, str], Any]] = {
    "unionpay": lambda town, code: town.unionpay_login().exchange(code),
    "zheliban": lambda town, code: town.zheliban_login().exchange(code),
    "yongpai": lambda town, code: town.yongpai_login().exchange(code),
}
CHANNELS = list(EXCHANGES)


def exchanged(town: Town, channel: str, subject: str, **person: Any) -> Any:
    return EXCHANGES[channel](town, town.login_code(channel, subject, **person))


def test_each_channel_says_who_is_behind_a_code(town: Town) -> None:
    assert exchanged(town, "unionpay", "up-mei") == unionpay_login.Identity("up-mei")
    assert exchanged(town, "yongpai", "yp-mei") == yongpai_login.Identity("yp-mei", "")
    person = exchanged(town, "zheliban", "zl-mei", **WANG)
    assert person == zheliban_login.Person("zl-mei", "王小明", "13812345678", "330212199001011232", "3")


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_code_is_good_once_for_five_minutes_and_for_its_channel(town: Town, channel: str) -> None:
    code = town.login_code(channel, "p-1", **WANG)
    assert not isinstance(EXCHANGES[channel](town, code), Refused | Unknown)
    assert isinstance(EXCHANGES[channel](town, code), Refused)
    assert isinstance(EXCHANGES[channel](town, "invented & strange/码"), Refused)
    other = CHANNELS[CHANNELS.index(channel) - 1]
    assert isinstance(EXCHANGES[channel](town, town.login_code(other, "p-1")), Refused)
    old = town.login_code(channel, "p-1", **WANG)
    town.clock.advance(timedelta(minutes=5, seconds=2).total_seconds())
    assert isinstance(EXCHANGES[channel](town, old), Refused)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_person_never_stands_in_a_log_by_being_printed(town: Town, channel: str) -> None:
    said = repr(exchanged(town, channel, "secret-subject", **WANG))
    assert not any(part in said for part in ("secret-subject", WANG["name"], WANG["mobile"], WANG["idnum"]))


def test_what_is_wrong_with_us_says_nothing_about_the_code(town: Town) -> None:
    code = town.login_code("unionpay", "p-1")
    assert isinstance(town.unionpay_login(secret="wrong").exchange(code), Unknown)
    assert isinstance(town.unionpay_login().exchange(code), unionpay_login.Identity)
    code = town.login_code("yongpai", "p-1")
    assert isinstance(town.yongpai_login(client_secret="wrong").exchange(code), Unknown)
    assert isinstance(town.yongpai_login().exchange(code), yongpai_login.Identity)


def test_a_wrong_service_password_of_ours_is_refused_by_the_government(town: Town) -> None:
    code = town.login_code("zheliban", "p-1", **WANG)
    assert town.zheliban_login(servicepwd="wrong").exchange(code) == Refused("1", "")
    assert isinstance(town.zheliban_login().exchange(code), zheliban_login.Person)


def test_one_backend_token_is_asked_for_and_kept_until_it_ends(town: Town) -> None:
    """There is a daily limit on them."""
    login = town.unionpay_login()
    town.fault("unionpay", "backend_token", "error", times=2)
    assert isinstance(login.exchange(town.login_code("unionpay", "p-1")), Unknown)
    town.control("DELETE", "faults")
    assert login.exchange(town.login_code("unionpay", "p-1")) == unionpay_login.Identity("p-1")
    town.fault("unionpay", "backend_token", "error", times=9)
    assert login.exchange(town.login_code("unionpay", "p-2")) == unionpay_login.Identity("p-2")
    town.clock.advance(3600)
    assert isinstance(login.exchange(town.login_code("unionpay", "p-3")), Unknown)


def test_a_backend_token_that_was_taken_back_is_asked_for_anew(town: Town) -> None:
    login = town.unionpay_login()
    town.fault("unionpay", "backend_token", "lie", field="params.backendToken", value="taken-back")
    code = town.login_code("unionpay", "p-1")
    assert isinstance(login.exchange(code), Unknown)
    assert login.exchange(code) == unionpay_login.Identity("p-1")


LIES: list[tuple[str, str, str, Any]] = [
    ("unionpay", "backend_token", "params.backendToken", 5),
    ("unionpay", "backend_token", "params.expiresIn", "soon"),
    ("unionpay", "backend_token", "resp", 0),
    ("unionpay", "token", "params.openId", ""),
    ("unionpay", "token", "params.openId", {"a": 1}),
    ("unionpay", "token", "params.openId", "x" * 129),
    ("unionpay", "token", "params", []),
    ("unionpay", "token", "resp", "99"),
    ("zheliban", "validate", "token", ""),
    ("zheliban", "validate", "token", "another persons"),
    ("zheliban", "validate", "result", 0),
    ("zheliban", "user_info", "userid", ""),
    ("zheliban", "user_info", "userid", 7),
    ("zheliban", "user_info", "result", "3"),
    ("zheliban", "user_info", "idnum", "330212199001011231"),
    ("zheliban", "user_info", "idnum", ""),
    ("zheliban", "user_info", "username", ""),
    ("zheliban", "user_info", "username", "王" * 61),
    ("yongpai", "token", "access_token", None),
    ("yongpai", "token", "access_token", "two\r\nX-Header: lines"),
    ("yongpai", "token", "token_type", "mac"),
    ("yongpai", "user_info", "sub", None),
    ("yongpai", "user_info", "sub", ["p-1"]),
]


@pytest.mark.parametrize(("channel", "operation", "field", "value"), LIES)
def test_an_answer_that_makes_no_sense_is_unknown(town: Town, channel: str, operation: str, field: str, value: Any) -> None:
    town.fault(channel, operation, "lie", field=field, value=value)
    assert isinstance(exchanged(town, channel, "p-1", **WANG), Unknown)


@pytest.mark.parametrize(
    ("told", "name", "mobile", "id_number", "level"),
    [
        ({"authlevel": "1"}, "", "13812345678", "", ""),
        ({"authlevel": "9"}, "", "13812345678", "", ""),
        ({"mobile": "0574-87654321"}, "王小明", "", "330212199001011232", "3"),
        ({"idtype": "7", "idnum": "H01234567"}, "王小明", "13812345678", "", "3"),
        ({"authlevel": "2"}, "王小明", "13812345678", "330212199001011232", "2"),
    ],
)
def test_only_what_the_government_checked_is_taken_for_a_real_name(
    town: Town, told: dict[str, str], name: str, mobile: str, id_number: str, level: str
) -> None:
    person = exchanged(town, "zheliban", "zl-1", **WANG | told)
    assert person == zheliban_login.Person("zl-1", name, mobile, id_number, level)


@pytest.mark.parametrize(
    ("number", "verified", "phone"),
    [("+8613812345678", True, "13812345678"), ("13812345678", True, "13812345678"), ("13812345678", False, ""),
     ("13812345678", "true", ""), ("12345", True, "")],
)
def test_yongpai_vouches_only_for_a_phone_that_it_verified(town: Town, number: str, verified: Any, phone: str) -> None:
    told = exchanged(town, "yongpai", "yp-1", phone_number=number, phone_number_verified=verified)
    assert told == yongpai_login.Identity("yp-1", phone)


@pytest.mark.parametrize("number", ["330212199001011232", "33020319850615002X", "11010519491231002X"])
def test_an_identity_card_number_ends_in_its_check_character(number: str) -> None:
    whole = zheliban_login.is_identity_card_number(number)
    assert whole == (number != "33020319850615002X")
    assert not zheliban_login.is_identity_card_number(number[:-1])
    assert not zheliban_login.is_identity_card_number(number.lower() if "X" in number else f"{number[:-1]}１")


def test_a_text_of_json_in_json_is_read_as_some_of_its_machines_send_it() -> None:
    assert fields.document(zheliban_login._unwrapped(b'"{\\"result\\": \\"0\\"}"')) == {"result": "0"}
    assert zheliban_login._unwrapped(b"<html>") == b"<html>"


def test_the_sandbox_takes_the_documented_forms_and_no_other_signature(town: Town) -> None:
    """By hand, as the public clients do it."""
    given = town.sandbox.credentials()["zheliban"]
    time = town.clock.now().strftime("%Y%m%d%H%M%S")
    sign = hashlib.md5(f"{given['servicecode']}{given['servicepwd']}{time}".encode(), usedforsecurity=False).hexdigest()
    url = f"{town.sandbox.url}/zheliban/sso/servlet/simpleauth"
    asked = {"method": "ticketValidation", "servicecode": given["servicecode"], "time": time, "datatype": "json"}
    ticket = town.login_code("zheliban", "p-1", **WANG)
    for wrong in ({"sign": "0" * 32}, {"sign": sign, "time": "soon"}, {"sign": sign, "method": "other"}):
        said = urllib3.request("GET", url, fields=asked | {"sign": sign, "st": ticket} | wrong, retries=False).json()
        assert said["result"] != "0"
    said = urllib3.request("GET", url, fields=asked | {"sign": sign, "st": ticket}, retries=False).json()
    assert said["result"] == "0"


@pytest.mark.parametrize("body", [{"channel": "telegram", "subject": "x"}, {"channel": "unionpay"}, {"channel": 5}])
def test_a_code_is_not_given_for_nobody(town: Town, body: dict[str, Any]) -> None:
    with pytest.raises(RuntimeError, match="400"):
        town.control("POST", "login-codes", **body)
