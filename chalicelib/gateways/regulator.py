"""The regulator's platform: takes our reports and gives a receipt for each.

    POST /v1/reports     201 a receipt, the same one for the same report again; 409 other content

The receipt names the report and the digest of what arrived; one that names anything else proves nothing.
"""
import base64
import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from chalicelib.gateways import fields
from chalicelib.gateways.outcomes import Refused, Unknown
from chalicelib.gateways.signing import SignedChannel, refusal


@dataclass(frozen=True)
class Acknowledged:
    receipt_no: str
    at: datetime


class Regulator:
    def __init__(self, channel: SignedChannel) -> None:
        self._channel = channel

    def push(
        self, report_id: str, kind: str, district: str, business_date: date, content: bytes
    ) -> Acknowledged | Refused | Unknown:
        digest = hashlib.sha256(content).hexdigest()
        reply = self._channel.ask("POST", "/v1/reports", {
            "report_id": report_id, "kind": kind, "district": district,
            "business_date": business_date.isoformat(), "sha256": digest,
            "content": base64.b64encode(content).decode(),
        })
        if isinstance(reply, Unknown):
            return reply
        if 400 <= reply.status < 500:
            return refusal(reply)
        named = reply.data.get("report_id"), reply.data.get("sha256")
        if reply.status != 201 or named != (report_id, digest):
            return Unknown("the receipt is not for this report")
        try:
            received_at = fields.instant(reply.data, "received_at")
            return Acknowledged(fields.text(reply.data, "receipt_no"), received_at)
        except fields.Malformed as error:
            return Unknown(str(error))


@lru_cache(maxsize=1)
def connect() -> Regulator:
    from chalicelib import clock, config

    credentials = config.counterparts()["regulator"]
    return Regulator(SignedChannel(config.settings().regulator_url, credentials, clock.now))
