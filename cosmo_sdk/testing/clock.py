"""Time that moves when told to, and a loop that comes to rest."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, TypeVar

T = TypeVar("T")

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

    async def advance(self, seconds: float, *, until: Callable[[], bool] | None = None) -> None:
        """Let time pass: wake every sleeper on its turn, and let what it does settle before the next.

        Args:
            seconds: how far.
            until: stop as soon as this is true.

        Raises:
            ValueError: `seconds` is negative: time does not run backwards.
        """
        if seconds < 0:
            raise ValueError(f"advance({seconds}): time does not run backwards")
        end = self._elapsed + seconds
        await settle()
        while not (until is not None and until()) and await self._wake_next(end):
            pass
        if until is None or not until():
            self._elapsed = max(self._elapsed, end)
            await settle()

    async def run(self, work: Coroutine[Any, Any, T], *, at_most_s: float = 3600.0) -> T:
        """Do some work while time jumps from alarm to alarm for as long as it takes.

        For work on this loop alone: time does not wait for threads and sockets.

        Args:
            work: a coroutine, e.g. `desk.dispatch_and_wait(...)`. What it raises is raised.
            at_most_s: seconds of this clock it may take.

        Raises:
            AssertionError: time was up, or nobody sleeps on this clock any more, so that no time will ever end the work.
        """
        until = self._elapsed + at_most_s
        doing = asyncio.ensure_future(work)
        try:
            await settle()
            while not doing.done() and await self._wake_next(until):
                pass
            if doing.done():
                return await doing
            why = (
                f"it still sleeps after {at_most_s:g} s of the manual clock"
                if self.sleepers
                else "nobody sleeps on the manual clock, so time will not end it; it waits for something else"
            )
            raise AssertionError(f"the work did not finish: {why}")
        finally:
            doing.cancel()
            await asyncio.wait([doing])

    async def _wake_next(self, until: float) -> bool:
        """Wake the next sleeper due by `until`, and let what it does settle. False when there is none."""
        while self._alarms and self._alarms[0][0] <= until:
            at, _, alarm = heapq.heappop(self._alarms)
            if not alarm.done():
                self._elapsed = max(self._elapsed, at)
                alarm.set_result(None)
                await settle()
                return True
        return False


async def settle(turns: int = 50) -> None:
    """Let everything that is ready on this loop run: callbacks, tasks, and what they start."""
    for _ in range(turns):
        await asyncio.sleep(0)
