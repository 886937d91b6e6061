from datetime import timedelta

import pytest

from chalicelib.gateways.outcomes import NotFound, Refused, Unknown
from chalicelib.gateways.wechat_pay import Closed, Payment, PaymentParameters, RefundStatus
from infra.local.sandbox.testing import Town, eventually, number


def code_of(outcome: object) -> str:
    assert isinstance(outcome, Refused), outcome
    return outcome.code


def test_a_prepaid_order_can_be_paid_and_is_then_known_as_paid(town: Town) -> None:
    order_no = number("ord")
    payment = town.pay(order_no, 100_000)
    assert (payment.order_no, payment.amount_fen, payment.currency) == (order_no, 100_000, "CNY")
    assert payment.state == "SUCCESS" and payment.transaction_id.startswith("4200")
    given = town.sandbox.credentials()["wechat_pay"]
    assert (payment.mchid, payment.appid) == (given["mchid"], given["appid"])
    assert payment.paid_at is not None and abs(town.clock.now() - payment.paid_at) < timedelta(seconds=10)


def test_an_order_that_nobody_paid_has_no_transaction(town: Town) -> None:
    order_no = number("ord")
    town.prepay(order_no, 5)
    payment = town.wechat_pay().query(order_no)
    assert isinstance(payment, Payment)
    assert (payment.state, payment.transaction_id, payment.paid_at) == ("NOTPAY", "", None)


def test_the_payment_parameters_are_what_the_wechat_app_wants(town: Town) -> None:
    parameters = town.prepay(number("ord"))
    assert isinstance(parameters, PaymentParameters)
    assert parameters.package.startswith("prepay_id=wx") and parameters.sign_type == "RSA"
    assert abs(int(parameters.time_stamp) - town.clock.now().timestamp()) < 10


def test_the_same_prepay_again_is_the_same_order(town: Town) -> None:
    order_no = number("ord")
    assert town.prepay(order_no).package == town.prepay(order_no).package


def test_a_prepay_of_the_same_number_with_another_amount_is_refused(town: Town) -> None:
    order_no = number("ord")
    town.prepay(order_no, 100)
    assert code_of(town.prepay(order_no, 101)) == "OUT_TRADE_NO_USED"


def test_a_paid_order_is_neither_prepaid_nor_closed(town: Town) -> None:
    order_no = number("ord")
    town.pay(order_no)
    assert code_of(town.prepay(order_no)) == "ORDERPAID"
    assert code_of(town.wechat_pay().close(order_no)) == "ORDERPAID"


def test_a_closed_order_stays_closed(town: Town) -> None:
    order_no = number("ord")
    town.prepay(order_no)
    assert town.wechat_pay().close(order_no) == Closed() == town.wechat_pay().close(order_no)
    assert code_of(town.prepay(order_no)) == "ORDER_CLOSED"


def test_an_unknown_order_is_refused_by_name(town: Town) -> None:
    assert code_of(town.wechat_pay().query("ord_nobody")) == "ORDER_NOT_EXIST"
    assert code_of(town.wechat_pay().query("..%2F..%2Fcertificates?x=1")) == "ORDER_NOT_EXIST"


@pytest.mark.parametrize(("openid", "fen"), [("", 100), ("o-mei", 0), ("o-mei", -1)])
def test_a_parameter_that_wechat_does_not_take_is_refused(town: Town, openid: str, fen: int) -> None:
    assert code_of(town.prepay(number("ord"), fen, openid)) == "PARAM_ERROR"


def test_what_the_library_will_not_send_is_refused_without_a_call(town: Town) -> None:
    expires_at = town.clock.now() + timedelta(minutes=5)
    outcome = town.wechat_pay().prepay("", 1, "card", "o-mei", town.listener.url, expires_at)
    assert code_of(outcome) == "invalid_argument"


def test_the_payment_of_a_lost_answer_is_found_by_the_same_number(town: Town) -> None:
    order_no = number("ord")
    town.fault("wechat_pay", "prepay", "drop")
    assert isinstance(town.prepay(order_no), Unknown)
    assert isinstance(town.prepay(order_no), PaymentParameters)


def test_a_request_that_arrives_twice_has_one_effect(town: Town) -> None:
    order_no, refund_no = number("ord"), number("ref")
    town.pay(order_no, 1_000)
    town.fault("wechat_pay", "refund", "repeat")
    before = town.books()["provider"]["refunded_fen"]
    assert isinstance(refund(town, refund_no, order_no, 400, 1_000), RefundStatus)
    assert town.books()["provider"]["refunded_fen"] == before + 400


def test_an_answer_about_another_order_is_unknown(town: Town) -> None:
    order_no = number("ord")
    town.pay(order_no)
    town.fault("wechat_pay", "query", "lie", field="out_trade_no", value="ord_of_another")
    assert isinstance(town.wechat_pay().query(order_no), Unknown)


