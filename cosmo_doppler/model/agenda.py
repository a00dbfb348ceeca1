"""What is due when: the part of a fold that the passing of time moves."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush

Errand = Callable[[float], None]
"""What to do when the moment comes; it is given that moment, epoch seconds."""


class Agenda:
    """Errands by the moment they are due. Several due together run in the order they were noted."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Errand]] = []
        self._noted = 0

    def __len__(self) -> int:
        return len(self._heap)

    def note(self, due: float, errand: Errand) -> None:
        """Have `errand` run once time is past `due`."""
        self._noted += 1
        heappush(self._heap, (due, self._noted, errand))

    def pass_time(self, now: float) -> None:
        """Run what is due by `now`, soonest first; also what is noted meanwhile."""
        while self._heap and self._heap[0][0] <= now:
            at, _, errand = heappop(self._heap)
            errand(at)
