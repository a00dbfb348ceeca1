"""Publishes made-up traces at a steady rate, from the moment it gets SIGUSR1."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime

from benchmarks.work.recording_file import signals
from benchmarks.work.talk import finish, say, told
from cosmo_bus.client import BusClient

TICK_S = 0.01
PREPARED = 1_000_000
"""Frames made beforehand; after that they come again with other ids."""


def frames(count: int) -> Iterator[tuple[str, bytes]]:
    """That many signals with their subjects. Ids of a later round differ from those of the first."""
    made = []
    stamp = datetime.now(UTC).isoformat()
    for made_signal in signals(min(count, PREPARED)):
        subject = f"cosmonapse.bench.{made_signal['type']}"
        made.append((subject, json.dumps({**made_signal, "ts": stamp}, separators=(",", ":")).encode()))
    yield from made
    for turn in range(1, -(-count // PREPARED)):
        other = b"_01KD%02X" % turn
        for subject, frame in made[: count - turn * PREPARED]:
            yield subject, frame.replace(b"_01KDW6", other)


async def main() -> None:
    wanted = told()
    started = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, started.set)
    client = BusClient(wanted["url"])
    await client.connect()
    waiting = frames(wanted["signals"])
    first = next(waiting)
    say(ready=True)
    await started.wait()
    client.publish(*first)
    begin, sent = time.perf_counter(), 1
    for subject, frame in waiting:
        client.publish(subject, frame)
        sent += 1
        if sent % 256 == 0:
            await client.drain()
            ahead = sent / wanted["rate"] - (time.perf_counter() - begin)
            if ahead > TICK_S:
                await asyncio.sleep(ahead)
    await client.flush()
    finish({"sent": sent, "per_s": sent / (time.perf_counter() - begin)})


if __name__ == "__main__":
    asyncio.run(main())
