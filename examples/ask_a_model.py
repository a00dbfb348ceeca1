"""A language model as a worker: its words appear as they come. Run: ask_a_model.py PROMPT [ENDPOINT] [MODEL]

It asks Ollama on this machine; another source of `Neuron` is one line away. Needs: pip install 'cosmo-doppler[neurons]'
"""

from __future__ import annotations

import asyncio
import sys

from cosmo_sdk import Axon, Dendrite, MemorySynapse, Neuron, RetryStrategy, Signal, SignalType


async def main(prompt: str, endpoint: str = "http://localhost:11434", model: str = "llama3") -> int:
    synapse = MemorySynapse()
    worker = Dendrite(synapse=synapse, namespace="dev", dendrite_id="host", role="worker")
    desk = Dendrite(synapse=synapse, namespace="dev", dendrite_id="desk", heartbeat_s=0)

    @desk.on_thought_delta(neuron="writer")
    async def show(signal: Signal) -> None:
        print(signal.payload["delta"], end="", flush=True)

    async with Neuron(source="ollama", endpoint=endpoint, model=model, stream=True) as neuron:
        worker.attach_axon(Axon(neuron_id="writer", neuron_fn=neuron))
        async with worker, desk:
            # A model that is busy or still loading is asked again.
            patience = RetryStrategy(max_attempts=3, timeout_s=120, backoff=lambda attempt: 2**attempt)
            reply = await desk.dispatch_and_wait(neuron="writer", input={"prompt": prompt}, retry=patience)
    await synapse.close()
    if reply.type is SignalType.ERROR:
        print(f"{reply.payload['code']}: {reply.payload['message']}", file=sys.stderr)
        return 1
    print(f"\n({reply.payload['output']['meta'].get('eval_count', '?')} tokens)")
    return 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(asyncio.run(main(*sys.argv[1:])))
