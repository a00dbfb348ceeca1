"""Gates on every transport that has them: the same meaning in memory and over TCP."""

from __future__ import annotations

import asyncio
import json

import pytest

from cosmo_bus.errors import GateError
from cosmo_bus.facts import Where
from cosmo_bus.testing import running_bus
from cosmo_sdk import Axon, Dendrite, MemorySynapse, Signal, SignalType
from cosmo_sdk.envelope import directed_to
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse import DevSynapse
from cosmo_sdk.synapse.base import Synapse
from cosmo_sdk.testing import settle
from tests.contracts.synapse import Inbox, all_delivered

SUBJECT = "cosmonapse.dev.BID"


@pytest.fixture(params=["memory", "dev"])
async def synapse(request):
    if request.param == "memory":
        memory = MemorySynapse()
        yield memory
        await memory.close()
        return
    async with running_bus() as bus:
        connected = DevSynapse(bus.url)
        await connected.connect()
        yield connected
        await connected.close()


def bid(number: int, trace: str = "trc_a", neuron: str = "n") -> Signal:
    return Signal(
        id=f"evt_{number}",
        trace_id=trace,
        type=SignalType.BID,
        directed=directed_to(neuron),
        payload={"cost": float(number)},
    )


async def holds(synapse, count: int):
    """The state once so many frames are held."""
    while len((state := await synapse.gates.state()).held) < count:
        # In memory nothing above waits for anything: the others need their turn.
        await settle()
    return state


async def test_a_held_signal_is_seen_changed_and_let_go(synapse):
    inbox, shown = Inbox(), []
    await synapse.subscribe(SUBJECT, inbox)
    synapse.gates.on_held(shown.append)
    await synapse.gates.set("g", subject="cosmonapse.dev.>", where=Where(type="BID", neuron="n"))
    await synapse.publish(SUBJECT, bid(1))
    await synapse.publish(SUBJECT, bid(2, neuron="m"))
    await inbox.holds(1)
    assert [signal.id for signal in inbox.signals] == ["evt_2"]
    state = await holds(synapse, 1)
    (held,) = state.held
    assert (held.id, held.type, held.trace_id, held.neuron) == ("evt_1", "BID", "trc_a", "n")
    assert [gate.held for gate in state.gates] == [1]
    whole = await synapse.gates.show(held.hold_id)
    assert (shown, json.loads(whole.frame)["payload"]) == ([whole], {"cost": 1.0})
    with pytest.raises(GateError):
        await synapse.gates.release(held.hold_id, b"[]")
    await synapse.gates.release(held.hold_id, whole.frame.replace(b'"cost":1.0', b'"cost":0.5'))
    await inbox.holds(2)
    assert inbox.signals[1].payload == {"cost": 0.5}


async def test_what_the_sender_changes_while_a_signal_is_held_does_not_arrive(synapse):
    inbox = Inbox()
    await synapse.subscribe(SUBJECT, inbox)
    await synapse.gates.set("g")
    sent = bid(1)
    await synapse.publish(SUBJECT, sent)
    await holds(synapse, 1)
    sent.payload["cost"] = 99.0
    assert await synapse.gates.step("g", 5) == 1
    await inbox.holds(1)
    assert inbox.signals[0].payload == {"cost": 1.0}


async def test_who_watches_hears_how_many_of_a_trace_are_held(synapse):
    heard = []
    watching = await synapse.watch_holds("dev", lambda trace, waiting: heard.append((trace, waiting)))
    await synapse.gates.set("g", subject="cosmonapse.dev.>")
    await synapse.publish(SUBJECT, bid(1))
    await synapse.publish(SUBJECT, bid(2))
    state = await holds(synapse, 2)
    await synapse.gates.drop(state.held[0].hold_id)
    assert await synapse.gates.clear("g") == 1
    await all_delivered(synapse)
    assert heard == [("trc_a", 1), ("trc_a", 2), ("trc_a", 1), ("trc_a", 0)]
    await watching.unsubscribe()
    await synapse.gates.set("g", subject="cosmonapse.dev.>")
    await synapse.publish(SUBJECT, bid(3))
    await holds(synapse, 1)
    assert len(heard) == 4


async def test_a_gate_that_holds_for_too_long_opens_and_says_so(synapse):
    inbox, gone = Inbox(), asyncio.get_running_loop().create_future()
    await synapse.subscribe(SUBJECT, inbox)
    synapse.gates.on_gone(lambda *told: gone.set_result(told))
    await synapse.gates.set("g", max_hold_s=0.03)
    await synapse.publish(SUBJECT, bid(1))
    await inbox.holds(1)
    assert await gone == ("g", "held too long")


async def test_taps_see_what_happens_and_a_held_signal_when_it_goes(synapse):
    seen: list[tuple[str, str]] = []
    await synapse.tap("_gate.>", lambda subject, frame: seen.append((subject, json.loads(frame)["event"])))
    await synapse.tap("cosmonapse.>", lambda subject, frame: seen.append((subject, json.loads(frame)["id"])))
    await synapse.gates.set("g", subject="cosmonapse.dev.>")
    await synapse.publish(SUBJECT, bid(1))
    await holds(synapse, 1)
    await synapse.gates.step("g")
    await all_delivered(synapse)
    assert seen == [
        ("_gate.dev", "set"),
        ("_gate.dev", "held"),
        ("_gate.dev", "released"),
        (SUBJECT, "evt_1"),
    ]


async def test_closing_the_bus_in_memory_lets_everything_go():
    memory = MemorySynapse()
    arrived: list[str] = []
    await memory.subscribe(SUBJECT, lambda signal: arrived.append(signal.id))
    await memory.gates.set("g")
    await memory.publish(SUBJECT, bid(1))
    assert arrived == []
    await memory.close()
    assert arrived == ["evt_1"]


async def test_a_bus_that_went_away_holds_nothing_any_more():
    heard: list[tuple[str, int]] = []
    lost = asyncio.Event()
    async with running_bus() as bus:
        connected = DevSynapse(bus.url)
        await connected.connect()
        await connected.watch_holds("dev", lambda *told: heard.append(told))
        connected.on_state(lambda state: lost.set())
    await lost.wait()
    assert heard == [("", 0)]
    await connected.close()


async def test_a_transport_without_gates_says_so_and_never_calls():
    class Bare(MemorySynapse):
        gates = Synapse.gates
        watch_holds = Synapse.watch_holds

    bare = Bare()
    with pytest.raises(SynapseError, match="Bare has no gates; use the dev bus or the bus in memory"):
        _ = bare.gates
    await (await bare.watch_holds("dev", print)).unsubscribe()
    await bare.close()


async def test_a_bid_held_for_longer_than_the_window_wins_all_the_same(synapse):
    async def work(input, context):
        return {"done": True}

    worker = Dendrite(synapse=synapse, namespace="dev", dendrite_id="host", role="worker", heartbeat_s=0)
    worker.attach_axon(Axon(neuron_id="n", neuron_fn=work, capabilities=["sum"]))
    desk = Dendrite(synapse=synapse, namespace="dev", dendrite_id="desk", heartbeat_s=0)
    async with worker, desk:
        await synapse.gates.set("g", subject="cosmonapse.dev.>", where=Where(type="BID"))
        offering = asyncio.ensure_future(desk.dispatch_offer(input={}, capabilities=["sum"], deadline_ms=50))
        await holds(synapse, 1)
        assert await asyncio.wait({offering}, timeout=0.2) == (set(), {offering})
        await synapse.gates.step("g")
        pathway = await offering
        assert (await pathway.wait(timeout_s=30)).payload == {"output": {"done": True}}
