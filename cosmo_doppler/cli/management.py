"""The management ops of a bus: which namespaces there are, and stopping one (PROTOCOL 4.2, 4.7)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import msgspec

from cosmo_bus.errors import BusClosed, CannotConnect, NoAnswer

ANSWER_S = 5.0
"""How long a bus may take to answer, seconds."""


class BusRefused(Exception):
    """The bus answered with `err`; the text is its message."""


class Management:
    """A connection that asks one thing after the other. Get one from `manage`."""

    def __init__(self, url: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._url = url
        self._reader = reader
        self._writer = writer

    async def ask(self, op: str, **fields: str) -> dict[str, Any]:
        """Send one op and return the bus's answer.

        Raises:
            BusRefused: the answer is `err`.
            BusClosed: the bus went away.
            NoAnswer: it did not answer in time.
        """
        self._writer.write(msgspec.json.encode({"op": op, **fields}) + b"\n")
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = await self.receive()
        except TimeoutError:
            raise NoAnswer(f"the bus at {self._url} did not answer within {ANSWER_S:g} s") from None
        if answer is None:
            raise BusClosed(f"the bus at {self._url} closed the connection")
        if answer.get("op") == "err":
            raise BusRefused(str(answer.get("message", "no reason given")))
        return answer

    async def receive(self) -> dict[str, Any] | None:
        """The bus's next line; None when it closed the connection."""
        try:
            line = await self._reader.readline()
            answer = msgspec.json.decode(line) if line else None
        except (OSError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None

    async def until_stopped(self) -> None:
        """Wait until somebody stops a namespace of ours, or the bus goes away."""
        while (line := await self.receive()) is not None:
            if line.get("op") == "ns_stopping":
                return


@asynccontextmanager
async def manage(url: str) -> AsyncIterator[Management]:
    """Connect to a bus for management.

    Raises:
        CannotConnect: nothing answers there, or it is no bus.
    """
    parts = urlsplit(url)
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 24)
            management = Management(url, reader, writer)
            welcome = await management.receive()
        if welcome is None or welcome.get("op") != "welcome":
            raise CannotConnect(url, "what answers is no bus")
        yield management
    except TimeoutError:
        raise CannotConnect(url, f"no welcome within {ANSWER_S:g} s") from None
    except OSError as error:
        raise CannotConnect(url, error.strerror or str(error)) from None
    finally:
        if writer is not None:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
