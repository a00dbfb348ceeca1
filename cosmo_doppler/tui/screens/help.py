"""Every key, read from the action table."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.geometry import Size

from cosmo_doppler.tui.actions import ACTIONS, Action, Group, action
from cosmo_doppler.tui.keymap import Keymap
from cosmo_doppler.tui.modals.sheet import Sheet
from cosmo_doppler.tui.safe import pad
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.painted import Drawn, Painted

_GROUPS: dict[Group, str] = {
    "Move": "Move",
    "Look": "Look",
    "Jump": "From a signal",
    "Time": "Time, live and recorded",
    "Act": "Act on the bus",
    "Doppler": "Doppler",
}
_KEY_CELLS = 11
_LEAST_CELLS = 20
"""What a text has at least, however narrow the screen is."""

TWO_COLUMNS = 144
"""Cells from which on the keys stand in two columns."""

Line = tuple[str, str]
"""A heading, or a key and what it does."""


class Block(NamedTuple):
    """What belongs together under a heading."""

    heading: str
    rows: tuple[Line, ...]
    """Keys and what they do."""

    def lines(self, width: int) -> Iterator[Line]:
        """Heading, rows and an empty line, in that many cells. All of it is ours and a cell wide."""
        yield self.heading, ""
        for key, text in self.rows:
            shown = f"{pad(key, _KEY_CELLS, right=True)}  " if key else ""
            first, *rest = textwrap.wrap(text, max(_LEAST_CELLS, width - len(shown))) or [""]
            yield shown, first
            yield from ((" " * len(shown), more) for more in rest)
        yield "", ""


def help_blocks(keymap: Keymap, here: Sequence[str], pane: str) -> list[Block]:
    """What the focused pane is good for, then all groups with their keys, then the mouse.

    Args:
        keymap: which keys they are.
        here: names of the actions the pane hints at.
        pane: its name.
    """
    blocks = [_block(f"In {pane}", [action(name) for name in here], keymap)] if here else []
    blocks += [
        _block(heading, [entry for entry in ACTIONS if entry.group == group], keymap)
        for group, heading in _GROUPS.items()
    ]
    mouse = (
        ("", "Click selects, a second click opens, the wheel scrolls."),
        ("", "Above a time axis the wheel zooms, and a drag shows that stretch."),
    )
    return [*blocks, Block("Mouse", mouse)]


def _block(heading: str, entries: Sequence[Action], keymap: Keymap) -> Block:
    return Block(heading, tuple((keymap.shown(entry), entry.help) for entry in entries))


def in_columns(blocks: Sequence[Block], columns: int) -> list[list[Block]]:
    """The blocks in that many columns of about the same height, in order."""
    goal = sum(len(block.rows) + 2 for block in blocks) / columns
    made: list[list[Block]] = [[]]
    used = 0
    for block in blocks:
        rows = len(block.rows) + 2
        if len(made) < columns and used and used + rows / 2 > goal:
            made.append([])
            used = 0
        made[-1].append(block)
        used += rows
    return made


@lru_cache(maxsize=64)
def _wrapped(blocks: tuple[Block, ...], width: int) -> list[Line]:
    """All lines; what does not fit goes on under its beginning. Kept: asked for whenever the help is laid out."""
    return [line for block in blocks for line in block.lines(width)]


class HelpText(Painted):
    """Blocks below each other.

    Args:
        blocks: what to show.
    """

    DEFAULT_CSS = "HelpText { width: 1fr; height: auto; }"

    def __init__(self, blocks: Sequence[Block]) -> None:
        super().__init__()
        self._blocks = tuple(blocks)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as it takes."""
        return len(_wrapped(self._blocks, width))

    def draw(self, width: int, height: int, ink: Ink) -> list[Drawn]:
        """All of them."""
        return [
            Drawn([Segment(key, ink.bold if not text else ink.plain), Segment(text, ink.dim)], ink.background)
            for key, text in _wrapped(self._blocks, width)
        ]


class HelpScreen(Sheet):
    """The keys, over the observatory.

    Args:
        keymap: which keys they are.
        here: names of the actions that the focused pane hints at.
        pane: its name.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("question_mark", "dismiss", "Back")]
    DEFAULT_CSS = """
    HelpScreen > VerticalScroll { width: 72; scrollbar-gutter: stable; }
    HelpScreen > VerticalScroll.wide { width: 142; }
    HelpScreen Horizontal { height: auto; }
    """

    def __init__(self, keymap: Keymap, here: Sequence[str] = (), pane: str = "") -> None:
        super().__init__()
        self._keymap = keymap
        self._here = here
        self._pane = pane

    def compose(self) -> ComposeResult:
        """One or two columns of text in a frame."""
        columns = 2 if self.app.size.width >= TWO_COLUMNS else 1
        blocks = help_blocks(self._keymap, self._here, self._pane)
        with self.framed("Keys") as frame:
            frame.set_class(columns == 2, "wide")
            with Horizontal():
                yield from map(HelpText, in_columns(blocks, columns))
