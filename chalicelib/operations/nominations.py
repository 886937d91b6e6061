"""Nominations: "bring this merchant onto the platform", counted once per person."""

from chalicelib import ids
from chalicelib.domain import nomination as rules
from chalicelib.domain.application import LicenceClaim
from chalicelib.domain.audit import Trace
from chalicelib.domain.business_day import business_date
from chalicelib.domain.decision import Decision
from chalicelib.domain.merchant import Merchant
from chalicelib.domain.nomination import Nomination, Nominee
from chalicelib.domain.principal import Principal
from chalicelib.domain.quota import Quota
from chalicelib.operations import consumers
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


def nominate(
    name: str, licence_no: str, district: str, address: str, note: str, caller: Principal, trace: Trace
) -> Done[Nomination]:
    who = consumers.present(caller.principal_id).consumer_id
    wanted = ("licence", licence_no) if licence_no else ("name", _plain(name), district)
    nomination = Nomination(
        nomination_id=ids.derived("nom", who, *wanted),
        consumer_id=who,
        nominee_id=ids.derived("nee", district, *wanted),
        name=name,
        licence_no=licence_no,
        district=district,
        address=address,
        note=note,
        nominated_at=trace.at,
    )
    fresh = Quota(who, "nomination", business_date(trace.at))
    connected = merchant_of(licence_no) if licence_no else None

    def decide() -> Decision[Nomination]:
        earlier, nominee, quota = reads.get_together(
            (Nomination, (who, nomination.nomination_id)),
            (Nominee, (nomination.nominee_id,)),
            (Quota, (who, fresh.what, fresh.day)),
        )
        return rules.nominate(earlier, nominee, quota, nomination, fresh, connected.merchant_id if connected else "")

    return commit(decide)


def _plain(name: str) -> str:
    """A name as people mean it: no blanks, full-width letters as plain ones, no capitals."""
    import unicodedata

    return "".join(unicodedata.normalize("NFKC", name).split()).casefold()


def merchant_of(licence_no: str) -> Merchant | None:
    """The merchant on the platform that has this licence; an application that is not approved makes none."""
    claim = reads.get(LicenceClaim, licence_no)
    return reads.get(Merchant, claim.merchant_id) if claim is not None and claim.merchant_id else None
