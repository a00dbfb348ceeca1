"""The server where clients misbehave: who does not read, who sends too much, who came too late."""

from __future__ import annotations

import asyncio
import json

import pytest

from cosmo_bus import BusServer
from cosmo_bus.errors import BusError, PortTaken
from cosmo_bus.testing import running_bus
from tests.bus.deaf import deaf_subscriber, pub, rest_of, sent_at_once
from tests.bus.raw import raw_client

LEGACY_LONGEST = 65_535


async def test_the_port_is_told_and_taken_ports_are_named():
    async with running_bus() as bus:
        assert bus.url == f"cosmo://127.0.0.1:{bus.port}"
        assert bus.port != 0
        with pytest.raises(PortTaken, match=f"port {bus.port} on 127.0.0.1 is taken"):
            await BusServer(port=bus.port).start()


async def test_localhost_is_one_address():
    bus = BusServer("localhost", 0)
    await bus.start()
    await bus.start()
    async with raw_client(bus.port) as client:
        assert await client.ask({"op": "ping"}) == {"op": "pong"}
    await bus.close()
    await bus.close()


async def test_an_impossible_port_is_a_bus_error():
    with pytest.raises(BusError, match="no port"):
        await BusServer(port=70_000).start()


async def test_closing_sends_what_is_queued_and_ends_every_connection():
    async with running_bus() as bus, raw_client(bus.port) as client:
        arrived = asyncio.Event()
        bus.add_tap(lambda subject, frame: arrived.set())
        await client.subscribe("s")
        client.send(pub("s", 10))
        await arrived.wait()
        await bus.close()
        assert (await client.read())["op"] == "msg"
        assert await client.read_raw() == b""
        assert bus.statistics().sessions == 0


async def test_closing_does_not_wait_for_who_does_not_read():
    async with running_bus() as bus, deaf_subscriber(bus, "s"), raw_client(bus.port) as client:
        for _ in range(200):
            client.send(pub("s", 60_000))
        await client.settle()
        await bus.close()
        assert bus.statistics().sessions == 0


async def test_who_does_not_read_delays_nobody_and_is_disconnected_with_a_reason():
    async with (
        running_bus(outbox_lines=100) as bus,
        deaf_subscriber(bus, "s") as deaf,
        raw_client(bus.port) as healthy,
        raw_client(bus.port) as publisher,
    ):
        await healthy.subscribe("s")
        for _ in range(1000):
            # More than sockets hold by themselves.
            publisher.send(pub("s", 16_384))
            # One at a time: the healthy one has each before the next is sent.
            assert (await healthy.read())["op"] == "msg"
        counts = bus.statistics()
        assert (counts.evicted, counts.delivered + counts.lost >= 1000) == (1, True)
        assert counts.lost > 100
        received = await rest_of(deaf)
        assert b"messages waited and you do not read; they are lost" in received[-400:]
        assert received.endswith(b"}\n")


async def test_an_observer_loses_the_oldest_and_stays():
    hello = b'{"op":"hello","observer":true}\n'
    async with (
        running_bus(outbox_lines=10) as bus,
        deaf_subscriber(bus, "s", hello) as deaf,
        raw_client(bus.port) as publisher,
    ):
        for number in range(2000):
            publisher.send({"op": "pub", "subject": "s", "frame": f"{number}" + "x" * 4096})
        await publisher.settle()
        counts = bus.statistics()
        assert counts.dropped > 0
        assert counts.evicted == 0
        closing = asyncio.create_task(bus.close())
        received = await rest_of(deaf)
        await closing
        messages = received.count(b'"op":"msg"')
        assert messages + counts.dropped == 2000
        # It is told how many, where they are missing.
        told = [json.loads(line)["count"] for line in received.splitlines() if b'"op":"dropped"' in line]
        assert sum(told) == counts.dropped
        # What is left is the newest.
        assert b'"frame":"1999x' in received


async def test_the_turn_of_a_member_that_does_not_read_goes_to_the_next():
    async with (
        running_bus(outbox_lines=5) as bus,
        deaf_subscriber(bus, "other") as deaf,
        raw_client(bus.port) as worker,
    ):
        loop = asyncio.get_running_loop()
        await worker.subscribe("s", queue_group="g")
        await loop.sock_sendall(deaf, b'{"op":"sub","sub_id":"g","subject":"s","queue_group":"g"}\n')
        while bus.statistics().subscriptions < 3:
            await worker.settle()
        received = 0
        for _ in range(300):
            worker.send(pub("s", 60_000))
            received += len(await worker.settle())
        counts = bus.statistics()
        assert counts.evicted == 1
        messages = (await rest_of(deaf)).count(b'"op":"msg"')
        # One copy each: with the worker, with the deaf one, or lost with it.
        assert received + messages + counts.lost == 300
        assert received > 200


