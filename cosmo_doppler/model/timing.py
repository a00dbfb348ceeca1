"""The spans of a trace: auctions, work, tools, memory and waiting for people, each from its beginning to its end.

They are kept up to date with each signal; only when signals were hung elsewhere afterwards is everything gone through
again, and for large trees not more often than they grow.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import NamedTuple

from cosmo_doppler.model.lanes import Lanes
from cosmo_doppler.model.node import Node, Portal
from cosmo_doppler.model.profile import Profile
from cosmo_doppler.model.requests import ANSWER_TYPES, QUESTION_KEYS
from cosmo_doppler.model.spans import OWN, Part, Span

LONGEST_PATH = 512
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


class Ended(NamedTuple):
    """An end that no signal of the tree makes."""

    at: float
    after: int
    """Position of the latest signal of the trace when it became known."""


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
        self._ended: dict[int, Ended] = {}
        """Ends that do not follow from the tree: of windows, and of questions answered elsewhere."""
        self._stale = False
        self._seen = 0
        self._seen_then = 0
        self._path: tuple[tuple[int, float], frozenset[int]] | None = None
        self.lanes = Lanes()
        """The same time by participant."""
        self.profile = Profile()
        """The same time by what was done."""

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

    def build(self, roots: list[Node], ended: dict[int, Ended]) -> None:
        """Go through all signals of the tree, with the same outcome as if they were told one by one.

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
        self.lanes, self.profile = Lanes(), Profile()
        nodes = [node for root in roots for node in root.subtree()]
        for node in nodes:
            if node.span is not None and not isinstance(node, Portal):
                node.span.forget()
                node.span.end = None
            self._settle(node)
        ends: list[tuple[int, int, float, Span]] = []
        for node in sorted(nodes, key=_arrival):
            while ends and ends[0][0] < node.seq:
                _, _, at, span = heappop(ends)
                self._finish_unless(span, at)
            self._enter(node)
            known = None if isinstance(node, Portal) else ended.get(node.seq)
            if known is not None and node.span is not None:
                heappush(ends, (known.after, node.seq, known.at, node.span))
        while ends:
            _, _, at, span = heappop(ends)
            self._finish_unless(span, at)
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
        if isinstance(node, Portal):
            return
        self.lanes.note(node)
        if span is not None:
            self.lanes.begin(span)
            self.profile.begin(span)
            if span.end is not None:
                self.lanes.finish(span, span.end)
                self.profile.finish(span, None, 0.0)
        if node.parent is not None and node.placement != "duplicate":
            self._answer(node, node.parent)

    def _answer(self, node: Node, parent: Node) -> None:
        """End what a signal ends."""
        span = parent.span
        if node.type == "TASK_AWARDED":
            offer = parent.parent if parent.type == "BID" else parent
            span = offer.span if offer is not None and offer.type == "TASK_OFFER" else None
            if span is not None:
                self._finish_unless(span, node.at, node.type)
        elif span is None:
            return
        elif parent.type in _QUESTIONS:
            if node.type in ANSWER_TYPES:
                self._finish_unless(span, node.at, node.type)
        elif node.placement != "orphan" and node.type in _ANSWERS.get(parent.type, ()):
            self._finish(span, node.at, node.type)
            self._finish_asked(parent, node)

    def _finish_asked(self, work: Node, answer: Node) -> None:
        """The answer of re-dispatched work is the answer of the work whose question it goes back to (PROTOCOL 6.14)."""
        while work.parent is not None and work.parent.type in _QUESTIONS and work.span is not None:
            asker = work.span.over
            if asker is None or asker.node is None or asker.node.type not in _WORK:
                return
            self._finish(asker, answer.at, answer.type)
            work = asker.node

    def _finish_unless(self, span: Span, at: float, by: str = "") -> None:
        """End what has not ended yet."""
        if span.end is None:
            self._finish(span, at, by)

    def _finish(self, span: Span, at: float, by: str = "") -> None:
        at = max(at, span.start)
        before, own = span.end, span.took[OWN]
        if before is not None and at <= before:
            return
        span.finish(at)
        span.outcome = by or span.outcome
        if before is None:
            self.lanes.finish(span, at)
        self.profile.finish(span, before, own)


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


def _arrival(node: Node) -> int:
    return node.seq
