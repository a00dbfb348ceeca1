"""Traces: the signals of one workflow as a Pathway tree (PROTOCOL 3.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from cosmo_doppler.model.auctions import AuctionState

TraceStatus = Literal["open", "waiting", "done", "failed", "stopped"]
"""open: work goes on; waiting: on a human; done: FINAL, or output and nothing pending; failed: ERROR, or an
offer nobody bid on; stopped: STOP."""

Placement = Literal["", "adopted", "orphan", "linked"]
"""How a node found its parent: named it; adopted by its neuron's award; unknown parent, hung under the root;
parent lives in another trace."""

MAX_DEPTH = 64
"""Deeper chains are drawn at this depth."""

_REPLIES = frozenset({"AGENT_OUTPUT", "ERROR", "CLARIFICATION", "PERMISSION"})


class Node:
    """One signal in a tree."""

    __slots__ = (
        "at",
        "children",
        "depth",
        "id",
        "parent",
        "parent_id",
        "placement",
        "seq",
        "trace_id",
        "type",
        "who",
    )

    def __init__(
        self, seq: int, at: float, id: str, parent_id: str | None, trace_id: str, type: str, who: str
    ) -> None:
        self.seq = seq
        """Position in the store: its frame is fetched there when it is painted."""
        self.at = at
        """Receive time, epoch seconds."""
        self.id = id
        self.parent_id = parent_id
        """As sent; may name an event nobody saw."""
        self.trace_id = trace_id
        self.type = type
        self.who = who
        self.parent: Node | None = None
        """The node it hangs under in this trace; None for a root."""
        self.children: list[Node] = []
        self.depth = 0
        """0 for roots; never more than MAX_DEPTH (deeper chains are drawn at that depth)."""
        self.placement: Placement = ""

    def subtree(self) -> Iterator[Node]:
        """This node and everything below it, in display order. Iterative: chains may be very deep."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


