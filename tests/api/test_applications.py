"""Applications over HTTP: in parts, by owner or operator, seen by whom they concern, with nothing of a person in the open."""

import json
from typing import Any

import pytest

from chalicelib.domain.principal import Role
from tests.api.office import APPLICATIONS, APPROVE, OTHER_LICENCE, REJECT, Office
from tests.api.papers import PNG, hand_in
from tests.platform import Answer

NOBODY = "0" * 26


def test_a_draft_may_be_nearly_empty_and_says_by_name_what_it_lacks(office: Office) -> None:
    filing = office.company()
    path = office.begun({})
    seen = office.ok(office.platform.get(path, office.clerk))
    assert {"name", "licence_no", "bank_account", "commitment_accepted", "files.licence"} <= set(seen["missing"])
    for name, said in filing.items():
        before = set(office.ok(office.platform.get(path, office.clerk))["missing"])
        after = set(office.ok(office.save(path, {name: said}))["missing"])
        assert name not in after
        assert before - {name} <= after, "one part fills in nothing else"
    refused = office.submit(path)
    assert (refused.status, refused.code) == (422, "application_incomplete")
    assert refused.json["facts"] == {"missing": ["files.licence"]}
    hand_in(office.platform, path, office.clerk)
    assert office.ok(office.submit(path))["missing"] == []


def test_parts_are_kept_null_clears_and_what_is_unknown_or_wrong_is_refused_alone(office: Office) -> None:
    path = office.begun({"street": "百丈街道", "mall": "银泰"})
    office.ok(office.save(path, {"contact_phone": "13812345678"}))
    seen = office.ok(office.save(path, {"mall": None}))
    assert (seen["street"], seen["mall"], seen["contact_phone"]) == ("百丈街道", "", "138****5678")
    before = office.platform.dump()
    for wrong in ({"moll": "x"}, {"district": "3302"}, {"state": "active"}, {"merchant_id": "m"}, {"account_number": "1" * 10}):
        assert office.save(path, wrong).code == "request_invalid"
    again = office.save(path, {"contact_phone": "13812345678", "street": "百丈街道"})
    assert (again.status, again.replayed) == (200, True)
    assert office.platform.dump() == before


def test_what_was_submitted_is_not_changed_any_more(office: Office) -> None:
    path = office.submitted(office.company())
    before = office.platform.dump()
    assert office.save(path, {"street": "首南街道"}).code == "application_submitted"
    content = PNG + b"another"
    said = {"kind": "other", "content_type": "image/png", "size_bytes": len(content), "sha256": "0" * 64}
    assert office.platform.post(f"{path}/files", said, office.clerk).code == "application_submitted"
    assert office.platform.dump() == before


def test_a_rejected_application_is_corrected_and_submitted_again_and_remembers(office: Office) -> None:
    path = office.submitted(office.company())
    office.ok(office.review(path, office.reviewer, REJECT))
    seen = office.ok(office.save(path, {"street": "首南街道"}))
    assert (seen["state"], seen["reason"], seen["rejections"]) == ("rejected", REJECT["reason"], 1)
    again = office.ok(office.submit(path))
    assert (again["state"], again["reason"], again["last_reason"]) == ("submitted", "", REJECT["reason"])
    office.ok(office.review(path, office.reviewer))
    assert office.ok(office.review(path, office.regulator))["state"] == "active"


def test_three_different_persons(office: Office) -> None:
    """Whoever filed, changed or submitted it reviews nothing of it."""
    path = office.begun(office.company())
    office.ok(office.save(path, {"street": "首南街道"}, office.official("helper")))
    hand_in(office.platform, path, office.official("carrier"))
    office.ok(office.submit(path, office.official("sender")))
    for name in ("clerk", "helper", "carrier", "sender"):
        assert office.review(path, office.official(name)).code == "second_person_needed"
    office.ok(office.review(path, office.reviewer))
    assert office.ok(office.review(path, office.regulator))["state"] == "active"


def test_an_owner_has_one_application_and_is_told_which(office: Office) -> None:
    owner = office.owner()
    path = office.begun({"street": "百丈街道"}, owner)
    again = office.platform.post(APPLICATIONS, {}, owner)
    assert (again.status, again.code) == (409, "application_exists")
    assert path.endswith(again.json["facts"]["application_id"])
    (own,) = office.ok(office.platform.get(APPLICATIONS, owner))["data"]
    assert path.endswith(own["application_id"])


def alike(foreign: Answer, missing: Answer) -> None:
    assert (foreign.status, foreign.code) == (404, "not_found"), foreign.text
    assert (foreign.text, foreign.headers) == (missing.text, missing.headers)


