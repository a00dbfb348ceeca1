"""What the builders of test Signals share: sample values, and who and what a Signal follows from."""

from __future__ import annotations

from typing import Any

from msgspec import to_builtins

from cosmo_sdk._payload import Payload
from cosmo_sdk.dendrite._link import ROUTED
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.ids import new_event_id, new_trace_id
from cosmo_sdk.signal_types import SignalType

_T = SignalType

WORKER = "worker"
"""Who replies when a test does not care."""

MEMORY = "memory"
"""Whose memory answers when a test does not care."""

INPUT: dict[str, Any] = {"text": "hello"}
OUTPUT: dict[str, Any] = {"text": "HELLO"}
STATE: dict[str, Any] = {"phase": "drafting"}
QUERY: dict[str, Any] = {"text": "hello"}
ENTRY: dict[str, Any] = {"content": "hello", "tags": ["greeting"]}
STEPS: list[Any] = ["think", "answer"]
MEMBERS: list[str] = ["ann", "bob"]
NONE: list[dict[str, Any]] = []

_OFFERED_TO_ANYBODY = frozenset(
    {_T.TASK, _T.TASK_OFFER, _T.STOP, _T.DISCOVER, _T.RECALL, _T.IMPRINT, _T.TOOL_CALL}
)
"""Types that need no name in `directed`."""

_TO_THE_BIDDER = frozenset({_T.TASK_AWARDED, _T.TASK_DECLINED})


def build(
    payload: Payload,
    cause: Signal | None,
    neuron: str | None,
    trace_id: str | None,
    meta: dict[str, Any] | None,
) -> Signal:
    """A Signal with this payload, in the place of the trace where its type belongs.

    A reply without a cause gets an invented parent, so that it is valid all the same.
    """
    # A copy, so that a test that changes one Signal's payload changes no other's, nor the samples here.
    wire: dict[str, Any] = to_builtins(payload.to_wire())
    parent_id = None if cause is None else cause.id
    if parent_id is None and payload.position == "reply":
        parent_id = new_event_id()
    _complete(payload.type, wire, cause, parent_id)
    if neuron is None:
        neuron = _whose(payload.type, wire, cause)
    return Signal(
        trace_id=trace_id or (new_trace_id() if cause is None else cause.trace_id),
        parent_id=None if payload.position == "presence" else parent_id,
        type=payload.type,
        directed=None if neuron is None else Directed(id=neuron),
        payload=wire,
        meta={} if meta is None else meta,
    )


def subject_of(signal: Signal, namespace: str) -> str:
    """Where a Signal is published (PROTOCOL 3.1): by its type, TASKs for anybody with some capabilities apart."""
    routed = signal.type is _T.TASK and signal.neuron is None and signal.payload.get("capabilities")
    return f"cosmonapse.{namespace}.{ROUTED if routed else signal.type}"


def _whose(type: SignalType, wire: dict[str, Any], cause: Signal | None) -> str | None:
    if type in _OFFERED_TO_ANYBODY:
        return None
    if type in _TO_THE_BIDDER and cause is not None:
        return cause.source or WORKER
    if "engram_id" in wire:
        return str(wire["engram_id"])
    return (cause.target if cause is not None else None) or WORKER


def _complete(type: SignalType, wire: dict[str, Any], cause: Signal | None, parent_id: str | None) -> None:
    """Fill in what follows from the cause."""
    if wire.get("engram_id") == "":
        wire["engram_id"] = (cause.target if cause is not None else None) or MEMORY
    if wire.get("op") == "":
        wire["op"] = "add" if cause is None else cause.payload.get("op", "add")
    if type is _T.CRITIQUE and not wire["target_event_id"]:
        wire["target_event_id"] = parent_id
    if type is _T.TASK_AWARDED and "winning_bid" not in wire and cause is not None and cause.type is _T.BID:
        wire["winning_bid"] = {
            name: cause.payload[name] for name in ("cost", "eta_ms", "confidence") if name in cause.payload
        }
