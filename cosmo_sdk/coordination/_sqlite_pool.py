"""One SQLite connection per thread, and none that crosses a fork.

A connection that a child inherits would share file locks and counters with its parent's without either knowing, and so
could lose committed data. Therefore a fork waits for the transactions under way, closes the connections, and parent and
child open new ones when they need them.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cosmo_sdk.coordination._forking import told_of_forks

Open = Callable[[], sqlite3.Connection]


class _Held:
    """The connection of one thread. Its lock is held while it is used, so that a fork can wait for it."""

    __slots__ = ("connection", "data_version", "lock", "thread")

    def __init__(self, thread: threading.Thread) -> None:
        self.thread = thread
        self.lock = threading.RLock()
        self.connection: sqlite3.Connection | None = None
        self.data_version = -1

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()


class ConnectionPool:
    """Gives each thread its own connection.

    Args:
        open_one: opens one that any thread may use.
    """

    def __init__(self, open_one: Open) -> None:
        self._open = open_one
        self._pid = os.getpid()
        self._gate = threading.RLock()
        self._held: dict[int, _Held] = {}
        self._inherited: list[_Held] = []
        told_of_forks(self)

    @contextmanager
    def use(self) -> Iterator[_Held]:
        """This thread's connection, open, for a `with` block."""
        held = self._mine()
        with held.lock:
            if held.connection is None:
                held.connection = self._open()
            yield held

    def close(self) -> None:
        """Close every connection that no transaction is using any more. The next use opens one again."""
        self._check_process()
        with self._gate:
            for held in self._held.values():
                with held.lock:
                    held.close()

    def _mine(self) -> _Held:
        self._check_process()
        ident, thread = threading.get_ident(), threading.current_thread()
        held = self._held.get(ident)
        if held is None or held.thread is not thread:
            # Another one that has ended may have had the same ident: its connection is not ours to share.
            with self._gate:
                self._close_of_ended_threads()
                held = self._held[ident] = _Held(thread)
        return held

    def _close_of_ended_threads(self) -> None:
        for ident, held in list(self._held.items()):
            if not held.thread.is_alive():
                del self._held[ident]
                with held.lock:
                    held.close()

    def _check_process(self) -> None:
        if self._pid != os.getpid():
            # Forked without Python's hooks: never closed, because that would take the parent's locks away.
            self._inherited += self._held.values()
            self._start_anew()

    def _start_anew(self) -> None:
        self._pid = os.getpid()
        self._gate = threading.RLock()
        self._held = {}

    def before_fork(self) -> None:
        """Wait for what is under way, and close everything."""
        self._gate.acquire()
        for held in self._held.values():
            held.lock.acquire()
            held.close()

    def after_fork(self) -> None:
        """Go on in the parent."""
        for held in self._held.values():
            held.lock.release()
        self._gate.release()

    def after_fork_in_child(self) -> None:
        """Begin in the child, whose other threads are gone."""
        self._start_anew()
