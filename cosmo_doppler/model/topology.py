"""Who talks to whom: edges between participants, counted by what they carry."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from cosmo_doppler.model.observed import Observed
from cosmo_sdk.header import Header

EdgeKind = Literal["task", "award", "bid", "output", "error", "question", "tool", "recall", "imprint"]

MOST_EDGES = 4_096
"""Edges kept; signals along others are counted in `Topology.uncounted`."""

_MOST_WORKS = 20_000
"""Pieces of work and traces of which it is remembered who asked whom."""

UNNAMED = ""
"""Whoever starts work without saying who they are: on the wire a TASK and an offer name no sender."""


class Key(NamedTuple):
    """What tells edges apart."""

    source: str
    target: str
    kind: EdgeKind


class Edge:
    """Everything of one kind that one participant said to another."""

    __slots__ = ("count", "last_at", "seq")

    def __init__(self) -> None:
        self.count = 0
        self.last_at = 0.0
        self.seq = 0
        """Position of the latest signal."""


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
        self._works: dict[str, _Work] = {}
        """By event id."""
        self._askers: dict[str, str] = {}
        """Who asked last for work on a trace."""

    def saw(self, seen: Observed) -> None:
        """Fold a signal that belongs to a trace."""
        draw = _DRAWN.get(seen.header.type)
        if draw is not None:
            draw(self, seen, seen.header)

    # -- what is asked

    def _task(self, seen: Observed, header: Header) -> None:
        asker = self._asker_of(header)
        self._remember(header, _Work(asker, header.who))
        self._count(asker, header.who, "task", seen)

    def _offer(self, seen: Observed, header: Header) -> None:
        self._remember(header, _Work(header.who or self._asker_of(header), ""))

    def _award(self, seen: Observed, header: Header) -> None:
        asker = self._askers.get(header.trace_id, UNNAMED)
        offer = self._works.get(header.parent_id or "")
        if offer is not None:
            asker = offer.asker
        self._remember(header, _Work(asker, header.who))
        self._count(asker, header.who, "award", seen)

    def _call(self, seen: Observed, header: Header) -> None:
        tool = header.read_payload().get("tool")
        target = tool if isinstance(tool, str) and tool else header.who
        self._count(self._worker_of(header), target[:80], "tool", seen)

    def _recall(self, seen: Observed, header: Header) -> None:
        self._count(self._worker_of(header), header.who, "recall", seen)

    def _imprint(self, seen: Observed, header: Header) -> None:
        self._count(self._worker_of(header), header.who, "imprint", seen)

    # -- what comes back

    def _bid(self, seen: Observed, header: Header) -> None:
        offer = self._works.get(header.parent_id or "")
        asker = offer.asker if offer is not None else self._askers.get(header.trace_id, UNNAMED)
        if header.id and offer is not None:
            # The award names the bid it accepts.
            self._keep(header.id, offer)
        self._count(header.who, asker, "bid", seen)

    def _output(self, seen: Observed, header: Header) -> None:
        self._reply(seen, header, "output")

    def _error(self, seen: Observed, header: Header) -> None:
        self._reply(seen, header, "error")

    def _question(self, seen: Observed, header: Header) -> None:
        self._reply(seen, header, "question")

    def _reply(self, seen: Observed, header: Header, kind: EdgeKind) -> None:
        work = self._works.get(header.parent_id or "")
        asker = work.asker if work is not None else self._askers.get(header.trace_id, UNNAMED)
        self._count(header.who, asker, kind, seen)

    # -- memory

    def _asker_of(self, header: Header) -> str:
        """Who asks for this work: whoever works on what caused it, if that is known."""
        cause = self._works.get(header.parent_id or "")
        return cause.worker if cause is not None else UNNAMED

    def _worker_of(self, header: Header) -> str:
        """Who uses a tool or a memory: whoever works on its parent, else whoever says so."""
        work = self._works.get(header.parent_id or "")
        if work is not None:
            return work.worker
        issuer = header.read_meta().get("cosmo.issuer")
        return issuer if isinstance(issuer, str) else UNNAMED

    def _remember(self, header: Header, work: _Work) -> None:
        self._keep(header.id, work)
        self._askers[header.trace_id] = work.asker
        if len(self._askers) > _MOST_WORKS:
            del self._askers[next(iter(self._askers))]

    def _keep(self, id: str, work: _Work) -> None:
        self._works[id] = work
        if len(self._works) > _MOST_WORKS:
            del self._works[next(iter(self._works))]

    def _count(self, source: str, target: str, kind: EdgeKind, seen: Observed) -> None:
        key = Key(source, target, kind)
        edge = self.edges.get(key)
        if edge is None:
            if len(self.edges) >= MOST_EDGES:
                self.uncounted += 1
                return
            edge = self.edges[key] = Edge()
            self.changes += 1
        edge.count += 1
        edge.last_at, edge.seq = seen.at, seen.seq


_DRAWN: dict[str, Callable[[Topology, Observed, Header], None]] = {
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
