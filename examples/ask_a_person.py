"""An agent that asks before it acts. Run it on a bus, and answer in `cosmo doppler` (key A) or with
`cosmo answer --redispatch`.

    cosmo synapse start memory -n dev
    python examples/ask_a_person.py
"""

from __future__ import annotations

import asyncio
import os

from cosmo_sdk import Axon, Dendrite, SignalType, connect_synapse

URL = os.environ.get("COSMO_URL", "cosmo://127.0.0.1:7070")
NAMESPACE = os.environ.get("COSMO_NAMESPACE", "dev")


async def clean_up(input: dict, context: list) -> dict:
    """Asks for permission; the answer arrives as a task of its own."""
    decision = input.get("permission")
    if decision is None:
        return {
            "__permission__": True,
            "action": f"delete {input['folder']}",
            "reason": "nobody has opened it for a year",
        }
    return {"text": "deleted" if decision["granted"] else "kept"}


async def main() -> None:
    synapse = await connect_synapse(URL)
    host = Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id="host", role="worker")
    host.attach_axon(Axon(neuron_id="cleaner", neuron_fn=clean_up))
    desk = Dendrite(synapse=synapse, namespace=NAMESPACE, dendrite_id="desk", heartbeat_s=0)
    try:
        async with host, desk:
            pathway = await desk.dispatch(neuron="cleaner", input={"folder": "/tmp/old"})
            request = await pathway.wait()
            print(f"{request.neuron} asks: may I {request.payload['action']}?", flush=True)
            output = await pathway.wait_for(SignalType.AGENT_OUTPUT)
            print(f"{output.neuron}: {output.payload['output']['text']}")
    finally:
        await synapse.close()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        print("bye")