def test_what_is_foreign_is_absent_on_every_route(office: Office) -> None:
    owner, stranger = office.owner(), office.owner("wu.yi", "o-wu")
    path = office.begun(office.company(), owner)
    file = hand_in(office.platform, path, owner)["file_id"]
    office.ok(office.submit(path, owner))
    far = office.official("far", Role.REGULATOR, "330203")
    said = {"kind": "other", "content_type": "image/png", "size_bytes": 9, "sha256": "0" * 64}
    asked: list[tuple[str, str, Any]] = [
        ("GET", "", None),
        ("GET", "/files", None),
        ("GET", f"/files/{file}", None),
        ("PATCH", "", {"street": "x"}),
        ("POST", "/submit", None),
        ("POST", "/files", said),
        ("POST", f"/files/{file}/complete", None),
        ("POST", "/review", REJECT),
    ]
    nowhere = f"{APPLICATIONS}/app_{NOBODY}"
    before = office.platform.dump()
    for who, verbs in ((stranger, asked[:7]), (far, [*asked[:3], asked[7]])):
        for method, rest, body in verbs:
            foreign, missing = (office.platform.call(method, f"{at}{rest}", body, token=who) for at in (path, nowhere))
            alike(foreign, missing)
        assert office.ok(office.platform.get(f"{APPLICATIONS}?state=submitted", who))["data"] == []
    assert office.platform.dump() == before


def test_a_regulator_sees_nothing_before_it_is_submitted(office: Office) -> None:
    path = office.begun(office.company())
    assert office.platform.get(path, office.regulator).code == "not_found"
    assert office.ok(office.platform.get(f"{APPLICATIONS}?state=draft", office.regulator))["data"] == []
    hand_in(office.platform, path, office.clerk)
    office.ok(office.submit(path))
    assert office.ok(office.platform.get(path, office.regulator))["state"] == "submitted"


def test_the_list_is_read_page_by_page_and_its_cursor_is_its_own(office: Office) -> None:
    paths = []
    for _ in range(5):
        office.platform.later(seconds=1)
        paths.append(office.begun({}))
    seen, cursor = [], ""
    while True:
        page = office.ok(office.platform.get(f"{APPLICATIONS}?state=draft&limit=2{cursor}", office.clerk))
        seen += [f"{APPLICATIONS}/{one['application_id']}" for one in page["data"]]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == paths
    for state, token in (("submitted", office.clerk), ("draft", office.regulator)):
        assert office.platform.get(f"{APPLICATIONS}?state={state}{cursor}", token).code == "cursor_invalid"


def test_an_application_that_nobody_decides_becomes_overdue(office: Office) -> None:
    path = office.submitted(office.company())
    office.platform.later(days=30)
    assert office.ok(office.platform.get(path, again(office)))["overdue"] is False
    office.platform.later(days=1)
    assert office.ok(office.platform.get(path, again(office)))["overdue"] is True


def again(office: Office) -> str:
    office.people.clear()
    return office.reviewer


CANARIES = {
    "contact_name": "卡娜莉",
    "contact_phone": "13812345678",
    "legal_representative_id_no": "330212197506150028",
}
ACCOUNT_NO = "6217009999888877776"


