"""A lock that a forked child does not inherit locked."""

from __future__ import annotations

import os
import threading


class ForkedLock:
    """An RLock for `with`. In a child process it is a new one, because its holder may not have come along."""

    __slots__ = ("_lock", "_pid")

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._pid = os.getpid()

    def __enter__(self) -> None:
        if self._pid != os.getpid():
            self.__init__()  # type: ignore[misc]
        self._lock.acquire()

    def __exit__(self, *raised: object) -> None:
        self._lock.release()
