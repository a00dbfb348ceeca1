"""What one session still has to send: bounded in lines and bytes, so that who does not read costs nobody else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from cosmo_bus.wire import line_of

MAX_LINES = 65_536
MAX_BYTES = 64 << 20

_MUCH = 64 << 10
"""Where more than this comes in one turn, who reads it can begin meanwhile."""

_SHORTEST = 14
"""Bytes of a pong, the shortest line there is."""


class OutboxStatistics(NamedTuple):
    """Counts of one outbox."""

    lines: int
    """Waiting now."""
    bytes: int
    """Waiting now."""
    dropped: int
    """Lines dropped because there was no room."""


class Outbox:
    """A queue of lines. A line comes in two parts, since all copies of a message share the first."""

    def __init__(
        self,
        *,
        max_lines: int = MAX_LINES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.on_dropped: Callable[[int, int], None] = _nobody
        """Called whenever lines were dropped, with how many in all, and how many wait."""
        self.drop_oldest = False
        """What to do when full: make room by dropping the oldest, or refuse the newest."""
        self.dropped = 0
        self.taken = 0
        """Lines that left it to be written."""
        self._untold = 0
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._parts: deque[bytes] = deque()
        self.waiting_bytes = 0
        """Bytes that wait now."""
        self.much = min(_MUCH, max_bytes // 2, max_lines * _SHORTEST // 2)
        """Waiting bytes beyond which writing should not be put off to the end of the turn."""

    def __len__(self) -> int:
        return len(self._parts) // 2

    @property
    def crowded(self) -> bool:
        """Whether half of the room is taken."""
        return len(self._parts) > self._max_lines or self.waiting_bytes * 2 > self._max_bytes

    def put(self, head: bytes, tail: bytes = b"") -> bool:
        """Queue a line. False: there was no room, and it is not queued."""
        parts = self._parts
        size = len(head) + len(tail)
        # A line larger than the whole room may still go alone, or it could never go.
        if parts and (len(parts) >= 2 * self._max_lines or self.waiting_bytes + size > self._max_bytes):
            if not self.drop_oldest:
                return False
            self._make_room(size)
        parts.append(head)
        parts.append(tail)
        self.waiting_bytes += size
        return True

    def take(self, up_to: int) -> bytes:
        """Remove lines from the front, `up_to` bytes of them or one line, joined for one write.

        Where lines were dropped since the last time, one that says how many stands in their place.
        """
        if self._untold:
            missing, self._untold = self._untold, 0
            return line_of(op="dropped", count=missing) + self.take(up_to)
        parts = self._parts
        if self.waiting_bytes <= up_to:
            joined = b"".join(parts)
            self.taken += len(parts) // 2
            parts.clear()
            self.waiting_bytes = 0
            return joined
        taken: list[bytes] = []
        size = 0
        while parts and (not taken or size + len(parts[0]) + len(parts[1]) <= up_to):
            taken.append(parts.popleft())
            taken.append(parts.popleft())
            size += len(taken[-2]) + len(taken[-1])
        self.waiting_bytes -= size
        self.taken += len(taken) // 2
        return b"".join(taken)

    def clear(self) -> int:
        """Empty it; return how many lines there were."""
        lines = len(self)
        self._parts.clear()
        self.waiting_bytes = 0
        return lines

    def statistics(self) -> OutboxStatistics:
        """Counts at this moment."""
        return OutboxStatistics(len(self), self.waiting_bytes, self.dropped)

    def _make_room(self, size: int) -> None:
        parts = self._parts
        while parts and (len(parts) >= 2 * self._max_lines or self.waiting_bytes + size > self._max_bytes):
            self.waiting_bytes -= len(parts.popleft()) + len(parts.popleft())
            self.dropped += 1
            self._untold += 1
        self.on_dropped(self.dropped, len(self))


def _nobody(dropped: int, waiting: int) -> None:
    """Nobody asked."""
