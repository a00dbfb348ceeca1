"""Connections to PostgreSQL: a few for all threads of a process, none that crosses a fork, and failures in words."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from cosmo_sdk.coordination._forking import told_of_forks
from cosmo_sdk.coordination.errors import StoreBusyError

if TYPE_CHECKING:
    import psycopg

R = TypeVar("R")

Pg: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"

MOST = 8
"""Connections of one process. A server has a hundred for everybody."""


def driver() -> Any:
    """The psycopg package.

    Raises:
        ModuleNotFoundError: it is not installed.
    """
    try:
        import psycopg
    except ImportError:
        raise ModuleNotFoundError(
            "PostgresStore needs psycopg: pip install 'cosmo-doppler[postgres]'", name="psycopg"
        ) from None
    return psycopg


class LostConnection(Exception):
    """The connection broke before anything of a transaction could be written.

    Attributes:
        error: how it broke.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error
        super().__init__(str(error))


class Connections:
    """Lends each caller a connection of its own.

    Args:
        open_one: opens one, in autocommit.
        patience_s: how long a caller waits for one.
    """

    def __init__(self, open_one: Callable[[], Pg], patience_s: float) -> None:
        self._open = open_one
        self._patience_s = patience_s
        self._start_anew()
        told_of_forks(self)

    def _start_anew(self) -> None:
        self._pid = os.getpid()
        self._free = threading.BoundedSemaphore(MOST)
        self._gate = threading.Lock()
        self._lock = threading.Lock()
        self._idle: list[Pg] = []

    def run(self, work: Callable[[Pg], R]) -> R:
        """Do something with a connection. Where that broke while nobody used it, with a new one.

        Args:
            work: what to do. It raises `LostConnection` where it may be begun again.

        Raises:
            StoreBusyError: all connections were in use for too long.
            psycopg.OperationalError: there is no connection to be had.
        """
        try:
            with self._lent() as connection:
                return work(connection)
        except LostConnection:
            # A server that was restarted has dropped the others, too.
            self.close()
        with self._lent() as connection:
            try:
                return work(connection)
            except LostConnection as lost:
                raise lost.error from None

    @contextmanager
    def _lent(self) -> Iterator[Pg]:
        if self._pid != os.getpid():
            # Forked without Python's hooks. What the parent uses is not ours, not even to close.
            self._start_anew()
        free = self._free
        if not free.acquire(timeout=self._patience_s):
            raise StoreBusyError(
                f"all {MOST} connections were in use for {self._patience_s:g} s; nothing was written"
            )
        try:
            with self._lock:
                idle = self._idle
                connection = idle.pop() if idle else None
            connection = connection or self._open()
            try:
                yield connection
            finally:
                self._take_back(connection, idle)
        finally:
            free.release()

    def _take_back(self, connection: Pg, idle: list[Pg]) -> None:
        """Keep a connection that is as it was lent, unless all were closed meanwhile."""
        with self._lock:
            if idle is self._idle and connection.info.transaction_status.name == "IDLE":
                idle.append(connection)
                return
        connection.close()

    def close(self) -> None:
        """Close every connection: those in use when they come back. The next use opens one again."""
        if self._pid != os.getpid():
            self._start_anew()
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def before_fork(self) -> None:
        """Wait for what is under way, and close everything."""
        self._gate.acquire()
        for _ in range(MOST):
            self._free.acquire()
        self.close()

    def after_fork(self) -> None:
        """Go on in the parent."""
        for _ in range(MOST):
            self._free.release()
        self._gate.release()

    def after_fork_in_child(self) -> None:
        """Begin in the child, whose other threads are gone."""
        self._start_anew()
