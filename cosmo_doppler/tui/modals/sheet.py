"""A sheet of text over the screen, to be read and left."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.containers import VerticalScroll

from cosmo_doppler.tui.modals.veiled import Veiled


class Sheet(Veiled[None]):
    """Text in a frame that scrolls where it is longer than the screen; `framed` makes the frame."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,enter", "dismiss", "Back"),
        ("j,down", "scroll(1)", "Down"),
        ("k,up", "scroll(-1)", "Up"),
        ("ctrl+d", "turn(0.5)", "Half a page down"),
        ("ctrl+u", "turn(-0.5)", "Half a page up"),
        ("pagedown,space", "turn(1)", "A page down"),
        ("pageup", "turn(-1)", "A page up"),
        ("g,home", "end(-1)", "Top"),
        ("G,end", "end(1)", "Bottom"),
    ]
    DEFAULT_CSS = """
    Sheet { align: center middle; background: $background 60%; }
    Sheet > VerticalScroll {
        max-width: 100%; height: auto; max-height: 90%;
        border: round $work; border-title-color: $text; border-subtitle-color: $dim;
        background: $background; padding: 0 1; scrollbar-size-vertical: 1;
        scrollbar-color: $faint; scrollbar-background: $background;
    }
    """

    def framed(self, title: str) -> VerticalScroll:
        """The frame, to be filled by whoever composes."""
        frame = VerticalScroll()
        frame.border_title, frame.border_subtitle = title, "esc closes"
        return frame

    def action_scroll(self, rows: int) -> None:
        """A line up or down."""
        # None while the screen is being built or left: keys may come quicker than that.
        for frame in self.query(VerticalScroll):
            frame.scroll_relative(y=rows, animate=False)

    def action_turn(self, pages: float) -> None:
        """So many pages down, or up."""
        for frame in self.query(VerticalScroll):
            frame.scroll_relative(y=int(pages * max(2, frame.size.height - 1)), animate=False)

    def action_end(self, way: int) -> None:
        """To the first line, or the last."""
        for frame in self.query(VerticalScroll):
            frame.scroll_to(y=frame.max_scroll_y if way > 0 else 0, animate=False)
