"""Every key, read from the action table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from cosmo_doppler.tui.actions import ACTIONS, Action, Group, action
from cosmo_doppler.tui.keymap import Keymap
from cosmo_doppler.tui.modals.veiled import Veiled
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


TWO_COLUMNS = 144
"""Cells from which on the keys stand in two columns."""


def help_blocks(ink: Ink, keymap: Keymap, here: Sequence[str], pane: str) -> list[Text]:
    """What the focused pane is good for, then all groups with their keys, then the mouse.

    Args:
        ink: the styles.
        keymap: which keys they are.
        here: names of the actions the pane hints at.
        pane: its name.
    """
    blocks = [_block(f"In {pane}", [action(name) for name in here], ink, keymap)] if here else []
    blocks += [
        _block(heading, [entry for entry in ACTIONS if entry.group == group], ink, keymap)
        for group, heading in _GROUPS.items()
    ]
    mouse = Text.assemble(("Mouse\n", ink.bold))
    mouse.append("Click selects, a second click opens, the wheel scrolls.\n", ink.dim)
    mouse.append("Above a time axis the wheel zooms, and a drag shows that stretch.\n", ink.dim)
    return [*blocks, mouse]


def _block(heading: str, entries: Sequence[Action], ink: Ink, keymap: Keymap) -> Text:
    text = Text.assemble((f"{heading}\n", ink.bold))
    for entry in entries:
        text.append(pad(keymap.shown(entry), _KEY_CELLS, right=True), ink.plain)
        text.append(f"  {entry.help}\n", ink.dim)
    return text


def in_columns(blocks: Sequence[Text], columns: int) -> list[Text]:
    """The blocks in that many columns of about the same height, in order."""
    goal = sum(block.plain.count("\n") + 1 for block in blocks) / columns
    made, used = [Text()], 0
    for block in blocks:
        lines = block.plain.count("\n") + 1
        if len(made) < columns and used and used + lines / 2 > goal:
            made.append(Text())
            used = 0
        made[-1].append_text(block).append("\n")
        used += lines
    return made


class HelpScreen(Veiled[None]):
    """The keys, over the observatory.

    Args:
        keymap: which keys they are.
        here: names of the actions that the focused pane hints at.
        pane: its name.
    """

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
    HelpScreen > VerticalScroll.wide { width: 142; }
    HelpScreen Horizontal { height: auto; }
    HelpScreen Static { width: 1fr; height: auto; }
    """

    def __init__(self, keymap: Keymap, here: Sequence[str] = (), pane: str = "") -> None:
        super().__init__()
        self._keymap = keymap
        self._here = here
        self._pane = pane

    def compose(self) -> ComposeResult:
        """One or two columns of text in a frame."""
        columns = 2 if self.app.size.width >= TWO_COLUMNS else 1
        blocks = help_blocks(ink_of(self.app), self._keymap, self._here, self._pane)
        with VerticalScroll() as frame:
            frame.set_class(columns == 2, "wide")
            frame.border_title = "Keys"
            frame.border_subtitle = "esc closes"
            with Horizontal():
                for text in in_columns(blocks, columns):
                    yield Static(text, markup=False)

    def action_scroll(self, direction: str) -> None:
        """A line up or down."""
        # None while the screen is being built or left: keys may come quicker than that.
        for frame in self.query(VerticalScroll):
            frame.scroll_relative(y=1 if direction == "down" else -1, animate=False)