def test_a_signed_lie_about_the_amount_reaches_the_caller_who_compares(town: Town) -> None:
    order_no = number("ord")
    town.pay(order_no, 100)
    town.fault("wechat_pay", "query", "lie", field="amount.total", value=99)
    payment = town.wechat_pay().query(order_no)
    assert isinstance(payment, Payment) and payment.amount_fen == 99


@pytest.mark.parametrize("value", ["100", 1.5, True, None])
def test_an_amount_that_is_no_integer_is_unknown(town: Town, value: object) -> None:
    order_no = number("ord")
    town.pay(order_no, 100)
    town.fault("wechat_pay", "query", "lie", field="amount.total", value=value)
    assert isinstance(town.wechat_pay().query(order_no), Unknown)


def test_a_signature_that_wechat_does_not_accept_is_unknown_and_not_a_refusal(town: Town) -> None:
    """401 says nothing about what an earlier call with the same number did."""
    outcome = town.wechat_pay(merchant_serial="0" * 40).query("ord_123456")
    assert isinstance(outcome, Unknown) and "401" in outcome.reason


def test_an_answer_under_an_unknown_serial_is_unknown_without_asking_for_certificates(town: Town) -> None:
    outcome = town.wechat_pay(platform_public_key_id="PUB_KEY_ID_OTHER").query("ord_123456")
    assert isinstance(outcome, Unknown) and "unknown_serial" in outcome.reason


def test_an_answer_signed_by_another_platform_key_is_unknown(town: Town) -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

    other = generate_private_key(65537, 2048).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    ).decode()
    outcome = town.wechat_pay(platform_public_key=other).query("ord_123456")
    assert isinstance(outcome, Unknown) and "bad_signature" in outcome.reason


def test_keys_that_do_not_load_are_unknown(town: Town) -> None:
    assert isinstance(town.wechat_pay(merchant_private_key="no key").query("ord_123456"), Unknown)


def refund(town: Town, refund_no: str, order_no: str, fen: int, total: int) -> object:
    return town.wechat_pay().refund(refund_no, order_no, fen, total, "余额退款", town.listener.url)


def test_a_refund_is_accepted_first_and_succeeds_later(town: Town) -> None:
    order_no, refund_no = number("ord"), number("ref")
    town.pay(order_no, 1_000)
    accepted = refund(town, refund_no, order_no, 300, 1_000)
    assert isinstance(accepted, RefundStatus) and (accepted.state, accepted.amount_fen) == ("processing", 300)

    def arrived() -> RefundStatus | None:
        status = town.wechat_pay().query_refund(refund_no)
        return status if isinstance(status, RefundStatus) and status.state == "success" else None

    done = eventually(arrived)
    assert done.provider_refund_id == accepted.provider_refund_id and done.succeeded_at is not None
    payment = town.wechat_pay().query(order_no)
    assert isinstance(payment, Payment) and payment.state == "REFUND" and payment.amount_fen == 1_000


def test_the_same_refund_number_refunds_once(town: Town) -> None:
    order_no, refund_no = number("ord"), number("ref")
    town.pay(order_no, 1_000)
    first, second = (refund(town, refund_no, order_no, 700, 1_000) for _ in range(2))
    assert isinstance(first, RefundStatus) and isinstance(second, RefundStatus)
    assert first.provider_refund_id == second.provider_refund_id
    assert code_of(refund(town, refund_no, order_no, 699, 1_000)) == "INVALID_REQUEST"


def test_refunds_do_not_go_beyond_what_was_paid(town: Town) -> None:
    order_no = number("ord")
    town.pay(order_no, 1_000)
    assert isinstance(refund(town, number("ref"), order_no, 700, 1_000), RefundStatus)
    assert code_of(refund(town, number("ref"), order_no, 301, 1_000)) == "INVALID_REQUEST"
    assert isinstance(refund(town, number("ref"), order_no, 300, 1_000), RefundStatus)


def test_a_refund_must_know_the_total(town: Town) -> None:
    order_no = number("ord")
    town.pay(order_no, 1_000)
    assert code_of(refund(town, number("ref"), order_no, 1, 999)) == "INVALID_REQUEST"


def test_a_refund_of_an_unpaid_order_is_refused(town: Town) -> None:
    order_no = number("ord")
    town.prepay(order_no, 1_000)
    assert code_of(refund(town, number("ref"), order_no, 1, 1_000)) == "RESOURCE_NOT_EXISTS"


def test_a_refund_that_wechat_does_not_know_is_not_found(town: Town) -> None:
    assert town.wechat_pay().query_refund(number("ref")) == NotFound()


def test_a_long_chinese_reason_is_cut_at_a_whole_character(town: Town) -> None:
    order_no = number("ord")
    town.pay(order_no, 10)
    outcome = town.wechat_pay().refund(number("ref"), order_no, 10, 10, "退" * 60, town.listener.url)
    assert isinstance(outcome, RefundStatus)
