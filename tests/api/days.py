"""A day goes by, and everybody has logged in again."""

from jwt import decode

from chalicelib.domain.principal import Role
from tests.town import Town


def tomorrow(town: Town, hours: float = 13) -> None:
    town.platform.later(hours=hours)
    for role, token in town.tokens.items():
        town.tokens[role] = town.platform.token(_subject(token), role)
    town.stranger = town.platform.token(_subject(town.stranger), Role.CONSUMER)


def _subject(token: str) -> str:
    return str(decode(token, options={"verify_signature": False})["sub"])
