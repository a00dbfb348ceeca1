"""When a memory serves and when it does not: attached, detached, asked twice, with the bus gone."""

from __future__ import annotations

import asyncio

import pytest

from cosmo_sdk.engram import EngramCancelled, EngramError, EngramTimeout, Hit, InMemoryEngram
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.factories import final_signal
from cosmo_sdk.signal_types import SignalType
from tests.sdk.engram.wire import Gated, join, known, write


@pytest.mark.parametrize("end", ["stop", "final", "shutdown"])
async def test_whoever_waits_learns_that_the_trace_ended(wire, end):
    asker = await join(wire)
    waiting = asyncio.create_task(asker.recall(engram_id="m", query={}, trace_id="trc_1"))
    other = asyncio.create_task(asker.recall(engram_id="m", query={}, trace_id="trc_2", deadline_ms=60))
    await wire.until(SignalType.RECALL, 2)
    if end == "stop":
        await asker.end_trace("trc_1", rollback=False)
    elif end == "final":
        await asker.conclude(final_signal(trace_id="trc_1", parent_id="evt_1", result=1))
    else:
        await asker.stop()
    with pytest.raises(EngramCancelled):
        await waiting
    with pytest.raises(EngramCancelled if end == "shutdown" else EngramTimeout):
        await other
    assert asker.client.waiting == 0


async def test_a_late_answer_is_no_concern(wire):
    asker = await join(wire)
    with pytest.raises(EngramTimeout):
        await asker.recall(engram_id="m", query={}, deadline_ms=10)
    [request] = wire.signals
    asker.deliver(request.reply(SignalType.RECALLED, {"engram_id": "m", "hits": []}))


async def test_data_outlives_the_dendrite(wire):
    engram = InMemoryEngram(engram_id="mem")
    asker = await join(wire, engram)
    await write(asker, "trc_1")
    await asker.stop()
    assert asker.registrations() == []
    await asker.start()
    assert await known(asker) == ["trc_1"]


async def test_attaching_and_detaching(wire):
    engram = InMemoryEngram(engram_id="mem")
    memory = await join(wire, engram)
    with pytest.raises(ValueError, match="'mem' is already attached"):
        memory.attach_engram(InMemoryEngram(engram_id="mem"))
    with pytest.raises(ValueError, match="has no engram_id"):
        memory.attach_engram(InMemoryEngram(engram_id=""))
    assert memory.engrams == {"mem": engram}
    await memory.detach_engram("mem")
    [deregister] = wire.signals
    assert (deregister.type, deregister.neuron) == (SignalType.DEREGISTER, "mem")
    assert memory.engrams == {}
    with pytest.raises(KeyError, match="engram 'mem' is not attached"):
        await memory.detach_engram("mem")


async def test_attached_while_running_it_serves_from_the_next_start_on(wire):
    memory = await join(wire)
    memory.attach_engram(InMemoryEngram(engram_id="late"))
    assert memory.registrations() == []
    with pytest.raises(EngramTimeout):
        await memory.recall(engram_id="late", query={}, deadline_ms=10)
    await memory.stop()
    await memory.start()
    assert not await memory.recall(engram_id="late", query={})


async def test_a_memory_registers_as_one(wire):
    memory = await join(wire, InMemoryEngram(engram_id="mem", version="2"))
    [register] = memory.registrations()
    assert register.directed == Directed(
        id="mem", type="keyvalue", capabilities=["substring", "tags", "merge_key"]
    )
    assert register.payload == {
        "role": "engram",
        "capabilities": ["substring", "tags", "merge_key"],
        "version": "2",
        "engram": True,
    }


async def test_when_the_bus_is_gone_an_answer_is_lost_and_nothing_else(wire, caplog):
    engram = Gated(engram_id="mem")
    asker = await join(wire, engram)
    await asker.imprint(engram_id="mem", op="add", entry={"content": "kept"})
    await engram.entered.wait()
    await wire.synapse.close()
    engram.gate.set()
    await asker.stop()
    assert "could not answer" in caplog.text
    assert len(engram) == 1


async def test_whether_to_serve_may_be_asked_of_a_coroutine(wire):
    class Picky(InMemoryEngram):
        async def can_serve(self, query):
            return "text" in query

    asker = await join(wire, Picky(engram_id="mem"))
    await asker.recall(engram_id="mem", query={"text": "x"})
    with pytest.raises(EngramTimeout):
        await asker.recall(engram_id="mem", query={"tag": "x"}, deadline_ms=20)


async def test_an_answer_no_bus_can_carry_is_answered_with_that(wire):
    class Odd(InMemoryEngram):
        async def recall(self, query, **_):
            return [Hit("eng_1", {"content": object()})]

    asker = await join(wire, Odd(engram_id="mem"))
    with pytest.raises(EngramError, match="the answer could not be sent"):
        await asker.recall(engram_id="mem", query={})


async def test_who_asks_for_a_write_again_gets_the_same_answer_and_nothing_is_written(wire):
    engram = Gated(engram_id="mem")
    engram.gate.set()
    asker = await join(wire, engram)
    request = Signal(
        type=SignalType.IMPRINT,
        directed=Directed(id="mem"),
        payload={"op": "append", "entry": {"content": 1}},
    )
    asker.serve(request)
    [first] = await wire.until(SignalType.IMPRINTED)
    asker.serve_again(request)
    _, second = await wire.until(SignalType.IMPRINTED, 2)
    assert second == first
    assert len(engram) == 1


async def test_while_a_write_is_under_way_asking_again_changes_nothing(wire):
    engram = Gated(engram_id="mem")
    asker = await join(wire, engram)
    request = Signal(
        type=SignalType.IMPRINT,
        directed=Directed(id="mem"),
        payload={"op": "append", "entry": {"content": 1}},
    )
    asker.serve(request)
    await engram.entered.wait()
    asker.serve_again(request)
    engram.gate.set()
    await asker.stop()
    assert len(wire.of(SignalType.IMPRINTED)) == 1
    assert len(engram) == 1
