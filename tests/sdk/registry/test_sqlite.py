"""SqliteRegistryStore keeps the contract, in a file that others use too."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from datetime import UTC, datetime

import pytest

from cosmo_sdk.registry import NeuronRecord, SqliteRegistryStore
from tests.contracts.registry_store import *  # noqa: F403


@pytest.fixture
async def store(tmp_path):
    store = SqliteRegistryStore(tmp_path / "registry.db")
    yield store
    await store.close()


async def test_records_survive_the_process(tmp_path):
    path = tmp_path / "registry.db"
    first = SqliteRegistryStore(path)
    await first.upsert(NeuronRecord("n1", ["a"]))
    await first.close()
    second = SqliteRegistryStore(path)
    assert (await second.get("n1")).capabilities == ["a"]
    await second.close()


async def test_two_stores_on_one_file_see_each_other(tmp_path, store):
    other = SqliteRegistryStore(tmp_path / "registry.db")
    await store.upsert(NeuronRecord("n1"))
    await other.mark_deregistered("n1")
    assert (await store.get("n1")).status == "deregistered"
    await other.close()


WRITER = """
import asyncio, sys
from cosmo_sdk.registry import NeuronRecord, SqliteRegistryStore

async def main(path, name):
    store = SqliteRegistryStore(path)
    for number in range(20):
        await store.upsert(NeuronRecord(f"{name}-{number}"))
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_write_one_file_at_once(tmp_path):
    path = tmp_path / "shared.db"
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(path), name) for name in "abc"
    ]
    assert [await writer.wait() for writer in writers] == [0, 0, 0]
    store = SqliteRegistryStore(path)
    assert len(await store.list()) == 60
    await store.close()


async def test_a_file_of_a_released_peer_gets_the_missing_columns(tmp_path):
    path = tmp_path / "old.db"
    old = sqlite3.connect(path)
    old.execute(
        "CREATE TABLE neurons (neuron_id TEXT PRIMARY KEY, capabilities TEXT, version TEXT, status TEXT, "
        "last_heartbeat TEXT, registered_at TEXT)"
    )
    old.execute(
        "INSERT INTO neurons VALUES ('n1', '[\"a\"]', NULL, 'registered', NULL, '2026-01-01T00:00:00+00:00')"
    )
    old.execute("INSERT INTO neurons VALUES ('n2', NULL, NULL, 'ok', '2026-01-01T00:00:00', '2026-01-01')")
    old.commit()
    old.close()
    store = SqliteRegistryStore(path)
    [record] = await store.list(capability="a")
    assert (record.neuron_id, record.role, record.health) == ("n1", "neuron", None)
    thin = await store.get("n2")
    assert (thin.capabilities, thin.live, thin.last_seen) == ([], True, datetime(2026, 1, 1, tzinfo=UTC))
    await store.touch_heartbeat("n2", datetime(2026, 1, 2, tzinfo=UTC))
    await store.close()


async def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "poem.txt"
    path.write_text("shall I compare thee to a summer's day? " * 50)
    store = SqliteRegistryStore(path)
    with pytest.raises(sqlite3.DatabaseError):
        await store.connect()
    await store.close()


async def test_memory_is_the_default_place():
    store = SqliteRegistryStore()
    await store.upsert(NeuronRecord("n1"))
    assert len(await store.list()) == 1
    await store.close()
