"""Widgets of a line or a few that are drawn whole, and only when what they say has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual import events
from textual.message import Message

from cosmo_doppler.tui.safe import cells
from cosmo_doppler.tui.theme import Ink, ink_of
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_doppler.tui.widgets.painted import Drawn, Painted

Compose = Callable[[int, Ink], Sequence[Segment]]
"""Draws a line of that many cells."""


class OneLine(Painted):
    """A line of text over its own ground."""

    DEFAULT_CSS = "OneLine { height: 1; } OneLine.raised { background: $raised; }"

    class Pressed(Message):
        """The line was clicked, at a cell."""

        def __init__(self, line: OneLine, cell: int) -> None:
            super().__init__()
            self.line = line
            self.cell = cell

        @property
        def control(self) -> OneLine:
            """The line."""
            return self.line

    def __init__(self, drawn: Compose, *, id: str, raised: bool = False) -> None:
        super().__init__(id=id, classes="raised" if raised else "")
        self._compose_line = drawn
        self._raised = raised

    def draw(self, width: int, height: int, ink: Ink) -> list[Drawn]:
        """The line."""
        return [Drawn(self._compose_line(width, ink), ink.raised if self._raised else ink.background)]

    def on_click(self, event: events.Click) -> None:
        """Tell the screen where."""
        self.post_message(self.Pressed(self, event.x))


class Centred(Painted):
    """A few lines in the middle of the screen."""

    DEFAULT_CSS = "Centred { position: absolute; background: $background; }"

    def __init__(self, lines: Callable[[Ink], list[Cell]], *, id: str) -> None:
        super().__init__(id=id)
        self._lines = lines
        self._said: list[Cell] = []

    def look_again(self) -> bool:
        """Draw again if there is something else to say; whether there is anything to say."""
        said = self._lines(ink_of(self.app))
        if said != self._said:
            self._said = said
            self.refresh()
        return bool(said)

    def draw(self, width: int, height: int, ink: Ink) -> list[Drawn]:
        """Empty lines around it."""
        # A little above the middle looks like the middle.
        above = max(0, (height - len(self._said)) * 2 // 5)
        return [
            *[Drawn((), ink.background)] * above,
            *(Drawn(_in_the_middle(cell, width), ink.background) for cell in self._said),
        ]


def _in_the_middle(cell: Cell, width: int) -> list[Segment]:
    indent = max(0, (width - sum(cells(text) for text, _ in cell)) // 2)
    return [Segment(" " * indent), *place(cell, width - indent)]
