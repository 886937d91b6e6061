"""The key that signs payment codes. They live for a minute: no row, no read. The keys of store codes: operations/code_keys."""
from chalicelib import config
from chalicelib.domain.codes import CodeKeys

PAYMENT_KEY = 1


def payment_code_keys() -> CodeKeys:
    return CodeKeys(PAYMENT_KEY, {PAYMENT_KEY: config.key_for(f"payment-codes/{PAYMENT_KEY}")})
