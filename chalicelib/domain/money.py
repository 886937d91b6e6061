"""Money is a whole number of fen (1 CNY = 100 fen), from the first parameter to the last row.

Bills and bank texts speak yuan with two decimals; the two functions below are the only bridge, and neither
knows binary fractions. Bonus value and visits are other units and never meet an amount of fen.
"""
import re

AMOUNT_MAX_FEN = 1_000_000_00
"""The largest single amount the platform accepts: one million yuan. A larger one is a mistake, not a sale."""

_YUAN = re.compile(r"(-?)(\d{1,13})\.(\d{2})", re.ASCII)


def yuan_to_fen(text: str) -> int:
    """'1234.50' -> 123450. Exactly two decimals, no grouping, no exponent; anything else is a ValueError."""
    found = _YUAN.fullmatch(text)
    if found is None:
        raise ValueError(f"not an amount in yuan with two decimals: {text[:40]!r}")
    fen = int(found[2]) * 100 + int(found[3])
    return -fen if found[1] else fen


def fen_to_yuan(fen: int) -> str:
    """123450 -> '1234.50'; -5 -> '-0.05'."""
    yuan, cents = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{yuan}.{cents:02d}"


def share(whole_fen: int, part: int, total: int) -> int:
    """`whole_fen * part / total`, half a fen rounded up; all whole numbers, 0 <= part <= total, total > 0.

    Used on running totals, never on single uses, so that roundings cannot drift: share(w, total, total) == w.
    """
    assert whole_fen >= 0
    assert 0 <= part <= total
    assert total > 0
    return (2 * whole_fen * part + total) // (2 * total)
