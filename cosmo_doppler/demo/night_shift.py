"""The place in the demo whose holder keeps dying."""

from __future__ import annotations

import asyncio

from cosmo_doppler.demo.pace import Pace
from cosmo_doppler.demo.skills import summarising
from cosmo_doppler.demo.worker import HEARTBEAT_S, Terms, Worker

HOLDERS = ("night-owl", "barn-owl")
"""Who holds the place, in turns."""

UNTIL_REPLACED_S = 6 * HEARTBEAT_S
"""How long a dead worker is missed before the other one comes: long enough to see it turn stale."""


class NightShift:
    """Hires somebody for the place, loses them, and hires the next.

    Args:
        url: the bus.
        pace: how fast everybody lives.
    """

    def __init__(self, url: str, pace: Pace) -> None:
        self._url = url
        self._pace = pace
        self._hired = 0
        self._holder: Worker | None = None
        self._vacant = asyncio.Event()

    @property
    def name(self) -> str:
        """Who holds the place; empty while nobody does."""
        return self._holder.neuron_id if self._holder is not None else ""

    async def start(self) -> None:
        """Hire the first."""
        await self._hire()

    async def run(self) -> None:
        """Replace whoever dies, after a while, until cancelled."""
        while True:
            await self._vacant.wait()
            self._vacant.clear()
            await self._pace.wait(UNTIL_REPLACED_S)
            await self._hire()

    async def crash(self) -> None:
        """Lose the holder: its connection is cut, nobody is told."""
        holder, self._holder = self._holder, None
        if holder is not None:
            await holder.die()
            self._vacant.set()

    async def stop(self) -> None:
        """The holder leaves in order."""
        holder, self._holder = self._holder, None
        if holder is not None:
            await holder.stop()

    async def _hire(self) -> None:
        worker = Worker(
            self._url,
            HOLDERS[self._hired % len(HOLDERS)],
            summarising(self._pace, 2.5),
            ["summarize"],
            self._pace,
            terms=Terms(0.0008, 2500, 0.7, 0.9),
        )
        self._hired += 1
        await worker.start()
        self._holder = worker
