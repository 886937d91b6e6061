"""The rules that hold in a district on a day, each with its article: for anyone who wants to check us."""

import re
from datetime import date
from typing import Annotated, Any

from chalice.app import Blueprint
from pydantic import BeforeValidator, Field

from chalicelib.api.http import EVERYONE, Call, endpoint
from chalicelib.api.models import Body, View
from chalicelib.domain.business_day import business_date
from chalicelib.domain.jurisdiction import area_of, rules_on
from chalicelib.domain.jurisdictions import AREAS
from chalicelib.domain.refusals import absent

routes = Blueprint(__name__)


def _iso(given: object) -> object:
    """pydantic would also take seconds since 1970 for a date."""
    if not isinstance(given, str) or re.fullmatch(r"\d{4}-\d\d-\d\d", given, re.ASCII) is None:
        raise ValueError("YYYY-MM-DD")
    return date.fromisoformat(given)


class On(Body):
    on: Annotated[date | None, BeforeValidator(_iso), Field(description="YYYY-MM-DD, Asia/Shanghai; today if absent")] = None


class FigureView(View):
    """`value`: whole numbers (fen, days, percent, hundredths of a percent, as the name says), true or false, texts; null where
    there is no such limit. `trust`: T the official text was read, S a summary was seen, M from memory, I the platform's own."""

    name: str
    value: int | bool | str | list[str] | None
    article: str
    in_force_from: str
    area: str
    trust: str


class RulesView(View):
    """`area`: the province whose own rules are known, or the national base (全国)."""

    district: str
    area: str
    on: str
    rules: list[FigureView]


@endpoint(
    routes,
    "GET",
    "/v1/jurisdictions/{district}",
    "The rules in force in a district on a day, with their articles",
    who=EVERYONE,
    query=On,
    answer=RulesView,
)
def show(call: Call, district: str) -> Any:
    if re.fullmatch(r"[0-9]{6}", district) is None:
        raise absent("地区", "district")
    rules = rules_on(district, call.query.on or business_date(call.now))
    figures = [
        FigureView(
            name=figure.name,
            value=list(figure.value) if isinstance(figure.value, tuple) else figure.value,
            article=figure.article,
            in_force_from=figure.in_force_from.isoformat(),
            area=AREAS[figure.area],
            trust=figure.trust,
        )
        for figure in rules.figures
    ]
    return RulesView(district=district, area=AREAS[area_of(district)], on=rules.day.isoformat(), rules=figures)
