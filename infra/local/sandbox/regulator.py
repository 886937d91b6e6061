"""The regulator's platform: one receipt for each report, for ever."""
import base64
import hashlib
import secrets

from flask import Flask

from infra.local.sandbox import checks
from infra.local.sandbox.clock import stamp
from infra.local.sandbox.door import Body, Declined, Door, Said
from infra.local.sandbox.world import World


def open_to(app: Flask, door: Door) -> None:
    door.open(app, "POST", "/regulator/v1/reports", "push", push)


def push(world: World, body: Body) -> Said:
    report_id, kind = checks.text(body, "report_id", 64), checks.text(body, "kind", 40)
    district = checks.text(body, "district", 80)
    day = checks.day(body.get("business_date"), "business_date").isoformat()
    try:
        content = base64.b64decode(str(body.get("content")), validate=True)
    except ValueError as error:
        raise checks.bad("content") from error
    digest, now = hashlib.sha256(content).hexdigest(), world.clock.now()
    if body.get("sha256") != digest:
        raise Declined(422, "digest_mismatch", "the content is not what its digest says")
    same = checks.fingerprint(kind, district, day, digest)
    with world.books.transaction():
        known = world.books.row("select * from reports where report_id = ?", report_id)
        if known and known["fingerprint"] != same:
            raise Declined(409, "report_conflict", "this id was given to another report")
        if not known:
            world.books.add(
                "reports", report_id=report_id, fingerprint=same,
                receipt_no=f"JG{now:%Y%m%d}{secrets.token_hex(6)}", kind=kind, district=district,
                business_date=day, sha256=digest, content=content, received_at=stamp(now),
            )
            known = world.books.row("select * from reports where report_id = ?", report_id)
    assert known is not None
    return Said(201, {"report_id": report_id, "receipt_no": known["receipt_no"], "sha256": digest,
                      "received_at": known["received_at"]})
