"""One trace, seen in four ways: as a waterfall, a tree, lanes of participants, or a flame of where its time went."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, Literal, get_args

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.node import Node, Portal
from cosmo_doppler.model.spans import PARTS, Part
from cosmo_doppler.model.stops import SAID
from cosmo_doppler.model.traces import Trace
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.face import Face
from cosmo_doppler.tui.panes.flame import FlameFace
from cosmo_doppler.tui.panes.lanes import LanesFace
from cosmo_doppler.tui.panes.timeaxis import TimeAxis
from cosmo_doppler.tui.panes.traces import sign_of, status_style, took
from cosmo_doppler.tui.panes.waterfall import TreeFace, tree_rows
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_doppler.tui.widgets.source import Glance, Source

View = Literal["waterfall", "tree", "lanes", "flame"]
VIEWS: tuple[View, ...] = get_args(View)

WATERFALL_FROM = 72
"""Cells from which on a trace is a waterfall unless somebody chose; below it is a tree."""

_NAMED_IN_LEDGER = 4
"""Participants of each kind that the account of a STOP names."""


class PathwayRows(Source):
    """The selected trace."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "look('next')",
        "look('in')",
        "jump_parent",
        "jump_auction",
        "describe",
        "stop_trace",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._axis = TimeAxis()
        self._rows = tree_rows()
        self._chosen: View | None = None
        self._width = 0
        self._faces: dict[View, Face] = {
            "waterfall": TreeFace(scene, self._axis, self._rows, timed=True),
            "tree": TreeFace(scene, self._axis, self._rows, timed=False),
            "lanes": LanesFace(scene, self._axis),
            "flame": FlameFace(scene, self._axis),
        }
        self._trace_id: str | None = None

    @property
    def view(self) -> View:
        """How the trace is shown."""
        if self._chosen is not None:
            return self._chosen
        return "waterfall" if self._width >= WATERFALL_FROM else "tree"

    @property
    def _face(self) -> Face:
        return self._faces[self.view]

    @property
    def _tree(self) -> TreeFace | None:
        face = self._face
        return face if isinstance(face, TreeFace) else None

    # Around the rows

    def title(self, ink: Ink) -> Cell:
        """The trace it belongs to."""
        trace = self._scene.trace
        title: Cell = [("Pathway", ink.bold)]
        if trace is not None:
            title += [(f"  {short_id(trace.id)}", ink.dim), (f"  {safe(trace.title, 300)}", ink.plain)]
        return title

    def note(self, ink: Ink) -> Cell:
        """How it stands, how long it took, how many signals, and how it is shown."""
        trace = self._scene.trace
        if trace is None:
            return []
        amount, unit = words.duration(took(trace, self._scene.now))
        zoomed = "" if self._axis.fits else " zoomed"
        return [
            (f"{sign_of(trace.status)} {trace.status}", status_style(trace.status, ink)),
            (f"  {amount}", ink.plain),
            (f" {unit}", ink.dim),
            (f"  {words.many(trace.signals, 'signal')}", ink.dim),
            (f"  {self.view}{zoomed}" if self._width >= WATERFALL_FROM else "", ink.dim),
        ]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """What the time went into, what became of a STOP, and the titles of the columns."""
        self._width = width
        trace = self._scene.trace
        if trace is None:
            return []
        lines = []
        if spent := self._spent(trace, ink):
            lines.append(place(spent, width))
        if trace.stop is not None:
            lines.append(place(_ledger(trace, ink), width))
        if dropped := _dropped(trace, self._scene, ink):
            lines.append(place(dropped, width))
        if isinstance(self._face, LanesFace):
            lines.append(place(self._face.legend(ink), width))
        return [*lines, self._face.head(width, ink)]

    def _spent(self, trace: Trace, ink: Ink) -> Cell:
        face = self._face
        spent = trace.timed(self._scene.now).whole.parts(face.latest)
        named = [(part, seconds) for part, seconds in zip(PARTS, spent, strict=False) if seconds >= 0.0005]
        if not named:
            return []
        line: Cell = [("critical path", ink.dim)]
        for part, seconds in named:
            amount, unit = words.duration(seconds)
            line += [
                (f"  {part} ", ink.family(_FAMILY[part]) if part in _FAMILY else ink.dim),
                (amount, ink.plain),
                (f" {unit}", ink.dim),
            ]
        return line

    def empty(self, ink: Ink) -> list[Cell]:
        """What to do to see a tree."""
        return [[("Select a trace to see its signals as a tree", ink.dim)]]

    # Rows

    def scope(self) -> Hashable:
        """The trace, and what its rows are."""
        return self._scene.trace_id, self._tree is not None or self.view

    def count(self) -> int:
        """Rows of the trace as it is shown."""
        trace = self._scene.trace
        if trace is None:
            return 0
        if trace.id != self._trace_id:
            self._trace_id = trace.id
            self._axis.fit()
        return self._face.count()

    def key(self, index: int) -> Hashable:
        """What the row is known by: as a rule the signal's position in the store."""
        return self._face.key(index)

    def index(self, key: Hashable, near: int) -> int | None:
        """Where it stands now."""
        return self._face.index(key) if self._scene.trace is not None else None

    def seek(self, key: Hashable) -> None:
        """Have a signal among the rows, whatever is folded, and on the axis, whatever is zoomed into."""
        trace = self._scene.trace
        if trace is None or not isinstance(key, int):
            return
        if self._tree is None:
            self._chosen = None
        tree = self._tree
        if tree is None:
            return
        tree.count()
        tree.reveal(key)
        found = tree.find(key)
        if found is not None:
            self._axis.reveal(found[0].at - trace.started_at)

    def touched(self, changes: Changes) -> bool:
        """Whether the selected trace changed, or one inside it."""
        if changes.reset:
            self._rows.renew(self._anew)
            return True
        trace = self._scene.trace
        if trace is None:
            return self._scene.trace_id in changes.traces
        return trace.id in changes.traces or not changes.traces.isdisjoint(trace.child_traces)

    def _anew(self, node: Node) -> Node | None:
        board = self._scene.board
        if isinstance(node, Portal):
            return board.portal_to(node.trace_id)
        trace = board.traces.get(node.trace_id)
        return trace.tree.find(node.seq, node.id) if trace is not None else None

    def stamp(self) -> Hashable:
        """Bars of what still runs grow, a step at a time."""
        trace = self._scene.trace
        if trace is None or trace.ended_at is not None:
            return self._scene.trace_id
        return self._scene.trace_id, int((self._scene.now - trace.started_at) * 4)

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return self.sequence(key) == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The signal itself."""
        return self._face.sequence(key)

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One row."""
        return self._face.row(index, width, ink) if self._scene.trace is not None else []

    # Keys

    def fold(self, key: Hashable) -> Hashable | None:
        """Fold a branch; where there is none, look at what was before."""
        if self._scene.trace is None:
            return None
        folded = self._face.fold(key)
        if folded is None and self._tree is None and self._axis.move(later=False):
            return key
        return folded

    def unfold(self, key: Hashable) -> bool:
        """Unfold a branch; where there is none, look at what comes after."""
        if self._scene.trace is None:
            return False
        return self._face.unfold(key) or (self._tree is None and self._axis.move(later=True))

    def look(self, how: Glance, key: Hashable = None, cell: int | None = None) -> bool:
        """Show the trace in the next way, or another stretch of its time."""
        if how == "next":
            self._chosen = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
            return True
        for view in VIEWS:
            if how == view:
                self._chosen = view
                return True
        if self._scene.trace is None or not self._has_axis:
            return False
        if how == "fit":
            self._axis.fit()
            return True
        if how in {"earlier", "later"}:
            return self._axis.move(later=how == "later")
        return self._axis.zoom(closer=how == "in", around=self._around(key, cell))

    def look_at(self, first: int, last: int) -> bool:
        """Glance at the stretch of time between two cells of a row."""
        trace, cells = self._scene.trace, self._face.time_cells(self._width)
        left = self._width - cells
        if trace is None or not cells or first < left or abs(last - first) < 2:
            return False
        axis = self._axis.take(self._face.extent, cells)
        begin, end = (axis.start + axis.length * (cell - left) / cells for cell in sorted((first, last)))
        self._axis.show(begin, end - begin)
        return True

    @property
    def _has_axis(self) -> bool:
        return self._face.time_cells(self._width) > 0

    def _around(self, key: Hashable, cell: int | None) -> float | None:
        """What stays in its place while one zooms: where the mouse is, else the signal under the cursor."""
        trace, cells = self._scene.trace, self._face.time_cells(self._width)
        if trace is None:
            return None
        if cell is not None:
            axis = self._axis.take(self._face.extent, cells)
            return axis.start + axis.length * (cell - self._width + cells) / cells
        found = self._tree.find(key) if self._tree is not None else None
        return found[0].at - trace.started_at if found is not None else None


