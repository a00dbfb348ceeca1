"""Traces: the signals of one workflow as a Pathway tree (PROTOCOL 3.4)."""

from __future__ import annotations

from typing import Literal

TraceStatus = Literal["open", "waiting", "done", "failed", "stopped"]
"""open: work goes on; waiting: on a human; done: FINAL, or output and nothing pending; failed: ERROR; stopped: STOP."""

Placement = Literal["", "adopted", "orphan", "linked"]
"""How a node found its parent: named it; adopted by its neuron's award; unknown parent, hung under the root;
parent lives in another trace."""


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
