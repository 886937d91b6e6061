"""What the registry says of an approved merchant, and what follows: sales, status, alert, audit; nothing where nothing is new."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from chalicelib.domain import watch
from chalicelib.domain.alert import Alert, AlertKind
from chalicelib.domain.audit import AuditEntry
from chalicelib.domain.decision import Decision
from chalicelib.domain.merchant import LicenceStatus, Merchant, MerchantState, StopReason
from chalicelib.domain.registry import RegisteredCompany
from chalicelib.domain.watch import Outcome, Watched
from tests.domain.town import EAST_8, MERCHANT, NOON, code_of, trace

COMPANY = RegisteredCompany(MERCHANT.licence_no, MERCHANT.name, "normal", "钱一", date(2020, 1, 1), None, "enterprise")
NEXT = NOON + timedelta(days=1)
BAD = [LicenceStatus(status) for status in ("abnormal", "deregistering", "deregistered", "revoked")]


def looked(merchant: Merchant = MERCHANT, company: RegisteredCompany | None = COMPANY, at: datetime = NEXT) -> Decision[Watched]:
    return watch.look(merchant, company, "alt_1", trace(at=at, who="watch", role="clock"))


def unheard(merchant: Merchant = MERCHANT, raised: Alert | None = None, at: datetime = NEXT) -> Decision[Watched]:
    return watch.silent(merchant, raised, "alt_1", "alt_2", trace(at=at, who="watch", role="clock"))


def written(decision: Decision[Watched]) -> dict[str, Any]:
    return {type(put.value).__name__: put.value for put in decision.puts}


def at(status: str, **other: Any) -> RegisteredCompany:
    return replace(COMPANY, status=status, **other)


def stopped(status: str = "revoked") -> Merchant:
    return looked(company=at(status)).answer.merchant


def test_a_good_licence_again_writes_the_time_of_the_check_and_nothing_else() -> None:
    decision = looked()
    assert decision.answer.outcome is Outcome.SAME
    assert [put.value for put in decision.puts] == [replace(MERCHANT, licence_checked_at=NEXT, version=2)]


@pytest.mark.parametrize("status", BAD)
def test_a_licence_in_bad_standing_stops_sales_raises_an_alert_and_is_audited(status: LicenceStatus) -> None:
    decision = looked(company=at(status))
    assert decision.answer.outcome is Outcome.STOPPED
    after, alert, entry = (written(decision)[kind] for kind in ("Merchant", "Alert", "AuditEntry"))
    assert (after.state, after.stops, after.version) == (MerchantState.SALES_STOPPED, ("licence",), 2)
    assert (after.licence_status, after.licence_status_since, after.updated_at) == (status, NEXT.date(), NEXT)
    assert (alert.alert_id, alert.kind, alert.district) == ("alt_1", AlertKind.LICENCE, MERCHANT.district)
    assert isinstance(entry, AuditEntry)
    assert (entry.action, entry.before, entry.after) == ("merchant.stop_sales", "active", "sales_stopped: licence")
    assert entry.reason == f"licence {status}"
    assert code_of(after.require_selling) == "sales_stopped"


def test_a_licence_that_the_registry_does_not_know_stops_sales() -> None:
    after = looked(company=None).answer.merchant
    assert (after.licence_status, after.stops) == (LicenceStatus.NOT_FOUND, ("licence",))


@pytest.mark.parametrize(("last_day", "outcome"), [(NEXT.date(), Outcome.SAME), (NOON.date(), Outcome.STOPPED)])
def test_a_licence_is_good_on_its_last_day_and_stops_sales_on_the_day_after(last_day: date, outcome: Outcome) -> None:
    decision = looked(company=at("normal", valid_until=last_day))
    assert decision.answer.outcome is outcome
    assert decision.answer.merchant.licence_valid_until == last_day


def test_the_last_day_ends_at_midnight_in_shanghai() -> None:
    ends = at("normal", valid_until=NOON.date())
    assert looked(company=ends, at=datetime(2026, 3, 3, 23, 59, 59, tzinfo=EAST_8)).answer.outcome is Outcome.SAME
    assert looked(company=ends, at=datetime(2026, 3, 4, tzinfo=EAST_8)).answer.outcome is Outcome.STOPPED


def test_a_worse_word_counts_more_than_an_expiry() -> None:
    revoked = looked(company=at("revoked", valid_until=date(2020, 1, 1))).answer.merchant
    assert revoked.licence_status is LicenceStatus.REVOKED


def test_the_same_bad_standing_again_writes_the_time_of_the_check_only() -> None:
    before = stopped()
    decision = looked(before, at("revoked"), NEXT + timedelta(days=1))
    assert decision.answer.outcome is Outcome.SAME
    after = replace(before, licence_checked_at=NEXT + timedelta(days=1), version=3)
    assert [put.value for put in decision.puts] == [after]


def test_another_bad_standing_is_a_new_alert_and_sales_stay_stopped() -> None:
    decision = looked(stopped("abnormal"), at("revoked"))
    assert decision.answer.outcome is Outcome.CHANGED
    assert set(written(decision)) == {"Merchant", "AuditEntry", "Alert"}
    assert decision.answer.merchant.stops == ("licence",)


def test_back_in_good_standing_the_stop_is_lifted_by_itself_audited_without_an_alert() -> None:
    decision = looked(stopped())
    assert decision.answer.outcome is Outcome.LIFTED
    assert set(written(decision)) == {"Merchant", "AuditEntry"}
    after = decision.answer.merchant
    assert (after.state, after.stops, after.licence_status) == (MerchantState.ACTIVE, (), LicenceStatus.NORMAL)
    assert written(decision)["AuditEntry"].action == "merchant.lift_stop"
    after.require_selling()


def test_a_stop_for_another_reason_is_not_the_watchs_to_lift() -> None:
    ordered = MERCHANT.stopped(StopReason.ORDER, NOON)
    assert looked(ordered).answer.merchant.stops == ("order",)
    both = looked(ordered, at("revoked")).answer.merchant
    assert both.stops == ("licence", "order")
    after = looked(both).answer.merchant
    assert (after.state, after.stops) == (MerchantState.SALES_STOPPED, ("order",))


@pytest.mark.parametrize("other", [{"legal_representative": "孙二"}, {"name": "别的公司"}], ids=["representative", "name"])
def test_another_name_or_legal_representative_raises_one_alert_and_sales_go_on(other: dict[str, str]) -> None:
    company = at("normal", **other)
    decision = looked(company=company)
    assert decision.answer.outcome is Outcome.CHANGED
    assert set(written(decision)) == {"Merchant", "Alert"}
    assert next(iter(other.values())) in written(decision)["Alert"].detail
    after = decision.answer.merchant
    assert (after.state, after.name, after.legal_representative) == (MerchantState.ACTIVE, MERCHANT.name, "钱一")
    assert looked(after, company).answer.outcome is Outcome.SAME
    again = looked(after, replace(company, legal_representative="周三"))
    assert again.answer.outcome is Outcome.CHANGED
    back = looked(after).answer
    assert (back.outcome, back.merchant.registered_otherwise) == (Outcome.SAME, "")


def test_two_news_at_once_are_one_alert() -> None:
    decision = looked(company=at("abnormal", legal_representative="孙二"))
    assert len(decision.puts) == 3
    detail = written(decision)["Alert"].detail
    assert "经营异常名录" in detail
    assert "孙二" in detail


def test_a_very_long_name_at_the_registry_does_not_make_a_very_long_alert() -> None:
    decision = looked(company=at("normal", name="长" * 4096, legal_representative="名" * 4096))
    assert len(written(decision)["Alert"].detail) < 200
    assert len(decision.answer.merchant.registered_otherwise) == 16


def test_no_answer_changes_nothing() -> None:
    decision = unheard(at=NOON + watch.UNCHECKED_AFTER - timedelta(seconds=1))
    assert (decision.answer.outcome, decision.puts) == (Outcome.SILENT, ())


def test_no_answer_for_three_days_raises_one_alert_and_writes_nothing_else() -> None:
    at_last = NOON + watch.UNCHECKED_AFTER
    decision = unheard(at=at_last)
    assert decision.answer.outcome is Outcome.UNCHECKED
    assert [(put.value.alert_id, put.value.kind) for put in decision.puts] == [("alt_2", AlertKind.UNCHECKED)]
    again = unheard(raised=decision.answer.alert, at=at_last + timedelta(hours=1))
    assert (again.answer.outcome, again.puts) == (Outcome.SILENT, ())


def test_the_own_last_day_stops_sales_though_the_registry_is_silent_and_is_no_check() -> None:
    ended = replace(MERCHANT, licence_valid_until=NOON.date())
    assert unheard(ended, at=NOON).answer.outcome is Outcome.SILENT
    decision = unheard(ended)
    assert set(written(decision)) == {"Merchant", "AuditEntry", "Alert"}
    after = decision.answer.merchant
    assert (after.licence_status, after.stops) == (LicenceStatus.EXPIRED, ("licence",))
    assert after.licence_checked_at == NOON
    assert unheard(after).puts == ()
    renewed = looked(after, at("normal", valid_until=date(2040, 1, 1))).answer
    assert (renewed.outcome, renewed.merchant.state) == (Outcome.LIFTED, MerchantState.ACTIVE)


def test_a_merchant_is_due_after_twenty_hours_or_when_its_licence_has_ended_unseen() -> None:
    assert not watch.is_due(MERCHANT, NOON + timedelta(hours=19, minutes=59))
    assert watch.is_due(MERCHANT, NOON + timedelta(hours=20))
    ended = replace(MERCHANT, licence_valid_until=NOON.date() - timedelta(days=1))
    assert watch.is_due(ended, NOON)
    assert not watch.is_due(unheard(ended).answer.merchant, NOON)


def test_a_refusal_to_sell_says_why_and_since_when() -> None:
    with pytest.raises(Exception) as caught:
        stopped("abnormal").stopped(StopReason.CLOSING, NEXT).require_selling()
    refusal: Any = caught.value
    assert "营业执照被列入经营异常名录" in refusal.detail
    assert "list of abnormal operations" in refusal.detail_en
    assert [(one["code"], one["since"]) for one in refusal.facts["reasons"]] == [("closing", None), ("licence", "2026-03-04")]


def test_full_width_signs_are_the_same_name() -> None:
    named = replace(MERCHANT, name="甬味(鄞州)餐饮")
    company = replace(COMPANY, name="甬味（鄞州）餐饮")
    assert looked(named, company).answer.outcome is Outcome.SAME
