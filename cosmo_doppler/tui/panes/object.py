"""One object of coordination in full, or all of a kind in figures."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, ClassVar

from rich.segment import Segment

from cosmo_doppler.model.coordination.notice import KINDS, Kind
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.tui.panes.auction_terms import ticks
from cosmo_doppler.tui.panes.coordination import GROUP, HEADINGS
from cosmo_doppler.tui.panes.coordination_rows import cells_of
from cosmo_doppler.tui.panes.laid_out import LaidOut
from cosmo_doppler.tui.panes.objects import grant, group, negotiation, pool, sale, task, vote
from cosmo_doppler.tui.panes.objects.paper import Line, Paper, called
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place

_PER_SECOND = 10
"""How often countdowns are drawn again."""


class ObjectLines(LaidOut):
    """Lines about the selected object."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "end_object",
        "jump_trace",
        "jump_auction",
        "copy",
        "zoom",
        "command_palette",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._lines: list[Line] = []

    @property
    def _thing(self) -> Thing | None:
        return self._scene.object

    @property
    def _kind(self) -> Kind | None:
        """The kind whose heading is selected."""
        key = self._scene.object_key or ""
        return next((kind for kind in KINDS if key == f"{GROUP}{kind}"), None)

    def title(self, ink: Ink) -> Cell:
        """What it is and what it is called."""
        thing, kind = self._thing, self._kind
        if thing is None:
            return [(HEADINGS[kind] if kind is not None else "Object", ink.bold)]
        return [(thing.kind.capitalize(), ink.bold), (f"  {called(thing)}", ink.plain)]

    def note(self, ink: Ink) -> Cell:
        """How it stands."""
        return cells_of(self._thing, self._scene, ink)["state"] if self._thing is not None else []

    def describe(self, width: int, ink: Ink) -> list[Cell]:
        """What is known of it."""
        self._lines = list(self._describe(Paper(self._scene, width, ink)))
        return [line.cell for line in self._lines]

    def _describe(self, paper: Paper) -> Iterator[Line]:
        thing, kind = self._thing, self._kind
        if thing is not None:
            return _LINES[thing.kind](thing, paper)
        return group.lines(kind, paper) if kind is not None else iter(())

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [[("Nothing is selected", ink.dim)]]

    def scope(self) -> Hashable:
        """Another object starts at the top."""
        return self._scene.object_key

    def stamp(self) -> Hashable:
        """What is known of it, and the time while that counts."""
        scene, thing = self._scene, self._thing
        book = scene.board.coordination
        if thing is None:
            return scene.object_key, book.revision, int(scene.now) if len(book) else 0
        ticking = None if thing.over else int(scene.now * _PER_SECOND)
        auction = scene.object_auction
        told = (auction.revision, ticks(auction, scene.now)) if auction is not None else None
        related = book.revision if thing.kind in ("delegation", "pool") else 0
        return thing.key, thing.revision, related, ticking, told, scene.board.presence.changes

    def marked(self, key: Hashable) -> bool:
        """While another pane shows the signal behind it."""
        seq = self.sequence(key)
        return seq is not None and seq == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The signal behind a line."""
        return self._lines[key].seq if isinstance(key, int) and 0 <= key < len(self._lines) else None

    def copied(self, key: Hashable) -> str:
        """The line."""
        if not isinstance(key, int) or not 0 <= key < len(self._lines):
            return ""
        return "".join(text for text, _ in self._lines[key].cell).strip()

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One line."""
        return place(self._lines[index].cell, width)


_LINES: dict[Kind, Callable[[Any, Paper], Iterator[Line]]] = {
    "pool": pool.lines,
    "task": task.lines,
    "negotiation": negotiation.lines,
    "vote": vote.lines,
    "auction": sale.lines,
    "delegation": grant.lines,
}
