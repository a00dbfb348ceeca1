"""The signals of a trace in which nothing is out of the ordinary, before anybody looks at its tree.

Nearly every signal names a parent that was seen on its trace, or none, and most traces are never looked at. So what
comes is put down in a row of a few bytes, and the tree grows from the rows once somebody asks for it: it is the tree it
would have been. From then on, and from the first signal on whose place has to be guessed, the trace keeps the tree itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from struct import Struct

from cosmo_doppler.model.node import Node
from cosmo_doppler.model.tree import LARGE, Tree
from cosmo_sdk.signal_types import SignalType

ROW = Struct("<IdhBB")
"""One signal: its position after that of the first, its arrival, the number of what it hangs under (-1 for a root), its
type and whom it names, both by the numbers of names."""

_WIDTH = ROW.size
_KIND = ROW.size - 2
"""Where in a row the type stands."""

_FARTHEST, _MOST_NAMES = 1 << 32, 1 << 8
"""What no position and no number of a name reaches."""

_KNOWN: dict[str, int] = {name: number for number, name in enumerate(["", *SignalType.__members__])}
"""Numbers of names that need not be kept: nobody, and all types of the protocol."""

_COMMON = tuple(_KNOWN)
_WORK = frozenset({_KNOWN["TASK"], _KNOWN["TASK_AWARDED"]})

_pack = ROW.pack


def numbered(name: str, names: dict[str, int]) -> int:
    """The number of a name; one that is met for the first time is put down in `names`."""
    number = _KNOWN.get(name)
    return names.setdefault(name, len(_COMMON) + len(names)) if number is None else number


def named(names: Sequence[str]) -> tuple[str, ...]:
    """What the numbers mean that `numbered` gave."""
    return (*_COMMON, *names)


def fits(names: dict[str, int], after: int) -> bool:
    """Whether a row has room for these names, and for a signal so many positions after the first."""
    return after < _FARTHEST and len(_COMMON) + len(names) <= _MOST_NAMES


class Plain:
    """Signals by arrival, each below one that came before."""

    __slots__ = ("first", "ids", "names", "rows")

    def __init__(self) -> None:
        self.first = 0
        """Position of the first."""
        self.ids: dict[str, int] = {}
        """The number of each, by its id; counted from 0."""
        self.names: dict[str, int] = {}
        """As of `numbered`."""
        self.rows = bytearray()

    def add(self, seq: int, at: float, id: str, above: int, kind: str, who: str) -> bool:
        """Put down a signal.

        Args:
            seq: its position.
            at: its arrival, epoch seconds.
            id: its id, which no other one here has.
            above: the number of what it hangs under; -1 for a root.
            kind: its type.
            who: the participant it names.

        Returns:
            False when it found no room.
        """
        ids = self.ids
        count = len(ids)
        if not count:
            self.first = seq
        after, kind_number = seq - self.first, _KNOWN.get(kind)
        who_number = self.names.get(who) if who else 0
        if kind_number is None or who_number is None or after >= _FARTHEST:
            kind_number, who_number = numbered(kind, self.names), numbered(who, self.names)
            if not fits(self.names, after):
                return False
        if count >= LARGE - 1:
            return False
        ids[id] = count
        self.rows += _pack(after, at, above, kind_number, who_number)
        return True

    def seq(self, number: int) -> int:
        """The position of a signal."""
        after: int = ROW.unpack_from(self.rows, number * _WIDTH)[0]
        return self.first + after

    def gives_work(self, number: int) -> bool:
        """Whether a signal gives somebody work."""
        return self.rows[number * _WIDTH + _KIND] in _WORK

    @property
    def began_with(self) -> tuple[int, str, str]:
        """Position, type and participant of the signal that came first; -1 and nothing before there is one."""
        if not self.ids:
            return -1, "", ""
        kind, who = self.rows[_KIND:_WIDTH]
        names = named(tuple(self.names))
        return self.first, names[kind], names[who]

    def grown(self, trace_id: str, on_moved: Callable[[Node], None]) -> Tree:
        """The tree of these signals."""
        tree = Tree(on_moved)
        nodes, names, first = tree.arrivals, named(tuple(self.names)), self.first
        latest: float | None = None
        for id, (after, at, above, kind, who) in zip(self.ids, ROW.iter_unpack(self.rows), strict=True):
            parent = None if above < 0 else nodes[above]
            node = Node(
                first + after,
                at,
                id,
                None if parent is None else parent.id,
                trace_id,
                names[kind],
                names[who],
            )
            if latest is None:
                latest = at
            node.gap = at - latest
            latest = max(latest, at)
            tree.place(node, parent)
        return tree
