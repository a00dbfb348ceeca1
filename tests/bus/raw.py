"""A client that speaks the lines of the bus by hand."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

BEYOND_ANY_LINE = 1 << 26


class RawClient:
    """Writes bytes or objects, reads one line at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    def send(self, *lines: dict[str, Any] | bytes) -> None:
        for line in lines:
            self.writer.write(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n")

    async def read_raw(self) -> bytes:
        return await asyncio.wait_for(self._reader.readline(), 20)

    async def read(self) -> dict[str, Any]:
        return json.loads(await self.read_raw())

    async def ask(self, *lines: dict[str, Any] | bytes) -> dict[str, Any]:
        self.send(*lines)
        return await self.read()

    async def settle(self) -> list[dict[str, Any]]:
        """Everything the bus had to say to what was sent before."""
        self.send({"op": "ping"})
        answers = []
        while (answer := await self.read())["op"] != "pong":
            answers.append(answer)
        return answers

    async def subscribe(self, pattern: str, sub_id: str = "s", **more: Any) -> None:
        self.send({"op": "sub", "sub_id": sub_id, "subject": pattern, **more})
        assert await self.settle() == []


@asynccontextmanager
async def raw_client(port: int) -> AsyncIterator[RawClient]:
    """A connection that has read its welcome."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=BEYOND_ANY_LINE)
    client = RawClient(reader, writer)
    assert (await client.read())["op"] == "welcome"
    try:
        yield client
    finally:
        writer.close()
        # The tests that provoke a disconnection end here.
        with suppress(ConnectionError):
            await writer.wait_closed()
