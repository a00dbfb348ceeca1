"""An hour of a busy bus in about a minute: clients come, go and die, and in the end everything is accounted for."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cosmo_bus.client import BusClient
from cosmo_bus.errors import BusError
from cosmo_bus.wire import line_of, pub_lead, pub_line

SIGNALS = int(os.environ.get("COSMO_SOAK_SIGNALS", "900000"))
"""An hour at 250 signals a second."""

PUBLISHERS = 3
WARM = 0.15
"""Part of the traffic after which memory must not grow any more."""

GROWTH_MIB = 24.0
"""What allocators may keep beyond that."""

FRAME = json.dumps(
    {"type": "AGENT_OUTPUT", "id": "evt_0", "trace_id": "trc_0", "payload": {"text": "x" * 300}}
)

BUS_PROGRAM = """
import asyncio, dataclasses, json, sys
from cosmo_bus.server import BusServer
async def main():
    server = BusServer(port=0, outbox_lines=2048)
    await server.start()
    print(server.port, flush=True)
    loop = asyncio.get_running_loop()
    while await loop.run_in_executor(None, sys.stdin.readline):
        print(json.dumps(dataclasses.asdict(server.statistics())), flush=True)
    await server.close()
asyncio.run(main())
"""

DYING_CLIENT = """
import socket, sys
link = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
link.sendall(b'{"op":"sub","sub_id":"a","subject":"steady.*"}\\n{"op":"ping"}\\n')
print("in", flush=True)
while link.recv(1 << 16):
    pass
"""


class Bus:
    """A bus in a process of its own, and what its operating system knows of it."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port
        self.url = f"cosmo://127.0.0.1:{port}"

    async def statistics(self) -> dict[str, int]:
        self.process.stdin.write(b"\n")
        return json.loads(await self.process.stdout.readline())

    @property
    def mib(self) -> float:
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)

    @property
    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))


@pytest.fixture
async def bus():
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BUS_PROGRAM, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    yield Bus(process, int(await process.stdout.readline()))
    process.stdin.close()
    await process.wait()


class Subscriber:
    """Counts the numbers of each publisher and finds every gap."""

    def __init__(self) -> None:
        self.received = 0
        self.next: dict[str, int] = {}
        self.missing = 0

    def take(self, subject: str, frame: bytes) -> None:
        number = int(frame[-10:])
        self.missing += number - self.next.get(subject, 0)
        self.next[subject] = number + 1
        self.received += 1


async def publish(bus: Bus, name: int, count: int) -> int:
    client = BusClient(bus.url)
    await client.connect()
    body = FRAME.encode()
    for number in range(count):
        client.publish(f"steady.{name}", body + b"%010d" % number)
        if number % 128 == 127:
            # In step with the bus: a soak is about days, not about bursts.
            await client.flush()
    await client.flush()
    await client.close()
    return count


async def come_and_go(bus: Bus, over: asyncio.Event) -> int:
    """Clients that connect, take part a little, and leave, politely or not."""
    published = turns = 0
    while not over.is_set():
        turns += 1
        with suppress(BusError, OSError):
            client = BusClient(bus.url)
            await client.connect()
            await client.subscribe(
                f"churn.{turns % 7}", lambda subject, frame: None, group="g" if turns % 2 else None
            )
            for _ in range(5):
                client.publish(f"churn.{turns % 7}", b"hello")
            await client.flush()
            published += 5
            await client.close()
        published += await leave_rudely(bus)
    return published


async def leave_rudely(bus: Bus) -> int:
    """A connection that publishes, waits until that was taken, and is reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", bus.port)
    writer.write(
        line_of(op="sub", sub_id="s", subject="steady.0")
        + pub_line(pub_lead("rude"), b"x")
        + line_of(op="ping")
    )
    while b'"pong"' not in await reader.readline():
        pass
    # Closing with this set sends a reset instead of a farewell.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return 1


async def stop_reading(bus: Bus, over: asyncio.Event) -> int:
    """Clients that subscribe and then never read again, until the bus sends them away."""
    evicted = 0
    while not over.is_set():
        link = socket.create_connection(("127.0.0.1", bus.port))
        link.setblocking(False)
        link.send(line_of(op="sub", sub_id="s", subject="steady.*"))
        before = (await bus_counts(bus))["evicted"]
        while not over.is_set() and (await bus_counts(bus))["evicted"] == before:
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 0.05)
        evicted += 1
        link.close()
    return evicted


async def die(bus: Bus, over: asyncio.Event) -> int:
    """Client processes that are killed."""
    killed = 0
    while not over.is_set():
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", DYING_CLIENT, str(bus.port), stdout=subprocess.PIPE
        )
        await process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        await process.wait()
        killed += 1
    return killed


_asking = asyncio.Lock()


async def bus_counts(bus: Bus) -> dict[str, int]:
    async with _asking:
        return await bus.statistics()


async def watch_memory(bus: Bus, progress: Callable[[], float], over: asyncio.Event) -> list[float]:
    """Memory of the bus once it is warm."""
    seen: list[float] = []
    while not over.is_set():
        if progress() > WARM:
            seen.append(bus.mib)
        with suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), 0.5)
    return seen


@pytest.mark.soak
@pytest.mark.timeout(900)
async def test_an_hour_of_clients_that_come_go_and_die_leaves_nothing_behind(bus):
    idle = bus.descriptors
    over = asyncio.Event()
    steady = BusClient(bus.url)
    await steady.connect()
    subscriber = Subscriber()
    await steady.subscribe("steady.*", subscriber.take)
    visitors = [asyncio.ensure_future(visit(bus, over)) for visit in (come_and_go, stop_reading, die)]
    memory = asyncio.ensure_future(watch_memory(bus, lambda: subscriber.received / SIGNALS, over))

    published = sum(
        await asyncio.gather(*(publish(bus, name, SIGNALS // PUBLISHERS) for name in range(PUBLISHERS)))
    )
    await steady.flush()
    over.set()
    visited, stalled, killed = await asyncio.gather(*visitors)
    warm = await memory

    assert (subscriber.received, subscriber.missing) == (published, 0)
    counts = await bus_counts(bus)
    assert counts["published"] == published + visited
    assert counts["evicted"] >= max(0, stalled - 1)
    assert counts["lost"] >= counts["evicted"]
    assert max(warm) - warm[0] < GROWTH_MIB, f"from {warm[0]:.0f} to {max(warm):.0f} MiB"
    await steady.close()
    while (counts := await bus_counts(bus))["sessions"]:
        pass  # the last ones are leaving
    assert (counts["subscriptions"], bus.descriptors) == (0, idle)
    print(  # shown with -s, and when it fails
        f"{published:,} signals; {visited:,} by visitors, {stalled} stalled, {killed} killed; "
        f"memory {warm[0]:.1f} -> {warm[-1]:.1f} MiB; {counts}"
    )
