"""The streams of W3 on nats-server with nats-py: an envelope of the same shape, decoded by every subscriber."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import msgspec
import nats

from benchmarks.work.streams import Publisher, subscribe
from benchmarks.work.talk import envelope, finish, told

encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder().decode


class Signal(SimpleNamespace):
    """As much of a Signal as the streams touch."""

    @staticmethod
    def decode(data: bytes) -> Signal:
        """An envelope."""
        return Signal(**decode(data))


class Synapse:
    """What the streams ask of a synapse, on nats-py."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def publish(self, subject: str, signal: Signal) -> None:
        """Encode and send."""
        await self._client.publish(subject, encode(vars(signal)))

    async def subscribe(self, subject: str, handler: Callable[[Signal], Awaitable[None]]) -> None:
        """Decode each message for the handler."""

        async def take(message: Any) -> None:
            await handler(Signal.decode(message.data))

        await self._client.subscribe(subject, cb=take)
        await self._client.flush()


async def main() -> None:
    wanted = told()
    synapse = Synapse(await nats.connect(wanted["url"]))
    if wanted["role"] != "publisher":
        await subscribe(SimpleNamespace(Signal=Signal), synapse, wanted["role"])
    signal = Signal.decode(envelope(wanted["size"]))
    publisher = Publisher(synapse, signal, wanted["subscribers"])
    finish(await publisher.measure(wanted["seconds"], wanted.get("rate", 0)))


if __name__ == "__main__":
    asyncio.run(main())
