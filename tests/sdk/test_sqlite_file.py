"""A SQLite file under an event loop: closed and used at the same time, opened by many at once, killed in the middle."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from cosmo_sdk._sqlite import SqliteFile


def prepare(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS notes (text TEXT)")


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT COUNT(*) FROM notes").fetchone()[0])


def add(connection: sqlite3.Connection) -> None:
    connection.execute("INSERT INTO notes VALUES ('x')")


async def test_what_is_asked_while_it_closes_opens_it_again(tmp_path: Path):
    file = SqliteFile(tmp_path / "notes.db", prepare)
    for _ in range(10):
        await asyncio.gather(file.write(add), file.close(), file.write(add), file.close(), file.read(count))
    assert await file.read(count) == 20
    await file.close()


async def test_a_write_that_raises_leaves_nothing(tmp_path: Path):
    file = SqliteFile(tmp_path / "notes.db", prepare)

    def half(connection: sqlite3.Connection) -> None:
        add(connection)
        raise LookupError("in the middle")

    with pytest.raises(LookupError, match="in the middle"):
        await file.write(half)
    assert await file.read(count) == 0
    await file.close()


OPENER = """
import asyncio, sys
from cosmo_sdk.registry import SqliteRegistryStore

sys.stdin.readline()
asyncio.run(SqliteRegistryStore(sys.argv[1]).connect())
"""


async def test_many_processes_may_make_a_file_at_once(tmp_path: Path):
    path = str(tmp_path / "new.db")
    openers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPENER, path, stdin=asyncio.subprocess.PIPE
        )
        for _ in range(6)
    ]
    for opener in openers:
        assert opener.stdin is not None
        opener.stdin.write(b"go\n")
    assert [await opener.wait() for opener in openers] == [0] * 6
