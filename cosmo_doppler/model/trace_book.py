"""All traces of a board: opened as they are met, nested in each other, and forgotten when they become too many."""

from __future__ import annotations

from collections import deque
from itertools import islice

from cosmo_doppler.model.lasting import Log, Table
from cosmo_doppler.model.links import YOUNG, Links
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.model.outline import Outline
from cosmo_doppler.model.plain import Plain
from cosmo_doppler.model.traces import MAX_DEPTH, OVER, Node, Portal, Trace
from cosmo_doppler.model.tree import LARGE, Tree

AWAKE = 512
"""Traces that are over and kept ready for more: much of it comes right after the end."""

_PACKED_AT_ONCE = 64

_EVICTED = 50
"""Of so many traces one is forgotten, at least, when there are too many: few enough that nobody waits for it."""


class TraceBook:
    """Every trace, by id.

    Args:
        max_traces: how many are kept.
        max_nodes: how many signals are kept in all their trees together.
    """

    def __init__(self, *, max_traces: int, max_nodes: int) -> None:
        self.by_id: dict[str, Trace] = Table()
        self.order: Log[str] = Log()
        """Trace ids by arrival."""
        self.outline: Outline[Trace] = Outline()
        """Newest first, each followed by the traces it caused, by arrival."""
        self.evicted = 0
        """Traces forgotten so far."""
        self._links = Links(self.by_id)
        self.awaited = self._links.awaited
        """Events that some traces wait for."""
        self._portals: dict[str, Portal] = Table()
        """By the trace they lead to."""
        self._resting: deque[Trace] = deque()
        """Traces on which nothing seems to go on, and that are not packed yet."""
        self._to_rest = self._resting.append
        self._max_traces = max_traces
        self._max_nodes = max_nodes
        self._nodes = 0

    @property
    def full(self) -> bool:
        """Whether some must be forgotten before another is opened."""
        return len(self.by_id) >= self._max_traces or self._nodes >= self._max_nodes

    def open(self, id: str, at: float) -> Trace:
        """A trace was met for the first time."""
        if len(self._resting) >= AWAKE + _PACKED_AT_ONCE:
            self._pack()
        trace = self.by_id[id] = Trace(id, at, self._to_rest)
        self.order.append(id)
        self.outline.add_first(trace)
        return trace

    def _pack(self) -> None:
        """Pack the traces that have been over for longest. Not while anybody is at work on one of them."""
        for _ in range(min(_PACKED_AT_ONCE, len(self._resting))):
            trace = self._resting.popleft()
            trace.resting = False
            if trace.status in OVER:
                trace.pack()

    def put_down(self, trace: Trace, plain: Plain, seen: Observed) -> int | None:
        """Take in a signal that hangs under the one it names, or under none, on a trace nobody has looked at.

        Args:
            trace: whose signal it is.
            plain: those of the trace.
            seen: the signal.

        Returns:
            The number of what it hangs under, -1 for nothing; None when its place has to be sought, in the tree.
        """
        header, at = seen.header, seen.at
        id, parent_id, ids = header.id, header.parent_id, plain.ids
        if not id or id in ids:
            return None
        if parent_id is not None:
            above = ids.get(parent_id)
            if above is None:
                return None
        elif header.type == "STOP":
            return None
        else:
            above = -1
        if not plain.add(seen.seq, at, id, above, header.type, header.who):
            return None
        self._nodes += 1
        if at > trace.last_at:
            trace.last_at = at
        links = self._links
        links.young.setdefault(hash(id), trace.id)
        if len(links.young) >= YOUNG:
            links.age()
        return above

    def joined(self, trace: Trace, id: str, touched: set[str]) -> None:
        """A signal was taken in: other traces may have waited for it."""
        if self._links.awaited and id in self._links.awaited:
            self._join(id, trace, touched)

    def place(self, trace: Trace, tree: Tree, node: Node, touched: set[str]) -> None:
        """Hang a signal into its tree, or below another trace's when its parent is there (PROTOCOL 3.4).

        Args:
            trace: whose signal it is.
            tree: that of the trace.
            node: the signal.
            touched: ids of the traces that look different now are added here.
        """
        self._nodes += 1
        at, parent_id = node.at, node.parent_id
        node.gap = at - trace.last_at
        if at > trace.last_at:
            trace.last_at = at
        parent = None if parent_id is None else tree.by_id.get(parent_id)
        if parent is not None:
            node.parent_id = parent.id
            tree.place(node, parent)
        elif parent_id is None:
            tree.place(node, None)
        else:
            self._place_apart(trace, tree, node, touched)
        if trace.spans is not None or len(tree.arrivals) >= LARGE:
            trace.grow(node)
        if node.id:
            links = self._links
            links.young.setdefault(hash(node.id), trace.id)
            if len(links.young) >= YOUNG:
                links.age()
            self.joined(trace, node.id, touched)

    def _join(self, event_id: str, trace: Trace, touched: set[str]) -> None:
        """An event came that other traces waited for."""
        for waiting in self._links.settle(event_id, trace.id):
            child = self.by_id.get(waiting)
            if child is not None and child.tree.waits_for(event_id):
                linked = child.tree.link(event_id)
                touched.add(child.id)
                touched |= self._nest(child, linked)

    def _place_apart(self, trace: Trace, tree: Tree, node: Node, touched: set[str]) -> None:
        """Hang a signal whose parent was not seen on its trace."""
        parent_id = node.parent_id or ""
        other = self._links.home_of(parent_id)
        if other is not None and other != trace.id:
            node.placement = "linked"
        tree.place(node, None)
        if node.placement == "linked":
            touched |= self._nest(trace, node)
        if tree.waits_for(parent_id):
            self._links.await_parent(parent_id, trace.id)

    def place_again(self, trace: Trace, node: Node, first: Node) -> None:
        """Hang a signal whose id another one has: it changes nothing but what is seen."""
        self._nodes += 1
        trace.tree.place_again(node, first)

    def portal_to(self, trace_id: str) -> Portal | None:
        """The door to a trace in the one it is nested in."""
        return self._portals.get(trace_id)

    def group(self, trace: Trace, first: str) -> set[str]:
        """Show another attempt at the same work below the first one.

        Returns:
            Ids of the traces that look different now.
        """
        above = self.by_id.get(first)
        if above is None or trace.parent_trace is not None or not self._may_nest(trace, above):
            return set()
        self._put_under(trace, above)
        return {trace.id, above.id}

    def evict(self) -> set[str]:
        """Forget the oldest few: finished traces first, whatever is oldest when none is. Returns their ids."""
        count = max(1, len(self.by_id) // _EVICTED)
        finished = islice((key for key in self.order if self.by_id[key].status in OVER), count)
        gone = set(finished) or set(self.order[:count])
        for key in gone:
            trace = self.by_id.pop(key)
            self._nodes -= trace.signals
            self._links.forget(trace)
            self._detach(trace)
            # Packed it holds nothing that refers back to it: the collector does not look at it any more.
            trace.pack()
        self.order = self.order.without(gone)
        self.evicted += len(gone)
        return gone

    def _detach(self, trace: Trace) -> None:
        """Take a trace out of the one it is nested in, and let go of those nested in it."""
        portal = self._portals.pop(trace.id, None)
        above = self.by_id.get(trace.parent_trace or "")
        if above is not None:
            above.child_traces.remove(trace.id)
            if portal is not None:
                above.tree.close_portal(portal)
        for key in trace.child_traces:
            child = self.by_id.get(key)
            self._portals.pop(key, None)
            if child is not None:
                child.leave()
                # Where it arrived among the others, nobody remembers; the oldest come last anyway.
                self.outline.move(child, None)
        self.outline.remove(trace)

    def _nest(self, child: Trace, node: Node | None) -> set[str]:
        """Show a trace inside the one where the parent of `node`, one of its signals, was seen."""
        if node is None or node.parent_id is None or child.parent_trace is not None:
            return set()
        parent = self.by_id.get(self._links.home_of(node.parent_id) or "")
        cause = parent.by_id.get(node.parent_id) if parent is not None else None
        if parent is None or cause is None or not self._may_nest(child, parent):
            return set()
        portal = self._portals[child.id] = Portal(child, node)
        parent.open_portal(portal, cause)
        self._put_under(child, parent)
        return {parent.id}

    def _put_under(self, child: Trace, parent: Trace) -> None:
        child.parent_trace = parent.id
        if parent.child_traces:
            parent.child_traces.append(child.id)
        else:
            parent.child_traces = [child.id]
        self.outline.move(child, parent)

    def _may_nest(self, child: Trace, parent: Trace) -> bool:
        """Whether `child` is not above `parent` already, as far as one looks: traces may name each other, too."""
        above: Trace | None = parent
        for _ in range(MAX_DEPTH):
            if above is None:
                return True
            if above is child:
                return False
            above = self.by_id.get(above.parent_trace or "")
        return False
