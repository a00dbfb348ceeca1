"""The demo's market: the agents on its bus, and the desk that keeps them busy."""

from __future__ import annotations

import asyncio

from cosmo_doppler.demo.desk import Desk
from cosmo_doppler.demo.guild import Guild
from cosmo_doppler.demo.night_shift import NightShift
from cosmo_doppler.demo.pace import Pace
from cosmo_doppler.demo.staff import staff
from cosmo_doppler.demo.worker import NAMESPACE, Worker
from cosmo_sdk import Dendrite
from cosmo_sdk.synapse import DevSynapse

BETWEEN_ERRANDS_S = 3.2
"""Time from one errand to the next at the usual pace, seconds."""


class Market:
    """Everybody on the bus of the demo.

    Args:
        url: the bus.
        pace: how fast everybody lives.
    """

    def __init__(self, url: str, pace: Pace) -> None:
        self._pace = pace
        self._staff: list[Worker] = staff(url, pace)
        self._night_shift = NightShift(url, pace)
        self._synapse = DevSynapse(url)
        self._dendrite = Dendrite(
            synapse=self._synapse,
            namespace=NAMESPACE,
            dendrite_id="front-desk",
            heartbeat_s=0,
            auto_bid=False,
        )
        self._desk = Desk(self._dendrite, pace, self._night_shift)
        self._guild = Guild(self._dendrite, pace)

    async def start(self) -> None:
        """Everybody connects and announces itself."""
        for worker in self._staff:
            await worker.start()
        await self._night_shift.start()
        await self._synapse.connect()
        await self._dendrite.start()

    async def run(self) -> None:
        """Keep the market busy until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._night_shift.run())
            group.create_task(self._guild.run())
            while True:
                for errand in self._desk.errands():
                    group.create_task(self._desk.run(errand))
                    await self._pace.wait(BETWEEN_ERRANDS_S)

    async def stop(self) -> None:
        """Everybody leaves."""
        await self._dendrite.stop()
        await self._synapse.close()
        # At once: each lets the work it has begun come to an end.
        async with asyncio.TaskGroup() as group:
            group.create_task(self._night_shift.stop())
            for worker in self._staff:
                group.create_task(worker.stop())
