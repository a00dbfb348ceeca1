"""What a bus tells of itself over TCP: its counts, and the sessions to worry about first."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict
from typing import Any, NamedTuple, Protocol

from cosmo_bus.extension import Answer, Asker, Extension
from cosmo_bus.hub import BusStatistics
from cosmo_bus.wire import Op

STATS_EXTENSION = "stats"
"""What a welcome lists when the bus answers `mgmt_stats`."""

SESSIONS_TOLD = 100
"""Sessions told of unless asked for another number."""

_MOST_TOLD = 1_000

PATTERNS_TOLD = 20
"""Subscriptions of a session that are told of; `subscriptions` counts all."""

LONGEST_PATTERN = 120
"""Characters of a pattern or a group's name that are told."""


class SessionStatistics(NamedTuple):
    """One session at this moment."""

    session: int
    """Its number, in order of arrival."""
    name: str
    """What it calls itself; empty when it said nothing."""
    address: str
    connected_s: float
    subscriptions: int
    waiting_lines: int
    """Queued because its socket takes no more."""
    waiting_bytes: int
    """As much, with what its socket holds back."""
    dropped: int
    """Copies it lost because it did not keep up."""
    policy: str
    """What happens when it does not keep up: `drop-oldest`, or `disconnect`; `stranger` before it showed the token."""
    reading: bool
    """Whether its socket takes more now."""
    max_line: int
    """Bytes of the longest line it can read."""
    patterns: list[dict[str, str]]
    """What it subscribes to, `subject` and `queue_group` as it asked for them; the first `PATTERNS_TOLD`, each cut."""


class Counted(Protocol):
    """A session that can tell how it is."""

    @property
    def worry(self) -> tuple[int, int, int]:
        """Its place among the others: who holds the most back, then who lost the most, then who came first."""
        ...

    def statistics(self) -> SessionStatistics:
        """Counts at this moment."""
        ...


class StatsOps(Extension):
    """Answers `mgmt_stats`.

    Args:
        loop: whose clock says how long the bus has been up.
        bus: the counts of the bus.
        sessions: everyone connected.
        namespaces: what `mgmt_list` tells.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        bus: Callable[[], BusStatistics],
        sessions: Collection[Counted],
        namespaces: Callable[[], list[dict[str, Any]]],
    ) -> None:
        self._loop = loop
        self._bus = bus
        self._sessions = sessions
        self._namespaces = namespaces
        self._started = loop.time()

    @property
    def ops(self) -> Mapping[str, Callable[[Op, Asker], Answer]]:
        """What each op does."""
        return {"mgmt_stats": self._tell}

    def leave(self, session: Asker) -> None:
        """Nothing is set up here."""

    def close(self) -> None:
        """Nothing is left here."""

    def _tell(self, op: Op, session: Asker) -> Answer:
        told = SESSIONS_TOLD if op.n is None else max(0, min(op.n, _MOST_TOLD))
        # Of ten thousand sessions only those that are told of are asked for everything.
        worst = heapq.nlargest(told, self._sessions, key=lambda each: each.worry)
        return {
            "op": "mgmt_stats",
            "uptime_s": round(self._loop.time() - self._started, 3),
            "bus": asdict(self._bus()),
            "namespaces": self._namespaces(),
            "sessions": [each.statistics()._asdict() for each in worst],
        }
