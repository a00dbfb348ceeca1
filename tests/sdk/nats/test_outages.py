"""NATS that goes away: noticed, and returned to with every subscription."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from cosmo_bus.backoff import Backoff
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import SynapseError
from cosmo_sdk.synapse.nats import NatsSynapse
from tests.contracts.synapse import Inbox, all_delivered, task
from tests.nats_server import running_nats
from tests.sdk.nats.waiting import QUICK, States


async def test_a_killed_server_is_noticed_and_a_new_one_found_with_every_subscription_once(caplog):
    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=QUICK)
        states = States(synapse)
        await synapse.connect()
        inbox, grouped, order = Inbox(), Inbox(), []
        frames: list[bytes] = []
        await synapse.subscribe("s", inbox)
        await synapse.subscribe("s", grouped, queue_group="g g")
        await synapse.subscribe("s", order.append)
        await synapse.tap(">", lambda subject, frame: frames.append(frame))
        ended = await synapse.subscribe("s", Inbox())
        server.kill()
        await states.reach("connecting", "connected", "reconnecting")
        with pytest.raises(SynapseError, match=r"not connected to the NATS server at .* \(reconnecting\)"):
            await synapse.publish("s", task())
        with pytest.raises(SynapseError, match="reconnecting"):
            await synapse.subscribe("t", inbox)
        with pytest.raises(SynapseError, match="reconnecting"):
            await synapse.request("s", task())
        await ended.unsubscribe()
        assert not synapse.connected
    with running_nats(port=server.port):
        await states.reach("connecting", "connected", "reconnecting", "connected")
        await synapse.subscribe("s", later := Inbox())
        await synapse.publish("s", task(9))
        await all_delivered(synapse)
        assert [inbox.numbers, grouped.numbers, later.numbers] == [[9], [9], [9]]
        assert len(order) == 1
        assert [Signal.decode(frame) for frame in frames[:1]] == inbox.signals
        assert synapse.statistics().reconnects == 1
        await synapse.close()
    assert states.all[-1] == "closed"
    assert [each.message for each in caplog.records if each.levelname in ("ERROR", "CRITICAL")] == []


async def test_attempts_to_return_are_counted_and_the_next_one_is_told():
    waits: list[int] = []
    patient = asyncio.Event()

    class Growing(Backoff):
        def delay(self, attempt: int) -> float:
            waits.append(attempt)
            if attempt < 4:
                return 0.001
            patient.set()
            return 1_000

    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=Growing())
        await synapse.connect()
        server.kill()
        await patient.wait()
        assert (synapse.attempt, waits) == (4, [1, 2, 3, 4])
        assert synapse.retry_in_s is not None
        assert 500 < synapse.retry_in_s <= 1_000
        await synapse.close()
        assert synapse.state == "closed"


async def test_a_frozen_server_is_noticed():
    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=QUICK, answer_s=0.3, silence_s=0.05)
        states = States(synapse)
        await synapse.connect()
        await synapse.subscribe("s", inbox := Inbox())
        os.kill(server.process.pid, signal.SIGSTOP)
        await states.reach("connecting", "connected", "reconnecting")
        os.kill(server.process.pid, signal.SIGCONT)
        await states.reach("connecting", "connected", "reconnecting", "connected")
        await synapse.publish("s", task(4))
        await inbox.holds(1)
        await all_delivered(synapse)
        assert inbox.numbers == [4]
        await synapse.close()


async def test_a_server_that_ends_in_good_order_is_reconnected_to():
    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=QUICK)
        states = States(synapse)
        await synapse.connect()
        server.process.terminate()
        await states.reach("connecting", "connected", "reconnecting")
        server.process.wait()
    with running_nats(port=server.port):
        await states.reach("connecting", "connected", "reconnecting", "connected")
        await synapse.close()


async def test_closing_during_an_outage_ends_the_attempts():
    with running_nats() as server:
        synapse = NatsSynapse(server.url, backoff=QUICK)
        states = States(synapse)
        await synapse.connect()
        server.kill()
        await states.reach("connecting", "connected", "reconnecting")
        await synapse.close()
        await synapse.close()
    assert states.all == ["connecting", "connected", "reconnecting", "closed"]


async def test_nobody_there_is_one_sentence_at_once(caplog):
    synapse = NatsSynapse("nats://127.0.0.1:1")
    assert (synapse.state, synapse.retry_in_s, synapse.attempt) == ("new", None, 0)
    with pytest.raises(SynapseError, match=r"not connected .* \(new\)"):
        await synapse.publish("s", task())
    with pytest.raises(SynapseError) as caught:
        await synapse.connect()
    assert str(caught.value) == "cannot reach the bus at nats://127.0.0.1:1: nothing listens there"
    assert synapse.state == "new"
    assert caplog.text == ""


async def test_what_is_no_nats_server_is_said_to_be_none():
    from cosmo_bus.testing import running_bus

    async with running_bus() as bus:
        with pytest.raises(SynapseError, match=r"cannot reach the bus at nats://.*INFO"):
            await NatsSynapse(f"nats://127.0.0.1:{bus.port}", answer_s=0.3).connect()
