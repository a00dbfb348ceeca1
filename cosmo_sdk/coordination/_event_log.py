"""The latest events of one process, with revisions that only grow."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from operator import itemgetter
from typing import TypeAlias

import msgspec

from cosmo_sdk.coordination.events import Event

EVENTS_KEPT = 10_000
"""Events that are remembered; older ones are dropped and counted."""


Packed: TypeAlias = tuple[int, bytes]
"""When an event happened, and the event as bytes, which nobody changes later."""


def pack(events: Sequence[Event]) -> list[Packed]:
    """Events as they are kept.

    Raises:
        TypeError: JSON cannot say what one of them carries.
    """
    return [(event.ts_ms, msgspec.msgpack.encode(event)) for event in events]


class EventLog:
    """Events in order. Its owner sees to it that one thread at a time appends.

    Attributes:
        dropped: events forgotten because there were too many, before anybody had published them.
        revision: that of the latest event.
        published: the latest revision that is on the bus.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self.revision = 0
        self.published = 0
        self._events: deque[tuple[int, int, bytes]] = deque()

    def append(self, packed: Sequence[Packed]) -> None:
        """Add events, packed before anything else was written: what cannot be packed is refused without a trace."""
        for ts_ms, data in packed:
            self.revision += 1
            self._events.append((self.revision, ts_ms, data))
        while len(self._events) > EVENTS_KEPT:
            revision, _, _ = self._events.popleft()
            self.dropped += revision > self.published

    def after(self, revision: int, limit: int) -> list[tuple[int, Event]]:
        """The next events after a revision."""
        start = bisect_right(self._events, revision, key=itemgetter(0))
        chosen = [self._events[place] for place in range(start, min(start + limit, len(self._events)))]
        return [(number, msgspec.msgpack.decode(data, type=Event)) for number, _, data in chosen]

    def prune(self, before_ms: int, *, unpublished: bool) -> int:
        """Forget old events, those that are not on the bus only when told to. How many went."""
        kept = deque(
            each
            for each in self._events
            if each[1] >= before_ms or not (unpublished or each[0] <= self.published)
        )
        gone = len(self._events) - len(kept)
        self._events = kept
        return gone
