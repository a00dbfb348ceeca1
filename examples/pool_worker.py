"""A worker in a pool without an orchestrator: every worker hears every task, and one of them knows that it is its own.

Start a bus first, then any number of these, each with a name of its own and all with the same registry file:

cosmo synapse start memory -n dev
python examples/pool_worker.py ann pool.db
python examples/pool_worker.py bob pool.db
python examples/pool_producer.py
"""

from __future__ import annotations

import asyncio
import os
import sys

from cosmo_sdk import (
    Axon,
    Dendrite,
    LiveRing,
    RingChange,
    Signal,
    SignalType,
    SqliteRegistryStore,
    connect_synapse,
)

URL = os.environ.get("COSMO_URL", "cosmo://127.0.0.1:7070")
NAMESPACE = os.environ.get("COSMO_NAMESPACE", "dev")


async def shout(input: dict, context: list) -> dict:
    return {"text": input["text"].upper() + "!"}


async def main(name: str, registry: str) -> None:
    synapse = await connect_synapse(URL)
    store = SqliteRegistryStore(registry)
    worker = Dendrite(
        synapse=synapse,
        namespace=NAMESPACE,
        dendrite_id=f"{name}-host",
        registry_store=store,
        role="worker",
        heartbeat_s=2,
    )
    axon = Axon(neuron_id=name, neuron_fn=shout, capabilities=["pool"])
    worker.attach_axon(axon)  # makes it known; tasks for the pool are addressed to nobody in particular

    ring = LiveRing(store, capability="pool")
    ring.follow(worker)

    @ring.on_change
    def tell(change: RingChange) -> None:
        print(f"{name} sees {', '.join(change.nodes) or 'nobody'}", flush=True)

    async def on_task(task: Signal) -> None:
        if task.neuron == "pool" and ring.owns(name, task.trace_id):
            await worker.publish(await axon.handle_task(task))

    try:
        async with worker, ring:
            await worker.subscribe(SignalType.TASK, on_task)
            await asyncio.Event().wait()
    finally:
        await store.close()
        await synapse.close()


if __name__ == "__main__":
    try:
        asyncio.run(main(sys.argv[1], sys.argv[2]))
    except KeyboardInterrupt:
        print("bye")
