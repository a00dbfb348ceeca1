"""Events, and objects as they stand, as the Signals that tell of them on a bus: small, and ignored by whoever does not
know them. That of an event is the same each time.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from cosmo_sdk.coordination.events import Event, signal_fields
from cosmo_sdk.coordination.public import public
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.ids import new_event_id
from cosmo_sdk.signal_types import SignalType

MOST_BYTES = 24 * 1024
"""JSON of a payload; released buses end the connection of whoever receives a line near 64 KiB."""

LONG_BYTES = 1024
"""What is longer is cut where a payload is too large."""

PREVIEW = 512
"""Characters of its JSON that stand for what was cut."""

FREE_FORM = frozenset({"lot", "content", "result", "inputs", "outputs", "objective", "option"})
"""What agents fill as they like, so the first to be cut."""


def signal_of(event: Event, revision: int, store_id: str) -> Signal:
    """The Signal that tells of an event. It has the event's id, so whoever gets it twice can tell.

    Args:
        event: what happened.
        revision: its place among the events of its store.
        store_id: the store.

    Raises:
        EnvelopeError: its trace or parent is no id of the protocol.
        ValueError: its time is none that a Signal can carry.
    """
    type_name, directed, payload = signal_fields(event)
    return Signal(
        id=event.id,
        trace_id=event.trace_id or f"trc_{event.id.removeprefix('evt_')}",
        parent_id=event.parent,
        type=SignalType(type_name),
        directed=None if directed is None else Directed(id=directed),
        ts=datetime.fromtimestamp(event.ts_ms / 1000, UTC),
        payload=shortened(payload),
        meta=_said(event.kind, event.subject, revision, store_id),
    )


def snapshot_of(record: Any, revision: int, store_id: str, now_ms: int) -> Signal:
    """The Signal that tells how an object stands, for whoever did not hear how it came to that.

    Args:
        record: the object.
        revision: the events of its store up to this one are in it already.
        store_id: the store.
        now_ms: when it was read, epoch milliseconds.

    Raises:
        EnvelopeError: its trace is no id of the protocol.
        ValueError: the time is none that a Signal can carry.
    """
    state = public(record)
    signal_id = new_event_id()
    return Signal(
        id=signal_id,
        trace_id=record.trace_id or f"trc_{signal_id.removeprefix('evt_')}",
        parent_id=record.root_event_id,
        type=SignalType.CONTEXT_SYNC,
        ts=datetime.fromtimestamp(now_ms / 1000, UTC),
        payload={"snapshot": shortened(state), "version": str(revision)},
        meta=_said(f"{state['coord']}.snapshot", record.id, revision, store_id),
    )


def _said(kind: str, subject: str, revision: int, store_id: str) -> dict[str, Any]:
    coord = {"v": 1, "kind": kind, "subject": subject, "rev": revision, "store": store_id, "mode": "mirror"}
    return {"coord": coord}


def shortened(payload: dict[str, Any]) -> dict[str, Any]:
    """A payload of at most about `MOST_BYTES`: what agents fill freely is cut first, then whatever is long."""
    if _size(payload) <= MOST_BYTES:
        return payload
    payload = _without_long(payload, FREE_FORM)
    if _size(payload) > MOST_BYTES:
        payload = {name: _cut(value) for name, value in payload.items()}
    return payload


def _without_long(value: dict[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {
        name: _marked(each)
        if name in names and _size(each) > LONG_BYTES
        else _without_long(each, names)
        if isinstance(each, dict)
        else each
        for name, each in value.items()
    }


def _cut(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {name: _cut(each) for name, each in value.items()}
        return kept if _size(kept) <= MOST_BYTES // 4 else _marked(value)
    return value if _size(value) <= LONG_BYTES else _marked(value)


def _marked(value: Any) -> dict[str, Any]:
    """What stands for a value that is too long."""
    encoded = msgspec.json.encode(value)
    return {"$truncated": True, "bytes": len(encoded), "preview": encoded.decode()[:PREVIEW]}


def _size(value: Any) -> int:
    return len(msgspec.json.encode(value))
