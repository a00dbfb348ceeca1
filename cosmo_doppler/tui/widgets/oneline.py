"""Widgets of a line or a few that are drawn whole, and only when what they say has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cosmo_doppler.tui.theme import Ink, ink_of
from cosmo_doppler.tui.widgets.columns import Cell, place

Compose = Callable[[int, Ink], Sequence[Segment]]
"""Draws a line of that many cells."""


class OneLine(Widget):
    """A line of text over its own ground."""

    ALLOW_SELECT = False
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
        self._drawn = drawn
        self._said: list[Segment] = []

    def renew(self) -> None:
        """Draw again if the line says something else than before."""
        said = list(self._drawn(self.size.width, ink_of(self.app)))
        if said != self._said:
            self._said = said
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        ink = ink_of(self.app)
        self._said = list(self._drawn(self.size.width, ink))
        ground = ink.raised if self.has_class("raised") else ink.background
        return Strip(self._said).adjust_cell_length(self.size.width).apply_style(ground)

    def on_click(self, event: events.Click) -> None:
        """Tell the screen where."""
        self.post_message(self.Pressed(self, event.x))


class Centred(Widget):
    """A few lines in the middle of the screen."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Centred { position: absolute; background: $background; }"

    def __init__(self, lines: Callable[[Ink], list[Cell]], *, id: str) -> None:
        super().__init__(id=id)
        self._lines = lines
        self._said: list[Cell] = []

    def renew(self) -> bool:
        """Draw again if there is something else to say; whether there is anything to say."""
        said = self._lines(ink_of(self.app))
        if said != self._said:
            self._said = said
            self.refresh()
        return bool(said)

    def render_line(self, y: int) -> Strip:
        """One line of it."""
        ink = ink_of(self.app)
        width, height = self.size
        # A little above the middle looks like the middle.
        index = y - max(0, (height - len(self._said)) * 2 // 5)
        cell = self._said[index] if 0 <= index < len(self._said) else []
        indent = max(0, (width - sum(cell_len(text) for text, _ in cell)) // 2)
        line = [Segment(" " * indent), *place(cell, width - indent)]
        return Strip(line).adjust_cell_length(width).apply_style(ink.background)
