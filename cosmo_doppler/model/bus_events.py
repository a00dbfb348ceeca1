"""What a bus says about itself: frames that somebody held, changed or dropped, and faults made to order.

These are no Signals: they are published beside the namespace, on `_gate.<namespace>` and `_chaos.<namespace>`.
"""

from __future__ import annotations

import msgspec

from cosmo_sdk.header import Header, read_header

GATE = "GATE"
CHAOS = "CHAOS"
"""What stands in the place of a signal's type."""


class _Event(msgspec.Struct):
    """What both kinds have in common."""

    gate: str = ""
    rule: str = ""
    trace_id: str = ""


_decoder = msgspec.json.Decoder(_Event)


def event_subjects(namespace: str) -> tuple[str, str]:
    """Where a bus tells what it does to a namespace's frames."""
    return f"_gate.{namespace}", f"_chaos.{namespace}"


def is_event(subject: str) -> bool:
    """Whether a frame on that subject is the bus's own."""
    return subject.startswith(("_gate.", "_chaos."))


def read_any(subject: str, frame: bytes) -> Header:
    """The header of any frame seen. One of the bus's own gets one that says what happened. Never raises."""
    if not is_event(subject):
        return read_header(frame)
    try:
        event = _decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Header(problem=f"no event of a bus: {error}")
    kind, who = (GATE, event.gate) if subject.startswith("_gate.") else (CHAOS, event.rule)
    return Header(type=kind, trace_id=event.trace_id, neuron=who, payload=msgspec.Raw(frame))
