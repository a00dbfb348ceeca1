"""Watching a real bus: before it is there, while it is, and after it came back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from cosmo_bus.client import BusClient
from cosmo_bus.recording import read_recording
from cosmo_bus.server import BusServer
from cosmo_bus.testing import running_bus
from cosmo_doppler.controls import ControlError
from cosmo_doppler.errors import SettingError
from cosmo_doppler.session import Session, load_all, open_replay
from cosmo_doppler.session.live import BusSource, check_namespace, open_live
from cosmo_sdk.envelope import Signal
from cosmo_sdk.signal_types import SignalType
from tests.doppler.model.folding import frame
from tests.doppler.session.live import is_live, watching
from tests.doppler.session.waiting import until

SUBJECT = "cosmonapse.dev.TASK"
TASK = frame("TASK", "a", who="n")


@asynccontextmanager
async def speaking(url: str):
    client = BusClient(url)
    await client.connect()
    try:
        yield client
    finally:
        await client.close()


async def test_everything_of_the_namespace_is_seen_as_it_was_sent():
    odd = [b"junk", b'{"type":"SHINY"}', TASK]
    async with running_bus() as bus, watching(bus.url) as session, speaking(bus.url) as client:
        await until(lambda: is_live(session))
        for data in odd:
            client.publish(SUBJECT, data)
        client.publish("cosmonapse.other.TASK", TASK)
        client.publish("cosmonapse.dev.TASK.routed", TASK)
        await until(lambda: session.status().signals >= 5)
        await until(lambda: session.timeline.position >= 5)
        frames = [session.store.frame(seq) for seq in range(len(session.store))]
        # Our own DISCOVER comes first: it was sent once we listened.
        assert Signal.decode(frames[0]).type is SignalType.DISCOVER
        assert frames[1:] == [*odd, TASK]
        assert session.store.subject(4) == "cosmonapse.dev.TASK.routed"
        assert session.status().malformed == 2
        assert session.timeline.board.traces["trc_1"].status == "open"


async def test_a_person_acts_through_the_engine():
    async with running_bus() as bus, watching(bus.url) as session:
        await until(lambda: session.operator is not None)
        trace_id = await session.act(
            lambda operator: operator.task(input={"text": "x"}, neuron="n", capabilities=[])
        )
        await until(lambda: trace_id in session.timeline.board.traces)
        assert session.timeline.board.traces[trace_id].title == "x"


async def test_nobody_acts_before_the_bus_is_there_or_after_the_end():
    session = open_live("cosmo://127.0.0.1:9", "dev")
    with pytest.raises(ControlError, match="not connected"):
        await session.act(lambda operator: operator.discover())
    async with running_bus() as bus, watching(bus.url) as session:
        await until(lambda: session.operator is not None)
    with pytest.raises(ControlError, match="not connected"):
        await session.act(lambda operator: operator.discover())


async def test_what_was_asked_when_the_session_ends_is_said_to_be_lost():
    async with running_bus() as bus, watching(bus.url) as session:
        await until(lambda: session.operator is not None)
        begun = asyncio.Event()
        loop = asyncio.get_running_loop()

        async def for_ever(_operator: object) -> None:
            loop.call_soon_threadsafe(begun.set)
            await asyncio.Event().wait()

        asked = asyncio.create_task(session.act(for_ever))
        await begun.wait()
        await asyncio.to_thread(session.stop)
        with pytest.raises(ControlError, match="session ended"):
            await asked


async def test_a_bus_that_is_not_there_is_waited_for_and_the_reason_is_said():
    async with running_bus() as bus:
        port, url = bus.port, bus.url
    async with watching(url) as session:
        await until(lambda: session.status().attempt >= 2)
        status = session.status()
        assert status.state == "unreachable"
        assert status.detail == "nothing listens there"
        assert status.retry_in_s is not None
        async with running_bus(port=port):
            await until(lambda: is_live(session))
            assert session.status().detail == ""
            assert session.status().gaps == 0


async def test_a_bus_that_is_killed_and_comes_back_leaves_a_gap_and_is_asked_again(tmp_path):
    async with running_bus() as bus:
        port, url = bus.port, bus.url
        session = open_live(url, "dev", record=tmp_path / "session.ndjson")
        session.source = BusSource(url, "dev", retry_s=0.02)
        session.start()
        await until(lambda: len(session.store) >= 1)
    try:
        await until(lambda: session.status().state == "reconnecting")
        assert "went away" in session.status().detail
        seen = len(session.store)
        async with running_bus(port=port) as again, speaking(again.url) as client:
            await until(lambda: is_live(session) and session.status().gaps == 1)
            # The tap is there again before anybody is asked who is there.
            await until(lambda: len(session.store) > seen)
            assert session.store.type(seen) == "DISCOVER"
            client.publish(SUBJECT, TASK)
            await until(lambda: "trc_1" in session.timeline.board.traces)
            (gap,) = session.gaps
            assert gap.position == seen
            assert gap.lost_at < gap.back_at
    finally:
        await asyncio.to_thread(session.stop)
    assert session.failure is None
    recorded = open_replay(tmp_path / "session.ndjson")
    load_all(recorded)
    (told,) = recorded.gaps
    assert told.position == gap.position
    assert told[1:] == pytest.approx(gap[1:], abs=1e-5)


async def test_whoever_is_in_a_hurry_need_not_wait_for_the_next_attempt():
    async with running_bus() as bus:
        port, url = bus.port, bus.url
    session = open_live(url, "dev")
    source = BusSource(url, "dev", retry_s=3600)
    session.source = source
    source.hurry()
    session.start()
    try:
        await until(lambda: session.status().state == "unreachable")
        async with running_bus(port=port) as first:
            source.hurry()
            await until(lambda: is_live(session))
            await first.close()
            await until(lambda: session.status().state == "reconnecting")
        async with running_bus(port=port):
            source.hurry()
            await until(lambda: is_live(session))
    finally:
        await asyncio.to_thread(session.stop)
    assert session.failure is None


async def test_a_bus_that_goes_away_while_it_is_joined_is_waited_for():
    accepted = 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal accepted
        accepted += 1
        writer.close()

    rude = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = rude.sockets[0].getsockname()[1]
    async with watching(f"cosmo://127.0.0.1:{port}") as session:
        await until(lambda: accepted >= 2)
        rude.close()
        await rude.wait_closed()
        async with running_bus(port=port):
            await until(lambda: is_live(session))


async def test_a_session_can_be_stopped_while_the_bus_is_away():
    server = BusServer(port=0)
    await server.start()
    async with watching(server.url) as session:
        await until(lambda: session.operator is not None)
        await server.close()
        await until(lambda: session.status().state == "reconnecting")
    assert session.status().state == "closed"


async def test_a_live_session_is_recorded(tmp_path):
    path = tmp_path / "session.ndjson"
    async with running_bus() as bus, watching(bus.url, record=path) as session, speaking(bus.url) as client:
        await until(lambda: is_live(session))
        client.publish(SUBJECT, TASK)
        await until(lambda: TASK in [line.frame for line in read_recording(path)])
        assert session.status().recording == str(path)
    recorded = [line.frame for line in read_recording(path)]
    assert recorded == [session.store.frame(seq) for seq in range(len(session.store))]


async def test_a_source_that_fails_is_reported_and_remembered():
    class Broken:
        async def run(self, session: Session) -> None:
            raise ValueError("out of order")

    session = Session(Broken(), kind="live", title="t")
    session.start()
    await until(lambda: session.failure is not None)
    assert isinstance(session.failure, ValueError)
    assert "out of order" in session.status().detail
    session.stop()


@pytest.mark.parametrize("namespace", ["", "a.b", "a b", "*", ">", "dev\n", "ü"])
def test_namespaces_that_cannot_be(namespace):
    with pytest.raises(SettingError, match="one word"):
        check_namespace(namespace)
    with pytest.raises(SettingError):
        open_live("cosmo://127.0.0.1", namespace)


@pytest.mark.parametrize("url", ["http://127.0.0.1", "", "cosmo://", "cosmo://h:99999"])
def test_addresses_that_cannot_be(url):
    with pytest.raises(SettingError):
        open_live(url, "dev")
