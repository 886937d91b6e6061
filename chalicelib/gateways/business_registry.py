"""The business registry: what the state knows of a licence number (unified social credit code).

    GET /v1/licences/{licence_no}     200 the licence; 404 licence_not_found
"""
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from urllib.parse import quote

from chalicelib.gateways import fields
from chalicelib.gateways.outcomes import NotFound, Unknown
from chalicelib.gateways.signing import SignedChannel

LEGAL_FORMS = frozenset({"enterprise", "individual_business"})
STATUSES = frozenset({"normal", "abnormal", "deregistering", "deregistered", "revoked"})


@dataclass(frozen=True)
class Licence:
    """`valid_until` is None for a licence without an end."""
    licence_no: str
    name: str
    legal_form: str
    status: str
    established_on: date
    valid_until: date | None
    scope: str
    legal_representative: str
    address: str


class BusinessRegistry:
    def __init__(self, channel: SignedChannel) -> None:
        self._channel = channel

    def lookup(self, licence_no: str) -> Licence | NotFound | Unknown:
        reply = self._channel.ask("GET", f"/v1/licences/{quote(licence_no, safe='')}")
        if isinstance(reply, Unknown):
            return reply
        if reply.status == 404 and reply.data.get("code") == "licence_not_found":
            return NotFound()
        if reply.status != 200 or reply.data.get("licence_no") != licence_no:
            return Unknown(f"unexpected answer {reply.status}")
        try:
            return _licence(reply.data)
        except fields.Malformed as error:
            return Unknown(str(error))


def _licence(data: fields.Fields) -> Licence:
    return Licence(
        licence_no=fields.text(data, "licence_no"),
        name=fields.text(data, "name"),
        legal_form=fields.one_of(data, "legal_form", LEGAL_FORMS),
        status=fields.one_of(data, "status", STATUSES),
        established_on=fields.day(data, "established_on"),
        valid_until=fields.day_or_none(data, "valid_until"),
        scope=fields.text_or_none(data, "scope") or "",
        legal_representative=fields.text(data, "legal_representative"),
        address=fields.text_or_none(data, "address") or "",
    )


@lru_cache(maxsize=1)
def connect() -> BusinessRegistry:
    from chalicelib import clock, config

    credentials = config.counterparts()["business_registry"]
    return BusinessRegistry(SignedChannel(config.settings().business_registry_url, credentials, clock.now))
