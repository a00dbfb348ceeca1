"""The signals of a trace in which nothing is out of the ordinary, before anybody looks at its tree.

Nearly every signal names a parent that was seen on its trace, or none, and most traces are never looked at. So what
comes is put down in a row, and the tree grows from the rows once somebody asks for it: it is the tree it would have
been. From then on, and from the first signal on whose place has to be guessed, the trace keeps the tree itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cosmo_doppler.model.node import Node
from cosmo_doppler.model.tree import Tree

Row = tuple[int, int, float, int, str, str, str]
"""How many came before it, its position, its arrival, the number of what it hangs under (-1 for a root), its type, the
participant it names, its id."""

NUMBER: Final = 0
SEQ: Final = 1
TYPE: Final = 4
WHO: Final = 5
ID: Final = 6

Plain = dict[str, Row]
"""By id, by arrival."""


def grown(plain: Plain, trace_id: str, on_moved: Callable[[Node], None]) -> Tree:
    """The tree of these signals."""
    tree = Tree(on_moved)
    latest: float | None = None
    nodes = tree.arrivals
    for _, seq, at, above, kind, who, id in plain.values():
        parent = None if above < 0 else nodes[above]
        node = Node(seq, at, id, None if parent is None else parent.id, trace_id, kind, who)
        if latest is None:
            latest = at
        node.gap = at - latest
        latest = max(latest, at)
        tree.place(node, parent)
    return tree
