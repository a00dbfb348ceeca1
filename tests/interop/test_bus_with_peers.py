"""Our bus with released clients, and our client on released buses, over real sockets."""

from __future__ import annotations

import asyncio
import json

import pytest

from cosmo_bus.testing import running_bus
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import DevSynapse, connect_synapse
from tests.bus.raw import raw_client
from tests.contracts.synapse import Inbox
from tests.interop.peers import read_until
from tests.interop.versions import ABILITIES

pytestmark = pytest.mark.peer

SUBJECT = "cosmonapse.dev.TASK"


def task(text: str = 'héllo \u2028 \U0001f600 \\ "quoted"') -> Signal:
    return Signal(type=SignalType.TASK, directed=Directed(id="brewer"), payload={"input": {"text": text}})


def essence(signal: Signal) -> tuple[object, ...]:
    return signal.id, signal.trace_id, signal.type, signal.neuron, signal.ts, signal.payload


@pytest.fixture
async def bus():
    async with running_bus() as server:
        yield server


@pytest.fixture(params=["our bus", "their bus"])
async def url(request, peer):
    """A bus of ours, then one of theirs: the conversations must be the same."""
    if request.param == "our bus":
        async with running_bus() as server:
            yield server.url
    else:
        async with peer.bus() as their_url:
            yield their_url


async def test_released_clients_talk_to_each_other_over_our_bus(bus, peer):
    async with peer.client(bus.url) as one, peer.client(bus.url) as other:
        await one.subscribe("cosmonapse.dev.>")
        await other.subscribe(SUBJECT)
        sent = task()
        other.publish(SUBJECT, sent)
        assert essence(await one.received()) == essence(sent)
        assert essence(await other.received()) == essence(sent)


async def test_a_released_client_and_our_synapse_hear_each_other(url, peer):
    synapse = await connect_synapse(url)
    inbox = Inbox()
    async with peer.client(url) as theirs:
        await theirs.subscribe("cosmonapse.*.TASK")
        await synapse.subscribe("cosmonapse.dev.>", inbox)
        ours = task("from us")
        await synapse.publish(SUBJECT, ours)
        assert essence(await theirs.received()) == essence(ours)
        await inbox.holds(1)
        answer = task("from them")
        theirs.publish(SUBJECT, answer)
        await inbox.holds(2)
        assert [essence(signal) for signal in inbox.signals] == [essence(ours), essence(answer)]
        assert synapse.undecodable == 0
    await synapse.close()


async def test_order_is_kept_both_ways(url, peer):
    synapse = await connect_synapse(url)
    inbox = Inbox()
    async with peer.client(url) as theirs:
        await theirs.subscribe("to.them")
        await synapse.subscribe("to.us", inbox)
        signals = [task(str(number)) for number in range(100)]
        for signal in signals:
            await synapse.publish("to.them", signal)
            theirs.publish("to.us", signal)
        assert [essence(await theirs.received()) for _ in signals] == [essence(signal) for signal in signals]
        await inbox.holds(100)
        assert [essence(signal) for signal in inbox.signals] == [essence(signal) for signal in signals]
    await synapse.close()


async def test_a_group_of_theirs_and_ours_shares(url, peer):
    synapse = await connect_synapse(url)
    inbox = Inbox()
    async with peer.client(url) as theirs:
        await theirs.subscribe("work", queue_group="g")
        await synapse.subscribe("work", inbox, queue_group="g")
        signals = [task(str(number)) for number in range(10)]
        for signal in signals:
            await synapse.publish("work", signal)
        got = {(await theirs.received()).id for _ in range(5)}
        await inbox.holds(5)
        assert got | {signal.id for signal in inbox.signals} == {signal.id for signal in signals}
    await synapse.close()


async def test_a_request_is_answered_across_releases(url, peer):
    synapse = await connect_synapse(url)

    async def answer(request: Signal) -> None:
        await synapse.reply_to(request, request.reply(SignalType.AGENT_OUTPUT, {"output": "yes"}))

    await synapse.subscribe("ask", answer)
    async with peer.client(url) as theirs:
        request = task()
        reply = await theirs.request("ask", request)
        assert (reply.parent_id, reply.payload) == (request.id, {"output": "yes"})
    await synapse.close()


async def test_a_frame_of_a_type_they_do_not_know_does_not_deafen_them(bus, peer):
    synapse = await connect_synapse(bus.url)
    async with peer.client(bus.url) as theirs:
        await theirs.subscribe(">")
        known_there = ABILITIES[peer.version]
        unknown = SignalType.AUDIT if not known_there.audits else SignalType.THOUGHT_DELTA
        await synapse.publish("cosmonapse.dev.X", Signal(type=unknown, payload={"delta": "x"}))
        known = task()
        await synapse.publish(SUBJECT, known)
        assert (await theirs.received()).id == known.id
    await synapse.close()


