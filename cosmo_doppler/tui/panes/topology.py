"""Who talks to whom: an edge a row, those that carry most first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.topology import EdgeKind, Key
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.traces import quantity
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source, find_near

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

_COLUMNS = Columns(
    Column("source", "from", 20, middle=True),
    Column("arrow", "", 14),
    Column("target", "to", 20, middle=True),
    Column("count", "signals", 7, right=True),
    Column("last", "last", 6, right=True),
)


def name_of(id: str, ink: Ink, style: Style) -> Cell:
    """A participant, or that nobody said who it is."""
    return [(safe(id, 80), style)] if id else [("(producer)", ink.dim)]


class TopologyRows(Source):
    """One row for each edge."""

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
        self._keys: list[Key] = []

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Topology", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How many edges there are."""
        edges = self._scene.board.topology.edges
        return [(words.many(len(edges), "edge"), ink.dim)] if edges else []

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [_COLUMNS.header(width, ink)] if self._scene.board.topology.edges else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [[("Nobody has spoken to anybody yet", ink.dim)], [("each task draws an edge", ink.dim)]]

    def count(self) -> int:
        """Edges known."""
        edges = self._scene.board.topology.edges
        if len(self._keys) != len(edges) or (self._keys and self._keys[0] not in edges):
            self._keys = list(edges)
        return len(self._keys)

    def key(self, index: int) -> Key:
        """Its ends and its kind."""
        return self._keys[index]

    def index(self, key: Hashable, near: int) -> int | None:
        """Where an edge stands."""
        return find_near(self._keys, key, near)

    def touched(self, changes: Changes) -> bool:
        """Only work draws edges."""
        return bool(changes.traces) or changes.reset

    def stamp(self) -> Hashable:
        """Silence counts in seconds."""
        return int(self._scene.now)

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return self.sequence(key) == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The latest signal along it."""
        edge = self._scene.board.topology.edges.get(key) if isinstance(key, Key) else None
        return edge.seq if edge is not None else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One edge."""
        key = self._keys[index]
        edge = self._scene.board.topology.edges[key]
        family = ink.family(_TYPES[key.kind])
        return _COLUMNS.row(
            width,
            {
                "source": name_of(key.source, ink, ink.plain),
                "arrow": [(f"─ {key.kind} ".ljust(12, "─") + "▶", family)],
                "target": name_of(key.target, ink, ink.plain),
                "count": [(words.count(edge.count), ink.plain)],
                "last": quantity(words.age(self._scene.now - edge.last_at), ink, ink.dim),
            },
        )
