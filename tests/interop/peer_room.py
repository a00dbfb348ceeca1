"""Everything a released peer can be, in one process: its bus, and on any bus workers, desks, watchers, memories.

Runs under the peer's own interpreter. Orders on stdin, one JSON object a line; each is answered on stdout with its
number, and what happens meanwhile is said in lines without one.
"""

import asyncio
import json
import sys

import cosmonapse
from cosmonapse import (
    Axon,
    Dendrite,
    DevSynapseServer,
    InMemoryEngram,
    MemoryRegistryStore,
    PathwayClosedError,
    SignalType,
    connect_synapse,
    discover_signal,
)


def say(**facts):
    print(json.dumps(facts), flush=True)


def told(signal):
    return json.loads(signal.encode())


async def think(input, context):
    if input.get("ask"):
        return {"__clarification__": True, "question": input["ask"]}
    if input.get("permit"):
        return {"__permission__": True, "action": input["permit"]}
    if "clarification" in input:
        return {"answered": input["clarification"]["answer"]}
    if "permission" in input:
        return {"granted": input["permission"]["granted"]}
    if input.get("fail"):
        return {"__error__": True, "code": "BROKEN", "message": input["fail"], "recoverable": False}
    if input.get("busy"):
        return {"__error__": True, "code": "BUSY", "message": input["busy"], "recoverable": True}
    if input.get("raise"):
        raise ValueError(input["raise"])
    if input.get("sleep"):
        say(event="working")
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            say(event="cancelled")
            raise
    return {"echo": input}


