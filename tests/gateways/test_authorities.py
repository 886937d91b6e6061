"""The business registry and the regulator's platform."""
from datetime import date, timedelta

import pytest

from chalicelib.gateways.business_registry import Licence
from chalicelib.gateways.outcomes import NotFound, Refused, Unknown
from chalicelib.gateways.regulator import Acknowledged
from infra.local.sandbox.testing import Town, number

LICENCE_NO = "91330212MA2AEXAM2N"
DAY = date(2026, 11, 19)


def register(town: Town, **more: object) -> None:
    town.control("POST", "companies", **{
        "licence_no": LICENCE_NO, "name": "宁波市鄞州清风餐饮有限公司", "legal_form": "enterprise",
        "established_on": "2019-05-06", "valid_until": "2039-05-05", "scope": "餐饮服务",
        "legal_representative": "王芳", "address": "宁波市鄞州区中河街道 1 号", **more,
    })


def test_a_licence_is_told_as_it_is_registered(town: Town) -> None:
    register(town)
    assert town.business_registry().lookup(LICENCE_NO) == Licence(
        LICENCE_NO, "宁波市鄞州清风餐饮有限公司", "enterprise", "normal", date(2019, 5, 6), date(2039, 5, 5),
        "餐饮服务", "王芳", "宁波市鄞州区中河街道 1 号",
    )


def test_a_licence_without_an_end_and_a_change_of_status_are_told(town: Town) -> None:
    register(town, valid_until=None, status="revoked")
    licence = town.business_registry().lookup(LICENCE_NO)
    assert isinstance(licence, Licence) and (licence.valid_until, licence.status) == (None, "revoked")


def test_a_number_that_nobody_registered_is_not_found(town: Town) -> None:
    assert town.business_registry().lookup("91330212MA2AEXAMAA") == NotFound()
    assert town.business_registry().lookup("b?c#d 餐 %2F") == NotFound()


def test_a_number_with_a_wrong_check_digit_is_not_registered(town: Town) -> None:
    with pytest.raises(RuntimeError, match="check digit"):
        register(town, licence_no=LICENCE_NO[:-1] + "0")


@pytest.mark.parametrize(
    ("field", "value"),
    [("status", "splendid"), ("legal_form", "club"), ("established_on", "last year"), ("name", ""),
     ("licence_no", "91330212MA2AOTHER1")],
)
def test_a_licence_of_another_shape_is_unknown(town: Town, field: str, value: str) -> None:
    register(town)
    town.fault("business_registry", "lookup", "lie", field=field, value=value)
    assert isinstance(town.business_registry().lookup(LICENCE_NO), Unknown)


def push(town: Town, report_id: str, content: bytes = b"csv") -> object:
    return town.regulator().push(report_id, "daily", "鄞州区", DAY, content)


def test_a_report_gets_a_receipt_and_the_same_report_the_same_receipt(town: Town) -> None:
    report_id = number("rpt")
    first = push(town, report_id, "日报".encode())
    assert isinstance(first, Acknowledged) and first.receipt_no.startswith("JG")
    assert abs(first.at - town.clock.now()) < timedelta(seconds=10)
    assert push(town, report_id, "日报".encode()) == first
    assert report_id in {report["report_id"] for report in town.books()["reports"]}
    assert town.control("GET", f"reports/{report_id}")["content"] == "日报"


def test_a_report_whose_receipt_was_lost_is_pushed_again_for_the_same_receipt(town: Town) -> None:
    report_id = number("rpt")
    town.fault("regulator", "push", "drop")
    assert isinstance(push(town, report_id), Unknown)
    first, second = push(town, report_id), push(town, report_id)
    assert isinstance(first, Acknowledged) and first == second


def test_other_content_under_the_same_id_is_refused(town: Town) -> None:
    report_id = number("rpt")
    push(town, report_id)
    refused = push(town, report_id, b"other")
    assert isinstance(refused, Refused) and refused.code == "report_conflict"


@pytest.mark.parametrize(
    ("field", "value"), [("sha256", "0" * 64), ("report_id", "rpt_x"), ("receipt_no", "")]
)
def test_a_receipt_for_something_else_is_unknown(town: Town, field: str, value: str) -> None:
    town.fault("regulator", "push", "lie", field=field, value=value)
    assert isinstance(push(town, number("rpt")), Unknown)


def test_a_report_of_some_megabytes_arrives(town: Town) -> None:
    assert isinstance(push(town, number("rpt"), bytes(3_000_000)), Acknowledged)