def test_what_says_who_somebody_is_stands_nowhere_in_clear(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the owner who filed it reads it again; rows, logs, audits and everybody else's answers have masks at most."""
    owner = office.owner()
    filing = office.company() | CANARIES
    filing["bank_account"] = filing["bank_account"] | {"number": ACCOUNT_NO}
    capsys.readouterr()
    path = office.begun(filing, owner)
    hand_in(office.platform, path, owner)
    office.save(path, {"contact_phone": "x" * 50 + CANARIES["contact_phone"]}, owner)
    office.ok(office.submit(path, owner))
    secrets = [*CANARIES.values(), ACCOUNT_NO]
    rows = json.dumps(office.platform.dump(), ensure_ascii=False)
    answers = []
    for who in (office.clerk, office.regulator):
        answers += [office.platform.get(at, who).text for at in (path, f"{path}/files", f"{APPLICATIONS}?state=submitted")]
    answers.append(office.review(path, office.reviewer).text)
    said = capsys.readouterr().out
    for secret in secrets:
        assert not [text for text in (rows, said, *answers) if secret in text], secret
    assert "138****5678" in answers[0]
    own = office.ok(office.platform.get(path, owner))
    assert [own[name] for name in CANARIES] == list(CANARIES.values())
    assert own["bank_account"]["number"] == ACCOUNT_NO


def test_an_operator_who_files_on_behalf_sees_masks_too(office: Office) -> None:
    path = office.begun({"contact_phone": "13812345678", "contact_name": "林晓"})
    seen = office.ok(office.platform.get(path, office.clerk))
    assert (seen["contact_phone"], seen["contact_name"]) == ("138****5678", "林*")


@pytest.mark.parametrize(
    "registered, code",
    [
        ({"legal_form": "individual_business"}, "legal_form_differs"),
        ({"scope": "一般项目：钢材销售"}, "scope_does_not_cover"),
        ({"status": "revoked"}, "licence_not_in_good_standing"),
        ({"scope": "一般项目：理发服务"}, ""),
    ],
)
def test_the_registry_is_asked_before_anything_is_submitted(office: Office, registered: dict[str, Any], code: str) -> None:
    filing = office.company(**registered) | {"legal_form": "enterprise"}
    path = office.begun(filing)
    hand_in(office.platform, path, office.clerk)
    before = office.platform.dump()
    answer = office.submit(path)
    assert answer.code == code
    assert (office.platform.dump() == before) is bool(code)


def test_an_individual_business_files_less(office: Office) -> None:
    filing = office.company(legal_form="individual_business") | {"legal_form": "individual_business", "issuer_type": "individual"}
    for enterprises in ("registered_capital_fen", "sector_authority", "last_year_revenue_fen", "last_year_card_sales_fen"):
        filing.pop(enterprises)
    assert office.active(filing)["state"] == "active"


def test_a_name_that_is_taken_for_a_neighbours_needs_a_reason(office: Office) -> None:
    first = office.active(office.company())
    look_alike = office.company(name="甬尚 美髮有限公司", licence_no=OTHER_LICENCE)
    path = office.submitted(look_alike, picture=PNG + b"another licence")
    seen = office.ok(office.platform.get(path, office.reviewer))
    assert seen["name_confusable_with"] == first["merchant_id"]
    refused = office.review(path, office.reviewer)
    assert (refused.status, refused.code) == (409, "name_confusable")
    assert office.review(path, office.reviewer, APPROVE | {"confusable_accepted": True}).code == "name_confusable"
    office.ok(office.review(path, office.reviewer, APPROVE | {"confusable_accepted": True, "reason": "同一集团的分公司"}))
    assert office.ok(office.review(path, office.regulator))["state"] == "active"


def test_a_name_in_another_district_is_nobodys_neighbour(office: Office) -> None:
    office.active(office.company())
    elsewhere = office.company(name="甬尚 美髮有限公司", licence_no=OTHER_LICENCE) | {"district": "330203"}
    path = office.submitted(elsewhere, picture=PNG + b"another licence")
    assert office.ok(office.review(path, office.reviewer))["name_confusable_with"] is None


def test_store_and_product_names_are_names_too(office: Office) -> None:
    from tests.town import settled

    town = settled(office.platform)
    merchant, owner = f"/v1/merchants/{town.merchant.merchant_id}", town.tokens[Role.OWNER]
    for name in ("甬尚\u202e店", "甬\u200b尚", "C\u0430fe"):
        store = {"name": name, "district": "330212", "address": "江东"}
        product = {"name": name, "kind": "stored_value", "price_fen": 100, "bonus_fen": 0}
        assert office.platform.post(f"{merchant}/stores", store, owner).json["param"] == "name"
        assert office.platform.post(f"{merchant}/products", product, owner).json["param"] == "name"


def test_a_consumer_registers_three_merchants_at_most(office: Office) -> None:
    consumer = office.consumer()
    def register(name: str, who: str, key: str | None = None) -> Answer:
        return office.platform.post("/v1/merchant-registrations", {"username": name}, who, key)

    first, again = (register("lin.a", consumer, "register-1") for _ in range(2))
    assert (first.status, again.json, again.replayed) == (201, first.json, True)
    assert register("lin.b", consumer, "register-1").code == "idempotency_key_reused"
    assert [register(name, consumer).status for name in ("lin.b", "lin.c")] == [201, 201]
    assert register("lin.d", consumer).code == "too_many_registrations"
    assert register("lin.a", office.consumer("o-wu"), "register-1").code == "username_taken"
    assert office.platform.get(f"/v1/merchants/{first.json['merchant_id']}").code == "not_found"


def test_a_registered_owner_has_no_merchant_before_the_approval(office: Office) -> None:
    owner = office.owner()
    merchant = office.ok(office.platform.post(APPLICATIONS, {}, owner), 201)["merchant_id"]
    terms = {"name": "卡", "kind": "stored_value", "price_fen": 100, "bonus_fen": 0}
    for what, body in (
        ("stores", {"name": "一号店", "district": "330212", "address": "江东"}),
        ("products", terms),
        ("staff", {"username": "chen.yi", "role": "cashier"}),
    ):
        assert office.platform.post(f"/v1/merchants/{merchant}/{what}", body, owner).code == "not_found"
