"""SQLite files that any number of processes work on: WAL mode, whole transactions; and one used from asyncio.

`SqliteFile` has a thread of its own, because SQLite blocks: on the disk, and on the other processes. Who is called from
threads anyway uses `connect` and `transaction`.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

R = TypeVar("R")

BUSY_TIMEOUT_S = 10.0
"""How long a transaction waits for those of other processes before it fails."""


_AGAIN_S = 0.01
"""Between attempts to open a file that another process is just opening, seconds."""


class SqliteFile:
    """A database file, opened on first use and again after `close`.

    Args:
        path: the file, or `:memory:`, which forgets on `close`.
        prepare: makes the tables, in a transaction, every time the file is opened.
    """

    def __init__(self, path: str | Path, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self.path = str(path)
        self._prepare = prepare
        self._opened: _Opened | None = None

    async def open(self) -> None:
        """Open the file now. Calling it again does nothing.

        Raises:
            sqlite3.Error: the file cannot be opened or is no database.
        """
        await self._run(lambda connection: None)

    async def read(self, work: Callable[[sqlite3.Connection], R]) -> R:
        """Run `work` in the thread, on a consistent view of the file."""
        return await self._run(lambda connection: transaction(connection, "BEGIN", work))

    async def write(self, work: Callable[[sqlite3.Connection], R]) -> R:
        """Run `work` in the thread as one transaction: all of it happens, or nothing when it raises."""
        return await self._run(lambda connection: transaction(connection, "BEGIN IMMEDIATE", work))

    async def close(self) -> None:
        """Close the file, after what was asked before. Calling it again does nothing."""
        opened, self._opened = self._opened, None
        if opened is not None:
            await opened.close()

    async def _run(self, job: Callable[[sqlite3.Connection], R]) -> R:
        if self._opened is None:
            self._opened = _Opened(self.path, self._prepare)
        return await self._opened.run(job)


class _Opened:
    """A thread and the connection that lives in it, from an opening to its close."""

    def __init__(self, path: str, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self._path = path
        self._prepare = prepare
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="cosmo-sqlite")
        self._connection: sqlite3.Connection | None = None

    async def run(self, job: Callable[[sqlite3.Connection], R]) -> R:
        def work() -> R:
            if self._connection is None:
                self._connection = connect(self._path, self._prepare)
            return job(self._connection)

        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def close(self) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        finally:
            self._thread.shutdown(wait=False)

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


def connect(
    path: str,
    prepare: Callable[[sqlite3.Connection], None],
    *,
    busy_timeout_s: float = BUSY_TIMEOUT_S,
    synchronous: str = "NORMAL",
    check_same_thread: bool = True,
) -> sqlite3.Connection:
    """Open a file in WAL mode and make its tables. Blocks while other processes do the same.

    Args:
        path: the file, or `:memory:`.
        prepare: makes the tables, in a transaction.
        busy_timeout_s: how long this and every later transaction waits for those of others.
        synchronous: SQLite's own setting of that name.
        check_same_thread: whether only this thread may use the connection.

    Raises:
        sqlite3.Error: the file cannot be opened or is no database.
    """
    give_up_at = time.monotonic() + busy_timeout_s
    while True:
        connection = sqlite3.connect(
            path, timeout=busy_timeout_s, isolation_level=None, check_same_thread=check_same_thread
        )
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            transaction(connection, "BEGIN IMMEDIATE", prepare)
        except sqlite3.OperationalError as error:
            connection.close()
            # Turning to WAL mode does not wait for others that do the same, unlike everything else.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(_AGAIN_S)
        except BaseException:
            connection.close()
            raise
        else:
            return connection


def transaction(connection: sqlite3.Connection, begin: str, work: Callable[[sqlite3.Connection], R]) -> R:
    """Run `work` as one transaction: all of it happens, or nothing when it raises.

    Args:
        connection: one that was opened by `connect`.
        begin: `BEGIN` to read, `BEGIN IMMEDIATE` to write.
        work: what is done.
    """
    connection.execute(begin)
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result
