"""How much NATS carries, and what it does to who cannot keep up."""

from __future__ import annotations

import asyncio
import threading

import nats
import pytest

from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError, SynapseError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import connect_synapse
from cosmo_sdk.synapse.nats import NatsSynapse
from tests.contracts.synapse import Inbox, all_delivered, task
from tests.nats_server import config_file, running_nats
from tests.sdk.nats.waiting import QUICK, States


async def test_a_frame_too_large_is_refused_with_both_sizes_and_the_connection_lives(tmp_path):
    with running_nats(*config_file(tmp_path, "max_payload: 1000")) as server:
        synapse = await connect_synapse(server.url)
        states = States(synapse)
        await synapse.subscribe("s", inbox := Inbox())
        big = Signal(type=SignalType.TASK, payload={"input": "x" * 1000})
        with pytest.raises(
            SynapseError, match=r"has 1,\d\d\d bytes, the NATS server takes 1,000 \(max_payload\)"
        ):
            await synapse.publish("s", big)
        with pytest.raises(SynapseError, match="the NATS server takes 1,000"):
            await synapse.request("s", big)
        with pytest.raises(EnvelopeError):
            await synapse.publish("s", Signal(type=SignalType.TASK, payload={"input": object()}))
        with pytest.raises(SynapseError, match="no subject of NATS"):
            await synapse.publish("a b", task())
        await synapse.publish("s", task(1))
        await inbox.holds(1)
        assert (inbox.numbers, states.all) == ([1], [])
        await synapse.close()


async def test_a_flood_larger_than_any_buffer_arrives_in_order(join):
    sender, receiver = await join(), await join()
    got: list[int] = []
    everything = asyncio.Event()

    def take(signal: Signal) -> None:
        got.append(signal.payload["input"]["number"])
        if len(got) == 3_000:
            everything.set()

    await receiver.subscribe("flood", take)
    filler = "x" * 2_000
    for number in range(3_000):
        payload = {"input": {"number": number, "filler": filler}}
        await sender.publish("flood", Signal(type=SignalType.TASK, payload=payload))
    await everything.wait()
    assert got == list(range(3_000))


async def test_who_gives_up_subscribing_leaves_the_connection_whole(join):
    synapse = await join()
    for _ in range(20):
        giving_up = asyncio.create_task(synapse.subscribe("s", Inbox()))
        await asyncio.sleep(0)
        giving_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await giving_up
    await synapse.subscribe("s", inbox := Inbox())
    await synapse.publish("s", task(1))
    await inbox.holds(1)
    await all_delivered(synapse)
    assert inbox.numbers == [1]


async def test_undecodable_frames_are_counted_and_seen_by_taps(join, server, caplog):
    synapse = await join()
    frames: list[bytes] = []
    await synapse.subscribe("u", inbox := Inbox())
    await synapse.tap("u", lambda subject, frame: frames.append(frame))
    peer = await nats.connect(server.url)
    for frame in (b"rubbish", b"rubbish", b"", b"{}"):
        await peer.publish("u", frame)
    await peer.drain()
    await all_delivered(synapse)
    await synapse.publish("u", task(1))
    await inbox.holds(1)
    assert (synapse.undecodable, synapse.dropped) == (4, 0)
    assert frames[:4] == [b"rubbish", b"rubbish", b"", b"{}"]
    assert caplog.text.count("is no valid Signal") == 3


async def test_what_connections_say_to_themselves_is_nobodys_business(join):
    watching, other = await join(), await join()
    seen: list[str] = []
    await watching.tap(">", lambda subject, frame: seen.append(subject))
    await watching.subscribe(">", lambda signal: None)
    await other.subscribe("a", Inbox())
    await other.publish("a", task())
    await all_delivered(watching)
    assert seen == ["a", "the.last"]
    assert watching.undecodable == 0


async def test_who_does_not_keep_up_is_put_out_by_the_server_and_comes_back(tmp_path, caplog):
    config = 'max_pending: 100000, write_deadline: "50ms", max_payload: 100000'
    with running_nats(*config_file(tmp_path, config)) as server:
        synapse = NatsSynapse(server.url, backoff=QUICK)
        states = States(synapse)
        await synapse.connect()
        await synapse.subscribe("s", inbox := Inbox())
        # This loop, and with it the connection, stands still while another thread sends more than all buffers hold.
        flood = threading.Thread(target=asyncio.run, args=(_flood(server.url, 1_000),))
        flood.start()
        flood.join()
        await states.reach("connecting", "connected", "reconnecting", "connected")
        await synapse.publish("s", task(7))
        await all_delivered(synapse)
        assert inbox.numbers[-1] == 7
        assert len(inbox.signals) < 1_000
        assert "lost the NATS server" in caplog.text
        await synapse.close()


async def _flood(url: str, count: int) -> None:
    synapse = await connect_synapse(url)
    for number in range(count):
        payload = {"input": {"number": number, "filler": "x" * 50_000}}
        await synapse.publish("s", Signal(type=SignalType.TASK, payload=payload))
    await synapse.close()
