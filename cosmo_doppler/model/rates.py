"""How much of what arrived in each of the last seconds."""

from __future__ import annotations

SECONDS = 60
"""How far back it is known."""

ALL = ""
"""What everything together is counted under."""


class Rates:
    """Arrivals of each kind in each of the last 60 seconds. Kinds come from a fixed set, so memory is bounded."""

    def __init__(self) -> None:
        self._all = [0] * SECONDS
        self._rings: dict[str, list[int]] = {ALL: self._all}
        self._second = 0
        """The second that is being counted, of the epoch."""
        self._ends = 1.0
        """When the next one begins, epoch seconds."""

    @property
    def kinds(self) -> list[str]:
        """What was counted so far, but for `ALL`."""
        return [kind for kind in self._rings if kind != ALL]

    def count(self, kind: str, at: float) -> None:
        """One more, at `at`, epoch seconds. What comes out of order counts in the newest second."""
        if at >= self._ends:
            self._turn(int(at))
        ring = self._rings.get(kind)
        if ring is None:
            ring = self._rings[kind] = [0] * SECONDS
        place = self._second % SECONDS
        ring[place] += 1
        self._all[place] += 1

    def series(self, kind: str, now: float) -> list[int]:
        """Arrivals in each second up to the one that `now` is in, oldest first."""
        ring = self._rings.get(kind)
        if ring is None:
            return [0] * SECONDS
        newest = max(int(now), self._second)
        return [
            ring[second % SECONDS] if self._second - SECONDS < second <= self._second else 0
            for second in range(newest - SECONDS + 1, newest + 1)
        ]

    def _turn(self, second: int) -> None:
        for passed in range(max(self._second, second - SECONDS) + 1, second + 1):
            for ring in self._rings.values():
                ring[passed % SECONDS] = 0
        self._second = second
        self._ends = second + 1.0
