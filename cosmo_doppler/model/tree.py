"""The Pathway tree: which signal hangs under which, whatever order they arrive in (PROTOCOL 3.4).

Parents may come late, never, from another trace, or name each other in a circle. Every signal is shown exactly once;
where its place had to be guessed, `Node.placement` says so. Nothing here recurses: chains may be very deep.
Nodes come in the order of their arrival, `Node.seq`.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator

from cosmo_doppler.model.node import Node, Placement, Portal
from cosmo_doppler.model.outline import Outline
from cosmo_sdk.signal_types import ADDRESSED_TYPES

LARGE = 1024
"""Nodes from which on lines are kept up to date with each signal, and not only once somebody looks."""

_REORDERED_S = 1.0
"""How much later than its reply an award may arrive and still adopt it, seconds."""

AWARD = "TASK_AWARDED"
"""The type of signal whose receiver's replies belong to it."""

_ADDRESSED = frozenset(str(member) for member in ADDRESSED_TYPES)


class Tree:
    """The signals of one trace.

    Args:
        on_moved: told of each node that was hung elsewhere, after it was.
    """

    __slots__ = (
        "_on_moved",
        "_outline",
        "arrivals",
        "awards",
        "by_id",
        "orphans",
        "portals",
        "roots",
        "stands_for",
        "strays",
        "unnamed",
    )

    def __init__(self, on_moved: Callable[[Node], None] = lambda node: None) -> None:
        self.roots: list[Node] = []
        self.by_id: dict[str, Node] = {}
        self.arrivals: list[Node] = []
        """Every signal by arrival."""
        self.portals = 0
        """Doors to other traces in it."""
        self.unnamed: dict[int, Node] = {}
        """Nodes that no id leads to, by position."""
        self._on_moved = on_moved
        self._outline: Outline[Node] | None = None
        self.orphans: dict[str, list[Node]] = {}
        """Nodes whose parent was not seen yet, by its id."""
        self.awards: dict[str, Node] = {}
        """The latest award of each neuron."""
        self.stands_for: dict[str, Node] = {}
        """Events that never cross the bus, and the award each of them came from."""
        self.strays: dict[str, list[Node]] = {}
        """Replies that no award has adopted yet, by neuron."""

    @property
    def size(self) -> int:
        """How many signals."""
        return len(self.arrivals)

    @property
    def outline(self) -> Outline[Node]:
        """Every node and portal in display order: depth first, siblings by arrival."""
        if self._outline is None:
            outline: Outline[Node] = Outline()
            self._outline = outline
            for root in self.roots:
                for node in root.subtree():
                    outline.add(node, node.parent)
        return self._outline

    @property
    def is_written_down(self) -> bool:
        """Whether its lines are kept up to date, because somebody looked at them or it is large."""
        return self._outline is not None

    @property
    def rows(self) -> list[Node]:
        """Every signal in display order. For whoever wants all of them; panes ask the outline for lines."""
        return [node for root in self.roots for node in root.subtree() if not isinstance(node, Portal)]

    @property
    def first(self) -> Node | None:
        """What is displayed first."""
        return self.roots[0] if self.roots else None

    @property
    def unknown_parents(self) -> Iterator[str]:
        """Ids of parents that are named here and were not seen on this trace."""
        return iter(self.orphans)

    def place(self, node: Node, parent: Node | None) -> None:
        """Hang a new node into the tree, and below it whatever waited for it.

        Args:
            node: comes after all others.
            parent: the one it names, where that is in this tree.
        """
        self.arrivals.append(node)
        if parent is None:
            parent = self._guess(node)
        if parent is None:
            self.roots.append(node)
        elif parent.children:
            node.parent = parent
            parent.children.append(node)
        else:
            parent.adopt(node)
        if self._outline is not None:
            self._outline.add(node, parent)
        if node.id:
            self.by_id[node.id] = node
            if self.orphans:
                self._take_in(node)
        else:
            self.unnamed[node.seq] = node
        if node.type == AWARD and node.who:
            self.awards[node.who] = node
            self._adopt_strays(node)

    def place_again(self, node: Node, first: Node) -> None:
        """Hang a node whose id another one has: under that one."""
        self.arrivals.append(node)
        node.placement = "duplicate"
        self.unnamed[node.seq] = node
        first.adopt(node)
        if self._outline is not None:
            self._outline.add(node, first)

    def beside(self, seq: int, step: int) -> Node | None:
        """The signal that many places after a position, by arrival; None beyond the first and the last."""
        place = bisect_left(self.arrivals, seq, key=_arrival)
        if step > 0 and place < len(self.arrivals) and self.arrivals[place].seq > seq:
            step -= 1
        place += step
        return self.arrivals[place] if 0 <= place < len(self.arrivals) else None

    def find(self, seq: int, id: str) -> Node | None:
        """The node of a signal, by its position and its id."""
        node = self.by_id.get(id)
        return node if node is not None and node.seq == seq else self.unnamed.get(seq)

    def open_portal(self, portal: Portal, parent: Node) -> None:
        """Show that another trace came from `parent`."""
        self.portals += 1
        before = self._put(portal, parent)
        if self._outline is not None:
            if before is None:
                self._outline.add(portal, parent)
            else:
                self._outline.add_before(portal, before)

    def close_portal(self, portal: Portal) -> None:
        """The other trace is no longer known."""
        if portal.parent is None:
            return
        self.portals -= 1
        portal.parent.children.remove(portal)
        portal.parent = None
        if self._outline is not None:
            self._outline.remove(portal)

    def link(self, parent_id: str) -> Node | None:
        """A parent named here turned up in another trace: who waited for it becomes a root, linked there.

        Returns:
            The first of them.
        """
        waiting = self.orphans.pop(parent_id, [])
        for node in waiting:
            self._move(node, None, "linked")
        return waiting[0] if waiting else None

    def waits_for(self, parent_id: str) -> bool:
        """Whether some node here names a parent that was not seen on this trace."""
        return parent_id in self.orphans

    def take_apart(self) -> None:
        """Nobody needs it any more. What refers to itself in a circle would stay for good: folding takes it out of the
        garbage collector's sight.
        """
        for node in self.arrivals:
            node.parent = node.span = node.within = node.block = None
            if node.children:
                node.children.clear()

    # -- where to hang

    def _take_in(self, node: Node) -> None:
        """Hang whatever waited for a node below it."""
        for waiting in self.orphans.pop(node.id, ()):
            if self._clear_way(node, waiting):
                self._move(waiting, node, "")
            else:
                waiting.placement = "loop"

    def _guess(self, node: Node) -> Node | None:
        """A place for a node whose parent is not here; None makes it a root."""
        root = self.roots[0] if self.roots else None
        if node.parent_id is None:
            # A STOP has no parent by protocol and belongs to the workflow as a whole.
            return root if node.type == "STOP" else None
        if node.placement == "linked":
            return None
        if node.parent_id == node.id:
            node.placement = "loop"
            return root
        self.orphans.setdefault(node.parent_id, []).append(node)
        award = self.stands_for.get(node.parent_id)
        if award is None and node.type not in _ADDRESSED:
            # Released peers reply to a TASK they never publish: the winner's reply belongs to its award.
            award = self.awards.get(node.who)
        if award is not None:
            node.placement = "adopted"
            self._recognise(node.parent_id, award)
            return award
        node.placement = "orphan"
        if node.who and node.type not in _ADDRESSED:
            self.strays.setdefault(node.who, []).append(node)
        return root

    def _recognise(self, unseen: str, award: Node) -> None:
        """An id nobody published is known to be `award`'s work: everything that names it belongs there."""
        if unseen in self.stands_for:
            return
        self.stands_for[unseen] = award
        for sibling in self.orphans.get(unseen, ()):
            if sibling.placement == "orphan" and not self._is_below(award, sibling):
                self._move(sibling, award, "adopted")

    def _adopt_strays(self, award: Node) -> None:
        """Replies that overtook their award: publishers are not ordered among each other (PROTOCOL 3.3)."""
        for stray in self.strays.pop(award.who, ()):
            if stray.placement == "orphan" and award.at - stray.at <= _REORDERED_S:
                self._recognise(stray.parent_id or "", award)

    def _is_below(self, node: Node, ancestor: Node) -> bool:
        """Whether `node` is `ancestor` or hangs somewhere under it."""
        if not ancestor.children:
            return node is ancestor
        if self._outline is not None:
            return self._outline.holds(ancestor, node)
        walker: Node | None = node
        while walker is not None and walker is not ancestor:
            walker = walker.parent
        return walker is not None

    def _clear_way(self, node: Node, waiting: Node) -> bool:
        """Make sure that `waiting` can hang under `node`: a guess that stands in the way gives way.

        Returns:
            False when the two name each other as parents, directly or over others: then nothing moves.
        """
        if not self._is_below(node, waiting):
            return True
        guessed: Node | None = None
        walker: Node | None = node
        while walker is not None and walker is not waiting:
            if walker.parent is not None and walker.parent.id != walker.parent_id:
                guessed = walker
            walker = walker.parent
        if guessed is None:
            return False
        self._move(guessed, None, guessed.placement)
        return True

    # -- the mechanics

    def _put(self, node: Node, parent: Node | None) -> Node | None:
        """Put a node among those of `parent`, or among the roots, by its arrival; return the one it is before."""
        node.parent = parent
        if parent is not None and not parent.children:
            parent.adopt(node)
            return None
        siblings = self.roots if parent is None else parent.children
        place = bisect_left(siblings, node.seq, key=_arrival)
        before = siblings[place] if place < len(siblings) else None
        siblings.insert(place, node)
        return before

    def _move(self, node: Node, parent: Node | None, placement: Placement) -> None:
        """Hang a node, with all below it, somewhere else."""
        siblings = self.roots if node.parent is None else node.parent.children
        del siblings[bisect_left(siblings, node.seq, key=_arrival)]
        node.placement = placement
        before = self._put(node, parent)
        if self._outline is not None:
            self._outline.move(node, parent, before)
        self._on_moved(node)


def _arrival(node: Node) -> int:
    return node.seq
