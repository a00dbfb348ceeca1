"""Every key, read from the action table."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from cosmo_doppler.tui.actions import ACTIONS, Group
from cosmo_doppler.tui.keymap import Keymap
from cosmo_doppler.tui.safe import pad
from cosmo_doppler.tui.theme import Ink, ink_of

_GROUPS: dict[Group, str] = {
    "Move": "Move",
    "Look": "Look",
    "Jump": "From a signal",
    "Time": "Time, live and recorded",
    "Act": "Act on the bus",
    "Doppler": "Doppler",
}
_KEY_CELLS = 11


def help_text(ink: Ink, keymap: Keymap) -> Text:
    """All groups with their keys, one a line."""
    text = Text()
    for group, heading in _GROUPS.items():
        text.append(f"{heading}\n", ink.bold)
        for entry in ACTIONS:
            if entry.group == group:
                text.append(pad(keymap.shown(entry), _KEY_CELLS, right=True), ink.plain)
                text.append(f"  {entry.help}\n", ink.dim)
        text.append("\n")
    text.append("Mouse\n", ink.bold)
    text.append("Click selects, a second click opens, the wheel scrolls.\n", ink.dim)
    return text


class HelpScreen(ModalScreen[None]):
    """The keys, over the observatory.

    Args:
        keymap: which keys they are.
    """

    def __init__(self, keymap: Keymap) -> None:
        super().__init__()
        self._keymap = keymap

    BINDINGS: ClassVar[list[BindingType]] = [
        ("escape,q,question_mark,enter", "dismiss", "Back"),
        ("j,down", "scroll('down')", "Down"),
        ("k,up", "scroll('up')", "Up"),
    ]
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > VerticalScroll {
        width: 72; max-width: 100%; height: auto; max-height: 90%;
        border: round $work; border-title-color: $text; border-subtitle-color: $dim;
        background: $background; padding: 0 1; scrollbar-size-vertical: 1;
        scrollbar-color: $faint; scrollbar-background: $background;
    }
    """

    def compose(self) -> ComposeResult:
        """One column of text in a frame."""
        with VerticalScroll() as frame:
            frame.border_title = "Keys"
            frame.border_subtitle = "esc closes"
            yield Static(help_text(ink_of(self.app), self._keymap), markup=False)

    def action_scroll(self, direction: str) -> None:
        """A line up or down."""
        frame = self.query_one(VerticalScroll)
        frame.scroll_relative(y=1 if direction == "down" else -1, animate=False)
