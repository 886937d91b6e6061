"""What a call to the outside world may end in.

A gateway answers with a value. Three of them are common to all counterparts; a success has a class of its
own in each gateway's module. The difference between `Refused` and `Unknown` is the difference between money
and trouble:

    Refused   the counterpart understood, said no, and signed it: this call had no effect and will have none
    Unknown   anything else: no answer, half an answer, an unsigned answer, one that contradicts itself. The
              effect may have happened. Ask again by the same number; never start another one
"""
from dataclasses import dataclass


@dataclass(frozen=True)
class Unknown:
    """`reason` is for people and logs; no rule may depend on it."""
    reason: str


@dataclass(frozen=True)
class Refused:
    """`code` is the counterpart's own stable word, `message` its text for people."""
    code: str
    message: str


@dataclass(frozen=True)
class NotFound:
    """The counterpart says, signed, that it knows no such thing."""


@dataclass(frozen=True)
class NotReady:
    """The counterpart has not made this document yet; ask later."""


class NoticeRefused(Exception):
    """A notice that must not be believed. `reason` is one stable word, the text says what was wrong with
    it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason
