"""Passwords (argon2id), one-time passwords (TOTP, RFC 6238), activation codes. The libraries load when a person logs in."""
import base64
import hashlib
import hmac
import ipaddress
from datetime import datetime

from chalicelib import config

TOTP_STEP_SECONDS = 30
TOTP_DRIFT_STEPS = 1
PASSWORD_CHARS = (12, 128)

NOBODYS_PASSWORD_HASH = "$argon2id$v=19$m=65536,t=3,p=4$nKPr2+KMOrVIXdVR9AQwBA$U4LJaDGtX2ISjFttuEZ/Rs1oqJQlGb5oBHX5zyEHF2U"
"""Of a password that nobody has: who does not exist costs as much time as who does."""
NOBODYS_TOTP_SECRET = "A" * 32


def password_hash(password: str) -> str:
    from argon2 import PasswordHasher

    return PasswordHasher().hash(password)


def password_matches(stored_hash: str, password: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import Argon2Error, InvalidHashError

    try:
        return PasswordHasher().verify(stored_hash, password)
    except (Argon2Error, InvalidHashError):
        return False


def new_totp_secret() -> str:
    from pyotp import random_base32

    return random_base32()


def totp_uri(secret: str, username: str) -> str:
    from pyotp import TOTP

    return TOTP(secret).provisioning_uri(name=username, issuer_name="放心充")


def totp_step(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step whose code this is, within one step of now; None if it is not a code of now."""
    from pyotp import TOTP

    present = int(now.timestamp()) // TOTP_STEP_SECONDS
    for step in range(present - TOTP_DRIFT_STEPS, present + TOTP_DRIFT_STEPS + 1):
        if hmac.compare_digest(TOTP(secret).generate_otp(step), code):
            return step
    return None


def source_of(address: str) -> str:
    """A client's network address as it is kept: a keyed hash, of IPv6 of the /64 that one subscriber has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        named = "unknown"
    else:
        four = parsed if parsed.version == 4 else parsed.ipv4_mapped
        named = str(four or ipaddress.ip_network((parsed, 64), strict=False))
    return hmac.new(config.key_for("sources"), named.encode(), hashlib.sha256).hexdigest()[:32]


def activation_code(staff_id: str, key: str) -> str:
    """The one-time code of an invitation: 120 bits that only we can compute, so that asking again shows the same one."""
    digest = hmac.new(config.key_for("activation"), f"{staff_id}\0{key}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest[:15]).decode()


def activation_hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