async def test_a_large_frame_arrives_where_it_was_announced():
    async with running_bus() as bus, raw_client(bus.port) as client:
        await client.ask({"op": "hello", "max_line": 8 << 20})
        await client.subscribe("s")
        assert len((await client.ask(pub("s", 4 << 20)))["frame"]) == 4 << 20


async def test_who_announced_nothing_never_gets_a_line_it_cannot_read():
    async with running_bus() as bus, raw_client(bus.port) as old, raw_client(bus.port) as new:
        await new.ask({"op": "hello", "max_line": 1 << 20})
        await old.subscribe("s")
        await new.subscribe("s")
        overhead = len(b'{"op":"msg","subject":"s","frame":"","sub_id":"s"}')
        new.send(pub("s", LEGACY_LONGEST - overhead))
        assert len(await old.read_raw()) == LEGACY_LONGEST + 1
        assert (await new.read())["op"] == "msg"
        new.send(pub("s", LEGACY_LONGEST - overhead + 1))
        assert (await new.read())["op"] == "msg"
        assert await new.settle() == [
            {"op": "err", "message": "frame too large for 1 legacy subscriber(s) of s: not sent to them"}
        ]
        assert await old.settle() == []
        assert bus.statistics().skipped == 1


async def test_in_a_group_a_frame_goes_to_a_member_that_can_read_it():
    async with running_bus() as bus, raw_client(bus.port) as old, raw_client(bus.port) as new:
        await new.ask({"op": "hello", "max_line": 1 << 20})
        await old.subscribe("s", queue_group="g")
        await new.subscribe("s", queue_group="g")
        async with raw_client(bus.port) as publisher:
            for _ in range(4):
                publisher.send(pub("s", 70_000))
            assert await publisher.settle() == []
        assert len(await new.settle()) == 4
        assert await old.settle() == []


async def test_a_line_beyond_the_limit_is_discarded_and_the_connection_lives():
    async with running_bus(max_line=1000) as bus, raw_client(bus.port) as client:
        await client.subscribe("s")
        client.send(pub("s", 5000), pub("s", 10))
        assert (await client.read())["message"].endswith("discarded: this bus takes 1,000 at most")
        assert (await client.read())["frame"] == "x" * 10


async def test_connections_beyond_the_limit_are_told(monkeypatch):
    monkeypatch.setattr("cosmo_bus.server._max_sessions", lambda: 1)
    async with running_bus() as bus, raw_client(bus.port):
        reader, writer = await asyncio.open_connection("127.0.0.1", bus.port)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert b'"op":"err"' in answer
        assert b"1 connections" in answer


async def test_taps_see_every_message_and_may_fail(caplog):
    seen: list[tuple[str, bytes]] = []

    def broken(subject: str, frame: bytes) -> None:
        raise RuntimeError("a broken tap")

    async with running_bus() as bus, raw_client(bus.port) as client:
        bus.add_tap(broken)
        bus.add_tap(lambda subject, frame: seen.append((subject, frame)))
        client.send({"op": "pub", "subject": "nobody", "frame": '{"a":"ü"}'})
        assert await client.settle() == []
        assert seen == [("nobody", '{"a":"ü"}'.encode())]
        assert bus.statistics().unheard == 1
    assert "a broken tap" in caplog.text


async def test_a_burst_within_one_turn_costs_a_reading_subscriber_nothing():
    async with (
        running_bus(outbox_lines=20) as bus,
        raw_client(bus.port) as reading,
        raw_client(bus.port) as observing,
        raw_client(bus.port) as publisher,
    ):
        await observing.ask({"op": "hello", "observer": True})
        await reading.subscribe("s")
        await observing.subscribe("s")
        publisher.send(*[pub("s", 3)] * 1000)
        await publisher.settle()
        assert len(await reading.settle()) == 1000
        assert len(await observing.settle()) == 1000
        counts = bus.statistics()
        assert (counts.evicted, counts.dropped, counts.lost) == (0, 0, 0)


async def test_a_slow_but_reading_subscriber_loses_nothing_in_a_burst():
    count = 3000
    async with (
        running_bus(outbox_lines=400) as bus,
        raw_client(bus.port) as slow,
        raw_client(bus.port) as publisher,
    ):
        await slow.subscribe("s")

        async def publish() -> None:
            for _ in range(count):
                publisher.send(pub("s", 4096))
                await publisher.writer.drain()

        publishing = asyncio.create_task(publish())
        for _ in range(count):
            assert (await slow.read())["op"] == "msg"
        await publishing
        assert bus.statistics().evicted == 0


async def test_short_lines_wait_for_nothing():
    async with running_bus() as bus, raw_client(bus.port):
        assert sent_at_once(bus) == [True]
