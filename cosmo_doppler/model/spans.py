"""What lasts in a trace: auctions, work, tools, memory and waiting for people, each from its beginning to its end.

Every span knows what happened inside it in order of completion, so that the critical path (what its end really
waited for, step by step backwards) is known at any moment without looking at all spans again. Spans are kept up to
date with each signal; only when signals were hung elsewhere afterwards is everything gone through again, and for
large trees not more often than they grow.
"""

from __future__ import annotations

from bisect import bisect_right
from heapq import heappop, heappush
from typing import Literal, NamedTuple

from cosmo_doppler.model.node import Node, Portal
from cosmo_doppler.model.requests import ANSWER_TYPES, QUESTION_KEYS

Part = Literal["auction", "queue", "compute", "tool", "memory", "human"]
"""auction: bids are awaited; queue: nobody is at it, or who should be has earlier work; human: a person is asked."""

PARTS: tuple[Part, ...] = ("auction", "queue", "compute", "tool", "memory", "human")

LONGEST_PATH = 2048
"""Spans of a critical path that are named, its latest ones; its sums count all."""

_PART_OF: dict[str, Part] = {
    "TASK_OFFER": "auction",
    "TASK": "compute",
    "TASK_AWARDED": "compute",
    "TOOL_CALL": "tool",
    "RECALL": "memory",
    "IMPRINT": "memory",
    "CLARIFICATION": "human",
    "PERMISSION": "human",
    "ESCALATION": "human",
}
_WORK = frozenset({"TASK", "TASK_AWARDED"})
_QUESTIONS = frozenset(QUESTION_KEYS)
_REPLIES = frozenset({"AGENT_OUTPUT", "ERROR", "FINAL", "STOPPED"})
_ANSWERS: dict[str, frozenset[str]] = {
    "TASK": _REPLIES,
    "TASK_AWARDED": _REPLIES,
    "TOOL_CALL": frozenset({"TOOL_RESULT", "ERROR"}),
    "RECALL": frozenset({"RECALLED", "ERROR"}),
    "IMPRINT": frozenset({"IMPRINTED", "ERROR"}),
}
_NESTING = frozenset(_ANSWERS)
"""Types whose span is about everything below them; what follows an auction or a question comes after it."""

_SMALL = 2048
"""Trees up to this many signals are gone through again as often as needed."""

Sums = tuple[float, float, float, float, float, float]
"""Seconds for each of PARTS."""

NOTHING: Sums = (0.0,) * 6


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

    __slots__ = ("_done", "began", "end", "node", "open", "over", "part", "start", "took")

    def __init__(self, part: Part, start: float, node: Node | None) -> None:
        self.part = part
        self.start = start
        """Epoch seconds, as all times here."""
        self.end: float | None = None
        """None while it goes on."""
        self.began: float | None = start
        """When its worker turned to it; None while that one has earlier work to do."""
        self.node = node
        """The signal that began it; None for a trace as a whole."""
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
        """What ended inside it, by end."""

    def parts(self, until: float) -> Sums:
        """Where the time from its start until then went, as far as it was known when that was the latest."""
        sums, span = NOTHING, self
        for _ in range(_DEEPEST):
            if span.end is not None and until >= span.end:
                return _added(sums, span.took)
            running = next(iter(span.open.values()), None)
            if running is None or until < running.start:
                break
            # What runs longest is what its end waits for, as far as one can tell today.
            sums = _added(sums, span._until(running.start))
            span = running
        return _added(sums, span._until(until))

    def finish(self, at: float) -> None:
        """It ended: the span it is part of takes it into account."""
        self.end = at
        self.took = self._until(at)
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
        place = len(done)
        if place and end < done[-1].end:
            place = bisect_right(done, end, key=_end)
            if len(done) - place > _FEW:
                return
        done.insert(place, _Done(end, child.start, child, self._with(child, place)))
        for later in range(place + 1, len(done)):
            span = done[later].span
            done[later] = done[later]._replace(sums=self._with(span, later))
        if self.end is not None:
            self.took = self._until(self.end)

    def begin_child(self, child: Span) -> None:
        """Something begins inside it."""
        child.over = self
        if self.open is _NONE_OPEN:
            self.open = {}
        self.open[child._key()] = child

    def latest(self, until: float) -> Span | None:
        """What inside it the moment `until` waited for; None when it was at work itself."""
        running = next(iter(self.open.values()), None)
        if self.end is None and running is not None and running.start < until:
            return running
        place = bisect_right(self._done, until, key=_end)
        while place and self._done[place - 1].start >= until:
            place -= 1
        return self._done[place - 1].span if place else None

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
        return _added(before.sums, self._own(before.end, at))

    def _with(self, child: Span, among: int) -> Sums:
        return _added(self._until(child.start, among), child.took)

    def _own(self, since: float, until: float) -> Sums:
        lasted = max(0.0, until - since)
        queued = 0.0
        if self.part == "compute":
            began = until if self.began is None else self.began
            queued = min(max(0.0, began - since), lasted)
        sums = [0.0] * 6
        sums[_PLACE[self.part]] = lasted - queued
        sums[1] += queued
        return tuple(sums)  # type: ignore[return-value]


