"""Which Signals a test means: said the same way to a transcript, a script and an expectation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict

from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import SignalType


class Which(TypedDict, total=False):
    """What may be said of a Signal besides its type; every part that is given must fit.

    trace        of this trace; a Signal stands for its own
    neuron       with this `directed.id`: the addressee of a request, the producer of a reply
    parent       caused by this event, an id or the Signal itself
    capability   asking for this capability, perhaps among others
    where        for which this function is true
    """

    trace: str | Signal | None
    neuron: str | None
    parent: str | Signal | None
    capability: str | None
    where: Callable[[Signal], bool] | None


@dataclass(frozen=True)
class Pattern:
    """Types and a `Which`, ready to be compared."""

    types: tuple[SignalType, ...] = ()
    """Any of these types; all types when empty."""
    trace: str | Signal | None = None
    neuron: str | None = None
    parent: str | Signal | None = None
    capability: str | None = None
    where: Callable[[Signal], bool] | None = None

    def matches(self, signal: Signal) -> bool:
        """Whether a Signal is meant."""
        if self.types and signal.type not in self.types:
            return False
        if self.trace is not None and signal.trace_id != _trace(self.trace):
            return False
        if self.neuron is not None and signal.neuron != self.neuron:
            return False
        if self.parent is not None and signal.parent_id != _event(self.parent):
            return False
        if self.capability is not None and self.capability not in (signal.payload.get("capabilities") or ()):
            return False
        return self.where is None or bool(self.where(signal))

    def __str__(self) -> str:
        said = [" or ".join(self.types) or "signal"]
        if self.capability is not None:
            said.append(f"for {self.capability!r}")
        if self.neuron is not None:
            said.append(f"with neuron {self.neuron!r}")
        if self.trace is not None:
            said.append(f"of {_trace(self.trace)}")
        if self.parent is not None:
            said.append(f"caused by {_event(self.parent)}")
        if self.where is not None:
            said.append(f"where {getattr(self.where, '__name__', self.where)} holds")
        return " ".join(said)


def _trace(trace: str | Signal) -> str:
    return trace if isinstance(trace, str) else trace.trace_id


def _event(event: str | Signal) -> str:
    return event if isinstance(event, str) else event.id
