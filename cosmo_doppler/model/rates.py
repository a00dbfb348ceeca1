"""How much of what arrived in each of the last seconds."""

from __future__ import annotations

SECONDS = 60
"""How far back it is known."""

ALL = ""
"""What everything together is asked for under."""


class Rates:
    """Arrivals of each kind in each of the last 60 seconds. Kinds come from a fixed set, so memory is bounded."""

    def __init__(self) -> None:
        self._rings: dict[str, list[int]] = {}
        self._second = 0
        """The second that is being counted, of the epoch."""
        self.place = 0
        """Where a ring counts it."""
        self.ends = 1.0
        """When the next one begins, epoch seconds."""

    @property
    def kinds(self) -> list[str]:
        """What was counted so far."""
        return list(self._rings)

    def ring(self, kind: str) -> list[int]:
        """Where arrivals of a kind are counted: at `place`, or as `turn` says once that second has ended."""
        return self._rings.setdefault(kind, [0] * SECONDS)

    def turn(self, at: float) -> int:
        """Another second has begun; return its place. What comes out of order counts in the newest second."""
        second = int(at)
        for passed in range(max(self._second, second - SECONDS) + 1, second + 1):
            for ring in self._rings.values():
                ring[passed % SECONDS] = 0
        self._second = max(self._second, second)
        self.place, self.ends = self._second % SECONDS, self._second + 1.0
        return self.place

    def series(self, kind: str, now: float) -> list[int]:
        """Arrivals in each second up to the one that `now` is in, oldest first."""
        rings = [self._rings[kind]] if kind in self._rings else []
        if kind == ALL:
            rings = list(self._rings.values())
        newest = max(int(now), self._second)
        return [
            sum(ring[second % SECONDS] for ring in rings)
            if self._second - SECONDS < second <= self._second
            else 0
            for second in range(newest - SECONDS + 1, newest + 1)
        ]
