"""Who talks to whom: an edge a row where there is little room, else blocks in columns by how far work has come."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.topology import Edge, EdgeKind, Key, Setup
from cosmo_doppler.tui import words
from cosmo_doppler.tui.graph import Block, Way, blocks_of, total
from cosmo_doppler.tui.panes.traces import quantity
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns, place
from cosmo_doppler.tui.widgets.source import Source, find_near

GRAPH_FROM = 100
"""Cells from which on blocks are drawn."""

_TYPES: dict[EdgeKind, str] = {
    "task": "TASK",
    "award": "TASK_AWARDED",
    "bid": "BID",
    "output": "AGENT_OUTPUT",
    "error": "ERROR",
    "question": "CLARIFICATION",
    "tool": "TOOL_CALL",
    "recall": "RECALL",
    "imprint": "IMPRINT",
}
"""A type of the family whose colour an edge has."""

_KINDS: tuple[EdgeKind, ...] = tuple(_TYPES)
_EDGES = Columns(
    Column("source", "from", 0, middle=True, most=24),
    Column("arrow", "", 15),
    Column("target", "to", 0, middle=True, most=24),
    Column("count", "signals", 7, right=True),
    Column("last", "last", 6, right=True, needs=70),
)
_SETUPS = Columns(
    Column("runs", "runs", 6, right=True),
    Column("alike", "alike", 6, right=True),
    Column("always", "every run", 9, right=True, needs=60),
    Column("sometimes", "some", 6, right=True, needs=60),
    Column("title", "asked more than once", 0),
)
_BLOCK, _GAP, _NAME, _KIND = 44, 3, 17, 12
"""Cells a column of blocks has at least, between two of them, of a name in them, and of a kind with its count."""

_MOST_SETUPS = 12


class _Line(NamedTuple):
    """One line of the graph in one column: the head of a block, or one of its ways."""

    block: Block
    way: Way | None
    first: int = 0
    """The first of the way's kinds on this line; what finds no room goes on below."""