_NONE_OPEN: dict[int, Span] = {}
_NONE_DONE: list[_Done] = []
"""Shared by all spans that nothing happened in, and never changed."""


class Spans:
    """The spans of one trace, or, until it is gone through, only how long it took as a whole.

    Args:
        started_at: when the trace began, epoch seconds.
    """

    def __init__(self, started_at: float) -> None:
        self.whole = Span("compute", started_at, None)
        """The trace itself. Time in it that no other span explains nobody was at work."""
        self.built = False
        """Whether its signals are known here."""
        self._ended: dict[int, float] = {}
        """Ends that do not follow from the tree: of windows, and of questions answered elsewhere."""
        self._stale = False
        self._seen = 0
        self._seen_then = 0
        self._path: tuple[tuple[int, float], frozenset[int]] | None = None

    # Folding

    def add(self, node: Node) -> None:
        """A signal or a portal was hung into the tree."""
        self._seen += 1
        self._settle(node)
        self._enter(node)

    def moved(self) -> None:
        """A signal, and what is below it, was hung elsewhere."""
        self._stale = True

    def ended(self, node: Node, at: float) -> None:
        """A window closed, or a question was answered, which the tree alone does not tell."""
        if node.span is not None:
            self._finish_unless(node.span, at)

    def over(self, at: float | None) -> None:
        """The trace as a whole ended then, for now; None when it goes on."""
        whole = self.whole
        if at is not None:
            self._finish(whole, at)
        elif whole.end is not None:
            whole.end = None
            if whole.over is not None:
                whole.over.begin_child(whole)

    def build(self, roots: list[Node], ended: dict[int, float]) -> None:
        """Go through all signals of the tree.

        Args:
            roots: of the tree.
            ended: what did not end by a signal of the tree, by position.
        """
        self.built, self._stale = True, False
        self._seen_then = self._seen
        self._ended = ended
        whole = self.whole
        over, end = whole.over, whole.end
        whole.forget()
        whole.part, whole.over, whole.end = "queue", over, None
        nodes = [node for root in roots for node in root.subtree()]
        for node in nodes:
            if node.span is not None and not isinstance(node, Portal):
                node.span.forget()
                node.span.end = None
            self._settle(node)
        ends: list[tuple[float, int, Span]] = []
        for node in sorted(nodes, key=_arrival):
            while ends and ends[0][0] <= node.at:
                self._finish_unless(ends[0][2], heappop(ends)[0])
            self._enter(node)
            known = ended.get(node.seq) if not isinstance(node, Portal) else node.inside.ended_at
            if known is not None and node.span is not None:
                heappush(ends, (known, node.seq, node.span))
        while ends:
            self._finish_unless(ends[0][2], heappop(ends)[0])
        if end is not None:
            whole.finish(end)

    # Looking

    def freshen(self, roots: list[Node], size: int, *, quiet: bool) -> None:
        """Make up for signals that were hung elsewhere.

        Args:
            roots: of the tree.
            size: signals in it.
            quiet: nothing has come for a while, so that going through all of it will not be needed again soon.
        """
        if self._stale and (size <= _SMALL or quiet or self._seen - self._seen_then >= size // 8):
            self.build(roots, self._ended)

    def critical(self, until: float) -> frozenset[int]:
        """Positions of the signals whose spans are the critical path, as of then; the latest ones if it is long."""
        stamp = (self._seen, until)
        if self._path is None or self._path[0] != stamp:
            self._path = (stamp, frozenset(_walk(self.whole, until)))
        return self._path[1]

    # How spans hang together

    def _settle(self, node: Node) -> None:
        """Find out what a signal is part of, after its parent's turn."""
        above = (node.parent.within if node.parent is not None else None) or self.whole
        part = _PART_OF.get(node.type)
        if isinstance(node, Portal):
            node.span = node.inside.timed_as_part()
        elif node.span is None and part is not None and node.placement != "duplicate":
            node.span = Span(part, node.at, node)
        span = node.span
        node.within = span if span is not None and node.type in _NESTING else above
        if span is not None:
            span.over = above

    def _enter(self, node: Node) -> None:
        """Take in a signal whose place is known."""
        span = node.span
        if span is not None and span.over is not None:
            if span.end is None:
                span.over.begin_child(span)
            elif isinstance(node, Portal):
                span.over.note_end(span)
        if node.parent is not None and node.placement != "duplicate" and not isinstance(node, Portal):
            self._answer(node, node.parent)

    def _answer(self, node: Node, parent: Node) -> None:
        """End what a signal ends."""
        span = parent.span
        if node.type == "TASK_AWARDED":
            offer = parent.parent if parent.type == "BID" else parent
            span = offer.span if offer is not None and offer.type == "TASK_OFFER" else None
            if span is not None:
                self._finish_unless(span, node.at)
        elif span is None:
            return
        elif parent.type in _QUESTIONS:
            if node.type in ANSWER_TYPES:
                self._finish_unless(span, node.at)
        elif node.placement != "orphan" and node.type in _ANSWERS.get(parent.type, ()):
            self._finish(span, node.at)
            self._finish_asked(parent, node.at)

    def _finish_asked(self, work: Node, at: float) -> None:
        """The answer of re-dispatched work is the answer of the work whose question it goes back to (PROTOCOL 6.14)."""
        while work.parent is not None and work.parent.type in _QUESTIONS and work.span is not None:
            asker = work.span.over
            if asker is None or asker.node is None or asker.node.type not in _WORK:
                return
            self._finish(asker, at)
            work = asker.node

    def _finish_unless(self, span: Span, at: float) -> None:
        """End what has not ended yet."""
        if span.end is None:
            self._finish(span, at)

    def _finish(self, span: Span, at: float) -> None:
        at = max(at, span.start)
        if span.end is None or at > span.end:
            span.finish(at)


def _walk(whole: Span, until: float) -> list[int]:
    """From the end backwards: whatever each moment waited for."""
    path: list[int] = []
    stack = [(whole, until)]
    while stack and len(path) < LONGEST_PATH:
        span, at = stack.pop()
        latest = span.latest(at)
        if latest is None:
            continue
        if latest.node is not None:
            path.append(latest.node.seq)
        # First what the step itself waited for, then what came before it.
        stack.append((span, latest.start))
        stack.append((latest, at if latest.end is None else min(at, latest.end)))
    return path


def _added(one: Sums, other: Sums) -> Sums:
    return (
        one[0] + other[0],
        one[1] + other[1],
        one[2] + other[2],
        one[3] + other[3],
        one[4] + other[4],
        one[5] + other[5],
    )


def _end(done: _Done) -> float:
    return done.end


def _arrival(node: Node) -> int:
    return node.seq


_PLACE: dict[Part, int] = {part: place for place, part in enumerate(PARTS)}
