"""W2: publish in memory until every handler has run, in bursts of 256."""

from __future__ import annotations

import asyncio
import resource
import time
from typing import Any

from benchmarks.work.talk import envelope, finish, sdk, told

SUBJECT = "cosmonapse.bench.AGENT_OUTPUT"
BURST = 256
FLOOD = 20_000


class Room:
    """A synapse and its handlers."""

    def __init__(self, module: Any, wanted: dict[str, Any]) -> None:
        self.synapse = module.MemorySynapse()
        self.signal = module.Signal.decode(envelope(wanted["size"]))
        self.wanted = wanted
        self.ran = 0

    async def fill(self) -> None:
        async def count(signal: Any) -> None:
            self.ran += 1

        async def read(signal: Any) -> None:
            self.ran += len(signal.payload["output"]) > 0

        async def unrelated(signal: Any) -> None:
            raise AssertionError("nobody publishes there")

        await self.synapse.connect()
        for number in range(self.wanted.get("unrelated", 0)):
            await self.synapse.subscribe(f"cosmonapse.other{number}.TASK", unrelated)
        for _ in range(self.wanted["handlers"]):
            await self.synapse.subscribe(SUBJECT, read if self.wanted.get("reading") else count)

    async def burst(self, signals: int) -> None:
        """Publish, and wait until every handler has had every Signal."""
        target = self.ran + signals * self.wanted["handlers"]
        for _ in range(signals):
            await self.synapse.publish(SUBJECT, self.signal)
        # An event would have to be set by every handler, and measured with it.
        while self.ran < target:  # noqa: ASYNC110
            await asyncio.sleep(0)


async def main() -> None:
    wanted = told()
    room = Room(sdk(wanted["sdk"]), wanted)
    await room.fill()
    await room.burst(BURST)
    signals, cpu, end = 0, time.process_time(), time.perf_counter() + wanted["seconds"]
    while time.perf_counter() < end:
        await room.burst(BURST)
        signals += BURST
    cpu = time.process_time() - cpu
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await room.burst(FLOOD)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    finish({"per_cpu_s": signals / cpu, "flood_mib": (after - before) / 1024})


if __name__ == "__main__":
    asyncio.run(main())
