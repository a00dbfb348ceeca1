"""What the bus may look at inside a frame: who it is, never what it carries.

Frames pass unread, except where somebody asked the bus to pick some of them out (a gate, a fault rule). Then these
few fields of the envelope are read, leniently: a frame that cannot be read has none of them.
"""

from __future__ import annotations

from typing import Any

import msgspec

from cosmo_bus.subjects import check_pattern, matches


class Facts(msgspec.Struct, frozen=True):
    """The identity of a frame; empty where it is not said."""

    id: str = ""
    type: str = ""
    trace_id: str = ""
    neuron: str = ""


NOTHING = Facts()
"""Of a frame that cannot be read."""


class _Envelope(msgspec.Struct):
    """Only these keys are looked at; the decoder skips the rest without building it."""

    id: Any = None
    type: Any = None
    trace_id: Any = None
    directed: Any = None
    neuron: Any = None


_envelope = msgspec.json.Decoder(_Envelope)


def read_facts(frame: bytes) -> Facts:
    """The identity of a frame, whatever it is. Never raises."""
    try:
        envelope = _envelope.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return NOTHING
    directed = envelope.directed
    neuron = directed.get("id") if isinstance(directed, dict) else envelope.neuron
    return Facts(_text(envelope.id), _text(envelope.type), _text(envelope.trace_id), _text(neuron))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


class Where(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which frames are meant. What is left out fits any."""

    type: str | None = None
    """A signal type."""
    trace_id: str | None = None
    neuron: str | None = None
    """A participant named by the envelope's address."""

    def fits(self, facts: Facts) -> bool:
        """Whether a frame of that identity is meant."""
        return (
            (self.type is None or self.type == facts.type)
            and (self.trace_id is None or self.trace_id == facts.trace_id)
            and (self.neuron is None or self.neuron == facts.neuron)
        )


ANY = Where()
"""Fits every frame."""


class Selector:
    """A subject pattern and a condition.

    Raises:
        ValueError: the pattern is malformed.
    """

    __slots__ = ("subject", "where")

    def __init__(self, subject: str, where: Where) -> None:
        self.subject = check_pattern(subject)
        self.where = where

    def fits(self, subject: str, facts: Facts) -> bool:
        """Whether a frame on that subject is meant."""
        return self.where.fits(facts) and matches(self.subject, subject)
