"""Parents that live in another trace: nested work (PROTOCOL 3.4)."""

from __future__ import annotations

from collections.abc import Sequence

from cosmo_doppler.model.lasting import Table
from cosmo_doppler.model.traces import Trace


class Links:
    """Which trace an event belongs to, and which traces wait for an event nobody has seen."""

    def __init__(self) -> None:
        self._home: dict[str, str] = Table()
        self._awaited: dict[str, set[str]] = {}

    def home_of(self, event_id: str) -> str | None:
        """The trace an event was first seen on."""
        return self._home.get(event_id)

    def await_parent(self, event_id: str, trace_id: str) -> None:
        """A signal on this trace names a parent nobody has seen."""
        self._awaited.setdefault(event_id, set()).add(trace_id)

    def arrived(self, event_id: str, trace_id: str) -> Sequence[str]:
        """An event was seen on this trace.

        Returns:
            The other traces that waited for it.
        """
        self._home.setdefault(event_id, trace_id)
        if not self._awaited:
            return ()
        waiting = self._awaited.pop(event_id, None)
        return sorted(waiting - {trace_id}) if waiting else ()

    def forget(self, trace: Trace) -> None:
        """A trace is no longer kept."""
        for event_id in trace.ids:
            if self._home.get(event_id) == trace.id:
                del self._home[event_id]
        for event_id in trace.unknown_parents:
            waiting = self._awaited.get(event_id)
            if waiting is not None:
                waiting.discard(trace.id)
                if not waiting:
                    del self._awaited[event_id]