_FAMILY: dict[Part, str] = {
    "auction": "TASK_OFFER",
    "compute": "TASK",
    "tool": "TOOL_CALL",
    "memory": "RECALL",
    "human": "CLARIFICATION",
}
"""A type of the family that a part of the time has its colour from."""


def _ledger(trace: Trace, ink: Ink) -> Cell:
    """Who obeyed the STOP."""
    ledger = trace.stop
    if ledger is None:
        return []
    amount, unit = words.duration(ledger.at - trace.started_at)
    line: Cell = [("STOP", ink.stop), (f" at +{amount} {unit}", ink.dim)]
    by = ledger.by
    for state, said in SAID.items():
        names = sorted(who for who, each in by.items() if each == state)
        if names:
            more = f" and {len(names) - _NAMED_IN_LEDGER} more" if len(names) > _NAMED_IN_LEDGER else ""
            shown = ", ".join(safe(name, 40) for name in names[:_NAMED_IN_LEDGER])
            bad = state == "worked on"
            line += [(f"  {shown}{more}", ink.plain), (f" {said}", ink.failure if bad else ink.dim)]
    if ledger.unnamed:
        line.append((f"  {words.many(ledger.unnamed, 'STOPPED')} without a name", ink.dim))
    if ledger.undone:
        line.append((f"  {words.many(ledger.undone, 'Engram write')} undone", ink.dim))
    if ledger.problems:
        line.append((f"  not all was undone: {safe(ledger.problems[0], 90)}", ink.failure))
    if not by and not ledger.unnamed:
        line.append(("  nobody was known to be at work", ink.dim))
    return line


def _dropped(trace: Trace, scene: Scene, ink: Ink) -> Cell:
    """What somebody kept from coming: there is no row for it. The session's lock is held."""
    gone = [done for done in scene.board.by_hand.of_trace(trace.id) if done.kind == "dropped"]
    if not gone:
        return []
    told = [f"{safe(each.type, 20)} of {safe(each.who, 40) or 'somebody'}" for each in gone[:3]]
    more = f" and {len(gone) - 3} more" if len(gone) > 3 else ""
    return [("dropped by hand", ink.bold), (f"  {', '.join(told)}{more}", ink.plain)]
