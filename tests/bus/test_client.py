"""The client: what it refuses, what it survives, what it counts."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from cosmo_bus import BusClient
from cosmo_bus.address import parse_url
from cosmo_bus.backoff import Backoff
from cosmo_bus.errors import BadUrl, BusClosed, CannotConnect, LineTooLong, NoAnswer
from cosmo_bus.testing import running_bus
from cosmo_bus.wire import LEGACY_MAX_SENT
from tests.bus.clients import connected, reaches, scripted_server


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("cosmo://127.0.0.1:7071", ("127.0.0.1", 7071, False)),
        ("cosmo://localhost", ("localhost", 7070, False)),
        ("cosmos://bus.example:7443", ("bus.example", 7443, True)),
        ("cosmo://[::1]:9/ignored", ("::1", 9, False)),
    ],
)
def test_a_url_names_host_and_port(url, address):
    assert parse_url(url) == address


@pytest.mark.parametrize(
    "url", ["", "127.0.0.1:7070", "nats://h:1", "cosmo://", "cosmo://h:x", "cosmo://h:99999"]
)
def test_what_names_no_bus_is_refused(url):
    with pytest.raises(BadUrl, match="cosmo://host:port"):
        BusClient(url)


async def test_a_message_goes_round():
    async with running_bus() as bus, connected(bus.url) as client:
        arrived: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue()
        subscription = await client.subscribe("a.>", lambda *message: arrived.put_nowait(message))
        client.publish("a.b", '{"text":"ü\\n"}'.encode())
        assert await arrived.get() == ("a.b", '{"text":"ü\\n"}'.encode())
        await subscription.unsubscribe()
        await subscription.unsubscribe()
        client.publish("a.b", b"unheard")
        await client.flush()
        assert arrived.empty()
        counts = client.statistics()
        assert (counts.published, counts.received, counts.lost) == (2, 1, 0)


async def test_order_is_kept():
    async with running_bus() as bus, connected(bus.url) as client:
        arrived: list[bytes] = []
        await client.subscribe("s", lambda _, frame: arrived.append(frame))
        sent = [str(number).encode() * (number % 3000) for number in range(2000)]
        for frame in sent:
            client.publish("s", frame)
            await client.drain()
        await client.flush()
        assert arrived == sent


async def test_a_handler_that_fails_disturbs_nobody(caplog):
    async with running_bus() as bus, connected(bus.url) as client:
        arrived: list[bytes] = []

        def broken(subject: str, frame: bytes) -> None:
            raise RuntimeError("a broken handler")

        await client.subscribe("s", broken)
        await client.subscribe("s", lambda _, frame: arrived.append(frame))
        client.publish("s", b"1")
        await client.flush()
        assert arrived == [b"1"]
        assert "a broken handler" in caplog.text


async def test_without_a_connection_everything_fails_at_once():
    client = BusClient("cosmo://127.0.0.1:1")
    with pytest.raises(BusClosed, match="not connected"):
        client.publish("s", b"")
    with pytest.raises(BusClosed):
        await client.subscribe("s", print)
    with pytest.raises(CannotConnect, match=r"cannot reach the bus at cosmo://127\.0\.0\.1:1: "):
        await client.connect()
    assert client.state == "new"
    await client.close()
    await client.close()


@pytest.mark.parametrize("banner", [b"SSH-2.0-OpenSSH\r\n", b'{"op":"err","message":"full"}\n', b"[]\n"])
async def test_what_does_not_welcome_is_no_bus(banner):
    async with scripted_server(banner) as (url, _):
        with pytest.raises(CannotConnect, match=r"no bus answers there|it says: full$"):
            await BusClient(url).connect()


async def test_who_says_nothing_is_given_up():
    async with scripted_server() as (url, _):
        with pytest.raises(CannotConnect, match=r"no welcome within 0\.05 s"):
            await BusClient(url, answer_s=0.05).connect()


async def test_who_welcomes_and_then_does_not_answer_is_given_up():
    async with scripted_server(b'{"op":"welcome"}\n') as (url, _):
        with pytest.raises(NoAnswer):
            await BusClient(url, answer_s=0.05).connect()


async def test_a_bare_welcome_is_a_released_server_with_its_limit():
    async with (
        scripted_server(b'{"op":"welcome"}\n', answer_pings=True) as (url, got),
        connected(url) as client,
    ):
        overhead = len(b'{"op":"pub","subject":"s","frame":""}')
        client.publish("s", b"x" * (LEGACY_MAX_SENT - overhead))
        await client.flush()
        assert len(got[-2]) == LEGACY_MAX_SENT + 1
        with pytest.raises(LineTooLong, match="65,493 bytes, the bus takes 65,492"):
            client.publish("s", b"x" * (LEGACY_MAX_SENT - overhead + 1))
        # That server writes six bytes for what is three here.
        with pytest.raises(LineTooLong):
            client.publish("s", ("€" * 12_000).encode())
        assert client.statistics().published == 1


async def test_our_servers_limit_holds_for_our_client():
    async with running_bus(max_line=1000) as bus, connected(bus.url) as client:
        arrived: list[bytes] = []
        await client.subscribe("s", lambda _, frame: arrived.append(frame))
        with pytest.raises(LineTooLong) as raised:
            client.publish("s", b"x" * 1000)
        assert raised.value.limit == 1000
        client.publish("s", b"x" * 900)
        await client.flush()
        assert len(arrived[0]) == 900


async def test_a_message_of_the_largest_size_arrives():
    async with running_bus(max_line=1 << 20) as bus, connected(bus.url) as client:
        arrived: list[bytes] = []
        await client.subscribe("s", lambda _, frame: arrived.append(frame))
        overhead = len(b'{"op":"pub","subject":"s","frame":""}')
        client.publish("s", b"x" * ((1 << 20) - overhead))
        await client.flush()
        assert len(arrived[0]) == (1 << 20) - overhead


async def test_refusals_of_the_bus_are_heard():
    async with running_bus() as bus, connected(bus.url) as client:
        heard: list[str] = []
        client.on_error(heard.append)
        client.publish("", b"")
        await client.flush()
        assert heard == ["pub: missing subject/frame"]
        assert client.statistics().refusals == 1


async def test_lines_that_cannot_be_read_are_counted_and_skipped(caplog):
    lines = (b'{"op":"welcome"}\n', b"rubbish\n", b'{"op":"msg","frame":{}}\n', b'{"op":"news"}\n')
    async with scripted_server(*lines, answer_pings=True) as (url, _), connected(url) as client:
        assert client.statistics().unreadable == 2
        await client.flush()


async def test_it_comes_back_with_its_subscriptions_when_the_bus_does():
    states: list[str] = []
    async with contextlib.AsyncExitStack() as stack:
        first = running_bus()
        bus = await first.__aenter__()
        client = await stack.enter_async_context(connected(bus.url))
        client.on_state(states.append)
        arrived: asyncio.Queue[bytes] = asyncio.Queue()
        await client.subscribe("s", lambda _, frame: arrived.put_nowait(frame))
        await client.subscribe("g", lambda _, frame: arrived.put_nowait(frame), group="workers")
        await first.__aexit__(None, None, None)
        await reaches(client, "reconnecting")
        with pytest.raises(BusClosed, match="reconnecting"):
            client.publish("s", b"")
        await stack.enter_async_context(running_bus(port=bus.port))
        await reaches(client, "connected")
        client.publish("s", b"again")
        assert await arrived.get() == b"again"
        client.publish("g", b"group")
        assert await arrived.get() == b"group"
        assert client.statistics().reconnects == 1
        assert client.attempt == 0
    assert states == ["reconnecting", "connected", "closed"]


async def test_who_waits_for_an_answer_hears_that_the_bus_went():
    async with contextlib.AsyncExitStack() as stack:
        bus = await stack.enter_async_context(running_bus())
        client = await stack.enter_async_context(connected(bus.url))
        answer = asyncio.create_task(client.flush())
        await bus.close()
        # Either the pong was on its way, or the loss is reported: never silence.
        with contextlib.suppress(BusClosed):
            await answer
        await reaches(client, "reconnecting")


async def test_closing_while_reconnecting_ends_the_attempts():
    async with running_bus() as bus:
        client = BusClient(bus.url, backoff=Backoff(first_s=3600))
        await client.connect()
    await reaches(client, "reconnecting")
    await asyncio.sleep(0)
    assert client.attempt == 1
    assert client.retry_at is not None
    await client.close()
    assert client.state == "closed"


async def test_who_is_in_a_hurry_does_not_wait_for_the_next_attempt():
    async with contextlib.AsyncExitStack() as stack:
        first = running_bus()
        bus = await first.__aenter__()
        client = BusClient(bus.url, backoff=Backoff(first_s=3600))
        await client.connect()
        stack.push_async_callback(client.close)
        await first.__aexit__(None, None, None)
        await reaches(client, "reconnecting")
        await stack.enter_async_context(running_bus(port=bus.port))
        client.hurry()
        await reaches(client, "connected")


async def test_a_closed_client_may_connect_again():
    async with running_bus() as bus, connected(bus.url) as client:
        await client.close()
        with pytest.raises(BusClosed, match="closed"):
            client.publish("s", b"")
        await client.connect()
        await client.connect()
        await client.flush()


async def test_closing_sends_what_is_queued():
    async with running_bus() as bus, connected(bus.url) as listener:
        arrived: asyncio.Queue[bytes] = asyncio.Queue()
        await listener.subscribe("s", lambda _, frame: arrived.put_nowait(frame))
        async with connected(bus.url) as client:
            client.publish("s", b"last words")
        assert await arrived.get() == b"last words"


def test_waits_grow_up_to_a_limit_and_differ():
    backoff = Backoff(first_s=1, longest_s=8, jitter=0.25)
    for attempt, steady in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 8), (10_000, 8)]:
        delays = {backoff.delay(attempt) for _ in range(20)}
        assert len(delays) > 1
        assert all(0.75 * steady <= delay <= 1.25 * steady for delay in delays)


async def test_what_the_bus_leaves_out_is_counted():
    lines = (b'{"op":"welcome"}\n', b'{"op":"dropped","count":3}\n', b'{"op":"dropped","count":4}\n')
    async with (
        scripted_server(*lines, answer_pings=True) as (url, _),
        connected(url, observer=True) as client,
    ):
        assert client.statistics().missed == 7