async def test_a_large_signal_reaches_ours_and_leaves_theirs_listening(bus, peer):
    synapse = await connect_synapse(bus.url)
    inbox = Inbox()
    refusals: list[str] = []
    synapse.on_refusal(refusals.append)
    async with peer.client(bus.url) as theirs:
        await theirs.subscribe(SUBJECT)
        await synapse.subscribe(SUBJECT, inbox)
        large, small = task("x" * 500_000), task("small")
        await synapse.publish(SUBJECT, large)
        await synapse.publish(SUBJECT, small)
        assert (await theirs.received()).id == small.id
        await inbox.holds(2)
        assert [signal.id for signal in inbox.signals] == [large.id, small.id]
        assert refusals == [f"frame too large for 1 legacy subscriber(s) of {SUBJECT}: not sent to them"]
        # The other way: theirs may send what their own bus would have cut them off for.
        also_large = task("y" * 500_000)
        theirs.publish(SUBJECT, also_large)
        await inbox.holds(3)
        assert inbox.signals[2].id == also_large.id
    await synapse.close()


@pytest.mark.parametrize("text", ["x", "é", "€", "\U0001f600", '"', "\\", "\n"])
async def test_the_largest_signal_a_released_bus_takes_leaves_its_subscribers_listening(peer, text):
    async with peer.bus() as url:
        synapse = await connect_synapse(url)
        async with peer.client(url) as theirs:
            await theirs.subscribe(SUBJECT)
            most, too_many = 0, 80_000
            while too_many - most > 1:
                count = (most + too_many) // 2
                try:
                    await synapse.publish("cosmonapse.dev.ELSE", task(text * count))
                    most = count
                except SynapseError:
                    too_many = count
            await synapse.publish(SUBJECT, task(text * (most - 1)))
            await synapse.publish(SUBJECT, task("small"))
            assert len((await theirs.received()).payload["input"]["text"]) == (most - 1) * len(text)
            assert (await theirs.received()).payload == {"input": {"text": "small"}}
        await synapse.close()


async def test_our_synapse_survives_the_end_of_a_released_bus(peer):
    async with peer.bus() as url:
        synapse = DevSynapse(url)
        lost = asyncio.Event()
        synapse.on_state(lambda state: lost.set() if state == "reconnecting" else None)
        await synapse.connect()
    await asyncio.wait_for(lost.wait(), 20)
    with pytest.raises(SynapseError, match="reconnecting"):
        await synapse.publish(SUBJECT, task())
    await synapse.close()


async def test_their_view_lists_our_namespaces(bus, peer):
    async with raw_client(bus.port) as owner:
        await owner.ask({"op": "ns_register", "namespace": "dev"})
        owner.send({"op": "pub", "subject": SUBJECT, "frame": task().encode().decode()})
        await owner.settle()
        listed = await peer.run("synapse", "view", "--url", bus.url, "--json")
        assert listed.code == 0, listed.err
        [entry] = json.loads(listed.out)["namespaces"]
        assert (entry["namespace"], entry["transport"], entry["signal_count"]) == ("dev", "memory", 1)
        one = await peer.run("synapse", "view", "--url", bus.url, "-n", "dev", "--json")
        assert json.loads(one.out)["client_count"] == 2
        unknown = await peer.run("synapse", "view", "--url", bus.url, "-n", "nope")
        assert unknown.code == 1
        assert "not found" in unknown.out + unknown.err


async def test_their_view_streams_our_signals(bus, peer):
    synapse = await connect_synapse(bus.url)
    async with raw_client(bus.port) as owner:
        await owner.ask({"op": "ns_register", "namespace": "dev"})
        async with peer.command("synapse", "view", "--url", bus.url, "-n", "dev") as view:
            await read_until(view, "dev")
            while bus.statistics().subscriptions == 0:
                await owner.settle()
            await synapse.publish(SUBJECT, task())
            await read_until(view, "TASK.*brewer|brewer.*TASK")
    await synapse.close()


async def test_their_stop_stops_our_namespace_and_tells_its_owner(bus, peer):
    async with raw_client(bus.port) as owner:
        await owner.ask({"op": "ns_register", "namespace": "dev"})
        stopped = await peer.run("synapse", "stop", "--url", bus.url, "-n", "dev")
        assert stopped.code == 0, stopped.err
        assert "Stopped namespace 'dev'" in stopped.out
        assert await owner.read() == {"op": "ns_stopping", "namespace": "dev"}
        again = await peer.run("synapse", "stop", "--url", bus.url, "-n", "dev")
        assert again.code == 1
