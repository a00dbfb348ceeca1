"""A trace as a tree of its signals; with time beside it, a waterfall."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.node import MAX_DEPTH, Node, Placement, Portal
from cosmo_doppler.model.outline import Outline
from cosmo_doppler.model.unfolded import Unfolded
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.face import Face
from cosmo_doppler.tui.panes.spans import Lasting, bar, lasting, remark
from cosmo_doppler.tui.panes.timeaxis import TimeAxis, tick_line
from cosmo_doppler.tui.panes.traces import sign_of, status_style, took
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene, by_hand_of, says
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place

_PLACED: dict[Placement, tuple[str, str]] = {
    "": ("", ""),
    "adopted": ("", ""),
    "linked": ("↗ ", ""),
    "orphan": ("⌁ ", "orphan: its parent was never seen  "),
    "loop": ("↺ ", "loop: among its own ancestors  "),
    "duplicate": ("= ", "the same id again  "),
}
"""Marks for nodes whose parent was not simply found, and what they mean."""

_BOLD = Style(bold=True)

_WIDE_LEVELS = 3
"""Levels whose guides take two cells."""

_LEAST_TEXT = 12
"""Cells of what a signal says before its bar gets any."""

_WIDE = 84
"""Cells from which on what is said gets its share of what the names leave; below that it is bars that tell most."""

_TEXT_SHARE = 0.4

_LEAST_TYPE = 12
"""Cells that guides leave to what they lead to."""

_WEIGHTY = frozenset(
    {
        "TASK",
        "TASK_OFFER",
        "TASK_AWARDED",
        "FINAL",
        "AGENT_OUTPUT",
        "ERROR",
        "STOP",
        "CLARIFICATION",
        "PERMISSION",
        "ESCALATION",
    }
)
"""The signals a story is told with; the others are drawn lighter."""


class _Widths(NamedTuple):
    """How a line is divided, cells. Gaps of two are not included; 0 means not shown."""

    tree: int
    who: int
    text: int
    offset: int
    time: int


def _divide(width: int, *, timed: bool, offset: int) -> _Widths:
    tree = 26 if width >= 104 else 22
    who = 14 if width >= _WIDE else 12 if width >= 50 else 10
    # Where time is drawn, the figure waits for a wider pane.
    shown = offset if width >= 104 or (not timed and width >= 58) else 0
    used = tree + who + 2 + (shown + 2 if shown else 0)
    left = max(0, width - used - 2)
    if not timed:
        return _Widths(tree, who, left, shown, 0)
    text = _LEAST_TEXT if width < _WIDE else int(left * _TEXT_SHARE)
    time = max(0, min(left - 2 - text, width * 9 // 20))
    return _Widths(tree, who, left - (time + 2 if time else 0), shown, time)


def guides(node: Node, via: tuple[Node, ...], width: int) -> str:
    """The lines that tie a node to its parent: two cells a level near the root, one cell further in.

    Args:
        node: what is tied.
        via: doors to other traces one came through.
        width: cells; what does not fit loses its outermost levels.
    """
    levels: list[tuple[str, str]] = []
    child, parent, doors = node, node.parent, list(via)
    while len(levels) < MAX_DEPTH:
        if parent is None:
            if not doors:
                break
            door = doors.pop()
            last = isinstance(door, Portal) and door.inside.tree.roots[-1] is child
            child, parent = door, door.parent
        else:
            last = parent.children[-1] is child
            child, parent = parent, parent.parent
        if not levels:
            levels.append(("└╴", "└") if last else ("├╴", "├"))
        else:
            levels.append(("  ", " ") if last else ("│ ", "│"))
    drawn = "".join(
        [wide if level < _WIDE_LEVELS else slim for level, (wide, slim) in enumerate(reversed(levels))]
    )
    return drawn if len(drawn) <= width else "…" + drawn[len(drawn) - width + 1 :]


class TreeFace(Face):
    """One row for each signal, in the tree's order. Traces it caused are doors that open in place.

    Args:
        scene: what is selected.
        axis: the stretch of time on the screen.
        timed: whether bars show when things happened.
    """

    def __init__(self, scene: Scene, axis: TimeAxis, rows: Unfolded[Node], *, timed: bool) -> None:
        super().__init__(scene, axis)
        self._rows = rows
        self._timed = timed
        self._critical: frozenset[int] | None = None

    def time_cells(self, width: int) -> int:
        """Cells of the bars."""
        return _divide(width, timed=self._timed, offset=self._offset).time

    @property
    def _offset(self) -> int:
        return 12 if self.scene.times == "absolute" else 9

    def head(self, width: int, ink: Ink) -> list[Segment]:
        """Column titles, and the time axis where there is room for it."""
        parts = _divide(width, timed=self._timed, offset=self._offset)
        line = [
            *place([("signal", ink.dim)], parts.tree),
            Segment("  "),
            *place([("who", ink.dim)], parts.who),
            Segment("  "),
            *place([("says", ink.dim)], parts.text),
        ]
        if parts.offset:
            title = {"since start": "at", "absolute": "time (UTC)", "since previous": "after"}
            line += [
                Segment("  "),
                *place([(title[self.scene.times], ink.dim)], parts.offset, right=True),
            ]
        if parts.time:
            line += [Segment("  "), *tick_line(self.axis.take(self.extent, parts.time), parts.time, ink)]
        return line

    # Rows

    def count(self) -> int:
        """Rows that are not folded away."""
        trace = self.trace
        self._rows.take(trace.tree.outline)
        self._critical = None
        return len(self._rows)

    def key(self, index: int) -> int:
        """A signal's position in the store; that of a door is negative."""
        return _name(self._rows.at(index)[0])

    def index(self, key: Hashable) -> int | None:
        """Where a signal stands now: rows shift as answers arrive above it."""
        found = self.find(key)
        return self._rows.row(*found) if found is not None else None

    def find(self, key: Hashable) -> tuple[Node, Outline[Node]] | None:
        """The node of a key, and the outline it stands in."""
        if not isinstance(key, int):
            return None
        seen = self.scene.observed(key if key >= 0 else -1 - key)
        if seen is None:
            return None
        if key < 0:
            inside = self.scene.board.traces.get(seen.header.trace_id)
            above = self.scene.board.traces.get(inside.parent_trace or "") if inside is not None else None
            portal = self.scene.board.portal_to(seen.header.trace_id)
            return (portal, above.tree.outline) if portal is not None and above is not None else None
        trace = self.scene.board.traces.get(seen.header.trace_id)
        node = trace.tree.find(seen.seq, seen.header.id) if trace is not None else None
        return (node, trace.tree.outline) if node is not None and trace is not None else None

    def sequence(self, key: Hashable) -> int | None:
        """The signal itself; for a door the first one behind it."""
        if not isinstance(key, int):
            return None
        return key if key >= 0 else -1 - key

    def fold(self, key: Hashable) -> int | None:
        """Fold a branch, or go up to the one it is in."""
        found = self.find(key)
        if found is None:
            return None
        node, outline = found
        open_here = bool(node.children) or isinstance(node, Portal)
        if open_here and not self._rows.folded(node):
            self._rows.fold(node)
            return _name(node)
        row = self._rows.row(node, outline)
        if node.parent is not None:
            return _name(node.parent)
        via = self._rows.at(row)[1] if row is not None else ()
        return _name(via[-1]) if via else None

    def unfold(self, key: Hashable) -> bool:
        """Show a branch again, or open a door."""
        found = self.find(key)
        if found is None or not self._rows.folded(found[0]):
            return False
        self._rows.unfold(found[0])
        return True

    def reveal(self, seq: int) -> None:
        """Unfold what hides a signal of the selected trace."""
        found = self.find(seq)
        if found is None or not found[0].stands_in(self.trace.tree.outline):
            return
        above = found[0].parent
        for _ in range(MAX_DEPTH):
            if above is None:
                return
            if self._rows.folded(above):
                self._rows.unfold(above)
            above = above.parent

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One signal, or a door to a trace that one caused."""
        node, via = self._rows.at(index)
        parts = _divide(width, timed=self._timed, offset=self._offset)
        style = ink.family(node.type)
        strong = style + _BOLD if node.type in _WEIGHTY else style
        drawn = guides(node, via, max(0, parts.tree - _LEAST_TYPE))
        hidden = "▸ " if self._rows.folded(node) and (node.children or isinstance(node, Portal)) else ""
        line = [
            *place(
                [
                    (drawn, ink.faint),
                    (hidden, ink.bold),
                    (_PLACED[node.placement][0], ink.dim),
                    (safe(node.type, 40) or "?", strong),
                ],
                parts.tree,
            ),
            Segment("  "),
            *place([(safe(node.who, 80), ink.plain)], parts.who, middle=True),
            Segment("  "),
            *place(self._text(node, ink), parts.text),
        ]
        if parts.offset:
            line += [Segment("  "), *place(self._when(node, ink), parts.offset, right=True)]
        if parts.time:
            line += [Segment("  "), *self._bar(node, parts.time, ink)]
        return line

    def _text(self, node: Node, ink: Ink) -> Cell:
        if isinstance(node, Portal):
            inside = node.inside
            amount = words.joined(words.duration(took(inside, self.scene.now)))
            return [
                (f"{sign_of(inside.status)} ", status_style(inside.status, ink)),
                (f"{amount}  ", ink.dim),
                (safe(inside.title, 300) or "a trace of its own", ink.plain),
            ]
        deeper = "deeper… " if node.depth == MAX_DEPTH else ""
        seen = self.scene.observed(node.seq)
        said = says(seen.header) if seen is not None else ""
        by_hand = by_hand_of(self.scene, seen.header) if seen is not None else ""
        return [
            (deeper + _PLACED[node.placement][1], ink.dim),
            (by_hand, ink.bold),
            (said, ink.plain if node.type in _WEIGHTY else ink.dim),
        ]

    def _when(self, node: Node, ink: Ink) -> Cell:
        if self.scene.times == "absolute":
            return [(words.time_of_day(node.at), ink.plain)]
        since = node.gap if self.scene.times == "since previous" else node.at - self.trace.started_at
        amount, unit = words.duration(since)
        return [(f"+{amount}", ink.plain), (f" {unit}", ink.dim)]

    def _bar(self, node: Node, cells: int, ink: Ink) -> list[Segment]:
        axis = self.axis.take(self.extent, cells)
        said = remark(node, self.scene.board, over=self.trace.ended_at is not None, ink=ink)
        lasts = lasting(node, self.latest)
        if isinstance(node, Portal):
            inside = node.inside
            end = inside.started_at + took(inside, self.scene.now)
            lasts = Lasting("working", inside.started_at, end)
        if self._critical is None:
            self._critical = self.trace.timed(self.scene.now).critical(self.latest)
        bright = node.seq in self._critical
        # An award is of the market, what it begins is work.
        kind = "TASK" if lasts.shape == "working" and node.type == "TASK_AWARDED" else node.type
        style = ink.family(kind) if bright or lasts.shape == "instant" else ink.bar(kind)
        return bar(lasts, self.trace.started_at, axis, cells, style, said)


def _name(node: Node) -> int:
    return -1 - node.seq if isinstance(node, Portal) else node.seq


def tree_rows() -> Unfolded[Node]:
    """Rows of trees, with what is folded in them."""
    return Unfolded(_name, _inside)


def _inside(node: Node) -> Outline[Node] | None:
    return node.inside.tree.outline if isinstance(node, Portal) else None
