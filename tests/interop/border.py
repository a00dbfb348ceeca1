"""The two sides of a border: agents of ours, and a released peer's in a process of its own, on one bus."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from cosmo_sdk import Axon, Dendrite, Signal, SignalType, Synapse, connect_synapse
from tests.interop.peers import ANSWER_S, Peer
from tests.interop.versions import ABILITIES, Abilities

_ROOM = Path(__file__).with_name("peer_room.py")


class PeerRoom:
    """A released peer that does what it is told (see peer_room.py)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._numbers = itertools.count()
        self._events: list[dict[str, Any]] = []
        self._grown = asyncio.Event()

    async def do(self, what: str, **order: Any) -> Any:
        """Give an order and wait for its result."""
        assert self._process.stdin is not None
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        line = json.dumps({"number": number, "do": what, **order})
        self._process.stdin.write(line.encode() + b"\n")
        return await asyncio.wait_for(self._answers[number], ANSWER_S)

    async def said(self, event: str, **facts: Any) -> dict[str, Any]:
        """Wait for something to happen over there, and take note of it only once."""
        async with asyncio.timeout(ANSWER_S):
            while True:
                for each in self._events:
                    if each["event"] == event and facts.items() <= each.items():
                        self._events.remove(each)
                        return each
                self._grown.clear()
                await self._grown.wait()

    def forget(self) -> None:
        """Nothing happened yet."""
        self._events.clear()

    async def listen(self) -> None:
        """Read what it says, to its end."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            if "event" in said:
                self._events.append(said)
                self._grown.set()
                continue
            answer = self._answers.pop(said["number"])
            if answer.done():
                continue
            if "error" in said:
                answer.set_exception(AssertionError(f"the peer says {said['error']}"))
            else:
                answer.set_result(said["result"])


@asynccontextmanager
async def peer_room(peer: Peer) -> AsyncIterator[PeerRoom]:
    """A released peer, ready for orders."""
    async with peer.script(_ROOM) as process:
        assert process.stdout is not None
        assert json.loads(await asyncio.wait_for(process.stdout.readline(), ANSWER_S)) == {
            "ready": "cosmonapse"
        }
        room = PeerRoom(process)
        listening = asyncio.create_task(room.listen())
        try:
            yield room
        finally:
            listening.cancel()


class OurNeuron:
    """A Neuron of ours that does the same as theirs."""

    def __init__(self) -> None:
        self.working = asyncio.Event()
        self.cancelled = asyncio.Event()

    async def think(self, input: dict[str, Any], context: Any) -> dict[str, Any]:
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
        if input.get("raise"):
            raise ValueError(input["raise"])
        if input.get("sleep"):
            self.working.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        return {"echo": input}


class Border:
    """One conversation across the border, in a namespace of its own."""

    def __init__(
        self, version: str, url: str, namespace: str, room: PeerRoom | None = None, *, stack: AsyncExitStack
    ) -> None:
        self.version = version
        self.url = url
        self.namespace = namespace
        self._room = room
        self._stack = stack

    @property
    def abilities(self) -> Abilities:
        """What the peer can do."""
        return ABILITIES[self.version]

    @property
    def _theirs(self) -> PeerRoom:
        assert self._room is not None, "nobody of theirs is here"
        return self._room

    async def they(self, what: str, **order: Any) -> Any:
        """Have the peer do something here."""
        return await self._theirs.do(what, url=self.url, namespace=self.namespace, **order)

    async def they_leave(self, name: str) -> None:
        """One of their Dendrites goes home."""
        await self._theirs.do("leave", namespace=self.namespace, name=name)

    async def they_say(self, event: str, **facts: Any) -> dict[str, Any]:
        """Wait for something to happen over there."""
        return await self._theirs.said(event, **facts)

    async def dendrite(self, name: str = "ours", **options: Any) -> Dendrite:
        """A started Dendrite of ours; options as for its constructor, `axons=` and `engrams=` attached before."""
        axons, engrams = options.pop("axons", ()), options.pop("engrams", ())
        synapse: Synapse = await connect_synapse(self.url)
        self._stack.push_async_callback(synapse.close)
        options = {"heartbeat_s": 0, **options}
        dendrite = Dendrite(synapse=synapse, namespace=self.namespace, dendrite_id=name, **options)
        for axon in axons:
            dendrite.attach_axon(axon)
        for engram in engrams:
            dendrite.attach_engram(engram)
        return await self._stack.enter_async_context(dendrite)

    async def work(
        self, neuron: str, *capabilities: str, bid: dict[str, Any] | None = None, **options: Any
    ) -> tuple[Dendrite, OurNeuron]:
        """A worker of ours: the default bidder, or with a price of its own."""
        ours = OurNeuron()
        axon = Axon(
            neuron_id=neuron,
            neuron_fn=ours.think,
            capabilities=capabilities,
            catch_all=options.pop("catch_all", False),
        )
        worker = await self.dendrite(f"host-{neuron}", role="worker", axons=[axon], **options)
        if bid is not None:

            async def price(offer: Signal) -> None:
                if set(offer.payload.get("capabilities") or ()) <= set(capabilities):
                    await worker.bid(offer, neuron=neuron, **bid)

            worker.on_task_offer(price)
            await worker.ensure_subscribed(SignalType.TASK_OFFER)
        return worker, ours


async def eventually(look: Callable[[], Awaitable[Any]], wanted: Callable[[Any], bool]) -> Any:
    """Look again and again: a registry on the other side says nothing by itself."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ANSWER_S
    while not wanted(seen := await look()):
        assert loop.time() < deadline, f"it never came to that; last seen: {seen}"
        await asyncio.sleep(0.02)
    return seen
