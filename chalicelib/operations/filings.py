"""Parts of a filing as they are kept: what says who somebody is, sealed under the application's own key."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chalicelib import config, sealing
from chalicelib.domain.application import Application
from chalicelib.domain.filing import EMPTY, SEALED, Filing

Parts = Mapping[str, Any]
"""Fields of a Filing by name, in clear; None clears a field."""


def fingerprint(key: str, parts: Parts) -> str:
    """Keyed, since a digest alone of a telephone number is soon found out by trying all of them."""
    text = repr((key, sorted(parts.items())))
    return hmac.new(config.key_for("filings"), text.encode(), hashlib.sha256).hexdigest()[:32]


def put_together(application_id: str, wrapped_key: str, before: Filing, parts: Parts) -> Filing:
    """`before` with these parts. A sealed field that says the same keeps its form, so that saving again changes nothing."""
    changed = {}
    for name, given in parts.items():
        present = getattr(before, name)
        if given is None:
            changed[name] = getattr(EMPTY, name)
        elif name not in SEALED:
            changed[name] = given
        elif not present or sealing.unseal(application_id, wrapped_key, name, present) != given:
            changed[name] = sealing.seal(application_id, wrapped_key, name, given)
    return replace(before, **changed)


def opened(application: Application, name: str) -> str:
    """A sealed field in clear; "" where nothing was stated."""
    sealed = getattr(application.filing, name)
    return sealing.unseal(application.application_id, application.wrapped_key, name, sealed) if sealed else ""
