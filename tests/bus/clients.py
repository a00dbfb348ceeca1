"""Clients of a bus, and servers that say what a test wants."""

from __future__ import annotations

import asyncio
import contextlib

from cosmo_bus import BusClient
from cosmo_bus.backoff import Backoff

AT_ONCE = Backoff(first_s=0.005, longest_s=0.005)


@contextlib.asynccontextmanager
async def connected(url: str, **options):
    client = BusClient(url, backoff=AT_ONCE, **options)
    await client.connect()
    try:
        yield client
    finally:
        await client.close()


@contextlib.asynccontextmanager
async def scripted_server(*lines: bytes, answer_pings: bool = False):
    """Something that says these lines to whoever connects; `serve.got` is what it was told."""
    got: list[bytes] = []

    ended: list[asyncio.Event] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ended.append(asyncio.Event())
        mine = ended[-1]
        with contextlib.suppress(ConnectionError):
            writer.writelines(lines)
            while line := await reader.readline():
                got.append(line)
                if answer_pings and b"ping" in line:
                    writer.write(b'{"op":"pong"}\n')
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        mine.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=1 << 24)
    try:
        yield f"cosmo://127.0.0.1:{server.sockets[0].getsockname()[1]}", got
    finally:
        server.close()
        await server.wait_closed()
        for conversation in ended:
            await conversation.wait()


async def reaches(client: BusClient, state: str) -> None:
    if client.state == state:
        return
    reached = asyncio.Event()
    client.on_state(lambda now: reached.set() if now == state else None)
    await reached.wait()
