"""The breaks a person set: what they mean, what they held, and whether they are on."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.tui import words
from cosmo_doppler.tui.breaking import BreakRow, breaks_of
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source, find_near

_COLUMNS = Columns(
    Column("state", "", 5),
    Column("held", "held", 5, right=True),
    Column("passed", "passed", 6, right=True, needs=48),
    Column("most", "most", 6, right=True, needs=58),
    Column("text", "break on", 0),
)


class BreakRows(Source):
    """One row for each break."""

    hints: ClassVar[tuple[str, ...]] = (
        "switch_break",
        "drop_held",
        "break_on",
        "release_all",
        "zoom",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._rows: list[BreakRow] = []

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Breaks", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How many are on."""
        rows = breaks_of(self._scene)
        on = sum(row.on for row in rows)
        return [(f"{on} of {len(rows)} on", ink.dim)] if rows else []

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [_COLUMNS.header(width, ink)] if self._rows else []

    def empty(self, ink: Ink) -> list[Cell]:
        """How there would be one."""
        return [[("No break is set", ink.dim)], [("B", ink.bold), (" sets one", ink.dim)]]

    def count(self) -> int:
        """Breaks."""
        self._rows = breaks_of(self._scene)
        return len(self._rows)

    def key(self, index: int) -> Hashable:
        """Its kind and number."""
        return self._rows[index].key

    def index(self, key: Hashable, near: int) -> int | None:
        """Where it stands now."""
        return find_near([row.key for row in self._rows], key, near)

    def touched(self, changes: Changes) -> bool:
        """The stamp tells."""
        return changes.reset

    def stamp(self) -> Hashable:
        """What is shown of them."""
        return tuple(breaks_of(self._scene))

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One break."""
        shown = self._rows[index]
        text: Cell = [(safe(shown.text, 300), ink.plain if shown.on else ink.dim)]
        if shown.ended:
            text.insert(0, (f"{safe(shown.ended.removeprefix('opened by itself: '), 300)}  ", ink.stop))
        return _COLUMNS.row(
            width,
            {
                "state": [(shown.state, ink.bold if shown.on else ink.dim)],
                "held": [(words.count(shown.held), ink.plain if shown.held else ink.dim)],
                "passed": [(words.count(shown.passed) if shown.passed else "", ink.dim)],
                "most": [(shown.most, ink.dim)],
                "text": text,
            },
        )
