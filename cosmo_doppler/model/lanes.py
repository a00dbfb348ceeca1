"""Who did what when: a trace as one line of time for each participant."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right

from cosmo_doppler.model.node import Node
from cosmo_doppler.model.spans import Span

MAX_LANES = 512
"""Participants with a line of their own; the others share the last one."""

OTHERS = "\x00others"
"""The line of everybody beyond MAX_LANES."""

_MARKS_LOOKED_AT = 32
"""Signals in one stretch of time of which the most telling is sought."""


class Lane:
    """One participant's time.

    Args:
        who: its name; empty for who is not named, which is as a rule who asks for the work.
    """

    __slots__ = ("_at", "_open", "_types", "asks", "busy", "who")

    def __init__(self, who: str) -> None:
        self.who = who
        self._at = array("d")
        self._types: list[str] = []
        self.busy = Stretches()
        """When it was at work."""
        self.asks = Stretches()
        """When it waited for a person."""

    @property
    def signals(self) -> int:
        """Signals that name it."""
        return len(self._at)

    def mark(self, node: Node) -> None:
        """A signal names it."""
        self._at.append(max(node.at, self._at[-1]) if self._at else node.at)
        self._types.append(node.type)

    def between(self, since: float, until: float) -> list[str]:
        """Types of the signals from `since` up to before `until`; of many only the first ones."""
        first = bisect_left(self._at, since)
        last = bisect_left(self._at, until, first)
        return self._types[first : min(last, first + _MARKS_LOOKED_AT)]


class Stretches:
    """Stretches of time that do not overlap; what overlaps becomes one."""

    __slots__ = ("_ends", "_open", "_starts")

    def __init__(self) -> None:
        self._starts = array("d")
        self._ends = array("d")
        """As many as there are starts, or one less while the last one goes on."""
        self._open = 0

    def begin(self, at: float) -> None:
        """One more thing goes on."""
        self._open += 1
        if len(self._ends) == len(self._starts):
            if self._ends and at <= self._ends[-1]:
                self._ends.pop()
            else:
                self._starts.append(at)

    def finish(self, at: float) -> None:
        """One thing less goes on."""
        if not self._open:
            return
        self._open -= 1
        if not self._open and len(self._ends) < len(self._starts):
            self._ends.append(max(at, self._starts[-1]))

    def covers(self, since: float, until: float, now: float) -> bool:
        """Whether any of them has a part between two moments.

        Args:
            since: the first moment.
            until: the second one.
            now: where what goes on ends for the time being.
        """
        place = bisect_right(self._ends, since)
        if place >= len(self._starts) or self._starts[place] >= until:
            return False
        return place < len(self._ends) or now > since


class Lanes:
    """The lanes of one trace, by first appearance."""

    def __init__(self) -> None:
        self.order: list[Lane] = []
        self.types: set[str] = set()
        """Types of all signals."""
        self._by_who: dict[str, Lane] = {}

    def of(self, who: str) -> Lane:
        """The line of a participant."""
        lane = self._by_who.get(who)
        if lane is None:
            if len(self.order) >= MAX_LANES:
                return self._by_who[OTHERS]
            name = who if len(self.order) < MAX_LANES - 1 else OTHERS
            lane = self._by_who[name] = Lane(name)
            self.order.append(lane)
        return lane

    def place(self, who: str) -> int | None:
        """Which line is a participant's, from 0; None when it has none of its own."""
        lane = self._by_who.get(who)
        return self.order.index(lane) if lane is not None else None

    def note(self, node: Node) -> None:
        """A signal came."""
        self.types.add(node.type)
        self.of(node.who).mark(node)

    def begin(self, span: Span) -> None:
        """Something that lasts began."""
        if (stretches := self._stretches(span)) is not None:
            stretches.begin(span.start)

    def finish(self, span: Span, at: float) -> None:
        """Something that lasted ended."""
        if (stretches := self._stretches(span)) is not None:
            stretches.finish(at)

    def _stretches(self, span: Span) -> Stretches | None:
        if span.node is None or span.part == "auction":
            return None
        lane = self.of(span.node.who)
        return lane.asks if span.part == "human" else lane.busy
