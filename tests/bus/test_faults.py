"""What clients do to a bus, by accident or on purpose, and what it must do then. Over real sockets.

Where each fault of the bus is provoked (files of this folder unless another is named):

| fault | test |
|---|---|
| signals of 70 KiB to 4 MiB | here: `test_signals_of_any_ordinary_size_arrive` |
| a line over the limit | here: `test_what_is_too_large_is_an_error_to_who_publishes_and_nothing_else`; `test_server`: `test_a_line_beyond_the_limit_is_discarded_and_the_connection_lives` |
| a line just under the limit | here: `test_a_line_just_under_the_limit_deafens_nobody`; `test_server`: `test_who_announced_nothing_never_gets_a_line_it_cannot_read`; with released clients `interop/test_bus_with_peers`: `test_a_large_signal_reaches_ours_and_leaves_theirs_listening` |
| a subscriber that stops reading | `test_server`: `test_who_does_not_read_delays_nobody_and_is_disconnected_with_a_reason`, `test_an_observer_loses_the_oldest_and_stays`; how it shows here: `test_who_does_not_read_is_seen` |
| a publisher faster than its readers | here: `test_a_fast_publisher_fills_no_more_than_the_outboxes`; `test_server`: `test_a_slow_but_reading_subscriber_loses_nothing_in_a_burst` |
| a handler that never returns | `sdk/test_synapses`: `test_concurrency_is_bounded_and_what_finds_no_room_is_counted` |
| a paused terminal | `doppler/cli/test_synapse`: `test_a_terminal_that_stands_still_stops_neither_the_bus_nor_its_end` |
| kill -9 and restart | `test_outages`; the work in flight: `sdk/dendrite/test_lost_bus` |
| garbage of every kind | here: `test_no_garbage_hurts_anybody_else`; `test_protocol`: `test_one_line_one_answer`, `test_what_is_no_json_is_refused_and_the_connection_lives` |
| thousands of connections and subscriptions | here: `test_ten_thousand_idle_clients_are_in_nobodys_way` |
| no descriptors left | here: `test_a_bus_without_descriptors_says_so_and_serves_the_others`, `test_who_finds_no_descriptor_waits_before_the_door`; `doppler/cli/test_synapse`: `test_it_takes_as_many_files_as_the_system_allows` |
| duplicate ids | `sdk/dendrite/test_dispatch`: `test_a_duplicate_task_runs_once_for_a_minute` |
| a cost that is no number | `sdk/test_bidding`: `test_a_cost_that_is_no_number_cannot_win`; `sdk/dendrite/test_auctions`: `test_an_invalid_bid_never_wins` |
| escape sequences in any field | `doppler/tui/test_hostile`; `doppler/cli/test_watching`: `test_escape_codes_never_reach_the_terminal`; of a session's name `doppler/cli/test_looking` |
| no token, HTTP, `mgmt_stop` by anyone | `test_access` |
| a TASK behind its STOP | `sdk/dendrite/test_stop`: `test_a_task_right_behind_its_stop_is_refused` |
| two hosts of one neuron | `sdk/dendrite/test_auctions`: `test_of_two_hosts_of_one_neuron_only_the_one_that_bid_serves` |
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosmo_bus.errors import LineTooLong
from cosmo_bus.testing import running_bus
from cosmo_sdk.envelope import Directed, Signal
from cosmo_sdk.signal_types import SignalType
from cosmo_sdk.synapse import connect_synapse
from tests.bus.clients import connected
from tests.bus.deaf import deaf_subscriber, pub, rest_of
from tests.bus.raw import raw_client
from tests.contracts.synapse import Inbox

KIB = 1024


# -- large signals


@pytest.mark.parametrize("size", [70 * KIB, 512 * KIB, 4096 * KIB])
async def test_signals_of_any_ordinary_size_arrive(size):
    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        inbox = Inbox()
        await synapse.subscribe("answers", inbox)
        answer = Signal(
            type=SignalType.AGENT_OUTPUT, directed=Directed(id="w"), payload={"output": 'é"\\' * (size // 6)}
        )
        await synapse.publish("answers", answer)
        await inbox.holds(1)
        assert inbox.signals[0].payload == answer.payload
        await synapse.close()


async def test_what_is_too_large_is_an_error_to_who_publishes_and_nothing_else():
    got: list[bytes] = []
    async with running_bus(max_line=100_000) as bus, connected(bus.url) as client:
        await client.subscribe("s", lambda subject, frame: got.append(frame))
        with pytest.raises(LineTooLong, match="the bus takes 100,000; send less"):
            client.publish("s", b"x" * 100_000)
        client.publish("s", b"small")
        await client.flush()
        assert (got, client.state) == ([b"small"], "connected")


async def test_a_line_just_under_the_limit_deafens_nobody():
    """A released client cannot read what its own server just so accepts: a `msg` is longer than its `pub`."""
    limit = 1 << 16
    overhead = len(b'{"op": "pub", "subject": "s", "frame": ""}')
    async with (
        running_bus(max_line=limit) as bus,
        raw_client(bus.port) as old,
        raw_client(bus.port) as new,
        raw_client(bus.port) as publisher,
    ):
        await new.ask({"op": "hello", "max_line": 2 * limit})
        await old.subscribe("s", "0" * 32)
        await new.subscribe("s", "1" * 32)
        for missing in range(60):
            publisher.send(pub("s", limit - overhead - missing))
        publisher.send(pub("s", 5))
        refused = await publisher.settle()
        assert len([await new.read() for _ in range(61)]) == 61
        old_lines = [await old.read_raw() for _ in range(61 - len(refused))]
        assert all(len(line) <= limit for line in old_lines)
        assert json.loads(old_lines[-1])["frame"] == "x" * 5
        assert bus.statistics().skipped == len(refused) > 0


# -- who is slow


async def test_who_does_not_read_is_seen():
    observer = b'{"op":"hello","observer":true,"name":"window"}\n'
    async with (
        running_bus(outbox_lines=100) as bus,
        deaf_subscriber(bus, "s", observer),
        raw_client(bus.port) as publisher,
    ):
        for _ in range(2000):
            publisher.send(pub("s", 8192))
        await publisher.settle()
        stats = await publisher.ask({"op": "mgmt_stats", "ref": "r"})
        assert (stats["op"], stats["ref"]) == ("mgmt_stats", "r")
        worst, other = stats["sessions"]
        assert (worst["name"], worst["policy"], worst["reading"]) == ("window", "drop-oldest", False)
        assert worst["waiting_lines"] == 100
        assert worst["waiting_bytes"] > 100 * 8192
        assert worst["dropped"] == stats["bus"]["dropped"] > 0
        assert (other["policy"], other["waiting_lines"], other["subscriptions"]) == ("disconnect", 0, 0)
        assert re.fullmatch(r"127\.0\.0\.1:\d+", other["address"])
        assert stats["bus"]["published"] == 2000


async def test_what_a_session_subscribes_to_is_told_in_bounds():
    async with running_bus() as bus, raw_client(bus.port) as client:
        client.send({"op": "sub", "sub_id": "a", "subject": "jobs.>", "queue_group": "g" * 400})
        for number in range(40):
            client.send({"op": "sub", "sub_id": f"s{number}", "subject": f"{'x' * 300}.{number}"})
        await client.settle()
        (session,) = (await client.ask({"op": "mgmt_stats"}))["sessions"]
        first, second, *others = session["patterns"]
        assert first == {"subject": "jobs.>", "queue_group": "g" * 120}
        assert second == {"subject": "x" * 120}
        assert (session["subscriptions"], len(others)) == (41, 18)


async def test_of_many_sessions_those_that_hold_the_most_back_are_told():
    async with running_bus() as bus, deaf_subscriber(bus, "s"), raw_client(bus.port) as publisher:
        for _ in range(200):
            publisher.send(pub("s", 60_000))
        await publisher.settle()
        stats = await publisher.ask({"op": "mgmt_stats", "n": 1})
        assert [each["subscriptions"] for each in stats["sessions"]] == [1]
        assert stats["bus"]["sessions"] == 2
        assert (await publisher.ask({"op": "mgmt_stats", "n": -1}))["sessions"] == []


@pytest.mark.parametrize("observer", [True, False])
async def test_a_fast_publisher_fills_no_more_than_the_outboxes(observer):
    """A reader that takes one line in ten: nothing grows beyond its bound, and every copy is accounted for."""
    room, sent = 64, 3000
    async with (
        running_bus(outbox_lines=room) as bus,
        raw_client(bus.port) as publisher,
        raw_client(bus.port) as watcher,
        deaf_subscriber(bus, "s", b'{"op":"hello","observer":true}\n' if observer else b"") as slow,
    ):
        received = b""
        most = 0
        for _ in range(sent // 10):
            publisher.send(*[pub("s", 8192)] * 10)
            await publisher.settle()
            with suppress(BlockingIOError, ConnectionError):
                received += slow.recv(8192)
            stats = await watcher.ask({"op": "mgmt_stats"})
            most = max(most, *(each["waiting_lines"] for each in stats["sessions"]))
        assert most <= room
        counts = bus.statistics()
        assert counts.published == sent
        assert (counts.dropped > 0, counts.evicted) == (observer, int(not observer))
        closing = asyncio.create_task(bus.close())
        received += await rest_of(slow)
        await closing
        counts = bus.statistics()
        if observer:
            assert received.count(b'"op":"msg"') + counts.dropped + counts.lost == sent
        else:
            # What came after it was disconnected was for nobody.
            assert received.count(b'"op":"msg"') + counts.lost + counts.unheard == sent


# -- garbage

SCRAPS = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
    st.fixed_dictionaries(
        {
            "op": st.sampled_from(
                [
                    "hello",
                    "ping",
                    "pub",
                    "sub",
                    "unsub",
                    "ns_register",
                    "mgmt_list",
                    "mgmt_info",
                    "mgmt_stop",
                    "mgmt_stats",
                    "gate_list",
                ]
            )
        },
        optional={
            name: st.none()
            | st.booleans()
            | st.integers()
            | st.text(max_size=12)
            | st.lists(st.text(max_size=2))
            for name in (
                [
                    "subject",
                    "frame",
                    "sub_id",
                    "queue_group",
                    "namespace",
                    "transport",
                    "max_line",
                    "observer",
                    "token",
                    "name",
                    "ref",
                    "n",
                ]
            )
        },
    ).map(lambda value: json.dumps(value).encode()),
    st.sampled_from(
        [
            b"[" * 100_000,
            b'{"op":' * 5_000,
            b'{"op":"pub","subject":"a","frame":"\xff"}',
            b'{"op":"pub","subject":"a","frame":"\\ud800"}',
            b'{"op":"pub","subject":{"a":1},"frame":"x"}',
            b'{"op":"sub","sub_id":[],"subject":"a"}',
            b'{"op":"sub","sub_id":"a","subject":"a..b.>.c"}',
            b'{"op":"hello","max_line":-1}',
            b'{"op":"hello","max_line":1e400}',
            b"\x00" * 1000,
        ]
    ),
)


@given(segments=st.lists(st.tuples(SCRAPS, st.sampled_from([b"\n", b"\r\n", b"", b"\n\n"])), max_size=12))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_garbage_hurts_anybody_else(segments):
    async def throw() -> None:
        async with running_bus() as bus, raw_client(bus.port) as one, raw_client(bus.port) as other:
            await one.subscribe("healthy")
            loop = asyncio.get_running_loop()
            with socket.socket() as rude:
                rude.setblocking(False)
                await loop.sock_connect(rude, ("127.0.0.1", bus.port))
                for number, (scrap, end) in enumerate(segments):
                    with suppress(ConnectionError):
                        await loop.sock_sendall(rude, scrap + end)
                    other.send({"op": "pub", "subject": "healthy", "frame": str(number)})
                    assert (await one.read())["frame"] == str(number)
            while bus.statistics().sessions > 2:
                assert await other.settle() == []
            other.send({"op": "pub", "subject": "healthy", "frame": "last"})
            assert (await one.read())["frame"] == "last"

    asyncio.run(throw())


# -- crowds


BUS = """
import asyncio, resource, sys
from cosmo_bus.server import BusServer
resource.setrlimit(resource.RLIMIT_NOFILE, (int(sys.argv[1]), int(sys.argv[1])))
async def main():
    server = BusServer(port=0)
    await server.start()
    print(server.port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await server.close()
asyncio.run(main())
"""


class LimitedBus(NamedTuple):
    port: int
    pid: int

    @property
    def memory(self) -> int:
        """Bytes of it that are in memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()


@asynccontextmanager
async def bus_with_files(files: int) -> AsyncIterator[LimitedBus]:
    """A bus in a process that may have so many files open; it says nothing, and ends well."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        BUS,
        str(files),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        yield LimitedBus(int(await process.stdout.readline()), process.pid)
        _, said = await process.communicate(b"")
        assert (process.returncode, said) == (0, b"")
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@pytest.fixture
def many_files() -> Iterator[int]:
    """As many open files as this process may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = min(hard, 20_000) if hard != resource.RLIM_INFINITY else 20_000
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))
    yield files
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_ten_thousand_idle_clients_are_in_nobodys_way(many_files):
    clients = min(10_000, many_files - 300)
    subscriptions = 10_000
    async with (
        bus_with_files(many_files) as bus,
        raw_client(bus.port) as one,
        raw_client(bus.port) as other,
    ):

        async def counts() -> dict[str, int]:
            return (await one.ask({"op": "mgmt_stats"}))["bus"]

        with ExitStack() as crowd:
            before = bus.memory
            for number in range(clients):
                idle = crowd.enter_context(socket.create_connection(("127.0.0.1", bus.port)))
                idle.sendall(b'{"op":"sub","sub_id":"i","subject":"idle.%d"}\n' % number)
            assert await greeting(idle) == "welcome"
            while (await counts())["subscriptions"] < clients:
                pass
            assert (await counts())["sessions"] == clients + 2
            # About 5 KiB each were measured.
            assert bus.memory - before < clients * 12 * KIB
            before = bus.memory
            for number in range(subscriptions):
                other.send({"op": "sub", "sub_id": str(number), "subject": f"elsewhere.{number}.>"})
            await other.settle()
            assert bus.memory - before < subscriptions * 3 * KIB
            await one.subscribe("busy")
            for number in range(1000):
                other.send({"op": "pub", "subject": "busy", "frame": str(number)})
            assert [(await one.read())["frame"] for _ in range(1000)] == [
                str(number) for number in range(1000)
            ]
            stats = await one.ask({"op": "mgmt_stats"})
            assert stats["bus"]["delivered"] == 1000
            assert len(stats["sessions"]) == 100
        while (await counts())["sessions"] > 2:
            pass
        assert (await counts())["subscriptions"] == subscriptions + 1


