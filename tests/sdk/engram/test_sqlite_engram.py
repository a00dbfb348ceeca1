"""SqliteEngram keeps the contract, in a file that others use too."""

from __future__ import annotations

import asyncio
import sqlite3
import sys

import pytest

from cosmo_sdk.engram import SqliteEngram
from tests.contracts.engram import *  # noqa: F403


@pytest.fixture
async def make_engram(tmp_path):
    made = []

    def make(**options):
        made.append(SqliteEngram(path=tmp_path / "engram.db", **options))
        return made[-1]

    yield make
    for engram in made:
        await engram.close()


async def test_two_of_one_kind_on_one_file_are_one_memory(make_engram):
    one, other = make_engram(engram_id="a"), make_engram(engram_id="b")
    await one.imprint("add", {"content": 1}, imprint_id="evt_1", trace_id="trc_1")
    await other.imprint("add", {"content": 1}, imprint_id="evt_1", trace_id="trc_1")
    assert len(await other.recall({})) == 1
    assert [await one.compensate("trc_1"), await other.compensate("trc_1")] == [1, 0]


async def test_two_kinds_on_one_file_do_not_see_each_other(make_engram):
    facts, rumours = make_engram(engram_kind="facts"), make_engram(engram_kind="rumours")
    await facts.imprint("upsert", {"content": 1}, merge_key="k", imprint_id="evt_1", trace_id="trc_1")
    await rumours.imprint("upsert", {"content": 2}, merge_key="k", imprint_id="evt_1", trace_id="trc_1")
    assert await facts.compensate("trc_1") == 1
    assert await facts.recall({}) == []
    assert [hit.entry["content"] for hit in await rumours.recall({})] == [2]


WRITER = """
import asyncio, sys
from cosmo_sdk.engram import SqliteEngram

async def main(path, name):
    engram = SqliteEngram(path=path)
    for number in range(15):
        assert (await engram.imprint("add", {"content": f"{name}{number}"}, imprint_id=f"evt_{name}{number}")).ok
        # All writers race for this one; exactly one of them does it.
        await engram.imprint("append", {"content": "shared"}, imprint_id=f"evt_shared{number}")
    await engram.close()

asyncio.run(main(*sys.argv[1:]))
"""


async def test_several_processes_write_one_file_at_once(tmp_path, make_engram):
    writers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", WRITER, str(tmp_path / "engram.db"), name)
        for name in "abc"
    ]
    assert [await writer.wait() for writer in writers] == [0, 0, 0]
    hits = await make_engram().recall({"top_k": 1000})
    contents = [hit.entry["content"] for hit in hits]
    assert len(set(contents)) == 46
    assert contents.count("shared") == 15


async def test_a_file_of_a_released_peer_opens(tmp_path, make_engram):
    old = sqlite3.connect(tmp_path / "engram.db")
    old.execute(
        "CREATE TABLE engram_entries (id TEXT PRIMARY KEY, engram_kind TEXT NOT NULL, merge_key TEXT, "
        "content TEXT NOT NULL, tags TEXT NOT NULL DEFAULT '[]', meta TEXT NOT NULL DEFAULT '{}', "
        "version INTEGER NOT NULL DEFAULT 1, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, deleted_at TEXT)"
    )
    stamp = "2026-01-01T00:00:00+00:00"
    row = "INSERT INTO engram_entries VALUES (?, 'relational', NULL, ?, '[\"t\"]', '{}', 3, ?, ?, ?)"
    old.execute(row, ("eng_1", '"kept"', stamp, stamp, None))
    old.execute(row, ("eng_2", '"removed"', stamp, stamp, stamp))
    old.commit()
    old.close()
    engram = make_engram()
    [hit] = await engram.recall({"tag": "t"})
    assert (hit.entry["content"], hit.entry["version"]) == ("kept", 3)
    assert (await engram.imprint("add", {"id": "eng_2", "content": "again"})).ok