class Trace:
    """One workflow."""

    __slots__ = (
        "auctions",
        "by_id",
        "child_traces",
        "ended_at",
        "errors",
        "id",
        "last_at",
        "orphans",
        "parent_trace",
        "rows",
        "started_at",
        "status",
        "stopped",
        "title",
        "title_type",
        "waiting_on",
        "working",
    )

    def __init__(self, id: str, started_at: float) -> None:
        self.id = id
        self.started_at = started_at
        self.last_at = started_at
        """Arrival of the latest signal."""
        self.ended_at: float | None = None
        """Arrival of what ended it; None while open."""
        self.status: TraceStatus = "open"
        self.title = ""
        """What was asked, from the input of the first TASK or TASK_OFFER, one line, not yet safe for a terminal."""
        self.title_type = ""
        """Type of the signal the title came from."""
        self.rows: list[Node] = []
        """Every node in display order: depth first, siblings by arrival."""
        self.by_id: dict[str, Node] = {}
        self.orphans: dict[str, list[Node]] = {}
        """Nodes whose parent was not seen yet, by its id."""
        self.auctions: list[str] = []
        """Offer ids, by arrival."""
        self.parent_trace: str | None = None
        """Trace of the event that caused this one, when that is another trace."""
        self.child_traces: list[str] = []
        self.errors = 0
        """ERROR signals seen."""
        self.stopped = False
        """A STOP was seen."""
        self.working: dict[str, float] = {}
        """Participants with a TASK or award not yet answered, and since when."""
        self.waiting_on: set[str] = set()
        """Ids of requests nobody has answered yet."""

    @property
    def signals(self) -> int:
        """How many signals were seen."""
        return len(self.rows)

    def place(self, node: Node) -> None:
        """Hang a new node into the tree, and below it whatever waited for it."""
        self.last_at = max(self.last_at, node.at)
        parent = self._parent_for(node)
        self._attach(node, parent)
        if node.id:
            self.by_id[node.id] = node
        for waiting in self.orphans.pop(node.id, ()):
            if not _is_below(node, waiting):
                self._move(waiting, node)

    def note(self, node: Node) -> None:
        """Fold what the node says about the state of the work."""
        kind = node.type
        if kind == "TASK":
            # A TASK naming nobody is answered by whoever takes it; `""` stands for that one.
            self.working[node.who] = node.at
            self._reopen()
        elif kind == "TASK_AWARDED":
            self.working[node.who] = node.at
            self._reopen()
        elif kind == "TASK_OFFER":
            self._reopen()
        elif kind in _REPLIES:
            if self.working.pop(node.who, None) is None:
                self.working.pop("", None)
        elif kind == "STOPPED":
            self.working.pop(node.who, None)
        if kind == "ERROR":
            self.errors += 1
        self._conclude(node)

    def settle(self, at: float, auctions: Sequence[AuctionState]) -> None:
        """Decide the status of a trace that no FINAL, ERROR or STOP has ended.

        Args:
            at: now, epoch seconds.
            auctions: the states of its latest auctions.
        """
        if self.status in ("done", "failed", "stopped") and self.ended_at is not None:
            return
        if self.waiting_on:
            self.status = "waiting"
        elif self.working or "open" in auctions:
            self.status = "open"
        elif any(node.type == "AGENT_OUTPUT" for node in reversed(self.rows)):
            self.status, self.ended_at = "done", at
        elif auctions and auctions[-1] == "no bid":
            self.status, self.ended_at = "failed", at

    def _conclude(self, node: Node) -> None:
        if node.type == "STOP":
            self.stopped = True
            self.status, self.ended_at = "stopped", node.at
            self.working.clear()
        elif node.type == "FINAL" and not self.stopped:
            self.status, self.ended_at = "done", node.at
            self.working.clear()
        elif node.type == "ERROR" and not self.stopped:
            self.status, self.ended_at = "failed", node.at

    def _reopen(self) -> None:
        """More work on a trace that looked finished: it was not."""
        if not self.stopped:
            self.status, self.ended_at = "open", None

    def _parent_for(self, node: Node) -> Node | None:
        if node.parent_id is None:
            # A STOP has no parent by protocol and belongs to the workflow as a whole.
            return self.rows[0] if self.rows and node.type == "STOP" else None
        parent = self.by_id.get(node.parent_id)
        if parent is not None:
            return parent
        self.orphans.setdefault(node.parent_id, []).append(node)
        if not self.rows:
            return None
        award = self._award_of(node)
        node.placement = "adopted" if award is not None else "orphan"
        return award or self.rows[0]

    def _award_of(self, node: Node) -> Node | None:
        """The latest award of this node's neuron: released peers reply to a TASK they never publish."""
        if not node.who:
            return None
        awards = [
            candidate
            for candidate in self.by_id.values()
            if candidate.type == "TASK_AWARDED" and candidate.who == node.who
        ]
        return awards[-1] if awards else None

    def _attach(self, node: Node, parent: Node | None) -> None:
        if parent is None:
            self.rows.append(node)
            return
        place = (
            self.rows.index(_last_below(parent)) + 1
            if _last_below(parent) is not self.rows[-1]
            else len(self.rows)
        )
        node.parent = parent
        node.depth = min(parent.depth + 1, MAX_DEPTH)
        parent.children.append(node)
        self.rows.insert(place, node)

    def _move(self, node: Node, parent: Node) -> None:
        """Re-hang a subtree under the parent it named, now that it has come."""
        moved = list(node.subtree())
        first = self.rows.index(node)
        del self.rows[first : first + len(moved)]
        if node.parent is not None:
            node.parent.children.remove(node)
        node.placement = ""
        last = _last_below(parent)
        place = self.rows.index(last) + 1
        node.parent = parent
        parent.children.append(node)
        self.rows[place:place] = moved
        for below in moved:
            if below.parent is not None:
                below.depth = min(below.parent.depth + 1, MAX_DEPTH)


def _last_below(node: Node) -> Node:
    """The last row of a subtree."""
    while node.children:
        node = node.children[-1]
    return node


def _is_below(node: Node, ancestor: Node) -> bool:
    """Whether `node` hangs somewhere under `ancestor`: a loop of parents."""
    walker: Node | None = node
    while walker is not None:
        if walker is ancestor:
            return True
        walker = walker.parent
    return False
