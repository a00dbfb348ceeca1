"""A real bus for tests."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cosmo_bus.outbox import MAX_BYTES, MAX_LINES
from cosmo_bus.server import BusServer
from cosmo_bus.wire import DEFAULT_MAX_LINE


@asynccontextmanager
async def running_bus(
    *,
    port: int = 0,
    max_line: int = DEFAULT_MAX_LINE,
    outbox_lines: int = MAX_LINES,
    outbox_bytes: int = MAX_BYTES,
    token: str | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[BusServer]:
    """A bus on a free port of this machine, closed at the end of the block. Arguments as for `BusServer`."""
    server = BusServer(
        port=port,
        max_line=max_line,
        outbox_lines=outbox_lines,
        outbox_bytes=outbox_bytes,
        token=token,
        tls=tls,
    )
    await server.start()
    try:
        yield server
    finally:
        await server.close()
