"""Timeouts of one length share one timer of the loop.

Every dispatch waits with a timeout and nearly none runs into it. A timer of its own for each is a good part of what a
dispatch costs; here it costs an entry in a dict.
"""

from __future__ import annotations

import asyncio
from typing import Any

LENGTHS = 16
"""Different lengths on one loop that share timers; others get timers of their own."""


class Timeouts:
    """The waits of one length on one loop.

    Args:
        loop: the loop; used on it only.
        seconds: how long each wait may take.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._loop = loop
        self._seconds = seconds
        self._due: dict[asyncio.Future[Any], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def idle(self) -> bool:
        """Whether nobody waits and no timer runs."""
        return self._timer is None

    def start(self, waited_for: asyncio.Future[Any]) -> None:
        """Give a future TimeoutError when it is not done in time, nor `stop` called."""
        # All wait equally long, so the dict is in the order of their ends.
        self._due[waited_for] = due = self._loop.time() + self._seconds
        if self._timer is None:
            self._timer = self._loop.call_at(due, self._ring)

    def stop(self, waited_for: asyncio.Future[Any]) -> None:
        """Leave a future alone from now on."""
        self._due.pop(waited_for, None)

    def _ring(self) -> None:
        """The oldest wait there was when the timer was set is over, if it is still there."""
        now = self._loop.time()
        self._timer = None
        for waited_for, due in list(self._due.items()):
            if due > now:
                self._timer = self._loop.call_at(due, self._ring)
                return
            del self._due[waited_for]
            expire(waited_for)


class _OfOneLoop:
    """The timeouts of the loop that asked last. Where loops take turns in several threads they share less, and still ring."""

    def __init__(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self.loop = loop
        self.by_length: dict[float, Timeouts] = {}


_latest = _OfOneLoop(None)


def timeouts(loop: asyncio.AbstractEventLoop, seconds: float) -> Timeouts | None:
    """The waits of this length on this loop; None when there are too many lengths to share."""
    global _latest  # noqa: PLW0603 - a cache
    latest = _latest
    if latest.loop is not loop:
        latest = _latest = _OfOneLoop(loop)
    found = latest.by_length.get(seconds)
    if found is None:
        if len(latest.by_length) >= LENGTHS:
            latest.by_length = {key: each for key, each in latest.by_length.items() if not each.idle}
        if len(latest.by_length) < LENGTHS:
            found = latest.by_length[seconds] = Timeouts(loop, seconds)
    return found


def expire(waited_for: asyncio.Future[Any]) -> None:
    """Tell whoever waits that time is up."""
    if not waited_for.done():
        waited_for.set_exception(TimeoutError())
