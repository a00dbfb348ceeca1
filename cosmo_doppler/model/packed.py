"""The tree of a trace on which nothing happens any more, in a few bytes for each signal instead of several hundred.

Nothing is left out: unpacked it is the tree it was. All of it is immutable, and nothing in it is an object for each
signal, so neither the garbage collector nor whoever takes back what was folded has anything to do with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from struct import Struct
from typing import NamedTuple

from cosmo_doppler.model.node import Node, Placement
from cosmo_doppler.model.plain import ROW, Plain, fits, named, numbered
from cosmo_doppler.model.timing import Ended
from cosmo_doppler.model.tree import AWARD, Tree

_MOST_ROWS = 1 << 15

_ENDED = Struct("<QdQ")
_SEPARATOR = "\0"

_Places = tuple[tuple[str, tuple[int, ...]], ...]
"""Rows by a name or an id."""


class _Odd(NamedTuple):
    """A signal that does not simply hang under the parent it names."""

    row: int
    parent_id: str | None
    placement: Placement


class Packed:
    """A tree without objects. Made by `pack` and `pack_plain`.

    Args:
        first: position of the signal that came first.
        ids: the id of each, by arrival.
        names: what the numbers of types, and of whom they name, mean beyond what `named` knows.
        rows: a `ROW` for each.
        odd: signals that do not simply hang under the parent they name.
        kept: events that never cross the bus and orphans and strays of the tree, as it keeps them; empty when there are none.
    """

    __slots__ = ("_first", "_ids", "_kept", "_names", "_odd", "_rows")

    def __init__(
        self,
        first: int,
        ids: str,
        names: tuple[str, ...],
        rows: bytes,
        odd: tuple[_Odd, ...] = (),
        kept: tuple[_Places, ...] = (),
    ) -> None:
        self._first = first
        self._ids = ids
        self._names = names
        self._rows = rows
        self._odd = odd
        self._kept = kept

    @property
    def size(self) -> int:
        """Signals."""
        return len(self._rows) // ROW.size

    @property
    def ids(self) -> list[str]:
        """The id of each signal, by arrival; empty for one that has none."""
        return self._ids.split(_SEPARATOR)

    @property
    def first(self) -> tuple[int, str, str]:
        """Position, type and participant of the signal that came first."""
        after, _, _, kind, who = ROW.unpack_from(self._rows)
        names = named(self._names)
        return self._first + after, names[kind], names[who]

    @property
    def unknown_parents(self) -> list[str]:
        """As of `Tree.unknown_parents`."""
        return [id for id, _ in self._kept[1]] if self._kept else []

    def unpack(self, trace_id: str, on_moved: Callable[[Node], None]) -> Tree:
        """The tree again."""
        tree = Tree(on_moved)
        nodes, names, first = tree.arrivals, named(self._names), self._first
        rows = list(ROW.iter_unpack(self._rows))
        for id, (after, at, _, kind, who) in zip(self.ids, rows, strict=True):
            nodes.append(Node(first + after, at, id, None, trace_id, names[kind], names[who]))
        for node, (_, _, above, _, _) in zip(nodes, rows, strict=True):
            if above < 0:
                tree.roots.append(node)
            else:
                parent = nodes[above]
                node.parent_id = parent.id
                parent.adopt(node)
        for row, parent_id, placement in self._odd:
            nodes[row].parent_id, nodes[row].placement = parent_id, placement
        _name(tree)
        if self._kept:
            stands_for, orphans, strays = self._kept
            tree.stands_for.update((id, nodes[rows[0]]) for id, rows in stands_for)
            tree.orphans.update((id, [nodes[row] for row in rows]) for id, rows in orphans)
            tree.strays.update((who, [nodes[row] for row in rows]) for who, rows in strays)
        return tree


def pack(tree: Tree) -> Packed | None:
    """A tree without objects; None when it cannot be one: it is large, somebody looks at it, or other traces hang in it."""
    nodes = tree.arrivals
    if not nodes or len(nodes) >= _MOST_ROWS or tree.portals or tree.is_written_down:
        return None
    first = nodes[0].seq
    ids = _SEPARATOR.join([node.id for node in nodes])
    names: dict[str, int] = {}
    numbers = [(numbered(node.type, names), numbered(node.who, names)) for node in nodes]
    if ids.count(_SEPARATOR) >= len(nodes) or not fits(names, nodes[-1].seq - first):
        return None
    row_of = {node.seq: row for row, node in enumerate(nodes)}
    rows = [
        ROW.pack(
            node.seq - first, node.at, -1 if (above := node.parent) is None else row_of[above.seq], *both
        )
        for node, both in zip(nodes, numbers, strict=True)
    ]
    odd = [
        _Odd(row, node.parent_id, node.placement)
        for row, node in enumerate(nodes)
        if node.placement or node.parent_id != (None if node.parent is None else node.parent.id)
    ]
    return Packed(first, ids, tuple(names), b"".join(rows), tuple(odd), _kept(tree, row_of))


def _kept(tree: Tree, row_of: dict[int, int]) -> tuple[_Places, ...]:
    """What a tree remembers of ids that it has not seen; empty when that is nothing."""
    stands_for = tuple((key, (row_of[node.seq],)) for key, node in tree.stands_for.items())
    orphans, strays = (
        tuple((key, tuple(row_of[node.seq] for node in nodes)) for key, nodes in book.items())
        for book in (tree.orphans, tree.strays)
    )
    return (stands_for, orphans, strays) if stands_for or orphans or strays else ()


def pack_plain(plain: Plain) -> Packed | None:
    """The same of signals whose tree nobody has asked for."""
    ids = _SEPARATOR.join(plain.ids)
    if ids.count(_SEPARATOR) >= len(plain.ids):
        return None
    return Packed(plain.first, ids, tuple(plain.names), bytes(plain.rows))


def pack_ends(ended: dict[int, Ended]) -> bytes:
    """Ends that do not follow from the tree, as bytes."""
    return b"".join([_ENDED.pack(seq, at, after) for seq, (at, after) in ended.items()])


def unpack_ends(packed: bytes) -> dict[int, Ended]:
    """These ends again."""
    return {seq: Ended(at, after) for seq, at, after in _ENDED.iter_unpack(packed)}


def _name(tree: Tree) -> None:
    """Have names lead to their signals, and put down how long after the one before it each came."""
    nodes: Iterable[Node] = tree.arrivals
    latest = tree.arrivals[0].at
    for node in nodes:
        again = node.placement == "duplicate"
        if again or not node.id:
            tree.unnamed[node.seq] = node
        else:
            tree.by_id[node.id] = node
        if node.type == AWARD and node.who and not again:
            tree.awards[node.who] = node
        if not again:
            node.gap = node.at - latest
            latest = max(latest, node.at)
