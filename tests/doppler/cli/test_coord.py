"""`cosmo coord`: stores as people and programs see them, and a store on a bus."""

from __future__ import annotations

import asyncio
import json
import sqlite3

import pytest

from cosmo_bus.testing import running_bus
from cosmo_doppler.cli.root import run
from cosmo_sdk import connect_synapse
from cosmo_sdk.coordination import (
    AuctionRules,
    BiddingProtocol,
    DelegationProtocol,
    ManualClock,
    PoolManager,
    PostgresStore,
    SqliteStore,
    Task,
    TaskManager,
    VoteBook,
)
from tests.contracts.synapse import Inbox
from tests.doppler.cli.commands import cosmo
from tests.postgres_server import running_postgres


@pytest.fixture
def db(tmp_path):
    path = tmp_path / "work.db"
    store = SqliteStore(path)
    bound = {"clock": ManualClock()}
    pools = PoolManager(store).bind(**bound)
    pools.create_pool({"id": "crew"})
    pools.join_pool("ann", "crew")
    tasks = TaskManager(store).bind(**bound)
    tasks.submit(Task("t1", priority=5))
    tasks.submit(Task("same"))
    tasks.claim("ann", "t1")
    book = VoteBook(store).bind(**bound)
    book.open_vote("same", eligible=["ann", "bob"], secret=True)
    book.cast("same", "ann", "quietly-yes")
    rules = AuctionRules(reserve=4711)
    auction = BiddingProtocol.with_rules(rules, store=store, auction_id="a1", **bound)
    auction.submit_bid("ann", 5813)
    DelegationProtocol().bind(store=store, **bound).delegate("ann", "bob", ["read"])
    store.close()
    return path


def printed(capsys, *arguments, code=0):
    assert run(["coord", *map(str, arguments)]) == code
    return capsys.readouterr()


def test_everything_is_listed_with_its_state(db, capsys):
    shown = printed(capsys, "ls", "--db", db).out.splitlines()
    assert shown[0].split() == ["KIND", "ID", "STATE", "ABOUT"]
    assert [line.split()[:2] for line in shown[1:6]] == [
        ["pool", "crew"],
        ["task", "t1"],
        ["task", "same"],
        ["vote", "same"],
        ["auction", "a1"],
    ]
    assert shown[2].split(maxsplit=3)[2:] == ["assigned", "ann, attempt 1, priority 5"]
    assert "ann to bob: read" in shown[6]


def test_a_part_is_listed_for_programs(db, capsys):
    rows = json.loads(printed(capsys, "ls", "--db", db, "--kind", "task", "--state", "pending", "--json").out)
    assert [(row["id"], row["state"], row["version"]) for row in rows] == [("same", "pending", 1)]
    cut = printed(capsys, "ls", "--db", db, "--kind", "task", "--limit", "1")
    assert (len(cut.out.splitlines()), "more than 1 objects of kind task" in cut.err) == (2, True)
    assert printed(capsys, "ls", "--db", db, "--kind", "negotiation", "--json").out.strip() == "[]"


def test_an_object_is_shown_with_what_happened_to_it(db, capsys):
    facts = json.loads(printed(capsys, "show", "t1", "--db", db, "--json").out)
    assert (facts["kind"], facts["version"], facts["state"]["agent"]) == ("task", 2, "ann")
    assert [event["kind"] for event in facts["events"]] == ["task.submitted", "task.claimed"]
    shown = printed(capsys, "show", "t1", "--db", db).out
    assert "task t1  version 2" in shown
    assert "task.claimed" in shown


def test_what_rules_keep_back_is_kept_back(db, capsys):
    for arguments in (
        ("show", "a1"),
        ("show", "vote/same"),
        ("ls",),
        ("tail", "--after", 0, "--for", "50ms"),
    ):
        for more in ((), ("--json",)):
            shown = printed(capsys, *arguments, "--db", db, *more).out
            assert shown
            assert not any(secret in shown for secret in ("4711", "5813", "quietly-yes"))


def test_an_id_of_two_objects_needs_its_kind(db, capsys):
    error = printed(capsys, "show", "same", "--db", db, code=1).err
    assert "task/same or vote/same" in error
    assert json.loads(printed(capsys, "show", "task/same", "--db", db, "--json").out)["kind"] == "task"


