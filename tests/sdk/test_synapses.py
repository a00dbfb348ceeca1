"""The contract on every synapse, and what is special to each."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack
from contextvars import ContextVar
from datetime import UTC, datetime

import pytest

from cosmo_bus.backoff import Backoff
from cosmo_bus.testing import running_bus
from cosmo_sdk.envelope import Signal
from cosmo_sdk.errors import EnvelopeError, SynapseError
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import DevSynapse, MemorySynapse, Synapse, connect_synapse, synapse_from_url
from cosmo_sdk.synapse.delivery import Delivery
from tests.contracts.synapse import *  # noqa: F403
from tests.contracts.synapse import Inbox, task
from tests.nats_server import running_nats


@pytest.fixture(scope="session")
def nats_url():
    """One NATS server for all tests; each closes what it opened there, so that nothing of it stays."""
    with running_nats() as server:
        yield server.url


@pytest.fixture(params=["memory", "strict memory", "dev", "nats"])
async def join(request):
    """Returns synapses on one bus."""
    async with AsyncExitStack() as stack:
        if request.param in ("dev", "nats"):
            if request.param == "dev":
                url = (await stack.enter_async_context(running_bus())).url
            else:
                url = request.getfixturevalue("nats_url")

            async def connected() -> Synapse:
                synapse = await connect_synapse(url)
                stack.push_async_callback(synapse.close)
                return synapse

            yield connected
        else:
            memory = MemorySynapse(strict=request.param == "strict memory")
            stack.push_async_callback(memory.close)

            async def same() -> Synapse:
                return memory

            yield same


# -- in memory


@pytest.mark.parametrize("payload", [{"x": object()}, {"x": {1: 2}, "y": print}])
async def test_strict_memory_refuses_what_a_bus_could_not_carry(payload):
    strict = MemorySynapse(strict=True)
    with pytest.raises(EnvelopeError, match="cannot be written as JSON"):
        await strict.publish("s", Signal(type=SignalType.TASK, payload=payload))


async def test_memory_passes_other_objects_on_unless_it_is_strict():
    synapse = MemorySynapse()
    inbox = Inbox()
    await synapse.subscribe("s", inbox)
    thing = object()
    sent = Signal(type=SignalType.TASK, payload={"thing": thing, "list": [thing], "dict": {}})
    await synapse.publish("s", sent)
    await inbox.holds(1)
    assert inbox.signals[0].payload == sent.payload
    assert inbox.signals[0].payload["list"] is not sent.payload["list"]
    assert inbox.signals[0].payload["dict"] is not sent.payload["dict"]
    await synapse.close()


async def test_times_and_sets_arrive_as_on_a_bus():
    for strict in (False, True):
        synapse = MemorySynapse(strict=strict)
        inbox = Inbox()
        await synapse.subscribe("s", inbox)
        when = datetime(2026, 1, 1, tzinfo=UTC)
        await synapse.publish("s", Signal(type=SignalType.TASK, payload={"when": when, "set": {2}}))
        await inbox.holds(1)
        assert inbox.signals[0].payload == {"when": "2026-01-01T00:00:00Z", "set": [2]}
        await synapse.close()


@pytest.mark.parametrize("strict", [False, True])
async def test_a_payload_that_contains_itself_is_refused(strict):
    synapse = MemorySynapse(strict=strict)
    await synapse.subscribe("s", Inbox())
    payload: dict[str, object] = {}
    payload["self"] = payload
    with pytest.raises(EnvelopeError):
        await synapse.publish("s", Signal(type=SignalType.TASK, payload=payload))
    await synapse.close()


async def test_a_burst_in_memory_stays_small():
    synapse = MemorySynapse()
    waiting: list[int] = []
    arrived = 0
    all_arrived = asyncio.Event()

    async def handler(signal: Signal) -> None:
        nonlocal arrived
        arrived += 1
        if arrived == 20_000:
            all_arrived.set()

    await synapse.subscribe("s", handler)
    for number in range(20_000):
        await synapse.publish("s", task(number))
        waiting.append(number + 1 - arrived)
    await all_arrived.wait()
    assert max(waiting) < 2_000
    await synapse.close()


# -- one subscription


async def test_concurrency_is_bounded_and_what_finds_no_room_is_counted(caplog):
    running = most = 0
    release = asyncio.Event()
    busy = asyncio.Event()
    finished = asyncio.Event()
    done = 0

    async def handler(signal: Signal) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        if running == 4:
            busy.set()
        await release.wait()
        running -= 1
        done += 1
        if done == 14:
            finished.set()

    delivery = Delivery(handler, "test", concurrency=4, backlog=10)
    for number in range(4):
        delivery.push(task(number))
    await busy.wait()
    for number in range(15):
        delivery.push(task(number))
    assert (delivery.waiting, delivery.dropped) == (10, 5)
    assert caplog.text.count("handlers cannot keep up") == 1
    release.set()
    await finished.wait()
    assert most == 4
    await delivery.close()


@pytest.mark.parametrize(
    "kind", ["coroutine function", "plain function", "function that returns an awaitable"]
)
async def test_handlers_run_in_the_context_that_subscribed(kind):
    ambient: ContextVar[str] = ContextVar("ambient", default="none")
    seen: asyncio.Queue[str] = asyncio.Queue()

    async def note(signal: Signal) -> None:
        await seen.put(ambient.get())

    handlers = {
        "coroutine function": note,
        "plain function": lambda signal: seen.put_nowait(ambient.get()),
        "function that returns an awaitable": lambda signal: note(signal),
    }
    delivery = Delivery(handlers[kind], "test")
    ambient.set("of the publisher")
    for _ in range(3):
        delivery.push(task())
        assert await seen.get() == "none"
    await delivery.close()


# -- over a bus


async def test_undecodable_frames_are_counted_logged_once_a_reason_and_seen_by_taps(caplog):
    async with running_bus() as bus:
        synapse = DevSynapse(bus.url)
        await synapse.connect()
        inbox = Inbox()
        frames: list[bytes] = []
        await synapse.subscribe("s", inbox)
        await synapse.tap("s", lambda subject, frame: frames.append(frame))
        for frame in (b"rubbish", b"rubbish", b"{}"):
            synapse._client.publish("s", frame)
        await synapse.publish("s", task(1))
        await inbox.holds(1)
        assert synapse.undecodable == 3
        assert caplog.text.count("is no valid Signal") == 2
        assert frames[:3] == [b"rubbish", b"rubbish", b"{}"]
        await synapse.close()


async def test_errors_of_the_bus_become_synapse_errors():
    synapse = DevSynapse("cosmo://127.0.0.1:1")
    assert (synapse.state, synapse.retry_in_s, synapse.attempt) == ("new", None, 0)
    with pytest.raises(SynapseError, match="not connected"):
        await synapse.publish("s", task())
    with pytest.raises(SynapseError, match="cannot reach the bus"):
        await synapse.connect()
    async with running_bus(max_line=1000) as bus:
        small = DevSynapse(bus.url)
        await small.connect()
        with pytest.raises(SynapseError, match="the bus takes 1,000"):
            await small.publish("s", Signal(type=SignalType.TASK, payload={"input": "x" * 1000}))
        with pytest.raises(EnvelopeError):
            await small.publish("s", Signal(type=SignalType.TASK, payload={"input": object()}))
        await small.close()


async def test_a_dev_synapse_comes_back_with_its_subscriptions_and_taps():
    inbox = Inbox()
    frames: list[bytes] = []
    back = asyncio.Event()
    async with running_bus() as bus:
        synapse = DevSynapse(bus.url, backoff=Backoff(first_s=0.005, longest_s=0.005))
        synapse.on_state(lambda state: back.set() if state == "connected" else back.clear())
        await synapse.connect()
        await synapse.subscribe("s", inbox)
        await synapse.tap(">", lambda subject, frame: frames.append(frame))
        back.clear()
    async with running_bus(port=bus.port):
        await back.wait()
        await synapse.publish("s", task(9))
        await inbox.holds(1)
        assert inbox.numbers == [9]
        assert len(frames) == 1
        assert synapse.statistics().reconnects == 1
        await synapse.close()


# -- by URL


async def test_a_url_makes_a_connected_synapse():
    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        assert synapse.connected
        await synapse.close()


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("kafka://h", "kafka:// is not supported; use one of cosmo://host:port .* and nats://host:port"),
        ("http://h", "supported are cosmo://host:port .* and nats://host:port"),
        ("localhost:7070", "supported are cosmo://host:port"),
        ("cosmo://", "cosmo://host:port"),
        ("nats://", "nats://host:port"),
        ("nats://h:port", "nats://host:port"),
    ],
)
def test_other_urls_are_refused_with_what_to_write(url, complaint):
    with pytest.raises(ValueError, match=complaint):
        synapse_from_url(url)


async def test_a_bus_may_come_up_after_its_clients():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    connecting = asyncio.ensure_future(connect_synapse(f"cosmo://127.0.0.1:{port}", patience_s=60))
    await asyncio.sleep(0)
    async with running_bus(port=port):
        synapse = await connecting
        assert synapse.connected
        await synapse.close()
    with pytest.raises(SynapseError, match="nothing listens there"):
        await connect_synapse(f"cosmo://127.0.0.1:{port}", patience_s=0.15)


async def test_signals_are_kept_through_an_outage_when_asked_to():
    async with running_bus() as bus:
        synapse = DevSynapse(bus.url, backoff=Backoff(first_s=0.005, longest_s=0.005), keep=1)
        await synapse.connect()
        inbox, lost = Inbox(), asyncio.Event()
        await synapse.subscribe("s", inbox)
        synapse.on_state(lambda state: lost.set() if state == "reconnecting" else None)
    await lost.wait()
    await synapse.publish("s", task(1))
    with pytest.raises(SynapseError, match="1 messages wait for it"):
        await synapse.publish("s", task(2))
    async with running_bus(port=bus.port):
        await inbox.holds(1)
        assert inbox.numbers == [1]
        await synapse.close()
