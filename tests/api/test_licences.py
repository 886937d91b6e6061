"""Licence lookup: anyone asks by the number on the wall, and gets the merchant, its colour and why."""

from dataclasses import replace

import pytest

from chalicelib import ids
from chalicelib.domain.alert import Alert, AlertKind
from chalicelib.domain.application import LicenceClaim
from chalicelib.domain.merchant import LicenceStatus, StopReason
from chalicelib.domain.principal import Role
from tests.platform import DISTRICT, FRIDAY
from tests.town import Town

LICENCE_NO = "91330212MA2AF3C43F"
PATH = f"/v1/licences/{LICENCE_NO}"


@pytest.fixture
def claimed(town: Town) -> Town:
    town.merchant = replace(town.merchant, licence_no=LICENCE_NO)
    town.platform.put(town.merchant, LicenceClaim(LICENCE_NO, town.merchant.merchant_id))
    return town


def stopped(town: Town) -> None:
    bad = replace(town.merchant, licence_status=LicenceStatus.ABNORMAL, licence_status_since=FRIDAY)
    town.platform.put(bad.stopped(StopReason.LICENCE, town.platform.now()))


def open_alert(town: Town, kind: AlertKind = AlertKind.LICENCE) -> Alert:
    merchant_id = town.merchant.merchant_id
    alert_id = ids.derived_within("alt", merchant_id, kind)
    return Alert(alert_id, merchant_id, DISTRICT, kind, "登记的法定代表人：孙二", "SUN", town.platform.now())


def test_a_merchant_in_good_standing_is_green(claimed: Town) -> None:
    found = claimed.platform.get(PATH).json
    assert (found["colour"], found["reasons"], found["invite"]) == ("green", [], None)
    assert (found["name"], found["filing_no"], found["custody"]) == (claimed.merchant.name, claimed.merchant.filing_no, "full")
    assert (found["filed_on"], found["licence_status"], found["state"]) == ("2026-11-20", "normal", "active")
    assert found["licence_checked_at"].startswith("2026-11-20T12:00")
    assert found["complaints"] == {"open": 0, "resolved_in_time": 0, "resolved_late": 0}


def test_no_bank_account_and_no_person_is_told(claimed: Town) -> None:
    answer = claimed.platform.get(PATH).text
    assert claimed.merchant.account_number not in answer
    assert claimed.merchant.legal_representative not in answer


def test_a_stopped_merchant_is_red_and_says_why_and_since_when(claimed: Town) -> None:
    stopped(claimed)
    found = claimed.platform.get(PATH).json
    assert (found["colour"], found["state"], found["licence_status"]) == ("red", "sales_stopped", "abnormal")
    reason = {
        "code": "licence",
        "text": "营业执照被列入经营异常名录",
        "text_en": "the business licence is on the list of abnormal operations",
        "since": "2026-11-20",
    }
    assert found["reasons"] == found["stop_reasons"] == [reason]


def test_an_open_alert_is_yellow_and_its_detail_stays_with_the_officials(claimed: Town) -> None:
    claimed.platform.put(open_alert(claimed))
    answer = claimed.platform.get(PATH)
    assert answer.json["colour"] == "yellow"
    assert [reason["code"] for reason in answer.json["reasons"]] == ["alert_licence"]
    assert "孙二" not in answer.text


def test_nobody_with_this_licence_is_grey_with_an_invitation(town: Town) -> None:
    found = town.platform.get(PATH).json
    assert (found["colour"], found["name"], found["complaints"]) == ("grey", None, None)
    assert found["reasons"][0]["code"] == "not_connected"
    assert found["invite"]["href"] == "https://platform.example/v1/merchant-nominations"


def test_a_licence_of_an_application_that_nobody_approved_is_grey(town: Town) -> None:
    town.platform.put(LicenceClaim(LICENCE_NO, ids.random_id("mch")))
    assert town.platform.get(PATH).json["colour"] == "grey"
    town.platform.put(LicenceClaim(LICENCE_NO, ""))
    assert town.platform.get(PATH).json["colour"] == "grey"


def test_small_letters_are_taken_for_capitals(claimed: Town) -> None:
    assert claimed.platform.get(PATH.lower()).json["licence_no"] == LICENCE_NO


@pytest.mark.parametrize("number", ["91330212MA2AF3C43G", "91330212MA2AF3C43", "91330212MA2AF3C43FF", "913302IOMA2AF3C43F", "-"])
def test_a_wrong_number_is_told_from_one_that_is_not_here(town: Town, number: str) -> None:
    answer = town.platform.get(f"/v1/licences/{number}")
    assert (answer.status, answer.code, answer.json["param"]) == (422, "licence_no_invalid", "licence_no")


def test_the_merchant_has_the_same_colour_by_its_id_and_none_in_the_search(claimed: Town) -> None:
    path = f"/v1/merchants/{claimed.merchant.merchant_id}"
    assert (claimed.platform.get(path).json["colour"], claimed.platform.get(path).json["colour_reasons"]) == ("green", [])
    claimed.platform.put(open_alert(claimed, AlertKind.UNCHECKED))
    found = claimed.platform.get(path).json
    assert (found["colour"], found["colour_reasons"][0]["code"]) == ("yellow", "alert_unchecked")
    stopped(claimed)
    found = claimed.platform.get(path).json
    assert (found["colour"], found["stop_reasons"][0]["since"]) == ("red", "2026-11-20")
    assert not [one for one in claimed.platform.get("/v1/merchants").json["data"] if "colour" in one]


def test_page_code_and_refusal_give_the_reason_in_words(claimed: Town) -> None:
    stopped(claimed)
    scanned = claimed.platform.get(f"/v1/store-codes/{claimed.store_code}").json
    assert scanned["stop_reasons"][0]["text"] == "营业执照被列入经营异常名录"
    page = claimed.platform.get(f"/m/{claimed.store_code}").text
    assert "营业执照被列入经营异常名录（2026-11-20 起）" in page
    assert "on the list of abnormal operations since 2026-11-20" in page
    wish = {"product_id": claimed.product.product_id, "contract_version": claimed.product.contract_version}
    refused = claimed.platform.post("/v1/orders", wish | {"payment_provider": "wechat_pay"}, claimed.consumer)
    assert (refused.status, refused.code) == (409, "sales_stopped")
    assert refused.json["facts"]["reasons"][0]["since"] == "2026-11-20"
    terms = {"name": "卡", "kind": "stored_value", "price_fen": 100, "bonus_fen": 0}
    offered = claimed.platform.post(
        f"/v1/merchants/{claimed.merchant.merchant_id}/products", terms, claimed.tokens[Role.OWNER]
    )
    assert offered.code == "sales_stopped"
