"""Time as a dependency: auctions, heartbeats, retries and replays never read the machine's clock themselves."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from cosmo_sdk._timeouts import expire, timeouts

T = TypeVar("T")


class Clock(Protocol):
    """What the SDK knows of time."""

    def now(self) -> datetime:
        """The wall time, UTC, for timestamps."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards, for measuring."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait. Zero or less yields to other tasks once."""
        ...


class SystemClock:
    """The machine's clock."""

    def __repr__(self) -> str:
        return "SYSTEM_CLOCK"

    def now(self) -> datetime:
        """The wall time, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`."""
        await asyncio.sleep(max(0.0, seconds))


SYSTEM_CLOCK = SystemClock()
"""The default for every `clock=` parameter."""


async def within(clock: Clock, waited_for: asyncio.Future[T], seconds: float | None) -> T:
    """Await a future for at most `seconds` of `clock`; None waits for ever. Cancels the future when time is up.

    Raises:
        TimeoutError: it was not done in time.
    """
    if seconds is None:
        return await waited_for
    if isinstance(clock, SystemClock):
        if isinstance(waited_for, asyncio.Task):
            return await asyncio.wait_for(waited_for, seconds)
        # A bare future needs none of wait_for's care for the task behind it; this is on every dispatch's way.
        loop = waited_for.get_loop()
        shared = timeouts(loop, seconds)
        if shared is None:
            timer = loop.call_later(seconds, expire, waited_for)
            try:
                return await waited_for
            finally:
                timer.cancel()
        shared.start(waited_for)
        try:
            return await waited_for
        finally:
            shared.stop(waited_for)
    alarm: asyncio.Future[None] = asyncio.ensure_future(clock.sleep(seconds))
    either: set[asyncio.Future[Any]] = {waited_for, alarm}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if not waited_for.done():
            raise TimeoutError
        return waited_for.result()
    finally:
        alarm.cancel()
        waited_for.cancel()
