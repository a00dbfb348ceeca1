"""Something that lasts, and what its end waited for.

Every span knows what happened inside it in order of completion, so that the critical path (what its end really
waited for, step by step backwards) is known at any moment without looking at all spans again.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import Literal, NamedTuple

from cosmo_doppler.model.node import Node

Part = Literal["auction", "queue", "compute", "tool", "memory", "human"]
"""auction: bids are awaited; queue: between two steps, when nobody is at it; human: a person is asked."""

PARTS: tuple[Part, ...] = ("auction", "queue", "compute", "tool", "memory", "human")

OWN = len(PARTS)
"""Where in Sums a span's own time is."""

Sums = tuple[float, float, float, float, float, float, float]
"""Seconds for each of PARTS, and of these the span's own: in which nothing inside it was waited for."""

NOTHING: Sums = (0.0,) * 7

_FEW = 64
"""Ends inside a span that are put in order again when an earlier one becomes known."""


_MOST_OUTER = 64
"""Spans outside of one that ended late, and that had ended themselves, that are told."""

_DEEPEST = 2048
"""Spans that go on inside each other that are looked into."""


class _Done(NamedTuple):
    """Something that ended inside a span."""

    end: float
    start: float
    span: Span
    sums: Sums
    """Where the time from the start of the outer span until this end went."""


class Span:
    """Something that lasts."""

    __slots__ = ("_done", "end", "node", "open", "outcome", "over", "part", "start", "took")

    def __init__(self, part: Part, start: float, node: Node | None) -> None:
        self.part = part
        self.start = start
        """Epoch seconds, as all times here."""
        self.end: float | None = None
        """None while it goes on."""
        self.node = node
        """The signal that began it; None for a trace as a whole."""
        self.outcome = ""
        """Type of the signal that ended it, the latest one; empty when none did."""
        self.took: Sums = NOTHING
        """What its time went into, once it has ended."""
        self.forget()

    def forget(self) -> None:
        """Start over: nothing is known to have happened inside it."""
        self.over: Span | None = None
        """The span it is part of."""
        self.open: dict[int, Span] = _NONE_OPEN
        """What goes on inside it, by the position of its first signal."""
        self._done: list[_Done] = _NONE_DONE
        """What ended inside it, by end; of those that ended at the same moment the longest is the last."""

    def parts(self, until: float) -> Sums:
        """Where the time from its start until then went, as far as it was known when that was the latest."""
        sums, span = NOTHING, self
        for _ in range(_DEEPEST):
            if span.end is not None and until >= span.end:
                return added(sums, span.took)
            running = next(iter(span.open.values()), None)
            if running is None or until < running.start:
                break
            # What runs longest is what its end waits for, as far as one can tell today.
            sums = added(sums, span._until(running.start))
            span = running
        return added(sums, span._until(until))

    def finish(self, at: float) -> None:
        """It ended: the span it is part of takes it into account."""
        self.took = self._until(at)
        running = self._running(at) if self.node is None else None
        if running is not None:
            # A trace is stopped, or fails, in the middle of something.
            self.took = added(self._until(running.start), running.parts(at))
        self.end = at
        over = self.over
        if over is not None:
            key = self._key()
            over.open.pop(key, None)
            over.note_end(self)

    def note_end(self, child: Span) -> None:
        """Something inside it ended just now, or later than was thought, or was found to have ended a while ago."""
        inner, outer = child, self
        for _ in range(_MOST_OUTER):
            outer._insert(inner)
            if outer.end is None or outer.over is None:
                break
            inner, outer = outer, outer.over

    def _insert(self, child: Span) -> None:
        done = self._done
        if done is _NONE_DONE:
            done = self._done = []
        end = child.start if child.end is None else child.end
        one = _Done(end, child.start, child, NOTHING)
        place = len(done)
        if place and end <= done[-1].end:
            place = bisect_right(done, _order(one), key=_order)
            if len(done) - place > _FEW:
                return
        done.insert(place, one._replace(sums=self._with(child, place)))
        for later in range(place + 1, len(done)):
            known = done[later]
            # What has ended once more since then is counted by its later end.
            if known.span.end == known.end:
                done[later] = known._replace(sums=self._with(known.span, later))
        if self.end is not None and end <= self.end:
            self.took = self._until(self.end)

    def begin_child(self, child: Span) -> None:
        """Something begins inside it."""
        child.over = self
        if self.open is _NONE_OPEN:
            self.open = {}
        late = bool(self.open) and next(reversed(self.open.values())).start > child.start
        self.open[child._key()] = child
        if late:
            # It goes on after all. Who runs longest stays in front.
            self.open = dict(sorted(self.open.items(), key=_began))

    def latest(self, until: float) -> Span | None:
        """What inside it the moment `until` waited for; None when it was at work itself."""
        running = next(iter(self.open.values()), None) if self.end is None else None
        if self.node is None and self.end is not None and until >= self.end:
            running, until = self._running(self.end), self.end
        if running is not None and running.start < until:
            return running
        place = bisect_right(self._done, until, key=_end)
        while place and self._done[place - 1].start >= until:
            place -= 1
        return self._done[place - 1].span if place else None

    def _running(self, at: float) -> Span | None:
        """What went on inside it then, the longest."""
        later = self._done[bisect_right(self._done, at, key=_end) :][:_FEW]
        crossing = [done.span for done in later if done.start < at]
        open_then = next(iter(self.open.values()), None)
        if open_then is not None and open_then.start < at:
            crossing.append(open_then)
        return min(crossing, key=_start, default=None)

    def _key(self) -> int:
        return self.node.seq if self.node is not None else -id(self)

    def _until(self, at: float, among: int | None = None) -> Sums:
        """Where the time from the start until a moment at which it was at work itself went.

        Args:
            at: the moment.
            among: how many of the first ends count; all when None.
        """
        place = bisect_right(self._done, at, 0, among, key=_end)
        if not place:
            return self._own(self.start, at)
        before = self._done[place - 1]
        sums = list(before.sums)
        lasted = max(0.0, at - before.end)
        sums[_PLACE[self.part]] += lasted
        sums[OWN] += lasted
        return tuple(sums)  # type: ignore[return-value]

    def _with(self, child: Span, among: int) -> Sums:
        return added(self._until(child.start, among), child.took)

    def _own(self, since: float, until: float) -> Sums:
        sums = [0.0] * 7
        sums[_PLACE[self.part]] = sums[OWN] = max(0.0, until - since)
        return tuple(sums)  # type: ignore[return-value]


def _start(span: Span) -> float:
    return span.start


def _began(item: tuple[int, Span]) -> float:
    return item[1].start


def _order(done: _Done) -> tuple[float, float, int]:
    """Which of two counts as the later one must not depend on which became known first."""
    node = done.span.node
    return done.end, -done.start, 0 if node is None else -node.seq


_NONE_OPEN: dict[int, Span] = {}
_NONE_DONE: list[_Done] = []
"""Shared by all spans that nothing happened in, and never changed."""


def added(outer: Sums, inner: Sums) -> Sums:
    """The time of a span until something inside it began, and the time of that; own is what is the outer one's."""
    return (
        outer[0] + inner[0],
        outer[1] + inner[1],
        outer[2] + inner[2],
        outer[3] + inner[3],
        outer[4] + inner[4],
        outer[5] + inner[5],
        outer[6],
    )


def _end(done: _Done) -> float:
    return done.end


_PLACE: dict[Part, int] = {part: place for place, part in enumerate(PARTS)}
