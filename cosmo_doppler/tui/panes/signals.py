"""Every signal in order of arrival: the honest log, malformed frames included."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.errors import SettingError
from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.query import FrameRow, Known
from cosmo_doppler.session import Gap
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.signal_columns import Chosen
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene, by_hand_of, says
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_doppler.tui.widgets.source import Source

_SAMPLE = 64
"""Signals that tell how wide columns are to begin with."""


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
        self._chosen = Chosen()
        self._wanted: tuple[str, ...] = ()
        self._width = 0

    def stamp(self) -> Hashable:
        """Columns about more than the signal itself are read again once a second."""
        return int(self._scene.now) if self._chosen.moving else None

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Signals", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How many are known at this point of time."""
        return [(words.count(self.count()), ink.dim)]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles; and this is where the pane learns its width, and its columns."""
        self._width = width
        self._take_columns()
        return [self._chosen.columns.header(width, ink, self.shift)] if self.count() else []

    def _take_columns(self) -> None:
        """Have the columns that are wanted by now. Those kept from a run of another release may be none."""
        wanted = self._scene.columns("signals")
        if wanted == self._wanted:
            return
        self._wanted = wanted
        try:
            self._chosen = Chosen(wanted)
        except SettingError:
            self._chosen = Chosen()
        if self._chosen.measured:
            count = self.count()
            for index in range(max(0, count - _SAMPLE), count):
                self._chosen.fields(self._row_of(self._scene.session.store.observed(index)))

    def shape(self) -> Hashable:
        """The columns and their widths."""
        return self._wanted, self._chosen.shape(), self.stamp()

    def _row_of(self, seen: Observed) -> FrameRow:
        session = self._scene.session
        known = Known(self._scene.board, self._scene.now, session.marks)
        frame = session.store.frame(seen.seq)
        return FrameRow(seen.at, seen.subject, frame, seen.header, seq=seen.seq, known=known)

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
        styles = (ink.failure, ink.bold, ink.bold, ink.plain)
        cells: dict[str, Cell] = {
            "time": [(words.time_of_day(seen.at), ink.dim)],
            "type": kind,
            "who": [(safe(header.who, 80), ink.plain)],
            "trace": [(short_id(header.trace_id), ink.dim)],
            "says": list(zip(self._said(seen), styles, strict=True)),
            "number": [(f"{index:,}", ink.dim)],
        }
        if self._chosen.measured:
            texts = self._chosen.fields(self._row_of(seen))
            cells.update({name: [(text, ink.plain)] for name, text in texts.items()})
        return self._chosen.columns.row(width - self.shift, cells, self.shift)

    def reach(self, index: int) -> int:
        """How long a row is with all that the signal says."""
        said = "".join(self._said(self._scene.session.store.observed(index)))
        return self._chosen.columns.length(self._width, {"says": said})

    def _said(self, seen: Observed) -> tuple[str, str, str, str]:
        """What was missed before it, whether it is marked, what was done to it by hand, and what it says."""
        return (
            self._silence(seen.seq),
            "◆ " if seen.seq in self._scene.session.marks else "",
            by_hand_of(self._scene, seen.header),
            says(seen.header),
        )


def _position(gap: Gap) -> int:
    return gap.position
