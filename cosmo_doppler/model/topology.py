"""Who talks to whom: edges between participants, counted by what they carry."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Literal, NamedTuple

from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.recent import Recent
from cosmo_sdk.header import Header

EdgeKind = Literal["task", "award", "bid", "output", "error", "question", "tool", "recall", "imprint"]

MOST_EDGES = 4_096
"""Edges kept; signals along others are counted in `Topology.uncounted`."""

_MOST_WORKS = 20_000
"""Pieces of work and traces of which it is remembered who asked whom."""

_MOST_RUNS, _MOST_SETUPS = 5_000, 500
"""Traces whose edges are remembered, and things asked."""

_MOST_IN_RUN = 64
"""Edges of one run that are told apart."""

_LONGEST_TITLE = 80
_FIGURES = re.compile(r"\d+")

UNNAMED = ""
"""Whoever starts work without saying who they are: on the wire a TASK and an offer name no sender."""


class Key(NamedTuple):
    """What tells edges apart."""

    source: str
    target: str
    kind: EdgeKind


class Edge:
    """Everything of one kind that one participant said to another."""

    __slots__ = ("count", "key", "last_at", "seq")

    def __init__(self, key: Key) -> None:
        self.key = key
        self.count = 0
        self.last_at = 0.0
        self.seq = 0
        """Position of the latest signal."""


class Setup:
    """Runs that were asked the same thing, but for figures and case, and how alike they went."""

    __slots__ = ("edges", "runs", "title")

    def __init__(self, title: str) -> None:
        self.title = title
        """What the first of them was asked."""
        self.runs = 0
        self.edges: Counter[Key] = Counter()
        """In how many runs each edge occurred."""

    @property
    def consistency(self) -> float:
        """How alike the runs are, 0 to 1: the mean Jaccard index of each run's edges with those of all runs."""
        return self.edges.total() / (self.runs * len(self.edges)) if self.edges else 1.0

    def sometimes(self) -> set[Key]:
        """Edges that did not occur in every run."""
        return {key for key, runs in self.edges.items() if runs < self.runs}


class _Run:
    """One trace: what it belongs to, and the edges it has so far."""

    __slots__ = ("edges", "setup")

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.edges: list[Edge] = []
        """Each once; few, and a set would take six times the room."""


class _Work(NamedTuple):
    """A TASK, an award or an offer: who asked, and who was asked (empty for an offer)."""

    asker: str
    worker: str


