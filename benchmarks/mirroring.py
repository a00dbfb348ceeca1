"""What it costs to claim while a mirror tells of it on a real bus, which is another process."""

from __future__ import annotations

import asyncio
import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cosmo_bus.testing import running_bus
from cosmo_sdk import Dendrite, connect_synapse
from cosmo_sdk.coordination import BusMirror


@contextmanager
def mirror() -> Iterator[tuple[BusMirror, Any]]:
    """A running mirror, and a function that returns when everything so far is on the bus."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    bus = spawn.Process(target=_serve, args=(there,))
    bus.start()
    ready = threading.Event()
    made: list[Any] = []
    thread = threading.Thread(target=lambda: asyncio.run(_mirror(here.recv(), made, ready)))
    thread.start()
    ready.wait()
    mirrored, loop, over = made
    try:
        yield mirrored, lambda: asyncio.run_coroutine_threadsafe(mirrored.flush(), loop).result()
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        here.send("over")
        bus.join()


def _serve(there: Any) -> None:
    async def serve() -> None:
        async with running_bus() as server:
            there.send(server.url)
            await asyncio.to_thread(there.recv)

    asyncio.run(serve())


async def _mirror(url: str, made: list[Any], ready: threading.Event) -> None:
    synapse = await connect_synapse(url)
    over = asyncio.Event()
    async with BusMirror(Dendrite(synapse=synapse, namespace="bench")) as mirrored:
        made[:] = mirrored, asyncio.get_running_loop(), over
        ready.set()
        await over.wait()
    await synapse.close()
