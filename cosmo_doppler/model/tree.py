"""The Pathway tree: which signal hangs under which, whatever order they arrive in (PROTOCOL 3.4).

Parents may come late, never, from another trace, or name each other in a circle. Every signal is shown exactly once;
where its place had to be guessed, `Node.placement` says so. Nothing here recurses: chains may be very deep.
Nodes come in the order of their arrival, `Node.seq`.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator
from typing import Literal

from cosmo_sdk.signal_types import ADDRESSED_TYPES

Placement = Literal["", "adopted", "orphan", "linked"]
"""How a node found its place: it named its parent; its neuron's award adopted it; its parent is unknown, so it hangs
under the root; its parent lives in another trace."""

MAX_DEPTH = 64
"""Deeper chains are drawn at this depth."""

_REORDERED_S = 1.0
"""How much later than its reply an award may arrive and still adopt it, seconds."""

_ADDRESSED = frozenset(str(member) for member in ADDRESSED_TYPES)


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
        """By arrival."""
        self.depth = 0
        """0 for roots, at most MAX_DEPTH. Up to date after `Tree.rows` was read."""
        self.placement: Placement = ""

    def subtree(self) -> Iterator[Node]:
        """This node and everything below it, in display order."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


class Tree:
    """The signals of one trace."""

    __slots__ = ("_awards", "_orphans", "_rows", "_stale", "_stands_for", "_strays", "by_id", "roots", "size")

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self.by_id: dict[str, Node] = {}
        self.size = 0
        """Nodes, those without a usable id included."""
        self._rows: list[Node] = []
        self._stale = False
        self._orphans: dict[str, list[Node]] = {}
        """Nodes whose parent was not seen yet, by its id."""
        self._awards: dict[str, Node] = {}
        """The latest award of each neuron."""
        self._stands_for: dict[str, Node] = {}
        """Events that never cross the bus, and the award each of them came from."""
        self._strays: dict[str, list[Node]] = {}
        """Replies that no award has adopted yet, by neuron."""

    @property
    def rows(self) -> list[Node]:
        """Every node in display order: depth first, siblings by arrival."""
        if self._stale:
            self._lay_out()
        return self._rows

    @property
    def unknown_parents(self) -> Iterator[str]:
        """Ids of parents that are named here and were not seen on this trace."""
        return iter(self._orphans)

    def place(self, node: Node) -> None:
        """Hang a new node into the tree, and below it whatever waited for it."""
        self.size += 1
        parent = self.by_id.get(node.parent_id) if node.parent_id else None
        if parent is not None:
            self._hang(node, parent)
        if node.id:
            self.by_id[node.id] = node
            for waiting in self._orphans.pop(node.id, ()):
                if self._clear_way(node, waiting):
                    self._move(waiting, node, "")
        if parent is None:
            self._hang(node, self._guess(node))
        if node.type == "TASK_AWARDED" and node.who:
            self._awards[node.who] = node
            self._adopt_strays(node)

    def link(self, parent_id: str) -> None:
        """A parent named here turned up in another trace: who waited for it becomes a root, linked there."""
        for node in self._orphans.pop(parent_id, ()):
            self._move(node, None, "linked")

    def waits_for(self, parent_id: str) -> bool:
        """Whether some node here names a parent that was not seen on this trace."""
        return parent_id in self._orphans

    # -- where to hang

    def _guess(self, node: Node) -> Node | None:
        """A place for a node whose parent is not here; None makes it a root."""
        if node.parent_id is None:
            # A STOP has no parent by protocol and belongs to the workflow as a whole.
            return self.roots[0] if self.roots and node.type == "STOP" else None
        if node.placement == "linked":
            return None
        self._orphans.setdefault(node.parent_id, []).append(node)
        award = self._stands_for.get(node.parent_id)
        if award is None and node.type not in _ADDRESSED:
            # Released peers reply to a TASK they never publish: the winner's reply belongs to its award.
            award = self._awards.get(node.who)
        if award is not None and not _is_below(award, node):
            node.placement = "adopted"
            self._recognise(node.parent_id, award)
            return award
        node.placement = "orphan"
        if node.who and node.type not in _ADDRESSED:
            self._strays.setdefault(node.who, []).append(node)
        return self.roots[0] if self.roots else None

    def _recognise(self, unseen: str, award: Node) -> None:
        """An id nobody published is known to be `award`'s work: everything that names it belongs there."""
        if unseen in self._stands_for:
            return
        self._stands_for[unseen] = award
        for sibling in self._orphans.get(unseen, ()):
            if sibling.placement == "orphan" and not _is_below(award, sibling):
                self._move(sibling, award, "adopted")

    def _adopt_strays(self, award: Node) -> None:
        """Replies that overtook their award: publishers are not ordered among each other (PROTOCOL 3.3)."""
        for stray in self._strays.pop(award.who, ()):
            if stray.placement == "orphan" and award.at - stray.at <= _REORDERED_S:
                self._recognise(stray.parent_id or "", award)

    def _clear_way(self, node: Node, waiting: Node) -> bool:
        """Make sure that `waiting` can hang under `node`: a guess that stands in the way gives way.

        Returns:
            False when the two name each other as parents, directly or over others: then nothing moves.
        """
        guessed: Node | None = None
        walker: Node | None = node
        while walker is not None:
            if walker is waiting:
                break
            if walker.parent is not None and walker.parent.id != walker.parent_id:
                guessed = walker
            walker = walker.parent
        else:
            return True
        if guessed is None:
            return False
        self._move(guessed, None, guessed.placement)
        return True

    # -- the mechanics

    def _hang(self, node: Node, parent: Node | None) -> None:
        """Give a new node its place. Rows are kept up to date where that costs nothing."""
        rows = self._rows
        if parent is None:
            self.roots.append(node)
        else:
            node.parent = parent
            siblings = parent.children
            tail = rows[-1] if rows else None
            if parent is not tail and not (siblings and siblings[-1] is tail):
                self._stale = True
            siblings.append(node)
            node.depth = min(parent.depth + 1, MAX_DEPTH)
        if node.children:
            self._stale = True
        if not self._stale:
            rows.append(node)

    def _move(self, node: Node, parent: Node | None, placement: Placement) -> None:
        """Hang a node, with all below it, somewhere else."""
        siblings = self.roots if node.parent is None else node.parent.children
        del siblings[bisect_left(siblings, node.seq, key=_arrival)]
        node.parent = parent
        node.placement = placement
        insort(self.roots if parent is None else parent.children, node, key=_arrival)
        self._stale = True

    def _lay_out(self) -> None:
        rows: list[Node] = []
        stack = self.roots[::-1]
        while stack:
            node = stack.pop()
            node.depth = 0 if node.parent is None else min(node.parent.depth + 1, MAX_DEPTH)
            rows.append(node)
            stack.extend(reversed(node.children))
        self._rows, self._stale = rows, False


def _arrival(node: Node) -> int:
    return node.seq


def _is_below(node: Node, ancestor: Node) -> bool:
    """Whether `node` is `ancestor` or hangs somewhere under it."""
    walker: Node | None = node
    while walker is not None:
        if walker is ancestor:
            return True
        walker = walker.parent
    return False
