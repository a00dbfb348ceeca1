"""Parents that live in another trace: nested work (PROTOCOL 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

from cosmo_doppler.model.lasting import Table
from cosmo_doppler.model.traces import Trace

_KEY = (1 << 60) - 1
"""What is kept of the hash of an id: an integer of this size takes 32 bytes, the id itself would take 80."""


class Links:
    """Which trace an event belongs to, and which traces wait for an event nobody has seen."""

    def __init__(self) -> None:
        self._home: dict[int, str] = Table()
        """By the hash of the event's id. Two of a million ids share one once in a million recordings; whoever asks looks
        for the event in its trace, anyway."""
        self._awaited: dict[str, set[str]] = {}

    def home_of(self, event_id: str) -> str | None:
        """The trace an event was first seen on."""
        return self._home.get(hash(event_id) & _KEY)

    def await_parent(self, event_id: str, trace_id: str) -> None:
        """A signal on this trace names a parent nobody has seen."""
        self._awaited.setdefault(event_id, set()).add(trace_id)

    def arrived(self, event_id: str, trace_id: str) -> bool:
        """An event was seen on this trace. Whether anybody waited for it, who is told by `settle`."""
        self._home.setdefault(hash(event_id) & _KEY, trace_id)
        return bool(self._awaited) and event_id in self._awaited

    def settle(self, event_id: str, trace_id: str) -> Sequence[str]:
        """The traces other than this one that waited for an event that came; they do not wait any more."""
        return sorted(self._awaited.pop(event_id, set()) - {trace_id})

    def forget(self, trace: Trace) -> None:
        """A trace is no longer kept."""
        for event_id in trace.ids:
            key = hash(event_id) & _KEY
            if self._home.get(key) == trace.id:
                del self._home[key]
        for event_id in trace.unknown_parents:
            waiting = self._awaited.get(event_id)
            if waiting is not None:
                waiting.discard(trace.id)
                if not waiting:
                    del self._awaited[event_id]
