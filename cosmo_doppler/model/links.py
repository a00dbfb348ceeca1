"""Which trace an event belongs to, for parents that live in another trace: nested work (PROTOCOL 3.4).

Any event may be named as a parent, however long ago it came, and hardly any ever is. So the latest are kept in dicts, and
older ones as numbers in order, of a few bytes each, which are searched. What is found there is only where to look: two
ids may look alike, and traces are forgotten. So whoever finds a trace makes sure that the event is there.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from cosmo_doppler.model.lasting import Table
from cosmo_doppler.model.traces import Trace

YOUNG = 8192
"""Events in a dict; the latest once to twice as many are in one."""

_SCALE = float(1 << 17)
"""What no number of a trace in a run reaches."""

_KEPT = (1 << 36) - 1
"""What is kept of the hash of an id: so much that a float holds both. Floats are put in order several times as fast as
integers of that size."""

_TOGETHER, _LARGEST = 8, 1 << 16
"""So many runs become one, where that has no more events: a larger one would take too long to make. It has no more traces
than events, so their numbers are small enough."""


class _Run(NamedTuple):
    """Older events, as nothing that anybody could change."""

    entries: memoryview[float]
    """What is kept of the hash of each, times `_SCALE`, and the number of its trace; in order, 8 bytes each."""
    traces: tuple[str, ...]


def _run(entries: list[float], traces: tuple[str, ...]) -> _Run:
    entries.sort()
    return _Run(memoryview(array("d", entries).tobytes()).cast("d"), traces)


class Links:
    """Which trace an event belongs to, and which traces wait for an event nobody has seen.

    Args:
        known: the traces that are kept, by id.
    """

    def __init__(self, known: Mapping[str, Trace]) -> None:
        self.awaited: dict[str, set[str]] = {}
        """Which traces wait for an event, by its id."""
        self._known = known
        self.young: dict[int, str] = Table()
        """The trace each of the latest events was first seen on, by the hash of its id."""
        self._grown: dict[int, str] = Table()
        """Those before."""
        self._runs: list[_Run] = []
        """All others, the oldest first."""
        self._made = 0
        """How often one was added."""

    def home_of(self, event_id: str) -> str | None:
        """The trace an event was first seen on."""
        key = hash(event_id)
        wanted = (key & _KEPT) * _SCALE
        for entries, traces in self._runs:
            place = bisect_left(entries, wanted)
            while place < len(entries) and entries[place] < wanted + _SCALE:
                id = traces[int(entries[place] - wanted)]
                if self._is_there(id, event_id):
                    return id
                place += 1
        for each in self._grown, self.young:
            found = each.get(key)
            if found is not None and self._is_there(found, event_id):
                return found
        return None

    def _is_there(self, trace_id: str, event_id: str) -> bool:
        trace = self._known.get(trace_id)
        return trace is not None and event_id in trace.ids

    def age(self) -> None:
        """There are enough young ones: put those before them where they take less room."""
        traces = tuple(dict.fromkeys(self._grown.values()))
        numbers = {id: number for number, id in enumerate(traces)}
        entries = [(key & _KEPT) * _SCALE + numbers[id] for key, id in self._grown.items()]
        self._grown, self.young = self.young, Table()
        if entries:
            self._runs.append(_run(entries, traces))
        latest = self._runs[-_TOGETHER:]
        if len(latest) == _TOGETHER and sum(len(run.entries) for run in latest) <= _LARGEST:
            self._runs[-_TOGETHER:] = [_merged(latest)]
        self._made += 1
        if self._runs:
            self._tidy(self._made % len(self._runs))

    def _tidy(self, number: int) -> None:
        """Drop what is forgotten from a run, once it is most of it."""
        run = self._runs[number]
        kept = {place for place, id in enumerate(run.traces) if id in self._known}
        if not kept:
            del self._runs[number]
        elif 2 * len(kept) < len(run.traces):
            run = self._runs[number] = _without(run, kept)
            before = self._runs[number - 1 : number + 1] if number else []
            if before and sum(len(each.entries) for each in before) <= _LARGEST:
                # One trace that never ends must not keep a run of its own for ever: all of them are searched.
                self._runs[number - 1 : number + 1] = [_merged(before)]

    def await_parent(self, event_id: str, trace_id: str) -> None:
        """A signal on this trace names a parent nobody has seen."""
        self.awaited.setdefault(event_id, set()).add(trace_id)

    def settle(self, event_id: str, trace_id: str) -> Sequence[str]:
        """The traces other than this one that waited for an event that came; they do not wait any more."""
        return sorted(self.awaited.pop(event_id, set()) - {trace_id})

    def forget(self, trace: Trace) -> None:
        """A trace is no longer kept."""
        for event_id in trace.unknown_parents:
            waiting = self.awaited.get(event_id)
            if waiting is not None:
                waiting.discard(trace.id)
                if not waiting:
                    del self.awaited[event_id]


def _merged(runs: Sequence[_Run]) -> _Run:
    """One run of several; a trace that is in two of them has two numbers."""
    entries: list[float] = []
    traces: tuple[str, ...] = ()
    for run in runs:
        shift = len(traces)
        entries += [each + shift for each in run.entries] if shift else run.entries
        traces += run.traces
    return _run(entries, traces)


def _without(run: _Run, kept: set[int]) -> _Run:
    """A run with these traces alone."""
    numbers = {old: new for new, old in enumerate(sorted(kept))}
    entries: list[float] = []
    for each in run.entries:
        old = each % _SCALE
        if old in numbers:
            entries.append(each - old + numbers[int(old)])
    return _run(entries, tuple(run.traces[old] for old in sorted(kept)))
