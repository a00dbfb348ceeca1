"""W4: dispatch_and_wait, round after round, `callers` at a time. Roles: worker, caller, or both in memory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from benchmarks.work.talk import TEXT, connected, finish, quantile, say, sdk, told


async def work(name: str, synapse: Any) -> Any:
    """A worker that echoes the beginning of its input."""
    module = sdk(name)

    async def echo(input: dict[str, Any], context: list[Any]) -> dict[str, Any]:
        return {"begins": input["text"][:40]}

    dendrite = module.Dendrite(
        synapse=synapse, namespace="bench", dendrite_id="worker", role="worker", heartbeat_s=0
    )
    dendrite.attach_axon(module.Axon(neuron_id="echo", neuron_fn=echo, capabilities=["echo"]))
    await dendrite.start()
    return dendrite


async def caller(name: str, synapse: Any) -> Callable[[], Awaitable[None]]:
    """A call there and back."""
    module = sdk(name)
    dendrite = module.Dendrite(synapse=synapse, namespace="bench", dendrite_id="caller", heartbeat_s=0)
    await dendrite.start()

    async def call() -> None:
        reply = await dendrite.dispatch_and_wait(neuron="echo", input={"text": TEXT}, timeout_s=20.0)
        if reply.type.value != "AGENT_OUTPUT":
            raise RuntimeError(f"{reply.type.value} instead of a result")

    return call


async def drive(call: Callable[[], Awaitable[None]], callers: int, seconds: float) -> dict[str, Any]:
    """Call without a pause, `callers` at a time."""
    for _ in range(20):
        await call()
    took: list[float] = []
    begin, cpu = time.perf_counter(), time.process_time()

    async def keep_calling() -> None:
        while (sent := time.perf_counter()) < begin + seconds:
            await call()
            took.append(time.perf_counter() - sent)

    await asyncio.gather(*(keep_calling() for _ in range(callers)))
    elapsed, cpu = time.perf_counter() - begin, time.process_time() - cpu
    return {
        "per_s": len(took) / elapsed,
        "per_cpu_s": len(took) / cpu,
        "p50_ms": (quantile(took, 0.5) or 0) * 1e3,
        "p99_ms": (quantile(took, 0.99) or 0) * 1e3,
        "cpu_us": cpu / len(took) * 1e6,
    }


async def main() -> None:
    wanted = told()
    name, url = wanted["sdk"], wanted.get("url", "")
    synapse = await connected(name, url)
    if wanted["role"] != "caller":
        worker = await work(name, synapse)
    if wanted["role"] == "worker":
        say(ready=True)
        await asyncio.Event().wait()
        await worker.stop()
    call = await caller(name, synapse)
    finish(await drive(call, wanted["callers"], wanted["seconds"]))


if __name__ == "__main__":
    asyncio.run(main())
