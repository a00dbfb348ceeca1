"""Every signal in order of arrival: the honest log, malformed frames included."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.session import Gap
from cosmo_doppler.tui import words
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene, by_hand_of, says
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source

_COLUMNS = Columns(
    Column("time", "time", 12, needs=60),
    Column("type", "signal", 20),
    Column("who", "who", 14, middle=True),
    Column("trace", "trace", 8, needs=84),
    Column("text", "says", 0),
    Column("seq", "number", 9, right=True, needs=100),
)


class SignalRows(Source):
    """One row for each frame in the store, up to the playhead."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "follow",
        "pause",
        "jump_trace",
        "jump_auction",
        "jump_parent",
        "copy",
        "help",
    )
    newest_last = True
    follows = True
    fixed_rows = True

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Signals", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How many are known at this point of time."""
        return [(words.count(self.count()), ink.dim)]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [_COLUMNS.header(width, ink)] if self.count() else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [[("No signal yet", ink.dim)], [("everything said on the bus is listed here", ink.dim)]]

    def count(self) -> int:
        """Signals up to the playhead."""
        session = self._scene.session
        return min(session.timeline.position, len(session.store))

    def key(self, index: int) -> int:
        """Its position in the store."""
        return index

    def index(self, key: Hashable, near: int) -> int | None:
        """The position is the place."""
        return key if isinstance(key, int) and key < self.count() else None

    def touched(self, changes: Changes) -> bool:
        """Any signal shows here."""
        return changes.signals > 0 or changes.reset

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return key == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The signal itself."""
        return key if isinstance(key, int) else None

    def _silence(self, index: int) -> str:
        """What was missed right before a signal; empty for nearly all of them."""
        gaps = self._scene.session.gaps
        place = bisect_left(gaps, index, key=_position)
        if place == len(gaps) or gaps[place].position != index:
            return ""
        gap = gaps[place]
        return f"gap of {words.joined(words.duration(gap.back_at - gap.lost_at))}  "

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One signal, or what is wrong with the frame."""
        seen = self._scene.session.store.observed(index)
        header = seen.header
        kind: Cell = [(safe(header.type, 40), ink.family(header.type))]
        if header.problem:
            kind = [("malformed ", ink.failure), (safe(header.type, 40), ink.dim)]
        return _COLUMNS.row(
            width,
            {
                "time": [(words.time_of_day(seen.at), ink.dim)],
                "type": kind,
                "who": [(safe(header.who, 80), ink.plain)],
                "trace": [(short_id(header.trace_id), ink.dim)],
                "text": [
                    (self._silence(index), ink.failure),
                    ("◆ " if index in self._scene.session.marks else "", ink.bold),
                    (by_hand_of(self._scene, header), ink.bold),
                    (says(header), ink.plain),
                ],
                "seq": [(f"{index:,}", ink.dim)],
            },
        )


def _position(gap: Gap) -> int:
    return gap.position
