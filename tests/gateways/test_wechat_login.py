from chalicelib.gateways.outcomes import Refused
from chalicelib.gateways.wechat_login import Identity
from infra.local.sandbox.testing import Town


def login_code(town: Town, **person: str) -> str:
    code: str = town.control("POST", "login-codes", **person)["code"]
    return code


def test_a_code_is_exchanged_for_the_persons_openid(town: Town) -> None:
    assert town.wechat_login().exchange(login_code(town, openid="o-mei")) == Identity("o-mei", None)


def test_a_unionid_is_told_when_wechat_knows_one(town: Town) -> None:
    code = login_code(town, openid="o-mei", unionid="u-mei")
    assert town.wechat_login().exchange(code) == Identity("o-mei", "u-mei")


def test_the_session_key_does_not_leave_the_gateway(town: Town) -> None:
    assert "session_key" not in repr(town.wechat_login().exchange(login_code(town, openid="o-mei")))


def test_a_code_is_good_for_one_use(town: Town) -> None:
    code = login_code(town, openid="o-mei")
    town.wechat_login().exchange(code)
    again = town.wechat_login().exchange(code)
    assert isinstance(again, Refused) and again.code == "40163"


def test_an_invented_code_is_refused(town: Town) -> None:
    outcome = town.wechat_login().exchange("invented & strange/码")
    assert isinstance(outcome, Refused) and outcome.code == "40029"


def test_a_wrong_secret_is_refused(town: Town) -> None:
    outcome = town.wechat_login(secret="wrong").exchange(login_code(town, openid="o-mei"))
    assert isinstance(outcome, Refused) and outcome.code == "40125"
