"""Bearer tokens: short-lived JWTs, one algorithm, one key, every claim required; the time is the door's.

A consumer's token is enough to know the consumer. Staff and officials are looked up on every request, in one read of a row
that also names their good sessions (the token's `jti`), so that a disabled person or a revoked session is out at once.
"""
from datetime import datetime, timedelta
from typing import Any

from chalicelib import config, ids
from chalicelib.domain.principal import Principal, Role
from chalicelib.domain.refusals import NotAuthenticated
from chalicelib.domain.session import SESSION_VALID
from chalicelib.domain.staff import Staff, StaffState
from chalicelib.store import reads

ALGORITHM = "HS256"
TYPE = "at+jwt"
ISSUER = "fangxinchong"
AUDIENCE = "fangxinchong-api"
CONSUMER_TOKEN_VALID = timedelta(hours=2)
STAFF_TOKEN_VALID = SESSION_VALID
TOKEN_CHARS_MAX = 2_000

_CLAIMS = ["iss", "aud", "sub", "role", "iat", "exp", "jti"]


def issue(principal_id: str, role: Role, now: datetime, session_id: str = "") -> tuple[str, datetime]:
    """`session_id`: of staff and officials, whose token is good while that session is."""
    import jwt

    expires_at = now + (CONSUMER_TOKEN_VALID if role is Role.CONSUMER else STAFF_TOKEN_VALID)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": principal_id,
        "role": role.value,
        "iat": int(now.timestamp()),
        "exp": int(expires_at.timestamp()),
        "jti": session_id or ids.random_id("tok"),
    }
    return jwt.encode(claims, config.key_for("tokens"), ALGORITHM, headers={"typ": TYPE}), expires_at


def principal_of(authorization: str | None, now: datetime) -> Principal | None:
    """None without a header; NotAuthenticated `token_invalid` for anything but a good token of a present person."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(token) <= TOKEN_CHARS_MAX:
        raise invalid()
    claims = _verified(token, now)
    if claims["role"] == Role.CONSUMER:
        return Principal(Role.CONSUMER, claims["sub"])
    staff = reads.get(Staff, claims["sub"])
    if staff is None or staff.state is not StaffState.ACTIVE or staff.role != claims["role"]:
        raise invalid()
    if claims["jti"] not in staff.sessions:
        raise invalid()
    return staff.as_principal(claims["jti"])


def invalid() -> NotAuthenticated:
    return NotAuthenticated("token_invalid", "登录已失效，请重新登录", "the token is missing, invalid or expired, log in again")


def _verified(token: str, now: datetime) -> dict[str, Any]:
    import jwt

    options: Any = {"require": _CLAIMS, "verify_exp": False, "verify_iat": False, "strict_aud": True}
    try:
        decoded = jwt.decode_complete(
            token, config.key_for("tokens"), algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER, options=options
        )
    except (jwt.PyJWTError, ValueError) as error:
        raise invalid() from error
    claims: dict[str, Any] = decoded["payload"]
    times = (claims["iat"], claims["exp"])
    if decoded["header"].get("typ") != TYPE or not all(type(at) is int for at in times):
        raise invalid()
    if not claims["iat"] - 60 <= now.timestamp() < claims["exp"] or not isinstance(claims["sub"], str):
        raise invalid()
    if claims["role"] not in list(Role):
        raise invalid()
    return claims
