"""For tests of agents: time that moves when told to, ids that can be predicted, a loop that comes to rest."""

from __future__ import annotations

import asyncio
import heapq
from datetime import UTC, datetime, timedelta
from itertools import count

from cosmo_sdk.ids import encode_ulid

START = datetime(2026, 1, 1, tzinfo=UTC)
"""What a ManualClock shows at first."""


class ManualClock:
    """A clock that stands still until `advance`. Sleepers wake in the order of their alarms.

    Args:
        start: the first reading.
    """

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self._elapsed = 0.0
        self._alarms: list[tuple[float, int, asyncio.Future[None]]] = []
        self._number = count()

    def now(self) -> datetime:
        """The wall time, UTC."""
        return self._start + timedelta(seconds=self._elapsed)

    def monotonic(self) -> float:
        """Seconds advanced so far."""
        return self._elapsed

    @property
    def sleepers(self) -> int:
        """How many sleeps are under way."""
        return sum(not alarm.done() for _, _, alarm in self._alarms)

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been advanced by `seconds`."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        alarm: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._alarms, (self._elapsed + seconds, next(self._number), alarm))
        await alarm

    async def advance(self, seconds: float) -> None:
        """Let time pass: wake every sleeper on its turn, and let what it does settle before the next."""
        until = self._elapsed + seconds
        await settle()
        while self._alarms and self._alarms[0][0] <= until:
            at, _, alarm = heapq.heappop(self._alarms)
            if alarm.done():
                continue
            self._elapsed = at
            alarm.set_result(None)
            await settle()
        self._elapsed = until
        await settle()


async def settle(turns: int = 50) -> None:
    """Let everything that is ready on this loop run: callbacks, tasks, and what they start."""
    for _ in range(turns):
        await asyncio.sleep(0)


class FixedIds:
    """Ids that count: `evt_...1`, `evt_...2`; traces and engram entries have counts of their own."""

    def __init__(self) -> None:
        self._events, self._traces, self._engrams = count(1), count(1), count(1)

    def event(self) -> str:
        """The next event id."""
        return "evt_" + encode_ulid(next(self._events))

    def trace(self) -> str:
        """The next trace id."""
        return "trc_" + encode_ulid(next(self._traces))

    def engram(self) -> str:
        """The next Engram entry id."""
        return "eng_" + encode_ulid(next(self._engrams))