async def test_a_bus_without_descriptors_says_so_and_serves_the_others():
    # 64 of them are the bus's own.
    async with bus_with_files(128) as bus, raw_client(bus.port) as one, raw_client(bus.port) as other:
        await one.subscribe("s")
        with ExitStack() as crowd:
            # All of them stand before the door at once.
            guests = [
                crowd.enter_context(socket.create_connection(("127.0.0.1", bus.port))) for _ in range(300)
            ]
            greetings = [await greeting(guest) for guest in guests]
            assert Counter(greetings) == {"welcome": 64 - 2, "err": 300 - (64 - 2)}
            other.send({"op": "pub", "subject": "s", "frame": "still here"})
            assert (await one.read())["frame"] == "still here"
        while (await one.ask({"op": "mgmt_stats"}))["bus"]["sessions"] > 2:
            pass
        # There is room again for whoever comes now.
        async with raw_client(bus.port) as late:
            assert await late.settle() == []


async def greeting(guest: socket.socket) -> str:
    """The op of the first line the bus says."""
    guest.setblocking(False)
    line = b""
    while b"\n" not in line:
        piece = await asyncio.get_running_loop().sock_recv(guest, 4096)
        assert piece
        line += piece
    return json.loads(line.partition(b"\n")[0])["op"]


async def test_who_finds_no_descriptor_waits_before_the_door(caplog):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with running_bus() as bus, raw_client(bus.port) as one:
        guest = socket.socket()
        guest.setblocking(False)
        resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free_file(), hard))
        try:
            with suppress(BlockingIOError):
                guest.connect(("127.0.0.1", bus.port))
            while not caplog.records:
                assert await one.settle() == []
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        with guest:
            assert await greeting(guest) == "welcome"
        assert [record.getMessage() for record in caplog.records] == [
            'no_more_descriptors reason="Too many open files"'
        ]


def lowest_free_file() -> int:
    with socket.socket() as probe:
        return probe.fileno()
