"""Licence lookup for anyone: is this merchant on the platform, is its prepaid money held in custody, and how does it stand?"""

import re
from typing import Any

from chalice.app import Blueprint

from chalicelib import config
from chalicelib.api.http import EVERYONE, Call, endpoint
from chalicelib.api.models import ReasonView, View, reason_views, rfc3339
from chalicelib.domain.colour import NOT_CONNECTED, Colour
from chalicelib.domain.refusals import Unprocessable
from chalicelib.operations import nominations, standing

routes = Blueprint(__name__)

_LICENCE_NO = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}", re.ASCII)


class ComplaintsView(View):
    """Of the latest 500 tip-offs; `resolved_in_time`: on the due date or before it."""

    open: int
    resolved_in_time: int
    resolved_late: int


class InviteView(View):
    """Where to nominate a merchant that is not here."""

    href: str
    method: str = "POST"
    text: str = "邀请该商户接入，预付款由银行存管"
    text_en: str = "invite this merchant, so that prepaid money is held in custody"


class LicenceView(View):
    """`colour` grey: no merchant on the platform has this licence; what is said of one is null then, and `invite` is there.
    `reasons`: of the colour. `custody`: all of the prepaid money is held at the custodian bank."""

    licence_no: str
    merchant_id: str | None = None
    name: str | None = None
    filing_no: str | None = None
    filed_on: str | None = None
    custody: str | None = None
    licence_status: str | None = None
    licence_checked_at: str | None = None
    state: str | None = None
    stop_reasons: list[ReasonView] = []
    colour: Colour
    reasons: list[ReasonView]
    complaints: ComplaintsView | None = None
    invite: InviteView | None = None


def is_licence_no(text: str) -> bool:
    """A unified social credit code (GB 32100-2015) with its right check digit."""
    from stdnum.cn import uscc

    return _LICENCE_NO.fullmatch(text) is not None and bool(uscc.is_valid(text))


@endpoint(
    routes,
    "GET",
    "/v1/licences/{licence_no}",
    "Look a business licence up: the merchant, its custody, its risk colour with the reasons, its complaints",
    who=EVERYONE,
    answer=LicenceView,
)
def show(call: Call, licence_no: str) -> Any:
    number = licence_no.upper()
    if not is_licence_no(number):
        raise Unprocessable(
            "licence_no_invalid",
            "不是有效的统一社会信用代码，请核对 18 位编号",
            "not a unified social credit code: it has 18 characters, the last one a check digit",
            param="licence_no",
        )
    merchant = nominations.merchant_of(number)
    if merchant is None:
        invite = InviteView(href=f"{config.settings().public_url}/v1/merchant-nominations")
        reasons = reason_views(NOT_CONNECTED.reasons)
        return LicenceView(licence_no=number, colour=NOT_CONNECTED.colour, reasons=reasons, invite=invite)
    coloured, complaints = standing.colour_and_complaints(merchant, call.now)
    return LicenceView(
        licence_no=number,
        merchant_id=merchant.merchant_id,
        name=merchant.name,
        filing_no=merchant.filing_no,
        filed_on=merchant.filed_on.isoformat(),
        custody="full",
        licence_status=merchant.licence_status,
        licence_checked_at=rfc3339(merchant.licence_checked_at),
        state=merchant.state,
        stop_reasons=reason_views(merchant.stop_reasons),
        colour=coloured.colour,
        reasons=reason_views(coloured.reasons),
        complaints=ComplaintsView(**vars(complaints)),
    )
