"""What went wrong in silence, newest first: one row each, in words."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.faults import Fault, Severity
from cosmo_doppler.tui import words
from cosmo_doppler.tui.fault_list import FaultId, FaultList
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source, find_near

_SIGNS: dict[Severity, str] = {"error": "✗", "warning": "!", "note": "·"}
_OVER = "  came right"
_COLUMNS = Columns(
    Column("when", "when", 8),
    Column("severity", "", 1),
    Column("kind", "fault", 15),
    Column("trace", "trace", 8, needs=150),
    Column("what", "what happened", 0),
    Column("look", "look at", 0, needs=150, most=50),
)


def severity_style(fault: Fault, ink: Ink) -> Style:
    """How a fault's name is written."""
    if not fault.standing or fault.severity == "note":
        return ink.dim
    return ink.failure if fault.severity == "error" else ink.bold


class FaultRows(Source):
    """One row for each fault."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "fault(1)",
        "jump_trace",
        "jump_auction",
        "pause",
        "copy",
        "zoom",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._list = FaultList(scene)
        self._width = 0

    def title(self, ink: Ink) -> Cell:
        """The pane's name."""
        return [("Faults", ink.bold)]

    def note(self, ink: Ink) -> Cell:
        """How many of each severity."""
        counts = self._list.counts()
        styles: dict[Severity, Style] = {"error": ink.failure, "warning": ink.plain, "note": ink.dim}
        note: Cell = []
        for severity, style in styles.items():
            if number := counts.get(severity):
                note += [("  " if note else "", ink.dim), (words.many(number, severity), style)]
        board = self._scene.board
        if board.faults.forgotten:
            note.append((f"  {words.count(board.faults.forgotten)} older dropped", ink.dim))
        if board.unchecked:
            note.append((f"  {words.many(board.unchecked, 'check')} left out", ink.dim))
        return note

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles; and this is where the pane learns its width."""
        self._width = width
        return [_COLUMNS.header(width, ink, self.shift)] if self._list.ids else []

    def empty(self, ink: Ink) -> list[Cell]:
        """That all is well."""
        return [
            [("Nothing went wrong so far", ink.dim)],
            [("offers nobody answers, work that is lost, frames that are malformed come here", ink.dim)],
        ]

    def count(self) -> int:
        """Faults kept."""
        return len(self._list.ids)

    def key(self, index: int) -> FaultId:
        """What it is known by."""
        ids = self._list.ids
        return ids[len(ids) - 1 - index]

    def index(self, key: Hashable, near: int) -> int | None:
        """Where a fault stands."""
        ids = self._list.ids
        place = find_near(ids, key, len(ids) - 1 - near)
        return None if place is None else len(ids) - 1 - place

    def touched(self, changes: Changes) -> bool:
        """Faults come with time, too: the stamp tells."""
        return changes.reset

    def stamp(self) -> Hashable:
        """Another one when a fault came, counted on, or came right."""
        return self._list.stamp()

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return self.sequence(key) == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The signal to look at."""
        fault = self._list.get(key)
        return fault.seq if fault is not None else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One fault."""
        fault = self._list.get(self.key(index))
        if fault is None:
            return []
        style = severity_style(fault, ink)
        quiet = ink.plain if fault.standing else ink.dim
        over: Cell = [(_OVER, ink.dim)] if not fault.standing else []
        return _COLUMNS.row(
            width - self.shift,
            {
                "when": [(words.time_of_day(fault.at)[:8], ink.dim)],
                "severity": [(_SIGNS[fault.severity], style)],
                "kind": [(safe(fault.kind, 40), style)],
                "trace": [(short_id(fault.trace_id), ink.dim)],
                "what": [(_times(fault), ink.bold), (safe(fault.sentence, 400), quiet), *over],
                "look": [(safe(fault.look, 200), ink.dim)],
            },
            self.shift,
        )

    def reach(self, index: int) -> int:
        """How long a row is with all of what happened."""
        fault = self._list.get(self.key(index))
        if fault is None:
            return 0
        over = "" if fault.standing else _OVER
        return _COLUMNS.length(self._width, {"what": f"{_times(fault)}{safe(fault.sentence, 400)}{over}"})


def _times(fault: Fault) -> str:
    """How often it was seen, where that was more than once."""
    return f"{words.count(fault.count)}×  " if fault.count > 1 else ""