def test_events_are_printed_as_they_come(db, capsys):
    out = printed(capsys, "tail", "--db", db, "--after", 2, "--for", "50ms", "--json").out
    events = [json.loads(line) for line in out.splitlines()]
    assert [event["rev"] for event in events] == list(range(3, 3 + len(events)))
    assert events[0]["kind"] == "task.submitted"
    assert printed(capsys, "tail", "--db", db, "--for", "50ms").out == ""


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ls",), 2, "--store"),
        (("ls", "--db", "nowhere.db"), 1, "nowhere.db: no such file"),
        (("show", "nobody", "--db", "DB"), 1, "is called 'nobody'"),
        (("ls", "--db", "DB", "--kind", "thing"), 2, "thing"),
        (("mirror", "--db", "DB", "--url", "cosmo://127.0.0.1:9"), 3, "cannot reach the bus"),
        (("ls", "--store", "postgresql://127.0.0.1:9/db"), 3, "127.0.0.1/db cannot be reached"),
        (("ls", "--store", "postgresql://h/db?odd=1"), 1, "not the URL of a PostgreSQL database"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(db, capsys, arguments, code, words):
    error = printed(capsys, *[db if word == "DB" else word for word in arguments], code=code).err
    assert words in error
    assert len(error.strip().splitlines()) == 1


@pytest.fixture(scope="module")
def server():
    with running_postgres() as server:
        yield server


async def test_a_store_in_postgresql_is_looked_into_and_mirrored(server, capsys):
    url = server.url("postgres").replace("postgres@", "postgres:geheim@")
    missing = await asyncio.to_thread(printed, capsys, "ls", "--store", url, code=1)
    assert "no coordination store there" in missing.err
    assert "geheim" not in missing.err
    store = PostgresStore(url)
    tasks = TaskManager(store)
    tasks.submit(Task("t1", priority=5))
    tasks.claim("ann", "t1")
    there = ("--store", url)
    [row] = json.loads((await asyncio.to_thread(printed, capsys, "ls", *there, "--json")).out)
    assert (row["id"], row["state"], row["about"]) == ("t1", "assigned", "ann, attempt 1, priority 5")
    facts = json.loads((await asyncio.to_thread(printed, capsys, "show", "t1", *there, "--json")).out)
    assert [each["kind"] for each in facts["events"]] == ["task.submitted", "task.claimed"]
    tailed = await asyncio.to_thread(cosmo, "coord", "tail", *there, "--after", "1", "--for", "50ms")
    assert "task.claimed" in tailed.stdout
    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        inbox = Inbox()
        await synapse.subscribe("cosmonapse.agents.>", inbox)
        done = await asyncio.to_thread(
            cosmo, "coord", "mirror", *there, "--url", bus.url, "-n", "agents", "--once", "--json"
        )
        await inbox.holds(2)
        assert json.loads(done.stdout) == {"published": 2, "dropped": 0, "failed": 0}
        assert "geheim" not in done.stderr
        assert [signal.id for signal in inbox.signals] == [event.id for _, event in store.events(0)]
        await synapse.close()
    assert store.published_through() == 2
    store.close()
    server.stop()
    away = await asyncio.to_thread(printed, capsys, "ls", *there, code=3)
    assert "cannot be reached" in away.err
    assert len(away.err.strip().splitlines()) == 1


def test_a_file_that_is_no_store_is_left_alone(tmp_path, capsys):
    foreign = tmp_path / "foreign.db"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE mine(x)")
    connection.close()
    before = foreign.read_bytes()
    assert "no coordination store" in printed(capsys, "ls", "--db", foreign, code=1).err
    assert foreign.read_bytes() == before


def test_text_of_agents_does_not_drive_the_terminal(tmp_path, capsys):
    path = tmp_path / "hostile.db"
    store = SqliteStore(path)
    name = "evil\u202e"
    TaskManager(store).submit(Task(name, objective="\x1b[2J"))
    store.close()
    for arguments in (("ls",), ("show", name), ("tail", "--after", 0, "--for", "50ms")):
        for more in ((), ("--json",)):
            shown = printed(capsys, *arguments, "--db", path, *more).out
            assert "\x1b" not in shown
            assert "\u202e" not in shown


async def test_a_store_is_mirrored_to_a_bus_once_and_then_there_is_nothing_left(db):
    async with running_bus() as bus:
        synapse = await connect_synapse(bus.url)
        inbox = Inbox()
        await synapse.subscribe("cosmonapse.agents.>", inbox)
        there = ("--db", str(db), "--url", bus.url, "-n", "agents", "--once", "--json")
        first = await asyncio.to_thread(cosmo, "coord", "mirror", *there)
        store = SqliteStore(db)
        told = [event.id for _, event in store.events(0)]
        await inbox.holds(len(told))
        assert json.loads(first.stdout) == {"published": len(told), "dropped": 0, "failed": 0}
        assert [signal.id for signal in inbox.signals] == told
        again = await asyncio.to_thread(cosmo, "coord", "mirror", *there)
        assert (again.returncode, json.loads(again.stdout)["published"]) == (0, 0)
        store.close()
        await synapse.close()
