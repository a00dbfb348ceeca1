"""Capability routing and queue groups, while Axons come and go, on every transport (PROTOCOL 3.2)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import (
    Axon,
    Dendrite,
    MemoryRegistryStore,
    MemorySynapse,
    Signal,
    SignalType,
    Synapse,
    connect_synapse,
)
from cosmo_sdk.errors import NoSuchNeuron
from tests.nats_server import running_nats

T = SignalType

Connect = Callable[[], Awaitable[Synapse]]


@pytest.fixture(params=["memory", "dev bus", "nats"])
async def connect(request: pytest.FixtureRequest) -> AsyncIterator[Connect]:
    """Connections to one bus, one for each process there would be."""
    async with AsyncExitStack() as stack:
        if request.param == "memory":
            shared = MemorySynapse(strict=True)
            stack.push_async_callback(shared.close)

            async def join() -> Synapse:
                return shared
        else:
            if request.param == "nats":
                url = stack.enter_context(running_nats()).url
            else:
                url = (await stack.enter_async_context(running_bus())).url

            async def join() -> Synapse:
                synapse = await connect_synapse(url)
                stack.push_async_callback(synapse.close)
                return synapse

        yield join


async def echo(input: Any, context: Any) -> Any:
    await asyncio.sleep(0)
    return {"n": input["n"]}


def axon(neuron_id: str, *capabilities: str) -> Axon:
    return Axon(neuron_id=neuron_id, neuron_fn=echo, capabilities=capabilities)


class Producer:
    """Sends numbered TASKs for a capability, and counts the replies to each."""

    def __init__(self, dendrite: Dendrite, capability: str) -> None:
        self.dendrite = dendrite
        self.capability = capability
        self.sent: list[str] = []
        self.replies: Counter[str] = Counter()
        self.errors: list[str] = []
        self.changed = asyncio.Condition()

    async def open(self) -> None:
        async def count(reply: Signal) -> None:
            self.replies[reply.parent_id or ""] += 1
            if reply.type is T.ERROR:
                self.errors.append(reply.payload["code"])
            async with self.changed:
                self.changed.notify_all()

        self.dendrite.on_agent_output(count)
        self.dendrite.on_error_signal(count)
        await self.dendrite.ensure_subscribed(T.AGENT_OUTPUT, T.ERROR)

    async def send(self, count: int) -> None:
        for number in range(count):
            task = await self.dendrite.dispatch_task(capabilities=[self.capability], input={"n": number})
            self.sent.append(task.id)
            await asyncio.sleep(0)

    async def all_answered(self) -> None:
        async with asyncio.timeout(20), self.changed:
            await self.changed.wait_for(lambda: all(self.replies[task] for task in self.sent))


async def producing(connect: Connect, capability: str = "x") -> Producer:
    dendrite = Dendrite(synapse=await connect(), heartbeat_s=0)
    await dendrite.start()
    producer = Producer(dendrite, capability)
    await producer.open()
    return producer


async def hosting(connect: Connect, *axons: Axon) -> Dendrite:
    dendrite = Dendrite(synapse=await connect(), role="worker", heartbeat_s=0)
    for each in axons:
        dendrite.attach_axon(each)
    await dendrite.start()
    return dendrite


async def test_equals_share_and_each_task_is_done_once(connect: Connect):
    one, other = await hosting(connect, axon("a", "x", "y")), await hosting(connect, axon("b", "y", "x"))
    producer = await producing(connect)
    done: Counter[str | None] = Counter()
    producer.dendrite.on_agent_output(lambda reply: done.update([reply.neuron]))
    await producer.send(40)
    await producer.all_answered()
    assert set(producer.replies.values()) == {1}
    # By turns here, by lot on NATS.
    assert done.total() == 40
    assert set(done) == {"a", "b"}
    for dendrite in (one, other, producer.dendrite):
        await dendrite.stop()


async def test_different_profiles_each_get_a_copy(connect: Connect):
    hosts = [await hosting(connect, axon("a", "x")), await hosting(connect, axon("b", "x", "y"))]
    producer = await producing(connect)
    await producer.send(5)
    async with asyncio.timeout(20), producer.changed:
        await producer.changed.wait_for(lambda: producer.replies.total() == 10)
    assert set(producer.replies.values()) == {2}
    for dendrite in (*hosts, producer.dendrite):
        await dendrite.stop()


async def test_a_host_that_changes_its_profile_under_load_does_everything_once(connect: Connect):
    host = await hosting(connect, axon("a", "x"))
    producer = await producing(connect)
    sending = asyncio.create_task(producer.send(400))
    changes = 0
    while not sending.done():
        await host.add_axon(axon("extra", "y", str(changes)))
        await host.detach_axon("extra")
        changes += 1
    await producer.all_answered()
    assert changes > 1
    assert producer.errors == []
    assert set(producer.replies.values()) == {1}
    for dendrite in (host, producer.dendrite):
        await dendrite.stop()


async def test_who_leaves_a_group_under_load_takes_nothing_along(connect: Connect):
    stays, goes = await hosting(connect, axon("a", "x")), await hosting(connect, axon("b", "x"))
    producer = await producing(connect)
    sending = asyncio.create_task(producer.send(400))
    while not sending.done():
        await goes.detach_axon("b")
        await goes.add_axon(axon("b", "x"))
    await producer.all_answered()
    assert set(producer.replies.values()) == {1}
    for dendrite in (stays, goes, producer.dendrite):
        await dendrite.stop()


async def test_who_goes_home_under_load_takes_nothing_along(connect: Connect):
    stays, goes = await hosting(connect, axon("a", "x")), await hosting(connect, axon("b", "x"))
    producer = await producing(connect)
    sending = asyncio.create_task(producer.send(200))
    while not sending.done():
        await goes.stop()
        await goes.start()
    await producer.all_answered()
    assert set(producer.replies.values()) == {1}
    for dendrite in (stays, goes, producer.dendrite):
        await dendrite.stop()


async def test_axons_added_and_detached_at_the_same_time_leave_one_right_group(connect: Connect):
    host = await hosting(connect)
    names = [f"n{number}" for number in range(8)]
    await asyncio.gather(*(host.add_axon(axon(name, "x", name)) for name in names))
    await asyncio.gather(*(host.detach_axon(name) for name in names[1:]))
    producer = await producing(connect)
    await producer.send(5)
    await producer.all_answered()
    assert set(producer.replies.values()) == {1}
    assert host.capabilities == ["n0", "x"]
    for dendrite in (host, producer.dendrite):
        await dendrite.stop()


async def test_members_of_a_subscribed_group_share_and_others_hear_everything(connect: Connect):
    dendrite = Dendrite(synapse=await connect(), heartbeat_s=0)
    async with dendrite:
        heard: dict[str, list[str]] = {"one": [], "two": [], "all": []}
        members = [
            await dendrite.subscribe(T.FINAL, lambda signal: heard["one"].append(signal.id), queue_group="g"),
            await dendrite.subscribe(T.FINAL, lambda signal: heard["two"].append(signal.id), queue_group="g"),
        ]
        arrived = asyncio.Event()

        def observe(signal: Signal) -> None:
            heard["all"].append(signal.id)
            if signal.payload["result"] == "last":
                arrived.set()

        await dendrite.subscribe(T.FINAL, observe)
        for number in range(10):
            await dendrite.emit_final(trace_id="trc_1", parent_id="evt_1", result=number)
        await members[0].unsubscribe()
        await members[0].unsubscribe()
        for result in ("more", "last"):
            await dendrite.emit_final(trace_id="trc_1", parent_id="evt_1", result=result)
        await asyncio.wait_for(arrived.wait(), 20)
    assert len(heard["all"]) == 12
    assert heard["two"][-2:] == heard["all"][-2:]
    assert sorted(heard["one"] + heard["two"]) == sorted(heard["all"])


async def test_a_set_that_no_single_axon_covers_is_passed_on_to_one_that_does(
    connect: Connect, caplog: pytest.LogCaptureFixture
):
    host = await hosting(connect, axon("a", "x"), axon("b", "y"))
    able = await hosting(connect, axon("c", "x", "y"))
    producer = await producing(connect)
    # They are one group: some of these reach the host that cannot do them.
    asked = 0
    while host.uncovered < 2 and asked < 100:
        reply = await producer.dendrite.dispatch_and_wait(
            capabilities=["x", "y"], input={"n": 1}, timeout_s=20
        )
        assert (reply.type, reply.neuron) == (T.AGENT_OUTPUT, "c")
        asked += 1
    assert (host.uncovered, able.uncovered) == (2, 0)
    assert caplog.text.count("no single Axon here covers x, y") == 1
    assert set(producer.replies.values()) == {1}
    for dendrite in (host, able, producer.dendrite):
        await dendrite.stop()


async def test_a_set_that_nobody_covers_is_answered(connect: Connect):
    hosts = [
        await hosting(connect, axon("a", "x"), axon("b", "y")),
        await hosting(connect, axon("c", "x"), axon("d", "y")),
    ]
    producer = await producing(connect)
    reply = await producer.dendrite.dispatch_and_wait(capabilities=["x", "y"], input={}, timeout_s=20)
    assert reply.payload == {
        "code": "NO_SUCH_NEURON",
        "message": "no Neuron has all of x, y",
        "recoverable": True,
    }
    for dendrite in (*hosts, producer.dendrite):
        await dendrite.stop()


@pytest.mark.parametrize("store", [None, MemoryRegistryStore], ids=["by asking", "by the registry"])
async def test_a_task_for_nobody_fails_at_once_where_that_is_wanted(connect: Connect, store: Any):
    host = await hosting(connect, axon("a", "x", "y"))
    producer = Dendrite(
        synapse=await connect(), heartbeat_s=0, resolve_ms=400, registry_store=store and store()
    )
    async with producer:
        with pytest.raises(NoSuchNeuron, match="neuron 'nobody' is not there"):
            await producer.dispatch_and_wait(neuron="nobody", input={})
        with pytest.raises(NoSuchNeuron, match="any Neuron with x, z is not there"):
            await producer.dispatch(capabilities=["x", "z"], input={})
        for whom in ({"neuron": "a"}, {"capabilities": ["y", "x"]}):
            reply = await producer.dispatch_and_wait(**whom, input={"n": 1}, timeout_s=20)
            assert reply.payload == {"output": {"n": 1}}
        await producer.dispatch_task(open_call=True, input={})
    await host.stop()


async def test_without_that_a_task_for_nobody_is_a_task_nobody_picks_up(connect: Connect):
    producer = Dendrite(synapse=await connect(), heartbeat_s=0)
    async with producer:
        task = await producer.dispatch_task(neuron="nobody", input={})
        with pytest.raises(TimeoutError):
            await producer.dispatch_and_wait(neuron="nobody", input={}, timeout_s=0.02)
    assert task.neuron == "nobody"


async def test_a_neuron_that_lives_here_needs_no_asking():
    synapse = MemorySynapse()
    dendrite = Dendrite(synapse=synapse, heartbeat_s=0, resolve_ms=0)
    dendrite.attach_axon(axon("a", "x"))
    async with dendrite:
        for whom in ({"neuron": "a"}, {"capabilities": ["x"]}):
            reply = await dendrite.dispatch_and_wait(**whom, input={"n": 1}, timeout_s=20)
            assert reply.payload == {"output": {"n": 1}}
    await synapse.close()
