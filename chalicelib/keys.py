"""The keys that sign store codes and payment codes, by purpose and key id."""
from chalicelib import config
from chalicelib.domain.codes import CodeKeys

CURRENT_KEY = 1


def code_keys() -> CodeKeys:
    return CodeKeys(CURRENT_KEY, {CURRENT_KEY: config.key_for(f"codes/{CURRENT_KEY}")})
