"""The list of traces, newest first."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.traces import MAX_DEPTH, Trace, TraceStatus
from cosmo_doppler.model.unfolded import Unfolded
from cosmo_doppler.tui import words
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Column, Columns
from cosmo_doppler.tui.widgets.source import Source

REST_S = 2.0
"""A followed trace that has been quiet this long gives way to a newer one."""

_DEEPEST_INDENT = 6

_SIGNS: dict[TraceStatus, str] = {"open": "▸", "waiting": "?", "done": "✓", "failed": "✗", "stopped": "■"}
_COLUMNS = Columns(
    Column("age", "age", 6, right=True),
    Column("took", "took", 7, right=True, needs=40),
    Column("sign", "", 1),
    Column("status", "status", 7, needs=62),
    Column("signals", "sig", 4, right=True, needs=54),
    Column("id", "trace", 8, needs=46),
    Column("title", "asked", 0),
)
_AGAINST = Columns(
    Column("age", "age", 6, right=True, needs=52),
    Column("took", "took", 7, right=True),
    Column("against", "baseline", 11, right=True),
    Column("sign", "", 1),
    Column("status", "status", 7, needs=74),
    Column("signals", "sig", 4, right=True, needs=66),
    Column("id", "trace", 8, needs=58),
    Column("title", "asked", 0),
)
"""While there is a baseline."""


def status_style(status: TraceStatus, ink: Ink) -> Style:
    """Only what went well, went wrong or waits has a colour of its own."""
    return {
        "open": ink.bold,
        "waiting": ink.people,
        "done": ink.well,
        "failed": ink.failure,
        "stopped": ink.stop,
    }[status]


def sign_of(status: TraceStatus) -> str:
    """One character that says how a trace stands."""
    return _SIGNS[status]


def took(trace: Trace, now: float) -> float:
    """How long a trace took, or has been going on, seconds."""
    return (trace.ended_at if trace.ended_at is not None else max(now, trace.last_at)) - trace.started_at


def quantity(amount: tuple[str, str], ink: Ink, style: Style | None = None) -> Cell:
    """Number and unit, the unit dimmed."""
    return [(amount[0], style or ink.plain), (f" {amount[1]}", ink.dim)]


def _first_said(trace: Trace) -> str:
    """What a trace without any input began with."""
    first = trace.tree.first
    if first is None:
        return ""
    return f"{safe(first.type, 40)} {safe(first.who, 80)}".rstrip()


class TraceRows(Source):
    """One row for each workflow, and below it those it caused; attempts at the same work stand below the first."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "pause",
        "follow",
        "offer",
        "stop_trace",
        "answer",
        "command_palette",
        "help",
    )
    follows = True

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._rows: Unfolded[Trace] = Unfolded(_id)

    def title(self, ink: Ink) -> Cell:
        """The pane's name, and what its rows are held against."""
        return [("Traces", ink.bold), *self._scene.against.title(ink)]

    def note(self, ink: Ink) -> Cell:
        """How many, and how many were forgotten to make room."""
        board = self._scene.board
        self.count()
        nested = len(board.trace_order) - len(self._rows)
        note: Cell = [(words.count(len(board.trace_order)), ink.dim)]
        if nested:
            note.append((f"  {words.count(nested)} folded away", ink.dim))
        if board.evicted_traces:
            note.append((f"  {words.count(board.evicted_traces)} older dropped", ink.dim))
        return note

    @property
    def _columns(self) -> Columns:
        return _COLUMNS if self._scene.against.baseline is None else _AGAINST

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles."""
        return [self._columns.header(width, ink)] if self.count() else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What makes a trace appear."""
        if self._scene.session.kind == "replay":
            return [[("No trace yet", ink.dim)], [("each task starts one", ink.dim)]]
        return [
            [("No trace yet", ink.dim)],
            [("each task starts one; ", ink.dim), ("O", ink.bold), (" offers one", ink.dim)],
        ]

    def count(self) -> int:
        """Traces that are not folded away."""
        self._rows.take(self._scene.board.trace_outline)
        return len(self._rows)

    def _trace(self, index: int) -> Trace:
        return self._rows.at(index)[0]

    def key(self, index: int) -> str:
        """Its trace id."""
        return self._trace(index).id

    def index(self, key: Hashable, near: int) -> int | None:
        """Where a trace stands."""
        board = self._scene.board
        trace = board.traces.get(key) if isinstance(key, str) else None
        return self._rows.row(trace, board.trace_outline) if trace is not None else None

    def seek(self, key: Hashable) -> None:
        """Unfold what hides a trace."""
        board = self._scene.board
        trace = board.traces.get(key) if isinstance(key, str) else None
        for _ in range(MAX_DEPTH):
            trace = board.traces.get(trace.parent_trace or "") if trace is not None else None
            if trace is not None and self._rows.folded(trace):
                self._rows.unfold(trace)

    def fold(self, key: Hashable) -> Hashable | None:
        """Hide the traces that one caused, or go up to the one that caused it."""
        trace = self._scene.board.traces.get(key) if isinstance(key, str) else None
        if trace is None:
            return None
        if trace.child_traces and not self._rows.folded(trace):
            self._rows.fold(trace)
            return trace.id
        return trace.parent_trace

    def unfold(self, key: Hashable) -> bool:
        """Show the traces that one caused."""
        trace = self._scene.board.traces.get(key) if isinstance(key, str) else None
        if trace is None or not self._rows.folded(trace):
            return False
        self._rows.unfold(trace)
        return True

    def rest(self, current: Hashable | None) -> Hashable | None:
        """Stay on a trace while it is lively, then go to the newest: the eye gets time to read."""
        trace = self._scene.board.traces.get(current) if isinstance(current, str) else None
        if trace is not None and self._scene.now - trace.last_at < REST_S:
            return current
        return super().rest(current)

    def touched(self, changes: Changes) -> bool:
        """Only traces show here."""
        if changes.reset:
            self._rows.renew(lambda trace: self._scene.board.traces.get(trace.id))
        return bool(changes.traces) or changes.reset

    def stamp(self) -> Hashable:
        """Ages count in seconds."""
        return int(self._scene.now), self._scene.against.version

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return key == self._scene.trace_id

    def sequence(self, key: Hashable) -> int | None:
        """Its first signal."""
        trace = self._scene.board.traces.get(key) if isinstance(key, str) else None
        first = trace.tree.first if trace is not None else None
        return first.seq if first is not None else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One trace."""
        scene = self._scene
        trace = self._trace(index)
        state = status_style(trace.status, ink)
        title = safe(trace.title, 400) or _first_said(trace)
        return self._columns.row(
            width,
            {
                "age": quantity(words.age(scene.now - trace.started_at), ink, ink.dim),
                "against": scene.against.trace(trace, scene.now, ink),
                "took": quantity(words.duration(took(trace, scene.now)), ink),
                "sign": [(_SIGNS[trace.status], state)],
                "status": [(trace.status, state)],
                "signals": [(words.count(trace.signals), ink.plain)],
                "id": [(short_id(trace.id), ink.dim)],
                "title": [*self._nesting(trace, ink), (title, ink.plain if trace.title else ink.dim)],
            },
        )

    def _nesting(self, trace: Trace, ink: Ink) -> Cell:
        """How deep it is nested, which attempt it is, and whether it hides others."""
        board = self._scene.board
        nesting: Cell = []
        if trace.parent_trace:
            nesting.append((f"{'  ' * (self._depth(trace) - 1)}↳ ", ink.dim))
        if trace.child_traces and self._rows.folded(trace):
            nesting.append((f"▸ {words.count(len(trace.child_traces))} more ", ink.dim))
        first = trace.tree.first
        attempt = board.retries.of(first.seq) if first is not None else None
        if attempt is not None:
            nesting.append((f"attempt {attempt[0]} of {attempt[1]}  ", ink.dim))
        return nesting

    def _depth(self, trace: Trace) -> int:
        depth = 0
        above: Trace | None = trace
        while above is not None and above.parent_trace and depth < _DEEPEST_INDENT:
            depth, above = depth + 1, self._scene.board.traces.get(above.parent_trace)
        return depth


def _id(trace: Trace) -> str:
    return trace.id
