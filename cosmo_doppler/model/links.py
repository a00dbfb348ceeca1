"""Parents that live in another trace: nested work (PROTOCOL 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

from cosmo_doppler.model.lasting import Table
from cosmo_doppler.model.traces import Trace

KEY = (1 << 60) - 1
"""What is kept of the hash of an id: an integer of this size takes 32 bytes, the id itself would take 80."""


class Links:
    """Which trace an event belongs to, and which traces wait for an event nobody has seen."""

    def __init__(self) -> None:
        self.home: dict[int, str] = Table()
        """The trace each event was first seen on, by the hash of its id. Two of a million ids share one in a million recordings, and
        then an event seems to be part of another trace, where it is not found."""
        self.awaited: dict[str, set[str]] = {}
        """Which traces wait for an event, by its id."""

    def home_of(self, event_id: str) -> str | None:
        """The trace an event was first seen on."""
        return self.home.get(hash(event_id) & KEY)

    def await_parent(self, event_id: str, trace_id: str) -> None:
        """A signal on this trace names a parent nobody has seen."""
        self.awaited.setdefault(event_id, set()).add(trace_id)

    def settle(self, event_id: str, trace_id: str) -> Sequence[str]:
        """The traces other than this one that waited for an event that came; they do not wait any more."""
        return sorted(self.awaited.pop(event_id, set()) - {trace_id})

    def forget(self, trace: Trace) -> None:
        """A trace is no longer kept."""
        for event_id in trace.ids:
            key = hash(event_id) & KEY
            if self.home.get(key) == trace.id:
                del self.home[key]
        for event_id in trace.unknown_parents:
            waiting = self.awaited.get(event_id)
            if waiting is not None:
                waiting.discard(trace.id)
                if not waiting:
                    del self.awaited[event_id]
