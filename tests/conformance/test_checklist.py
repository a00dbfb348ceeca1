"""The points of the checklist that are tested nowhere else; README.md has the whole table."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk import (
    Axon,
    Dendrite,
    Directed,
    MemoryRegistryStore,
    NoBids,
    Signal,
    SignalType,
    SqliteEngram,
    connect_synapse,
)
from cosmo_sdk.testing import settle
from tests.bus.raw import RawClient, raw_client
from tests.interop.border import PeerRoom
from tests.sdk.dendrite.room import Room

T = SignalType
NAMESPACE = "talk"
STAMP = {"v": "1", "ts": "2026-07-01T09:30:00.250000Z"}


async def echo(input: dict[str, Any], context: Any) -> dict[str, Any]:
    return {"echo": input}


async def next_of(client: RawClient, type: str) -> dict[str, Any]:
    """The next Signal of a type that this client hears."""
    while True:
        line = await client.read()
        signal = json.loads(line["frame"])
        if signal["type"] == type:
            return signal


def published(signal: dict[str, Any]) -> dict[str, str]:
    """The line that publishes a frame as it is."""
    subject = f"cosmonapse.{NAMESPACE}.{signal['type']}"
    return {"op": "pub", "subject": subject, "frame": json.dumps(signal)}


@pytest.mark.peer
async def test_c01_a_minimal_frame_is_served_by_a_released_worker(latest: PeerRoom) -> None:
    url = await latest.do("bus")
    await latest.do("work", url=url, namespace=NAMESPACE, neuron="brewer", capabilities=["brew"])
    minimal = {**STAMP, "id": "evt_1", "trace_id": "trc_1", "type": "TASK"}
    async with raw_client(urlsplit(url).port or 0) as client:
        await client.subscribe(f"cosmonapse.{NAMESPACE}.>")
        client.send(published({**minimal, "directed": {"id": "brewer"}, "payload": {"input": {"cups": 2}}}))
        reply = await next_of(client, "AGENT_OUTPUT")
    assert (reply["trace_id"], reply["parent_id"]) == ("trc_1", "evt_1")
    assert reply["payload"]["output"] == {"echo": {"cups": 2}}
    await latest.do("leave", namespace=NAMESPACE)
    # And what we emit is as small.
    ours = Signal(type=T.TASK, payload={"input": {}}).encode()
    assert b"null" not in ours
    assert b'"meta"' not in ours
    assert b'"directed"' not in ours


async def test_c02_our_worker_serves_a_frame_full_of_nulls() -> None:
    async with running_bus() as bus, raw_client(bus.port) as client:
        synapse = await connect_synapse(bus.url)
        worker = Dendrite(
            synapse=synapse, namespace=NAMESPACE, dendrite_id="host", role="worker", heartbeat_s=0
        )
        worker.attach_axon(Axon(neuron_id="brewer", neuron_fn=echo, capabilities=["brew"]))
        async with worker:
            await client.subscribe(f"cosmonapse.{NAMESPACE}.>")
            client.send(
                published(
                    {
                        **STAMP,
                        "id": "evt_1",
                        "trace_id": "trc_1",
                        "parent_id": None,
                        "type": "TASK",
                        "directed": {"id": "brewer", "type": None, "capabilities": []},
                        "payload": {"input": {"cups": 2}, "context_ref": None, "capabilities": None},
                        "meta": {},
                    }
                )
            )
            reply = await next_of(client, "AGENT_OUTPUT")
        await synapse.close()
    assert (reply["parent_id"], reply["payload"]["output"]) == ("evt_1", {"echo": {"cups": 2}})


async def test_c03_an_unknown_type_does_not_end_our_reading() -> None:
    heard: asyncio.Queue[Signal] = asyncio.Queue()
    async with running_bus() as bus, raw_client(bus.port) as client:
        synapse = await connect_synapse(bus.url)
        await synapse.subscribe(f"cosmonapse.{NAMESPACE}.>", heard.put)
        frame = {**STAMP, "id": "evt_1", "trace_id": "trc_1", "payload": {}}
        client.send(published({**frame, "type": "MOOD_RING"}), published({**frame, "type": "PLAN"}))
        assert (await asyncio.wait_for(heard.get(), 20)).type is T.PLAN
        assert synapse.undecodable == 1
        await synapse.close()


@pytest.mark.parametrize(
    "text", ["x", "\u00fc", "\U0001f600", '"'], ids=["ascii", "latin", "astral", "quote"]
)
async def test_c05_no_line_is_longer_than_a_released_client_can_read(text: str) -> None:
    """Around the limit, one character more each time: every line fits or does not come."""
    per_character = len(json.dumps(text)) - 2
    count = (65_536 - 60) // per_character
    async with running_bus() as bus, raw_client(bus.port) as old, raw_client(bus.port) as publisher:
        await old.subscribe("s")
        for more in range(-20, 40):
            publisher.send({"op": "pub", "subject": "s", "frame": text * (count + more)})
        refusals = await publisher.settle()
        old.send({"op": "ping"})
        lines = []
        while (line := await old.read_raw()) != b'{"op":"pong"}\n':
            lines.append(line)
    assert max(len(line) for line in lines) <= 65_536
    assert (len(lines) + len(refusals), {each["op"] for each in refusals}) == (60, {"err"})
    assert lines
    assert refusals


async def test_c06_who_does_not_read_delays_nobody() -> None:
    async with running_bus() as bus, raw_client(bus.port) as healthy, raw_client(bus.port) as publisher:
        _, deaf = await asyncio.open_connection("127.0.0.1", bus.port, limit=16)
        deaf.write(b'{"op":"sub","sub_id":"s","subject":"s"}\n')
        await healthy.subscribe("s")
        while bus.statistics().subscriptions < 2:
            await healthy.settle()
        for number in range(1000):
            publisher.send({"op": "pub", "subject": "s", "frame": f"{number} " + "x" * 4096})
            # In lockstep: this one has each before the next is sent, whatever the deaf one has.
            assert (await healthy.read())["frame"].startswith(f"{number} ")
        deaf.close()


@pytest.mark.parametrize("select", ["lowest_cost", "highest_confidence"])
async def test_c08_a_tie_goes_to_the_first_arrival(room: Room, select: Any) -> None:
    for neuron in ("second", "first"):
        await room.worker(neuron, echo, "summarize", auto_bid=False)
    desk = await room.dendrite()
    pending = asyncio.ensure_future(
        desk.dispatch_offer(input={}, capabilities=["summarize"], deadline_ms=100, select=select)
    )
    await settle()
    [offer] = room.of(T.TASK_OFFER)
    for neuron in ("first", "second"):
        await desk.bid(offer, neuron=neuron, cost=0.5, confidence=0.5)
        await settle()
    await room.clock.advance(0.1)
    await pending
    assert [award.neuron for award in room.of(T.TASK_AWARDED)] == ["first"]


@pytest.mark.parametrize("select", ["first_bid", "lowest_cost", "highest_confidence"])
async def test_c09_without_a_bid_the_wait_ends_at_the_deadline(room: Room, select: Any) -> None:
    desk = await room.dendrite()
    pending = asyncio.ensure_future(desk.dispatch_offer(input={}, deadline_ms=250, select=select))
    await room.clock.advance(0.249)
    assert not pending.done()
    await room.clock.advance(0.001)
    with pytest.raises(TimeoutError, match="no BID arrived within 250ms") as caught:
        await pending
    assert isinstance(caught.value, NoBids)
    assert room.of(T.TASK_AWARDED, T.TASK_DECLINED) == []


async def test_c15_a_rollback_on_sqlite_really_undoes(room: Room, tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    await room.dendrite("memory", engrams=[SqliteEngram(path=path, engram_id="notes")])
    desk = await room.dendrite()
    before = await desk.imprint(
        engram_id="notes", op="upsert", entry={"content": "one"}, merge_key="k", await_ack=True
    )
    assert before is not None
    for op, entry, key in (("upsert", "two", "k"), ("add", "three", None), ("append", "four", None)):
        await desk.imprint(
            engram_id="notes",
            op=op,
            entry={"content": entry},
            merge_key=key,
            await_ack=True,
            trace_id="trc_1",
        )
    acks: asyncio.Queue[Signal] = asyncio.Queue()
    desk.on_signal(T.STOPPED)(acks.put)
    await desk.ensure_subscribed(T.STOPPED)
    await desk.stop_trace("trc_1", rollback=True)
    ack = await asyncio.wait_for(acks.get(), 20)
    assert (ack.payload["compensated"], ack.payload["rolled_back"]) == (3, True)
    # Another connection to the same file, so that nothing remembered in between answers.
    fresh = SqliteEngram(path=path, engram_id="notes")
    await fresh.connect()
    hits = await fresh.recall({})
    await fresh.close()
    assert [hit.entry["content"] for hit in hits] == ["one"]


async def test_c16_who_crashed_is_stale_after_three_heartbeats(room: Room) -> None:
    watcher = await room.dendrite("watcher", registry_store=MemoryRegistryStore(), heartbeat_s=10)
    assert not watcher.axons
    address = Directed(id="brewer", type="neuron")
    await watcher.publish(Signal(type=T.REGISTER, directed=address, payload={"role": "neuron"}))
    for _ in range(2):
        await room.clock.advance(10)
        await watcher.publish(Signal(type=T.HEARTBEAT, directed=address, payload={"status": "ok"}))
    # From here on, silence.
    await room.clock.advance(29)
    assert [each.neuron_id for each in await watcher.find_neurons()] == ["brewer"]
    await room.clock.advance(11)
    assert await watcher.find_neurons() == []
    [record] = await watcher.registry_snapshot(include_deregistered=True)
    assert record.stale_since is not None
