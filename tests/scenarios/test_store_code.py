"""The life of a printed code: a poster on the wall, a scan, another key, a code that was copied and had to die."""

from urllib.parse import urlsplit

import boto3

from chalicelib.domain.principal import PLATFORM, Role
from chalicelib.domain.staff import Staff, StaffState
from tests.pdf import links_of, text_of
from tests.platform import DISTRICT
from tests.town import Town

REASON = {"reason": "店门口的码被人拍照翻印"}


def another_operator(town: Town) -> str:
    person = Staff("stf_2ND", "second", PLATFORM, Role.OPERATOR, (), DISTRICT, town.platform.now(), "", "f", StaffState.ACTIVE)
    town.platform.put(person)
    return town.platform.token(person.staff_id, Role.OPERATOR)


def poster_of(town: Town) -> tuple[bytes, dict[str, object]]:
    """The sheet that the owner downloads and prints, and what the API says about it."""
    path = f"/v1/merchants/{town.merchant.merchant_id}/stores/{town.store.store_id}/posters"
    made = town.platform.post(path, token=town.tokens[Role.OWNER])
    assert made.status == 201, made.text
    bucket, _, key = urlsplit(made.json["url"]).path.lstrip("/").partition("/")
    if not key.startswith("posters/"):
        bucket, key = "archive", urlsplit(made.json["url"]).path.lstrip("/")
    return boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read(), made.json


def test_a_poster_survives_a_new_key_and_dies_with_its_store_code(town: Town) -> None:
    platform, owner, operator = town.platform, town.tokens[Role.OWNER], town.tokens[Role.OPERATOR]

    # The owner prints a poster; a passer-by scans it and sees whose shop it is, and that it is used today.
    sheet, said = poster_of(town)
    (link,) = links_of(sheet)
    scanned = link.removeprefix("https://platform.example")
    assert town.merchant.name in text_of(sheet)
    assert str(said["short_id"]) in platform.get(scanned).text
    town.confirm(town.hold(13_000))
    code = scanned.removeprefix("/m/")
    seen = platform.get(f"/v1/store-codes/{code}").json
    assert (seen["merchant_name"], seen["district"], seen["receipts_today"]) == (town.merchant.name, "330212", 1)
    assert seen["short_id"] == said["short_id"]

    # The platform changes the key. What hangs on walls is good; what is printed from now on has the new key.
    assert platform.post("/v1/code-keys/rotate", token=operator).json["key_id"] == 2
    assert platform.get(scanned).status == 200
    (renewed,) = links_of(poster_of(town)[0])
    assert renewed != link

    # Somebody copied the code. The owner renews it: both older prints are dead, the next one works.
    path = f"/v1/merchants/{town.merchant.merchant_id}/stores/{town.store.store_id}/code/rotate"
    fresh = platform.post(path, REASON, owner).json
    assert fresh["code_version"] == 2
    for dead in (link, renewed):
        assert platform.get(dead.removeprefix("https://platform.example")).status == 422
    (third,) = links_of(poster_of(town)[0])
    assert third == fresh["code_url"]
    assert platform.get(third.removeprefix("https://platform.example")).status == 200

    # The old key leaked: one operator proposes, another one approves, and nothing under it is accepted again.
    proposed = platform.post("/v1/code-keys/1/revoke", {"reason": "密钥可能泄露"}, operator)
    assert proposed.json["state"] == "revoking"
    assert platform.post("/v1/code-keys/1/approve", token=operator).code == "second_person_needed"
    assert platform.post("/v1/code-keys/1/approve", token=another_operator(town)).json["state"] == "revoked"
    assert platform.get(third.removeprefix("https://platform.example")).status == 200
