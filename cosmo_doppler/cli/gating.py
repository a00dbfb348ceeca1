"""A connection to the gates of a bus for the length of one command."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from cosmo_doppler.cli.running import run

if TYPE_CHECKING:
    from cosmo_bus.gate_client import GateClient


def ask(url: str, question: Callable[[GateClient], Awaitable[None]]) -> None:
    """Run a command that connects, asks and leaves."""

    async def once() -> None:
        async with gates_of(url) as gates:
            await question(gates)

    run(once)


@asynccontextmanager
async def gates_of(url: str, *, on_lost: Callable[[], None] = lambda: None) -> AsyncIterator[GateClient]:
    """The gates of the bus at `url`.

    Raises:
        CannotConnect: nothing answers there, or it is no bus.
    """
    from cosmo_bus.client import BusClient
    from cosmo_bus.gate_client import GateClient

    client = BusClient(url)
    client.on_state(lambda state: on_lost() if state == "reconnecting" else None)
    await client.connect()
    try:
        yield GateClient(client)
    finally:
        await client.close()
