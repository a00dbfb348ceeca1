"""What a bus says about itself: frames that somebody held, changed or dropped, and faults made to order.

These are no Signals: they are published beside the namespace, on `_gate.<namespace>` and `_chaos.<namespace>`. Who
records adds what was not seen, under `_gap.<namespace>`: while the bus was away, and what did not get here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from cosmo_sdk.dialects import read_timestamp
from cosmo_sdk.header import Header, read_header

GATE = "GATE"
CHAOS = "CHAOS"
GAP = "GAP"
"""What stands in the place of a signal's type."""


class _Event(msgspec.Struct):
    """What both kinds have in common."""

    gate: str = ""
    rule: str = ""
    trace_id: str = ""


class Unseen(NamedTuple):
    """What a recording says was not seen before one of its lines."""

    lost_at: float | None
    """When the bus went away, epoch seconds; None when it was there."""
    frames: int
    """Frames that did not get here, where that is known."""


class _Gap(msgspec.Struct):
    lost_at: str | None = None
    frames: int = 0


_decoder = msgspec.json.Decoder(_Event)
_gap_decoder = msgspec.json.Decoder(_Gap)
_GAPS = "_gap."


def event_subjects(namespace: str) -> tuple[str, str]:
    """Where a bus tells what it does to a namespace's frames."""
    return f"_gate.{namespace}", f"_chaos.{namespace}"


def is_event(subject: str) -> bool:
    """Whether a frame on that subject is the bus's own, or tells of a gap."""
    return subject.startswith(("_gate.", "_chaos.", _GAPS))


def gap_event(namespace: str, lost_at: float) -> tuple[str, bytes]:
    """What a recording says once the bus is back: subject and frame; the time of its line is when that was.

    Args:
        namespace: that was watched.
        lost_at: when the bus went away, epoch seconds.
    """
    moment = datetime.fromtimestamp(lost_at, UTC).isoformat(timespec="microseconds")[:26]
    return f"{_GAPS}{namespace}", b'{"event":"gap","lost_at":"%bZ"}' % moment.encode()


def loss_event(namespace: str, frames: int) -> tuple[str, bytes]:
    """What a recording says once it is noticed that frames did not get here: subject and frame."""
    return f"{_GAPS}{namespace}", b'{"event":"loss","frames":%d}' % frames


def read_unseen(subject: str | None, frame: bytes) -> Unseen | None:
    """What was not seen; None for what tells of nothing of the kind."""
    if subject is None or not subject.startswith(_GAPS):
        return None
    try:
        told = _gap_decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    lost_at = read_timestamp(told.lost_at)
    if lost_at is None and (told.frames <= 0 or told.lost_at is not None):
        return None
    return Unseen(None if lost_at is None else lost_at.timestamp(), told.frames)


def read_any(subject: str, frame: bytes) -> Header:
    """The header of any frame seen. One of the bus's own gets one that says what happened. Never raises."""
    if not is_event(subject):
        return read_header(frame)
    if subject.startswith(_GAPS):
        told = read_unseen(subject, frame) is not None
        return Header(type=GAP, payload=msgspec.Raw(frame)) if told else Header(problem="no event of a gap")
    try:
        event = _decoder.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Header(problem=f"no event of a bus: {error}")
    kind, who = (GATE, event.gate) if subject.startswith("_gate.") else (CHAOS, event.rule)
    return Header(type=kind, trace_id=event.trace_id, neuron=who, payload=msgspec.Raw(frame))
