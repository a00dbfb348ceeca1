"""When a mirror says how everything stands: after a while, when somebody asks who is there, and after events were lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from cosmo_sdk.clock import Clock
from cosmo_sdk.dendrite._link import Link
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse.base import Subscription

EVERY_S = 30.0
"""Between rounds of snapshots that nobody asked for."""

LEAST_S = 1.0
"""Between rounds, however many ask."""

UNASKED_PER_S = 100
"""Snapshots a second that nobody asked for, over the long run: large stores are told of less often."""

ASKED_PER_S = 1000
"""Snapshots a second, over the long run, however many ask."""


class Rounds:
    """Says when a round of snapshots is due. Each store has rounds of its own, all have them at the same times.

    Args:
        link: hears who asks.
        clock: the time.
        due: is called when a round may be due, with whether somebody asked.
    """

    def __init__(self, link: Link, clock: Clock, due: Callable[[bool], None]) -> None:
        self._link = link
        self._clock = clock
        self._due = due
        self._asking: Subscription | None = None
        self._task: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Hear who asks who is there. Doing so again changes nothing.

        Raises:
            SynapseError: the bus is away.
        """
        if self._asking is None:
            self._asking = await self._link.subscribe(SignalType.DISCOVER, self._hear)

    def start(self) -> None:
        """Begin to count the time."""
        self._task = asyncio.create_task(self._count(), name="coordination snapshots")

    async def stop(self) -> None:
        """End, on the bus as far as it is there."""
        if self._task is not None:
            self._task.cancel()
        asking, self._asking = self._asking, None
        if asking is not None and self._link.synapse.connected:
            with suppress(SynapseError):
                await asking.unsubscribe()

    def may_begin(self, last: float | None, objects: int) -> bool:
        """Whether the last round is long enough ago for whoever asked.

        Args:
            last: when that of this store began, on the clock; None when there was none.
            objects: how many it told of.
        """
        return self._is_ago(last, max(LEAST_S, objects / ASKED_PER_S))

    def is_time(self, last: float, objects: int) -> bool:
        """Whether it is so long ago that there should be one unasked. The arguments are those of `may_begin`."""
        return self._is_ago(last, max(EVERY_S, objects / UNASKED_PER_S))

    def _is_ago(self, last: float | None, seconds: float) -> bool:
        return last is None or self._clock.monotonic() >= last + seconds

    async def _count(self) -> None:
        while True:
            await self._clock.sleep(LEAST_S)
            self._due(False)

    def _hear(self, signal: Signal) -> None:
        # Who looks for one neuron, or for an ability, does not look for us.
        if not signal.payload.get("neuron") and not signal.payload.get("capabilities"):
            self._due(True)
