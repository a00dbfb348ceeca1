"""The tree of a trace on which nothing happens any more, in a few bytes for each signal instead of several hundred.

Nothing is left out: unpacked it is the tree it was. All of it is immutable, and nothing in it is an object for each
signal, so neither the garbage collector nor whoever takes back what was folded has anything to do with it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Sequence
from struct import Struct
from typing import Any, NamedTuple

from cosmo_doppler.model.node import Node, Placement
from cosmo_doppler.model.plain import Plain
from cosmo_doppler.model.timing import Ended
from cosmo_doppler.model.tree import AWARD, Tree

_SEQ, _AT, _ABOVE, _NAME = "I", "d", "h", "B"
"""Columns: of each signal its position after that of the first, its arrival, the row it hangs under (-1 for a root); its
type and whom it names, both of one kind. Each is an array, and they lie one after the other."""

_COLUMNS = (_SEQ, _AT, _ABOVE, _NAME, _NAME)
_WIDTH = sum(array(code).itemsize for code in _COLUMNS)

_MOST_ROWS, _MOST_NAMES, _FARTHEST = 1 << 15, 1 << 8, 1 << 32

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
        names: types and whom they name, in the order of the numbers that stand for them.
        rows: the columns.
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
        return len(self._rows) // _WIDTH

    @property
    def ids(self) -> list[str]:
        """The id of each signal, by arrival; empty for one that has none."""
        return self._ids.split(_SEPARATOR)

    @property
    def first(self) -> tuple[int, str, str]:
        """Position, type and participant of the signal that came first."""
        after, _, _, types, whos = self._columns()
        return self._first + after[0], self._names[types[0]], self._names[whos[0]]

    @property
    def unknown_parents(self) -> list[str]:
        """As of `Tree.unknown_parents`."""
        return [id for id, _ in self._kept[1]] if self._kept else []

    def _columns(self) -> list[array[Any]]:
        columns, start, size = [], 0, self.size
        for code in _COLUMNS:
            column: array[Any] = array(code)
            end = start + size * column.itemsize
            column.frombytes(self._rows[start:end])
            columns.append(column)
            start = end
        return columns

    def unpack(self, trace_id: str, on_moved: Callable[[Node], None]) -> Tree:
        """The tree again."""
        tree = Tree(on_moved)
        nodes, names, first = tree.arrivals, self._names, self._first
        afters, ats, places, types, whos = self._columns()
        for after, at, id, type, who in zip(afters, ats, self.ids, types, whos, strict=True):
            nodes.append(Node(first + after, at, id, None, trace_id, names[type], names[who]))
        for node, above in zip(nodes, places, strict=True):
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
    if not nodes or tree.portals or tree.is_written_down:
        return None
    row_of = {node.seq: row for row, node in enumerate(nodes)}
    columns = _columns_of(
        [node.id for node in nodes],
        list(row_of),
        [node.at for node in nodes],
        [-1 if (above := node.parent) is None else row_of[above.seq] for node in nodes],
        [node.type for node in nodes],
        [node.who for node in nodes],
    )
    if columns is None:
        return None
    odd = [
        _Odd(row, node.parent_id, node.placement)
        for row, node in enumerate(nodes)
        if node.placement or node.parent_id != (None if node.parent is None else node.parent.id)
    ]
    stands_for = tuple((key, (row_of[node.seq],)) for key, node in tree.stands_for.items())
    orphans, strays = (
        tuple((key, tuple(row_of[node.seq] for node in nodes)) for key, nodes in book.items())
        for book in (tree.orphans, tree.strays)
    )
    kept = (stands_for, orphans, strays) if stands_for or orphans or strays else ()
    return Packed(*columns, tuple(odd), kept)


def pack_plain(plain: Plain) -> Packed | None:
    """The same of signals whose tree nobody has asked for."""
    if not plain:
        return None
    _, seqs, ats, places, types, whos, _ = zip(*plain.values(), strict=True)
    columns = _columns_of(plain, seqs, ats, places, types, whos)
    return None if columns is None else Packed(*columns)


def _columns_of(
    ids: Collection[str],
    seqs: Sequence[int],
    ats: Iterable[float],
    places: Iterable[int],
    types: Iterable[str],
    whos: Iterable[str],
) -> tuple[int, str, tuple[str, ...], bytes] | None:
    """Position of the first, ids, names and columns of a `Packed`; None where that has no room for them."""
    first, count = seqs[0], len(seqs)
    joined = _SEPARATOR.join(ids)
    numbers: dict[str, int] = {}
    for text in types, whos:
        for each in text:
            numbers.setdefault(each, len(numbers))
    if (
        count >= _MOST_ROWS
        or joined.count(_SEPARATOR) >= count
        or len(numbers) > _MOST_NAMES
        or seqs[-1] - first >= _FARTHEST
    ):
        return None
    number = numbers.__getitem__
    columns = [seq - first for seq in seqs], ats, places, map(number, types), map(number, whos)
    rows = b"".join([array(code, column).tobytes() for code, column in zip(_COLUMNS, columns, strict=True)])
    return first, joined, tuple(numbers), rows


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
