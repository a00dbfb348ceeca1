"""The client's side of a gate."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest

from cosmo_bus.client import BusClient
from cosmo_bus.errors import BusClosed, GateError
from cosmo_bus.facts import Where
from cosmo_bus.gate_client import GateClient, HeldFrame

FRAME = b'{"id":"evt_1","type":"BID","trace_id":"trc_a"}'


class Collected(list):
    """What a listener was called with."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def add(self, *arguments) -> None:
        self.append(arguments)
        self._more.set()

    async def next(self):
        while not self:
            self._more.clear()
            await self._more.wait()
        return self.pop(0)


@asynccontextmanager
async def serving(behave):
    """A server that does what `behave(reader, writer)` says; its URL."""
    server = await asyncio.start_server(behave, "127.0.0.1", 0)
    yield f"cosmo://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()


@pytest.fixture
async def client(bus):
    client = BusClient(bus.url)
    await client.connect()
    yield client
    await client.close()


async def test_hold_look_edit_and_release(client):
    gates, held, arrived = GateClient(client), Collected(), Collected()
    gates.on_held(held.add)
    await client.subscribe("t.>", arrived.add)
    await gates.set("mine", subject="t.*", where=Where(type="BID"))
    client.publish("t.x", FRAME)
    (shown,) = await held.next()
    assert shown == HeldFrame(shown.hold_id, "mine", "t.x", FRAME)
    state = await gates.state()
    assert [(gate.gate_id, gate.subject, gate.where, gate.held) for gate in state.gates] == [
        ("mine", "t.*", Where(type="BID"), 1)
    ]
    assert [(hold.hold_id, hold.id, hold.type, hold.trace_id) for hold in state.held] == [
        (shown.hold_id, "evt_1", "BID", "trc_a")
    ]
    assert await gates.show(shown.hold_id) == shown
    await gates.release(shown.hold_id, b'{"type":"BID","edited":true}')
    assert await arrived.next() == ("t.x", b'{"type":"BID","edited":true}')


async def test_step_drop_and_clear(client):
    gates, gone, arrived = GateClient(client), Collected(), Collected()
    gates.on_gone(gone.add)
    await client.subscribe("t.>", arrived.add)
    await gates.set("mine")
    for number in range(4):
        client.publish("t.x", b"%d" % number)
    await client.flush()
    assert await gates.step("mine") == 1
    assert await arrived.next() == ("t.x", b"0")
    await gates.drop((await gates.state()).held[0].hold_id)
    assert await gates.clear("mine") == 2
    assert [await arrived.next(), await arrived.next()] == [("t.x", b"2"), ("t.x", b"3")]
    assert await gone.next() == ("mine", "cleared")


async def test_what_the_bus_refuses_is_a_gate_error_in_its_words(client):
    with pytest.raises(GateError, match="there is no gate 'nowhere'"):
        await GateClient(client).clear("nowhere")


async def test_a_question_fails_when_the_bus_goes_away_before_it_answers():
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"op":"welcome","ext":["gate"]}\n')
        while line := await reader.readline():
            if b'"ping"' in line:
                writer.write(b'{"op":"pong"}\n')
            if b'"gate_list"' in line:
                break
        writer.close()

    async with serving(hang_up) as url:
        client = BusClient(url)
        await client.connect()
        with pytest.raises(BusClosed, match="lost the bus"):
            await GateClient(client).state()
        await client.close()


async def test_a_bus_without_gates_is_named():
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'{"op":"welcome"}\n')
        while line := await reader.readline():
            if b'"ping"' in line:
                writer.write(b'{"op":"pong"}\n')
        writer.close()

    async with serving(greet) as url:
        client = BusClient(url)
        await client.connect()
        with pytest.raises(GateError, match="has no gates"):
            await GateClient(client).state()
        await client.close()
