"""What is due when: the part of a fold that the passing of time moves."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from math import inf

Errand = Callable[[float], None]
"""What to do when the moment comes; it is given that moment, epoch seconds."""


MOST_ERRANDS = 200_000
"""Errands noted at a time; further ones are not noted, counted in `Agenda.skipped`."""


class Agenda:
    """Errands by the moment they are due. Several due together run in the order they were noted."""

    def __init__(self, *, most: int = MOST_ERRANDS) -> None:
        self.skipped = 0
        """Errands that found no room."""
        self._most = most
        self.errands: list[tuple[float, int, Errand]] = []
        """A heap: moment, running number, what to do."""
        self._noted = 0
        self.soonest = inf
        """When the next one is due, epoch seconds."""

    def __len__(self) -> int:
        return len(self.errands)

    def note(self, due: float, errand: Errand, *, vital: bool = False) -> None:
        """Have `errand` run once time is at `due`.

        Args:
            due: epoch seconds.
            errand: what to do.
            vital: it is noted in any case; whoever says so has few of them.
        """
        if len(self.errands) >= self._most and not vital:
            self.skipped += 1
            return
        self._noted += 1
        heappush(self.errands, (due, self._noted, errand))
        if due < self.soonest:
            self.soonest = due

    def pass_time(self, now: float) -> None:
        """Run what is due by `now`, soonest first; also what is noted meanwhile."""
        heap = self.errands
        while heap and heap[0][0] <= now:
            at, _, errand = heappop(heap)
            errand(at)
        self.soonest = heap[0][0] if heap else inf
