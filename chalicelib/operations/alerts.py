"""Alerts: closed by a person with a reason."""

from chalicelib import ids
from chalicelib.domain import alert as rules
from chalicelib.domain.alert import Alert
from chalicelib.domain.audit import Trace
from chalicelib.domain.principal import Principal
from chalicelib.operations.attempts import Done, commit
from chalicelib.store import reads


def close(alert_id: str, reason: str, caller: Principal, trace: Trace) -> Done[Alert]:
    merchant_id = ids.owner_of("mch", alert_id)
    return commit(lambda: rules.close(reads.get(Alert, merchant_id, alert_id), caller, reason, trace))
