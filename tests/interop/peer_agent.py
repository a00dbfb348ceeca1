"""A worker or a producer written with a released peer. Runs under the peer's own interpreter.

    peer_agent.py worker URL NAMESPACE
    peer_agent.py task|offer|stop URL NAMESPACE NEURON INPUT

Prints one JSON object a line.
"""

import asyncio
import json
import sys

from cosmonapse import Axon, Dendrite, SignalType, connect_synapse


async def think(input, context):
    if input.get("ask"):
        return {"__clarification__": True, "question": input["ask"]}
    if "clarification" in input:
        return {"answered": input["clarification"]["answer"]}
    if input.get("permit"):
        return {"__permission__": True, "action": input["permit"]}
    if input.get("fail"):
        return {"__error__": True, "code": "BROKEN", "message": input["fail"], "recoverable": False}
    if input.get("sleep"):
        say(working=True)
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            say(cancelled=True)
            raise
    return {"echo": input}


def say(**facts):
    print(json.dumps(facts), flush=True)


async def work(url, namespace):
    synapse = await connect_synapse(url)
    dendrite = Dendrite(
        synapse=synapse, namespace=namespace, dendrite_id="peer-host", role="worker", heartbeat_s=0.3
    )
    dendrite.attach_axon(Axon(neuron_id="peer-worker", neuron_fn=think, capabilities=["echo"]))
    async with dendrite:
        say(ready=True)
        await asyncio.Event().wait()


async def produce(what, url, namespace, neuron, input):
    synapse = await connect_synapse(url)
    dendrite = Dendrite(synapse=synapse, namespace=namespace, dendrite_id="peer-desk", heartbeat_s=0)
    async with dendrite:
        if what == "task":
            reply = await dendrite.dispatch_and_wait(
                neuron=neuron, input=input, scope="terminal", timeout_s=15
            )
        elif what == "offer":
            pathway = await dendrite.dispatch_offer(
                input=input, capabilities=["echo"], deadline_ms=400, select="lowest_cost", scope="terminal"
            )
            reply = await pathway.wait(timeout_s=15)
        else:
            pathway = await dendrite.dispatch(neuron=neuron, input=input)
            await asyncio.wait_for(asyncio.to_thread(sys.stdin.readline), 20)
            acks = await dendrite.stop_trace(
                pathway.trace_id, reason="enough", collect_acks=True, timeout_s=1.0
            )
            say(acks=[ack.payload for ack in acks if ack.type is SignalType.STOPPED])
            return
        say(type=reply.type.value, who=reply.directed.id, payload=reply.payload, trace=reply.trace_id)


def main():
    if sys.argv[1] == "worker":
        asyncio.run(work(*sys.argv[2:4]))
    else:
        what, url, namespace, neuron, input = sys.argv[1:]
        asyncio.run(produce(what, url, namespace, neuron, json.loads(input)))


if __name__ == "__main__":
    main()
