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
