"""The lock between the engine and the screen: whoever holds it long can see that somebody waits, and give way."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType


class SharedLock:
    """A lock that a thread may take again while it holds it. `with` is the only way to take it."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        # Appending and popping are atomic, counting is not.
        self._waiting: deque[None] = deque()

    @property
    def wanted(self) -> bool:
        """Whether another thread waits for it."""
        return bool(self._waiting)

    def __enter__(self) -> None:
        if self._lock.acquire(blocking=False):
            return
        self._waiting.append(None)
        try:
            self._lock.acquire()
        finally:
            self._waiting.pop()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._lock.release()
