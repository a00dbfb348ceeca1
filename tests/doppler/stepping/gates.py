"""Somebody else at the gates of a bus."""

from __future__ import annotations

from cosmo_bus.client import BusClient
from cosmo_bus.gate_client import GateClient, GateInfo


class AtTheGates:
    """`async with AtTheGates(url) as gates`."""

    def __init__(self, url: str) -> None:
        self.client = BusClient(url)

    async def __aenter__(self) -> GateClient:
        await self.client.connect()
        return GateClient(self.client)

    async def __aexit__(self, *exc: object) -> None:
        await self.client.close()


async def gates_at(url: str) -> list[GateInfo]:
    """The gates that stand there now."""
    async with AtTheGates(url) as gates:
        return (await gates.state()).gates
