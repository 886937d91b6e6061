"""The registry's answer as the domain knows it."""

from chalicelib.domain.registry import RegisteredCompany
from chalicelib.gateways.business_registry import Licence
from chalicelib.gateways.outcomes import NotFound


def company_of(answer: Licence | NotFound) -> RegisteredCompany | None:
    if isinstance(answer, NotFound):
        return None
    return RegisteredCompany(
        answer.licence_no,
        answer.name,
        answer.status,
        answer.legal_representative,
        answer.established_on,
        answer.valid_until,
        answer.legal_form,
        answer.scope,
    )
