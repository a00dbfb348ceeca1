"""All traces of a board: opened as they are met, nested in each other, and forgotten when they become too many."""

from __future__ import annotations

from cosmo_doppler.model.links import Links
from cosmo_doppler.model.traces import OVER, Node, Trace


class TraceBook:
    """Every trace, by id.

    Args:
        max_traces: how many are kept.
        max_nodes: how many signals are kept in all their trees together.
    """

    def __init__(self, *, max_traces: int, max_nodes: int) -> None:
        self.by_id: dict[str, Trace] = {}
        self.order: list[str] = []
        """Trace ids by arrival."""
        self.evicted = 0
        """Traces forgotten so far."""
        self._links = Links()
        self._max_traces = max_traces
        self._max_nodes = max_nodes
        self._nodes = 0

    @property
    def full(self) -> bool:
        """Whether some must be forgotten before another is opened."""
        return len(self.by_id) >= self._max_traces or self._nodes >= self._max_nodes

    def open(self, id: str, at: float) -> Trace:
        """A trace was met for the first time."""
        trace = self.by_id[id] = Trace(id, at)
        self.order.append(id)
        return trace

    def place(self, trace: Trace, node: Node) -> set[str]:
        """Hang a signal into its tree, or below another trace's when its parent is there (PROTOCOL 3.4).

        Returns:
            Ids of the traces that look different now.
        """
        self._nodes += 1
        touched = {trace.id}
        parent_id = node.parent_id
        if parent_id is not None and parent_id not in trace.by_id:
            other = self._links.home_of(parent_id)
            if other is not None and other != trace.id:
                node.placement = "linked"
                touched |= self._nest(trace, other)
        trace.tree.place(node)
        if parent_id is not None and trace.tree.waits_for(parent_id):
            self._links.await_parent(parent_id, trace.id)
        if node.id:
            for waiting in self._links.arrived(node.id, trace.id):
                child = self.by_id.get(waiting)
                if child is not None and child.tree.waits_for(node.id):
                    child.tree.link(node.id)
                    touched |= {child.id} | self._nest(child, trace.id)
        return touched

    def evict(self) -> set[str]:
        """Forget the oldest tenth: finished traces first, whatever is oldest when none is. Returns their ids."""
        count = max(1, len(self.by_id) // 10)
        finished = [key for key in self.order if self.by_id[key].status in OVER][:count]
        gone = set(finished or self.order[:count])
        for key in gone:
            trace = self.by_id.pop(key)
            self._nodes -= trace.signals
            self._links.forget(trace)
        for trace in self.by_id.values():
            if trace.parent_trace in gone:
                trace.parent_trace = None
            if not gone.isdisjoint(trace.child_traces):
                trace.child_traces = [child for child in trace.child_traces if child not in gone]
        self.order = [key for key in self.order if key not in gone]
        self.evicted += len(gone)
        return gone

    def _nest(self, child: Trace, parent_id: str) -> set[str]:
        parent = self.by_id.get(parent_id)
        if child.parent_trace is not None or parent is None:
            return set()
        child.parent_trace = parent_id
        parent.child_traces.append(child.id)
        return {parent_id}
