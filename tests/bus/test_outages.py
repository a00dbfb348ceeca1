"""What a client survives: a bus that is killed, frozen, cut off, or comes up late. Real processes where it matters."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from typing import Self

import pytest

from cosmo_bus import BusClient
from cosmo_bus.errors import BusClosed, CannotConnect, NoAnswer
from cosmo_bus.testing import running_bus
from tests.bus.clients import AT_ONCE, connected, reaches

BUS_PROGRAM = """
import asyncio, sys
from cosmo_bus.server import BusServer
async def main():
    server = BusServer(port=int(sys.argv[1]))
    await server.start()
    print(server.port, flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


class BusProcess:
    """A bus in a process of its own, which can be frozen and killed."""

    def __init__(self, port: int = 0) -> None:
        self.port = port

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", BUS_PROGRAM, str(self.port), stdout=subprocess.PIPE
        )
        self.port = int(await self.process.stdout.readline())

    async def kill(self) -> None:
        self.process.kill()
        await self.process.wait()

    async def __aexit__(self, *_: object) -> None:
        if self.process.returncode is None:
            await self.kill()

    @property
    def url(self) -> str:
        return f"cosmo://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(converse):
    """A server that welcomes everybody and then does what `converse(reader, writer)` says; its URL."""
    conversations: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        conversations.add(asyncio.current_task())
        writer.write(b'{"op":"welcome"}\n')
        with suppress(ConnectionError):
            await converse(reader, writer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    yield f"cosmo://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()
    if conversations:
        await asyncio.wait(conversations)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def test_a_killed_bus_is_waited_for_and_what_was_kept_meanwhile_arrives_first():
    async with BusProcess() as bus, connected(bus.url, keep=3) as client:
        arrived: asyncio.Queue[bytes] = asyncio.Queue()
        await client.subscribe("s", lambda _, frame: arrived.put_nowait(frame))
        client.on_state(lambda state: client.publish("s", b"news") if state == "connected" else None)
        await bus.kill()
        await reaches(client, "reconnecting")
        for number in range(3):
            client.publish("s", b"%d" % number)
        await client.drain()
        with pytest.raises(BusClosed, match=r"reconnecting; 3 messages wait for it"):
            client.publish("s", b"one too many")
        assert client.statistics().kept == 3
        await bus.start()
        assert [await arrived.get() for _ in range(4)] == [b"0", b"1", b"2", b"news"]
        assert (client.statistics().kept, client.statistics().lost) == (0, 0)


async def test_what_is_still_kept_when_the_client_closes_counts_as_lost():
    async with BusProcess() as bus:
        client = BusClient(bus.url, keep=5, backoff=AT_ONCE)
        await client.connect()
        await bus.kill()
        await reaches(client, "reconnecting")
        client.publish("s", b"never")
        await client.close()
        assert (client.statistics().kept, client.statistics().lost) == (0, 1)


async def test_a_frozen_bus_is_given_up_and_found_again(caplog):
    async with BusProcess() as bus, connected(bus.url, silence_s=0.05, answer_s=0.3) as client:
        bus.process.send_signal(signal.SIGSTOP)
        await reaches(client, "reconnecting")
        bus.process.send_signal(signal.SIGCONT)
        await reaches(client, "connected")
        await client.flush()


async def test_a_quiet_bus_that_answers_is_kept():
    pings = asyncio.Semaphore(0)

    async def only_pong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if b"ping" in line:
                writer.write(b'{"op":"pong"}\n')
                pings.release()

    async with serving(only_pong) as url, connected(url, silence_s=0.01, answer_s=5.0) as client:
        for _ in range(5):
            await pings.acquire()
        assert client.state == "connected"


async def test_a_process_that_slept_asks_before_it_gives_the_bus_up(monkeypatch):
    loop = asyncio.get_running_loop()
    real, slept = loop.time, 0.0
    async with running_bus() as bus, connected(bus.url) as client:
        monkeypatch.setattr(loop, "time", lambda: real() + slept)
        slept = 100.0
        await client.flush()
        assert client.statistics().reconnects == 0


async def test_a_line_cut_without_a_word_is_noticed():
    cut = asyncio.Event()

    async def fall_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while b"ping" not in await reader.readline():
            pass
        writer.write(b'{"op":"pong"}\n')
        # From here on nothing is read and nothing is said, but the connection stands.
        await cut.wait()

    async with serving(fall_silent) as url:
        async with connected(url, silence_s=0.02, answer_s=0.05) as client:
            with pytest.raises((BusClosed, NoAnswer), match="did not answer"):
                await client.flush()
            await reaches(client, "reconnecting")
        cut.set()


async def test_a_bus_may_come_up_after_its_clients():
    port = free_port()
    client = BusClient(f"cosmo://127.0.0.1:{port}", backoff=AT_ONCE)
    connecting = asyncio.ensure_future(client.connect(patience_s=60))
    await reaches(client, "connecting")
    async with running_bus(port=port):
        await connecting
        await client.flush()
        await client.close()


async def test_patience_ends(caplog):
    client = BusClient(f"cosmo://127.0.0.1:{free_port()}", backoff=AT_ONCE)
    with pytest.raises(CannotConnect, match="nothing listens there"):
        await client.connect(patience_s=0.05)
    assert client.state == "new"


async def test_every_return_is_counted():
    async with BusProcess() as bus, connected(bus.url) as client:
        for _ in range(3):
            await bus.kill()
            await reaches(client, "reconnecting")
            await bus.start()
            await reaches(client, "connected")
        assert client.statistics().reconnects == 3


async def test_a_crowd_comes_back_to_a_bus_that_wants_a_token() -> None:
    token = "say-friend-and-enter-0123456789"
    async with running_bus(token=token) as first:
        clients = [BusClient(first.url, token=token) for _ in range(400)]
        await asyncio.gather(*(client.connect(patience_s=20) for client in clients))
        port, everybody, back = first.port, asyncio.Event(), []

        def note(state: str) -> None:
            back.extend([state] if state == "connected" else [])
            if len(back) == len(clients):
                everybody.set()

        for client in clients:
            client.on_state(note)
    async with running_bus(port=port, token=token):
        await asyncio.wait_for(everybody.wait(), 30)
        assert {client.statistics().reconnects for client in clients} == {1}
        await asyncio.gather(*(client.close() for client in clients))