class Topology:
    """All edges, by source, target and kind, in the order they were met."""

    def __init__(self) -> None:
        self.edges: dict[Key, Edge] = {}
        self.uncounted = 0
        """Signals along edges beyond the limit."""
        self.changes = 0
        """Grows with every new edge: the same number means the same graph."""
        self._works: Recent[str, _Work] = Recent(_MOST_WORKS)
        """By event id."""
        self._askers: Recent[str, str] = Recent(_MOST_WORKS)
        """Who asked last for work on a trace."""
        self._setups: Recent[str, Setup] = Recent(_MOST_SETUPS)
        self._runs: Recent[str, _Run] = Recent(_MOST_RUNS)

    def setups(self) -> list[Setup]:
        """What was asked more than once, most often first."""
        several = [setup for key in self._setups if (setup := self._setups.get(key)) and setup.runs > 1]
        return sorted(several, key=lambda setup: -setup.runs)

    def saw(self, draw: Draw, seen: Observed, title: str) -> None:
        """Fold a signal that belongs to a trace.

        Args:
            draw: how signals of its type are drawn, of `DRAWN`.
            seen: the signal.
            title: what its trace was asked.
        """
        if title and seen.header.trace_id not in self._runs.entries:
            self._begin(seen.header.trace_id, title)
        draw(self, seen, seen.header)

    # -- what is asked

    def _task(self, seen: Observed, header: Header) -> None:
        asker = self._asker_of(header)
        self._remember(header, _Work(asker, header.who))
        self._count(asker, header.who, "task", seen)

    def _offer(self, seen: Observed, header: Header) -> None:
        self._remember(header, _Work(header.who or self._asker_of(header), ""))

    def _award(self, seen: Observed, header: Header) -> None:
        # An award names the bid it accepts.
        offer_id = header.parent_id if seen.auction is None else seen.auction.offer_id
        offer = self._works.entries.get(offer_id or "")
        asker = offer.asker if offer is not None else self._askers.get(header.trace_id) or UNNAMED
        self._remember(header, _Work(asker, header.who))
        self._count(asker, header.who, "award", seen)

    def _call(self, seen: Observed, header: Header) -> None:
        tool = seen.payload.get("tool")
        target = tool if isinstance(tool, str) and tool else header.who
        self._count(self._worker_of(seen), target[:80], "tool", seen)

    def _recall(self, seen: Observed, header: Header) -> None:
        self._count(self._worker_of(seen), header.who, "recall", seen)

    def _imprint(self, seen: Observed, header: Header) -> None:
        self._count(self._worker_of(seen), header.who, "imprint", seen)

    # -- what comes back

    def _bid(self, seen: Observed, header: Header) -> None:
        offer = self._works.entries.get(header.parent_id or "")
        asker = offer.asker if offer is not None else self._askers.get(header.trace_id) or UNNAMED
        self._count(header.who, asker, "bid", seen)

    def _output(self, seen: Observed, header: Header) -> None:
        self._reply(seen, header, "output")

    def _error(self, seen: Observed, header: Header) -> None:
        self._reply(seen, header, "error")

    def _question(self, seen: Observed, header: Header) -> None:
        self._reply(seen, header, "question")

    def _reply(self, seen: Observed, header: Header, kind: EdgeKind) -> None:
        work = self._works.entries.get(header.parent_id or "")
        asker = work.asker if work is not None else self._askers.get(header.trace_id) or UNNAMED
        self._count(header.who, asker, kind, seen)

    # -- memory

    def _asker_of(self, header: Header) -> str:
        """Who asks for this work: whoever works on what caused it, if that is known."""
        cause = self._works.get(header.parent_id or "")
        return cause.worker if cause is not None else UNNAMED

    def _worker_of(self, seen: Observed) -> str:
        """Who uses a tool or a memory: whoever works on its parent, else whoever says so."""
        work = self._works.get(seen.header.parent_id or "")
        if work is not None:
            return work.worker
        issuer = seen.meta.get("cosmo.issuer")
        return issuer if isinstance(issuer, str) else UNNAMED

    def _remember(self, header: Header, work: _Work) -> None:
        self._works.put(header.id, work)
        self._askers.put(header.trace_id, work.asker)

    def _begin(self, trace_id: str, title: str) -> None:
        """A trace is known by what it was asked: it is a run."""
        asked = " ".join(_FIGURES.sub("#", title[:_LONGEST_TITLE].casefold()).split())
        setup = self._setups.get(asked)
        if setup is None:
            setup = Setup(title)
            self._setups.put(asked, setup)
        setup.runs += 1
        self._runs.put(trace_id, _Run(setup))

    def _count(self, source: str, target: str, kind: EdgeKind, seen: Observed) -> None:
        edge = self.edges.get((source, target, kind))  # type: ignore[call-overload]
        if edge is None:
            if len(self.edges) >= MOST_EDGES:
                self.uncounted += 1
                return
            key = Key(source, target, kind)
            edge = self.edges[key] = Edge(key)
            self.changes += 1
        edge.count += 1
        edge.last_at, edge.seq = seen.at, seen.seq
        run = self._runs.entries.get(seen.header.trace_id)
        if run is not None and edge not in run.edges and len(run.edges) < _MOST_IN_RUN:
            run.edges.append(edge)
            run.setup.edges[edge.key] += 1


Draw = Callable[[Topology, Observed, Header], None]

DRAWN: dict[str, Draw] = {
    "TASK": Topology._task,
    "TASK_OFFER": Topology._offer,
    "TASK_AWARDED": Topology._award,
    "BID": Topology._bid,
    "AGENT_OUTPUT": Topology._output,
    "ERROR": Topology._error,
    "CLARIFICATION": Topology._question,
    "PERMISSION": Topology._question,
    "ESCALATION": Topology._question,
    "TOOL_CALL": Topology._call,
    "RECALL": Topology._recall,
    "IMPRINT": Topology._imprint,
}
"""By type: how its signals are drawn."""
