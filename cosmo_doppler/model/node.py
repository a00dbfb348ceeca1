"""One signal in the tree of its trace, and the doors to traces it caused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Literal

from cosmo_doppler.model.outline import Placed

if TYPE_CHECKING:
    from cosmo_doppler.model.spans import Span
    from cosmo_doppler.model.traces import Trace

Placement = Literal["", "adopted", "orphan", "linked", "loop", "duplicate"]
"""How a node found its place: it named its parent; its neuron's award adopted it; its parent was never seen, so it
hangs under the root; its parent lives in another trace; it is among its own ancestors, so it hangs under the root;
another signal has its id, and it hangs under that one."""

MAX_DEPTH = 64
"""Deeper chains are drawn at this depth."""

_NONE: Any = ()
"""The children of nodes that have none."""


class Node(Placed):
    """One signal in a tree."""

    __slots__ = (
        "at",
        "children",
        "gap",
        "id",
        "parent",
        "parent_id",
        "placement",
        "seq",
        "span",
        "trace_id",
        "type",
        "who",
        "within",
    )

    def __init__(
        self, seq: int, at: float, id: str, parent_id: str | None, trace_id: str, type: str, who: str
    ) -> None:
        self.block = self.end = None
        self.seq = seq
        """Position in the store: its frame is fetched there when it is painted."""
        self.at = at
        """Receive time, epoch seconds."""
        self.gap = 0.0
        """Seconds since the signal before it on this trace."""
        self.id = id
        self.parent_id = parent_id
        """As sent; may name an event nobody saw."""
        self.trace_id = trace_id
        self.type = type
        self.who = who
        self.parent: Node | None = None
        """The node it hangs under in this trace; None for a root."""
        self.children: list[Node] = _NONE
        """By arrival; portals among them. Whoever adds the first one gives it a list of its own: most have none."""
        self.placement: Placement = ""
        self.span: Span | None = None
        """The time it stands for, when it begins something that lasts."""
        self.within: Span | None = None
        """The span that what hangs below it is part of."""

    def adopt(self, child: Node) -> None:
        """Hang a node under this one, after its other children."""
        child.parent = self
        if self.children:
            self.children.append(child)
        else:
            self.children = [child]

    @property
    def depth(self) -> int:
        """0 for roots, at most MAX_DEPTH."""
        depth, above = 0, self.parent
        while above is not None and depth < MAX_DEPTH:
            depth, above = depth + 1, above.parent
        return depth

    def subtree(self) -> Iterator[Node]:
        """This node and everything below it, in display order, portals included."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack.extend(reversed(node.children))


class Portal(Node):
    """Stands under the node that caused another trace, for that trace. It is no signal of its own.

    Args:
        inside: the other trace.
        first: the signal of it that names a parent in this one.
    """

    __slots__ = ("inside",)

    def __init__(self, inside: Trace, first: Node) -> None:
        super().__init__(first.seq, first.at, "", first.parent_id, inside.id, first.type, first.who)
        self.inside = inside
        self.placement = "linked"
