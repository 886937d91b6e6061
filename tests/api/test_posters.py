"""Posters over HTTP: what is on the sheet, who may have one, and what happens when it cannot be drawn."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
import segno
from pypdf import PdfReader

from chalicelib.domain.poster import CHECKS, CUSTODY, Poster, poster_of
from chalicelib.domain.principal import Role
from chalicelib.gateways import printer
from chalicelib.jobs import posters as job
from chalicelib.pages import poster as page
from tests.pdf import matrix_of, plain, text_of
from tests.platform import NOBODY, Answer
from tests.source import ROOT
from tests.town import Town

WIDEST = "鑫" * 100
DRAW = """
import hashlib, json, sys
from chalicelib.domain.poster import Poster
from chalicelib.pages.poster import draw
print(hashlib.sha256(draw(Poster(**json.load(sys.stdin)))).hexdigest())
"""


@pytest.fixture
def nobody_draws(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", NOBODY)
    printer.connect.cache_clear()
    yield
    printer.connect.cache_clear()


def ask(town: Town, token: str = "", store_id: str = "") -> Answer:
    path = f"/v1/merchants/{town.merchant.merchant_id}/stores/{store_id or town.store.store_id}/posters"
    return town.platform.post(path, token=token or town.tokens[Role.OWNER])


def objects() -> dict[str, bytes]:
    s3 = boto3.client("s3")
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket="archive").get("Contents", [])]
    return {key: s3.get_object(Bucket="archive", Key=key)["Body"].read() for key in keys}


def sheet_of(town: Town, **changed: str) -> tuple[Poster, bytes]:
    made = replace(poster_of(town.merchant, town.store, town.store_code, "https://platform.example"), **changed)  # type: ignore[arg-type]
    return made, page.draw(made)


def test_the_sheet_says_who_the_merchant_is_and_what_to_check(town: Town) -> None:
    made = ask(town)
    assert made.status == 201, made.text
    ((key, sheet),) = objects().items()
    assert key == f"posters/{town.store.store_id}/1-{made.json['sha256']}.pdf"
    assert hashlib.sha256(sheet).hexdigest() == made.json["sha256"]
    assert (len(sheet), made.json["pages"], len(PdfReader(BytesIO(sheet)).pages)) == (made.json["size_bytes"], 1, 1)
    text = text_of(sheet)
    merchant, store = town.merchant, town.store
    written = [merchant.name, merchant.licence_no, merchant.filing_no, store.name, store.address, made.json["short_id"]]
    written += [sentence for pair in (*CHECKS, *CUSTODY) for sentence in pair]
    assert not [one for one in written if "".join(one.split()) not in text]


def test_the_code_on_the_sheet_is_the_link_in_squares(town: Town) -> None:
    poster, sheet = sheet_of(town)
    assert poster.link == f"https://platform.example/m/{town.store_code}"
    drawn = segno.make(poster.link, error="q", micro=False)
    assert drawn.error in ("Q", "H")
    assert matrix_of(sheet) == plain(drawn.matrix)
    assert matrix_of(sheet) != plain(segno.make(poster.link[:-1], error="q", micro=False).matrix)


def test_every_font_is_embedded_in_part(town: Town) -> None:
    (sheet,) = PdfReader(BytesIO(sheet_of(town)[1])).pages
    for font in sheet["/Resources"]["/Font"].values():
        said = font.get_object()
        assert "+" in said["/BaseFont"]
        assert "/FontFile2" in said["/FontDescriptor"]
        assert "/ToUnicode" in said


def test_the_link_opens_this_one_object_for_ten_minutes(town: Town) -> None:
    made = ask(town).json
    query = parse_qs(urlsplit(made["url"]).query)
    assert (query["X-Amz-Expires"], query["X-Amz-Algorithm"]) == (["600"], ["AWS4-HMAC-SHA256"])
    assert urlsplit(made["url"]).path.endswith(f"posters/{town.store.store_id}/1-{made['sha256']}.pdf")
    assert made["expires_in_seconds"] == 600


def test_the_same_content_is_the_same_bytes_in_any_process_and_another_content_is_not(town: Town) -> None:
    poster, sheet = sheet_of(town)
    assert page.draw(poster) == sheet
    assert sheet_of(town, address="别处")[1] != sheet
    assert ask(town).json["sha256"] == ask(town).json["sha256"]
    assert len(objects()) == 1
    path = os.pathsep.join([str(ROOT), str(ROOT / "infra" / "fonts")])
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", DRAW], input=json.dumps(poster.__dict__), capture_output=True, text=True, check=True,
            env={"PYTHONPATH": path, "PYTHONHASHSEED": seed, "TZ": "Asia/Tokyo"},
        )  # fmt: skip
        assert done.stdout.strip() == hashlib.sha256(sheet).hexdigest()


def test_the_longest_names_still_fit_on_one_sheet(town: Town) -> None:
    longest = {"merchant_name": WIDEST, "store_name": WIDEST, "address": WIDEST * 2, "host": "https://" + "w" * 80 + "/m/"}
    (sheet,) = PdfReader(BytesIO(sheet_of(town, **longest)[1])).pages
    lowest: list[float] = []
    sheet.extract_text(visitor_text=lambda text, cm, tm, font, size: lowest.append(tm[5]) if text.strip() else None)
    assert min(lowest) > 30
    assert "".join((sheet.extract_text() or "").split()).count("鑫") == 500


@pytest.mark.parametrize(
    "char, named", [("𬭚", "U+2CB5A"), ("\u200b", "U+200B"), ("\u202e", "U+202E"), ("😀", "U+1F600"), ("한", "U+D55C")]
)
def test_a_character_without_a_glyph_is_named_and_nothing_is_drawn(town: Town, char: str, named: str) -> None:
    town.platform.put(replace(town.store, name=f"{char}记面馆"))
    refused = ask(town)
    assert (refused.status, refused.code) == (422, "glyph_missing")
    assert refused.json["facts"] == {"characters": [named]}
    assert named in refused.json["detail"]
    assert not objects()


def test_names_of_gb_2312_and_rare_ones_can_be_printed(town: Town) -> None:
    every = "".join(bytes([high, low]).decode("gb2312") for high in range(0xB0, 0xF7) for low in range(0xA1, 0xFA))
    rare = "㐀䶵龥囍犇骉喆堃翀·—…“”①ⅢⅨ℃№㎡（）《》￥"
    poster = sheet_of(town)[0]
    assert page.missing(replace(poster, store_name=every, address=rare)) == []


def test_a_line_break_or_tab_in_an_address_is_a_space(town: Town) -> None:
    assert "A栋2楼" in text_of(sheet_of(town, address="A栋\n\t 2楼")[1])


def test_a_foreign_store_and_one_that_is_not_there_look_alike(town: Town) -> None:
    answers = [ask(town, town.rival_owner), ask(town, store_id=town.rival_store.store_id), ask(town, store_id="sto_0")]
    assert {(one.status, one.code) for one in answers} == {(404, "not_found")}
    assert not objects()


def test_a_manager_has_posters_of_the_own_stores_only_and_a_cashier_none(town: Town) -> None:
    from chalicelib.domain.staff import Staff
    from chalicelib.store import reads
    from tests.api.test_store_codes import raw_of

    token = town.tokens[Role.MANAGER]
    manager = reads.get(Staff, json.loads(raw_of(token.split(".")[1]))["sub"])
    assert manager is not None
    assert ask(town, token).status == 201
    town.platform.put(replace(manager, stores=(town.rival_store.store_id,)))
    assert ask(town, token).code == "not_found"
    assert ask(town, town.cashier).code == "role_not_allowed"


def test_when_nobody_draws_the_answer_is_503_and_can_be_asked_again(town: Town, nobody_draws: None) -> None:
    refused = ask(town)
    assert (refused.status, refused.code) == (503, "poster_unknown")


def test_a_function_that_failed_is_a_failure_of_ours(town: Town) -> None:
    s3 = boto3.client("s3")
    s3.delete_bucket(Bucket="archive")
    refused = ask(town)
    assert (refused.status, refused.code) == (500, "internal_error")


def test_the_function_knows_one_task(town: Town) -> None:
    with pytest.raises(KeyError):
        job.handler({"task": "erase"}, None)
