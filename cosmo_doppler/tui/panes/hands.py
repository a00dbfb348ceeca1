"""What was done by hand, in order: breaks, holds, edits, drops, faults made to order, and what a person sent."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.interventions import KINDS, Intervention
from cosmo_doppler.tui import words
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source

_COLUMNS = Columns(
    Column("time", "time", 12),
    Column("type", "signal", 13, needs=60),
    Column("who", "who", 12, middle=True, needs=70),
    Column("trace", "trace", 8, needs=110),
    Column("what", "what", 0),
)


_ROOMY = 100
"""Cells from which on all is said."""


class HandRows(Source):
    """One row for each intervention."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "jump_trace",
        "jump_auction",
        "pause",
        "zoom",
        "command_palette",
        "help",
    )
    newest_last = True
    follows = True

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    @property
    def _order(self) -> list[Intervention]:
        return self._scene.board.by_hand.order

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("By hand", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How many of each kind."""
        by_hand = self._scene.board.by_hand
        told = [f"{words.count(by_hand.counts[kind])} {kind}" for kind in KINDS if by_hand.counts[kind]]
        if by_hand.forgotten:
            told.append(f"{words.count(by_hand.forgotten)} older dropped")
        return [("  ".join(told), ink.dim)]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [_COLUMNS.header(width, ink)] if self._order else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [
            [("Nothing was done by hand", ink.dim)],
            [("breaks, holds, edits, drops, and what is sent from here are listed here", ink.dim)],
        ]

    def count(self) -> int:
        """Interventions up to the playhead."""
        return len(self._order)

    def key(self, index: int) -> int:
        """Its number."""
        return self._order[index].number

    def index(self, key: Hashable, near: int) -> int | None:
        """Numbers have no gaps."""
        order = self._order
        if not order or not isinstance(key, int):
            return None
        index = key - order[0].number
        return index if 0 <= index < len(order) else None

    def touched(self, changes: Changes) -> bool:
        """Any signal may be one."""
        return changes.signals > 0 or changes.reset

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return self.sequence(key) == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The signal as it came, or what the bus told of it."""
        index = self.index(key, 0)
        if index is None:
            return None
        done = self._order[index]
        return done.seq if done.signal_seq is None else done.signal_seq

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One intervention."""
        done = self._order[index]
        changed = done.kind in ("edited", "dropped")
        return _COLUMNS.row(
            width,
            {
                "time": [(words.time_of_day(done.at), ink.dim)],
                "type": [(safe(done.type, 40), ink.family(done.type))],
                "who": [(safe(done.who, 80), ink.plain)],
                "trace": [(short_id(done.trace_id) if done.trace_id else "", ink.dim)],
                "what": [(safe(_told(done, width), 300), ink.bold if changed else ink.plain)],
            },
        )


def _told(done: Intervention, width: int) -> str:
    """What was done. Where there is little room, that it was Doppler goes without saying; another gate is named."""
    if width >= _ROOMY or done.by != "doppler":
        return done.told()
    return done.told().replace(" by doppler", "", 1)
