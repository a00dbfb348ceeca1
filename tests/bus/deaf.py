"""Sending to clients that do not read."""

from __future__ import annotations

import asyncio
import contextlib
import socket

from cosmo_bus import BusServer
from tests.bus.raw import raw_client


def pub(subject: str, size: int = 0) -> dict[str, str]:
    return {"op": "pub", "subject": subject, "frame": "x" * size}


@contextlib.asynccontextmanager
async def deaf_subscriber(bus: BusServer, pattern: str, hello: bytes = b""):
    """Subscribes, then never reads again."""
    loop = asyncio.get_running_loop()
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.setblocking(False)
        await loop.sock_connect(deaf, ("127.0.0.1", bus.port))
        await loop.sock_sendall(
            deaf, hello + b'{"op":"sub","sub_id":"d","subject":"%b"}\n' % pattern.encode()
        )
        async with raw_client(bus.port) as other:
            while bus.statistics().subscriptions == 0:
                await other.settle()
        yield deaf


async def rest_of(deaf: socket.socket) -> bytes:
    loop = asyncio.get_running_loop()
    received = b""
    with contextlib.suppress(ConnectionError):
        while chunk := await loop.sock_recv(deaf, 1 << 20):
            received += chunk
    return received


def sent_at_once(bus: BusServer) -> list[bool]:
    """Whether short lines go out without waiting for more, for each connection."""
    return [
        bool(session._transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        for session in bus._sessions
    ]
