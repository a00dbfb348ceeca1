"""A trace as one line of time for each participant."""

from __future__ import annotations

from collections.abc import Hashable
from itertools import groupby

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.lanes import OTHERS, Lane
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.panes.face import Face
from cosmo_doppler.tui.panes.timeaxis import tick_line
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place

MARKS: dict[str, str] = {
    "ERROR": "!",
    "STOP": "S",
    "TASK_OFFER": "O",
    "TASK_AWARDED": "A",
    "FINAL": "F",
    "CLARIFICATION": "?",
    "PERMISSION": "?",
    "ESCALATION": "?",
    "CLARIFICATION_ANSWER": "a",
    "PERMISSION_DECISION": "a",
    "TASK": "T",
    "AGENT_OUTPUT": "o",
    "STOPPED": "s",
    "BID": "B",
    "TASK_DECLINED": "d",
    "TOOL_CALL": "t",
    "TOOL_RESULT": "r",
    "RECALL": "m",
    "RECALLED": "r",
    "IMPRINT": "m",
    "IMPRINTED": "r",
}
"""Letters of the signals, the most telling first: where several fall into one cell, one is shown."""

_MEANS = {
    "O": "offer",
    "B": "bid",
    "A": "award",
    "d": "declined",
    "T": "task",
    "t": "tool",
    "m": "memory",
    "r": "result",
    "?": "asks",
    "a": "answer",
    "o": "output",
    "F": "final",
    "!": "error",
    "S": "stop",
    "s": "stopped",
}

_OTHER = "·"
_BOLD = Style(bold=True)
_RANK = {type: rank for rank, type in enumerate(MARKS)}
_NAME_CELLS = 16
_COUNT_CELLS = 5


class LanesFace(Face):
    """One row for each participant, by first appearance."""

    def time_cells(self, width: int) -> int:
        """All but the names and how often they are named."""
        return max(0, width - self._name(width) - 2 - (_COUNT_CELLS + 2 if width >= 60 else 0))

    def _name(self, width: int) -> int:
        return _NAME_CELLS if width >= 60 else 10

    def head(self, width: int, ink: Ink) -> list[Segment]:
        """Who, how many signals, and the axis."""
        cells = self.time_cells(width)
        line = [*place([("who", ink.dim)], self._name(width)), Segment("  ")]
        if width >= 60:
            line += [*place([("sig", ink.dim)], _COUNT_CELLS, right=True), Segment("  ")]
        return line + tick_line(self.axis.take(self.extent, cells), cells, ink)

    def legend(self, ink: Ink) -> Cell:
        """What the letters mean that stand here."""
        types = self.trace.timed(self.scene.now).lanes.types
        letters = {MARKS[type]: type for type in types if type in MARKS}
        legend: Cell = []
        for letter, meaning in _MEANS.items():
            if letter in letters:
                style = ink.family(letters[letter]) + Style(bold=True)
                legend += [(letter, style), (f" {meaning}  ", ink.dim)]
        return legend

    @property
    def _lanes(self) -> list[Lane]:
        return self.trace.timed(self.scene.now).lanes.order

    def count(self) -> int:
        """Participants."""
        return len(self._lanes)

    def key(self, index: int) -> str:
        """A participant."""
        return self._lanes[index].who

    def index(self, key: Hashable) -> int | None:
        """Its line."""
        return self.trace.timed(self.scene.now).lanes.place(key) if isinstance(key, str) else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One participant's time."""
        lane = self._lanes[index]
        cells = self.time_cells(width)
        name = {"": "nobody named", OTHERS: "all others"}.get(lane.who)
        named = (name, ink.dim) if name is not None else (safe(lane.who, 80), ink.plain)
        line = [*place([named], self._name(width), middle=name is None), Segment("  ")]
        if width >= 60:
            line += [
                *place([(words.count(lane.signals), ink.dim)], _COUNT_CELLS, right=True),
                Segment("  "),
            ]
        return line + self._time(lane, self.axis.take(self.extent, cells), cells, ink)

    def _time(self, lane: Lane, axis: bars.Axis, cells: int, ink: Ink) -> list[Segment]:
        begun = self.trace.started_at
        ground: list[tuple[str, Style]] = []
        for cell in range(cells):
            since = begun + axis.start + axis.length * cell / cells
            until = begun + axis.start + axis.length * (cell + 1) / cells
            types = lane.between(since, until)
            if types:
                telling = min(types, key=lambda type: _RANK.get(type, len(_RANK)))
                ground.append((MARKS.get(telling, _OTHER), ink.family(telling) + _BOLD))
            elif lane.asks.covers(since, until, self.latest):
                ground.append(("▒", ink.bar("CLARIFICATION")))
            elif lane.busy.covers(since, until, self.latest):
                ground.append(("━", ink.bar("TASK")))
            else:
                ground.append((" ", ink.faint))
        return [
            Segment("".join([glyph for glyph, _ in run]), style)
            for style, run in ((style, list(run)) for style, run in groupby(ground, key=_style))
        ]


def _style(cell: tuple[str, Style]) -> Style:
    return cell[1]
