"""What a person may do in the WeChat app, and how the notice of it travels."""
from datetime import timedelta

import pytest

from chalicelib.gateways.outcomes import NoticeRefused
from chalicelib.gateways.wechat_pay import Payment, PaymentNotice
from infra.local.sandbox.testing import Town, eventually, number


def pay(town: Town, openid: str = "o-mei", **parameters: str) -> None:
    town.control("POST", "payments", payment_parameters=parameters, openid=openid)


def test_the_spelling_of_the_mini_program_is_understood(town: Town) -> None:
    given = town.prepay(number("ord"))
    pay(town, appId=given.app_id, timeStamp=given.time_stamp, nonceStr=given.nonce_str, package=given.package,
        signType=given.sign_type, paySign=given.pay_sign)


def test_a_paid_order_is_not_paid_again(town: Town) -> None:
    parameters = vars(town.prepay(number("ord"), 100))
    before = town.books()["provider"]["paid_fen"]
    pay(town, **parameters)
    with pytest.raises(RuntimeError, match="409"):
        pay(town, **parameters)
    assert town.books()["provider"]["paid_fen"] == before + 100


@pytest.mark.parametrize("name", ["time_stamp", "nonce_str", "package", "pay_sign", "app_id"])
def test_parameters_that_the_merchant_did_not_sign_are_not_paid(town: Town, name: str) -> None:
    parameters = vars(town.prepay(number("ord")))
    with pytest.raises(RuntimeError, match="400"):
        pay(town, **{**parameters, name: parameters[name][:-2] + "1="})


def test_nobody_pays_the_order_of_another_person(town: Town) -> None:
    with pytest.raises(RuntimeError, match="404"):
        pay(town, openid="o-stranger", **vars(town.prepay(number("ord"))))


def test_a_closed_order_is_not_paid(town: Town) -> None:
    order_no = number("ord")
    parameters = vars(town.prepay(order_no))
    town.wechat_pay().close(order_no)
    with pytest.raises(RuntimeError, match="409"):
        pay(town, **parameters)


def test_an_order_that_expired_is_closed_and_not_paid(own_town: Town) -> None:
    order_no = number("ord")
    parameters = vars(own_town.prepay(order_no))
    own_town.control("POST", "clock", advance_seconds=1801)
    with pytest.raises(RuntimeError, match="409"):
        pay(own_town, **parameters)
    payment = own_town.wechat_pay().query(order_no)
    assert isinstance(payment, Payment) and payment.state == "CLOSED"


def test_a_login_code_expires_after_five_minutes(own_town: Town) -> None:
    code = own_town.control("POST", "login-codes", openid="o-mei")["code"]
    own_town.control("POST", "clock", advance_seconds=301)
    assert "40029" in repr(own_town.wechat_login().exchange(code))


def test_a_notice_that_is_not_taken_comes_again_by_wechats_schedule(own_town: Town) -> None:
    own_town.listener.answers[:] = [500, 404]
    order_no = number("ord")
    own_town.pay(order_no)
    eventually(lambda: len(own_town.listener.notices) == 1)
    eventually(lambda: notice_states(own_town) == [("waiting", 1)])
    for attempts, state in ((2, "waiting"), (3, "delivered")):
        own_town.control("POST", "clock", advance_seconds=16)
        eventually(lambda: notice_states(own_town) == [(state, attempts)])  # noqa: B023
    ids = {read(own_town, index).notice_id for index in range(3)}
    assert len(ids) == 1


def notice_states(town: Town) -> list[tuple[str, int]]:
    return [(notice["state"], notice["attempts"]) for notice in town.control("GET", "notices")["data"]]


def read(town: Town, index: int) -> PaymentNotice:
    notice = town.listener.notices[index]
    found = town.wechat_pay().read_notice(notice.headers, notice.body, town.clock.now())
    assert isinstance(found, PaymentNotice)
    return found


def test_a_dropped_notice_never_comes_and_the_payment_is_found_by_query(own_town: Town) -> None:
    own_town.fault("wechat_pay", "notice", "drop")
    order_no = number("ord")
    assert own_town.pay(order_no).state == "SUCCESS"
    eventually(lambda: notice_states(own_town) == [("lost", 1)])
    assert own_town.listener.notices == []


def test_a_repeated_notice_comes_twice(own_town: Town) -> None:
    own_town.fault("wechat_pay", "notice", "repeat")
    own_town.pay(number("ord"))
    eventually(lambda: len(own_town.listener.notices) == 2)
    assert read(own_town, 0) == read(own_town, 1)


def test_a_probe_is_recognised_and_the_genuine_notice_follows(own_town: Town) -> None:
    own_town.fault("wechat_pay", "notice", "error")
    own_town.pay(number("ord"))
    eventually(lambda: len(own_town.listener.notices) == 2)
    with pytest.raises(NoticeRefused) as refused:
        read(own_town, 0)
    assert refused.value.reason == "probe"
    assert read(own_town, 1).payment.amount_fen == 100_000


def test_an_unsigned_notice_is_refused(own_town: Town) -> None:
    own_town.fault("wechat_pay", "notice", "unsigned")
    own_town.pay(number("ord"))
    eventually(lambda: own_town.listener.notices)
    with pytest.raises(NoticeRefused) as refused:
        read(own_town, 0)
    assert refused.value.reason == "missing_header"


def test_a_lying_notice_is_signed_and_told_as_it_is(own_town: Town) -> None:
    own_town.fault("wechat_pay", "notice", "lie", field="amount.total", value=1)
    own_town.pay(number("ord"))
    eventually(lambda: own_town.listener.notices)
    assert read(own_town, 0).payment.amount_fen == 1


def test_an_old_notice_can_be_sent_once_more(own_town: Town) -> None:
    own_town.pay(number("ord"))
    eventually(lambda: notice_states(own_town) == [("delivered", 1)])
    own_town.control("POST", f"notices/{own_town.control('GET', 'notices')['data'][0]['id']}/again")
    eventually(lambda: len(own_town.listener.notices) == 2)
    own_town.clock.advance(timedelta(minutes=10).total_seconds())
    with pytest.raises(NoticeRefused):
        read(own_town, 1)