class Room:
    def __init__(self):
        self.buses = []
        self.dendrites = {}
        self.pathways = {}

    async def bus(self):
        server = DevSynapseServer(port=0)
        await server.start()
        self.buses.append(server)
        return server.url

    async def open(self, url, namespace, name, **options):
        dendrite = Dendrite(
            synapse=await connect_synapse(url),
            namespace=namespace,
            dendrite_id=name,
            **{"heartbeat_s": 0, **options},
        )
        self.dendrites[namespace, name] = dendrite
        return dendrite

    async def work(self, url, namespace, neuron, capabilities, bid=None, heartbeat_s=0, only=None, **axon):
        worker = await self.open(
            url, namespace, "host-" + neuron, role="worker", heartbeat_s=heartbeat_s, auto_bid=bid is None
        )
        worker.attach_axon(Axon(neuron_id=neuron, neuron_fn=think, capabilities=capabilities, **axon))
        if bid is not None:

            async def price(offer):
                if set(offer.payload.get("capabilities") or []) <= set(capabilities):
                    await worker.bid(offer, neuron=neuron, **bid)

            worker.on_task_offer(price) if only is None else worker.on_task_offer(capability=only)(price)

        @worker.on_task_declined(neuron=neuron)
        async def lost(signal):
            say(event="declined", who=neuron, reason=signal.payload.get("reason"))

        await worker.start()

    async def desk(self, url, namespace, **options):
        desk = self.dendrites.get((namespace, "desk"))
        if desk is None:
            desk = await self.open(url, namespace, "desk", **options)
            await desk.start()
        return desk

    async def task(self, url, namespace, **call):
        return told(await (await self.desk(url, namespace)).dispatch_and_wait(timeout_s=10, **call))

    async def offer(self, url, namespace, **call):
        pathway = await (await self.desk(url, namespace)).dispatch_offer(scope="terminal", **call)
        return told(await pathway.wait(timeout_s=10))

    async def answered(self, url, namespace, neuron, input, answer=None, granted=None):
        """A task that comes back with a request, answered by dispatching it again."""
        desk = await self.desk(url, namespace)
        pathway = await desk.dispatch(neuron=neuron, input=input)
        request = await pathway.wait(timeout_s=10)
        if request.type is SignalType.CLARIFICATION:
            await desk.respond_to_clarification(request, answer=answer)
        else:
            await desk.respond_to_permission(request, granted=granted)
        return told(await pathway.wait(timeout_s=10))

    async def decided(self, url, namespace, neuron, input):
        """A task that comes back with a request, decided by somebody else."""
        desk = await self.desk(url, namespace)
        pathway = await desk.dispatch(neuron=neuron, input=input)
        return told(await desk.await_decision(await pathway.wait(timeout_s=10), timeout_s=10))

    async def decide(self, url, namespace, answer):
        """Answer every question and grant every request, without dispatching anything."""
        desk = await self.desk(url, namespace)

        @desk.on_clarification
        async def explain(question):
            await desk.answer_clarification(question, answer=answer)

        @desk.on_permission
        async def grant(request):
            await desk.grant_permission(request, reason="fine")

        await desk.ensure_subscribed(SignalType.CLARIFICATION, SignalType.PERMISSION)

    async def begin(self, url, namespace, **call):
        pathway = await (await self.desk(url, namespace)).dispatch(**call)
        self.pathways[pathway.trace_id] = pathway
        return pathway.trace_id

    async def stop(self, url, namespace, trace, rollback=False, timeout_s=0.3):
        desk = await self.desk(url, namespace)
        acks = await desk.stop_trace(
            trace, reason="enough", rollback=rollback, collect_acks=True, timeout_s=timeout_s
        )
        return [told(ack) for ack in acks]

    async def closed(self, url, namespace, trace):
        """How waiting on a begun task ends."""
        try:
            return told(await self.pathways[trace].wait(timeout_s=10))
        except PathwayClosedError:
            return "closed"

    async def watch(self, url, namespace):
        watcher = await self.open(url, namespace, "watcher", registry_store=MemoryRegistryStore())
        await watcher.start()
        await watcher.ensure_subscribed(
            *[SignalType(each) for each in ("REGISTER", "HEARTBEAT", "DEREGISTER")]
        )

    async def discover(self, url, namespace):
        await (await self.desk(url, namespace)).emit(discover_signal())

    async def records(self, url, namespace):
        watcher = self.dendrites[namespace, "watcher"]
        return {
            each.neuron_id: {
                "capabilities": sorted(each.capabilities),
                "status": each.status,
                "heard": each.last_heartbeat is not None and each.last_heartbeat.isoformat(),
            }
            for each in await watcher.registry_snapshot(include_deregistered=True)
        }

    async def remember(self, url, namespace, engram_id, engram_kind):
        host = await self.open(url, namespace, "memory")
        host.attach_engram(InMemoryEngram(engram_id=engram_id, engram_kind=engram_kind))
        await host.start()

    async def engram_known(self, url, namespace, engram_id):
        return self.dendrites[namespace, "watcher"].is_engram_known(engram_id=engram_id)

    async def imprint(self, url, namespace, **call):
        receipt = await (await self.desk(url, namespace)).imprint(await_ack=True, deadline_ms=5000, **call)
        return {"engram_id": receipt.engram_id, "id": receipt.id, "error": receipt.error}

    async def recall(self, url, namespace, **call):
        result = await (await self.desk(url, namespace)).recall(deadline_ms=5000, **call)
        return [hit.entry["content"] for hit in result.hits]

    async def think_aloud(self, url, namespace, **call):
        await (await self.desk(url, namespace)).emit_thought_delta(**call)

    async def audit(self, url, namespace, **call):
        await (await self.desk(url, namespace)).emit_audit(**call)

    async def hear(self, url, namespace, type):
        """Say when a Signal of this type comes by."""
        desk = await self.desk(url, namespace)
        desk.on_signal(SignalType(type))(lambda signal: self.heard(signal))
        await desk.ensure_subscribed(SignalType(type))

    async def heard(self, signal):
        say(event="heard", type=signal.type.value, payload=signal.payload)

    async def leave(self, namespace, name=None):
        """Dendrites of a namespace go home, or one of them."""
        leaving = [key for key in self.dendrites if key[0] == namespace and name in (None, key[1])]
        for key in leaving:
            dendrite = self.dendrites.pop(key)
            await dendrite.stop()
            await dendrite.synapse.close()

    async def vanish(self, namespace):
        """Dendrites of a namespace are gone without a word, as in a crash."""
        for key in [key for key in self.dendrites if key[0] == namespace]:
            dendrite = self.dendrites.pop(key)
            await dendrite.synapse.close()


async def carry_out(room, number, do, order):
    try:
        say(number=number, result=await getattr(room, do)(**order))
    except Exception as error:
        say(number=number, error=type(error).__name__ + ": " + str(error))


async def main():
    room = Room()
    orders = asyncio.StreamReader(limit=1 << 24)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    say(ready=cosmonapse.__name__)
    working = set()
    while line := await orders.readline():
        order = json.loads(line)
        task = asyncio.create_task(carry_out(room, order.pop("number"), order.pop("do"), order))
        working.add(task)
        task.add_done_callback(working.discard)


asyncio.run(main())