class TopologyRows(Source):
    """Edges, or lines of the graph; below them what was asked more than once."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "jump_trace",
        "pause",
        "copy",
        "zoom",
        "command_palette",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._shape: Hashable = None
        self._keys: list[Hashable] = []
        self._edges: list[Key] = []
        self._columns: list[list[_Line | None]] = []
        self._setups: list[Setup] = []
        self._sometimes: set[Key] = set()
        self._wide = False
        self._abreast = 1
        """Kinds of signals on one line of a block."""

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Topology", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How much of it there is, and what a dotted line means."""
        topology = self._scene.board.topology
        note: Cell = [(words.many(len(topology.edges), "edge"), ink.dim)] if topology.edges else []
        if self._sometimes:
            note.append(("  ┈ not in every run", ink.dim))
        if topology.uncounted:
            note.append((f"  {words.count(topology.uncounted)} signals along further edges", ink.dim))
        return note

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles; and here the pane learns how much room there is."""
        self._wide = width >= GRAPH_FROM
        self._arrange(width)
        if not self._edges:
            return []
        return [[]] if self._wide else [_EDGES.header(width, ink)]

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [[("Nobody has spoken to anybody yet", ink.dim)], [("each task draws an edge", ink.dim)]]

    def count(self) -> int:
        """Rows."""
        return len(self._keys) if self._scene.board.topology.edges else 0

    def key(self, index: int) -> Hashable:
        """Both ends and the kind of an edge; else the place."""
        return self._keys[index]

    def index(self, key: Hashable, near: int) -> int | None:
        """Where a row stands."""
        return find_near(self._keys, key, near)

    def touched(self, changes: Changes) -> bool:
        """New edges show at once, counts with the second."""
        return changes.reset

    def stamp(self) -> Hashable:
        """Silence counts in seconds."""
        topology, timeline = self._scene.board.topology, self._scene.session.timeline
        return int(self._scene.now), topology.changes, timeline.position if timeline.paused else 0

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        seq = self.sequence(key)
        return seq is not None and seq == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The latest signal along an edge."""
        edges = self._scene.board.topology.edges
        if isinstance(key, Key):
            keys = [key]
        else:
            keys = [each for line in self._parts(key)[:1] for _, some in self._ways(line) for each in some]
        return max((edges[each].seq for each in keys if each in edges), default=None)

    def copied(self, key: Hashable) -> str:
        """All of a row: long names are cut in it."""
        edges = self._scene.board.topology.edges
        if isinstance(key, Key) and key in edges:
            return f"{_plain(key.source)} → {_plain(key.target)}: {words.count(edges[key].count)} {key.kind}"
        if isinstance(key, tuple) and 2 <= key[1] < len(self._setups) + 2:
            return safe(self._setups[key[1] - 2].title, 400)
        told = []
        for line in self._parts(key):
            targets = ", ".join(map(_plain, line.way.targets)) if line.way is not None else ""
            counts = "  ".join(f"{words.count(total(some, edges))} {kind}" for kind, some in self._ways(line))
            told.append(f"{', '.join(map(_plain, line.block.members))} → {targets}: {counts}")
        return "   ".join(told)

    def _parts(self, key: Hashable) -> list[_Line]:
        """What stands in a line of the graph, but for headings."""
        if not isinstance(key, int):
            return []
        columns = (column[key] for column in self._columns if key < len(column))
        return [part for part in columns if part is not None and part.way is not None]

    def _ways(self, line: _Line) -> Sequence[tuple[EdgeKind, tuple[Key, ...]]]:
        return line.way.edges[line.first : line.first + self._abreast] if line.way is not None else ()

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One row."""
        key = self._keys[index]
        if isinstance(key, Key):
            return self._edge(index, key, width, ink)
        if index < self._height:
            return self._across(index, width, ink)
        below = index - self._height
        if below < 2:
            return _SETUPS.header(width, ink) if below else []
        return self._setup(self._setups[below - 2], width, ink)

    # How it is arranged

    @property
    def _height(self) -> int:
        """Rows of the edges or the graph."""
        return max(map(len, self._columns), default=0) if self._wide else len(self._edges)

    def _arrange(self, width: int) -> None:
        topology = self._scene.board.topology
        shape = (id(topology), topology.changes, self.stamp(), width if self._wide else 0)
        if shape == self._shape:
            return
        self._shape = shape
        self._setups = topology.setups()[:_MOST_SETUPS]
        self._sometimes = {key for setup in topology.setups() for key in setup.sometimes()}
        self._edges = sorted(topology.edges, key=lambda key: (key.source, key.target, _KINDS.index(key.kind)))
        self._columns = self._deal(width) if self._wide else []
        rows: list[Hashable] = list(range(self._height)) if self._wide else list(self._edges)
        beneath = [("setup", number) for number in range(len(self._setups) + 2)] if self._setups else []
        self._keys = [*rows, *beneath]

    def _deal(self, width: int) -> list[list[_Line | None]]:
        blocks = blocks_of(list(self._scene.board.topology.edges))
        deepest = max((block.depth for block in blocks), default=0)
        number = min(deepest + 1, max(1, (width + _GAP) // (_BLOCK + _GAP)))
        columns: list[list[_Line | None]] = [[] for _ in range(number)]
        cells = (width - _GAP * (number - 1)) // number
        self._abreast = max(1, (cells - _NAME - 4) // _KIND)
        for block in blocks:
            column = columns[min(block.depth, number - 1)]
            column.append(_Line(block, None))
            for way in block.ways:
                column += [_Line(block, way, first) for first in range(0, len(way.edges), self._abreast)]
            column.append(None)
        return columns

    # How it is drawn

    def _edge(self, index: int, key: Key, width: int, ink: Ink) -> list[Segment]:
        edge = self._scene.board.topology.edges.get(key) or Edge(key)
        again = index > 0 and self._edges[index - 1].source == key.source
        return _EDGES.row(
            width,
            {
                "source": name_of((key.source,), ink, ink.dim if again else ink.bold),
                "arrow": self._arrow(key.kind, key in self._sometimes, ink),
                "target": [("itself", ink.dim)]
                if key.source == key.target
                else name_of((key.target,), ink, ink.plain),
                "count": [(words.count(edge.count), ink.plain)],
                "last": quantity(words.age(self._scene.now - edge.last_at), ink, ink.dim),
            },
        )

    def _arrow(self, kind: EdgeKind, sometimes: bool, ink: Ink) -> Cell:
        line = "┈" if sometimes else "─"
        return [
            (line * 2, ink.faint),
            (f" {kind} ", ink.family(_TYPES[kind])),
            (line * (10 - len(kind)) + "▶", ink.faint),
        ]

    def _across(self, index: int, width: int, ink: Ink) -> list[Segment]:
        number = len(self._columns)
        cells = (width - _GAP * (number - 1)) // number
        line: list[Segment] = []
        for place_, column in enumerate(self._columns):
            if place_:
                line.append(Segment(" " * _GAP))
            part = column[index] if index < len(column) else None
            line += place(self._part(part, cells, ink) if part is not None else [], cells)
        return line

    def _part(self, line: _Line, cells: int, ink: Ink) -> Cell:
        if line.way is None:
            return self._heading(line.block, cells, ink)
        way = line.way
        cell: Cell = [("    " if line.first else "  ▶ ", ink.faint)]
        name: Cell = [("itself", ink.dim)] if way.itself else name_of(way.targets, ink, ink.plain)
        if line.first:
            name = []
        cell += [(segment.text, segment.style or ink.plain) for segment in place(name, _NAME, middle=True)]
        edges = self._scene.board.topology.edges
        for kind, keys in way.edges[line.first : line.first + self._abreast]:
            mark = "┈" if any(key in self._sometimes for key in keys) else " "
            cell += [
                (f" {mark}", ink.faint),
                (f"{words.count(total(keys, edges)):>3}", ink.plain),
                (f" {kind}", ink.family(_TYPES[kind])),
            ]
        return cell

    def _heading(self, block: Block, cells: int, ink: Ink) -> Cell:
        name = name_of(block.members, ink, ink.bold)
        if len(block.members) > 1:
            last = safe(block.members[-1], 24)
            name = [
                (f"{safe(block.members[0], 24)} … {last}", ink.bold),
                (f" {len(block.members)} alike", ink.dim),
            ]
        there = self._scene.board.roster.get(block.members[0])
        what = f" {safe(there.role, 20)}" if there is not None and len(block.members) == 1 else ""
        used = sum(cell_len(text) for text, _ in name) + cell_len(what)
        return [*name, (" " + "─" * max(0, cells - used - 1), ink.faint), (what, ink.dim)]

    def _setup(self, setup: Setup, width: int, ink: Ink) -> list[Segment]:
        some = len(setup.sometimes())
        return _SETUPS.row(
            width,
            {
                "runs": [(words.count(setup.runs), ink.plain)],
                "alike": quantity((f"{100 * setup.consistency:.0f}", "%"), ink),
                "always": [(f"{len(setup.edges) - some}", ink.plain)],
                "sometimes": [(f"{some}", ink.plain if some else ink.dim)],
                "title": [(safe(setup.title, 200), ink.plain)],
            },
        )


def _plain(name: str) -> str:
    return safe(name, 200) or "(unnamed)"


def name_of(members: Sequence[str], ink: Ink, style: Style) -> Cell:
    """A participant, the first of several that are alike, or that nobody said who it is."""
    if not members[0]:
        return [("(unnamed)", style)]
    if len(members) == 1:
        return [(safe(members[0], 80), style)]
    return [(safe(members[0], 80), style), (f" +{len(members) - 1}", ink.dim)]
