"""Where the demo's signals come from: a real bus in this process, watched like any other."""

from __future__ import annotations

import asyncio

from cosmo_bus.server import BusServer
from cosmo_doppler.demo.market import Market
from cosmo_doppler.demo.pace import Pace
from cosmo_doppler.demo.worker import NAMESPACE
from cosmo_doppler.session import Session
from cosmo_doppler.session.live import BusSource


class DemoSource:
    """Starts a bus and the market on it, and watches them.

    Args:
        pace: how fast the market lives.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self.url = ""
        """The bus, once there is one."""

    async def run(self, session: Session) -> None:
        """Run until cancelled; then everybody leaves and the bus ends."""
        server = BusServer(port=0)
        await server.start()
        self.url = server.url
        session.title = f"demo at {server.url}"
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(BusSource(server.url, NAMESPACE).run(session))
                group.create_task(self._trade(server.url))
        finally:
            await server.close()

    async def _trade(self, url: str) -> None:
        market = Market(url, self._pace)
        try:
            await market.start()
            await market.run()
        finally:
            await market.stop()
