"""The Pathway tree of one trace, with each signal's place in time beside it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar, NamedTuple

from rich.segment import Segment
from rich.style import Style

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.traces import MAX_DEPTH, Node, Trace
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.panes.spans import Span, span_of
from cosmo_doppler.tui.panes.traces import sign_of, status_style, took
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene, says
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_doppler.tui.widgets.source import Source

_PLACED = {"adopted": "", "orphan": "⌁ ", "linked": "↗ ", "loop": "↺ ", "duplicate": "= ", "": ""}
"""Marks for nodes whose parent was not simply found: unknown, or in another trace."""


_WIDE_LEVELS = 3
"""Levels whose guides take two cells."""

_LEAST_TEXT = 15
"""Cells of what a signal says before its bar gets any."""


class _Widths(NamedTuple):
    """How a line of the tree is divided, cells. Gaps of two are not included; 0 means not shown."""

    tree: int
    who: int
    text: int
    offset: int
    time: int


def _divide(width: int) -> _Widths:
    time = (width * 2 // 5 if width >= 104 else width // 3) if width >= 72 else 0
    # Where time is drawn, the figure waits for a wider pane.
    offset = 8 if width >= 104 or 58 <= width < 72 else 0
    tree = 26 if width >= 104 else 22
    who = 14 if width >= 84 else 12 if width >= 50 else 10
    used = tree + who + 2 + (offset + 2 if offset else 0) + (time + 2 if time else 0)
    text = max(0, width - used - 2)
    if time and text < _LEAST_TEXT:
        time, text = max(0, time - (_LEAST_TEXT - text)), _LEAST_TEXT
    return _Widths(tree, who, text, offset, time)


def guides(node: Node, width: int) -> str:
    """The lines that tie a node to its parent: two cells a level near the root, one cell further in.

    What does not fit in `width` cells loses its outermost levels.
    """
    levels: list[tuple[str, str]] = []
    child, parent = node, node.parent
    while parent is not None and len(levels) < MAX_DEPTH:
        last = parent.children[-1] is child
        if not levels:
            levels.append(("└╴", "└") if last else ("├╴", "├"))
        else:
            levels.append(("  ", " ") if last else ("│ ", "│"))
        child, parent = parent, parent.parent
    drawn = "".join(
        [wide if level < _WIDE_LEVELS else slim for level, (wide, slim) in enumerate(reversed(levels))]
    )
    return drawn if len(drawn) <= width else "…" + drawn[len(drawn) - width + 1 :]


class PathwayRows(Source):
    """One row for each signal of the selected trace, in the tree's order."""

    hints: ClassVar[tuple[str, ...]] = (
        "open",
        "jump_parent",
        "jump_auction",
        "copy",
        "zoom",
        "stop_trace",
        "answer",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene

    def title(self, ink: Ink) -> Cell:
        """The trace it belongs to."""
        trace = self._scene.trace
        title: Cell = [("Pathway", ink.bold)]
        if trace is not None:
            title += [(f"  {short_id(trace.id)}", ink.dim), (f"  {safe(trace.title, 300)}", ink.plain)]
        return title

    def note(self, ink: Ink) -> Cell:
        """How it stands, how long it took, how many signals."""
        trace = self._scene.trace
        if trace is None:
            return []
        amount, unit = words.duration(took(trace, self._scene.now))
        return [
            (f"{sign_of(trace.status)} {trace.status}", status_style(trace.status, ink)),
            (f"  {amount}", ink.plain),
            (f" {unit}", ink.dim),
            (f"  {words.many(trace.signals, 'signal')}", ink.dim),
        ]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Column titles, and the time axis where there is room for it."""
        trace = self._scene.trace
        if trace is None:
            return []
        parts = _divide(width)
        line = [
            *place([("signal", ink.dim)], parts.tree),
            Segment("  "),
            *place([("who", ink.dim)], parts.who),
            Segment("  "),
            *place([("says", ink.dim)], parts.text),
        ]
        if parts.offset:
            line += [Segment("  "), *place([("at", ink.dim)], parts.offset, right=True)]
        if parts.time:
            axis = self._axis(trace, parts.time)
            line += [Segment("  "), *place([(bars.tick_labels(axis, parts.time), ink.dim)], parts.time)]
        return [line]

    def empty(self, ink: Ink) -> list[Cell]:
        """What to do to see a tree."""
        return [[("Select a trace to see its signals as a tree", ink.dim)]]

    def scope(self) -> Hashable:
        """The trace."""
        return self._scene.trace_id

    def count(self) -> int:
        """Signals of the trace."""
        trace = self._scene.trace
        return len(trace.tree.outline) if trace is not None else 0

    def _node(self, index: int) -> Node:
        trace = self._scene.trace
        if trace is None:
            raise IndexError(index)
        return trace.tree.outline.at(index)

    def key(self, index: int) -> int:
        """The signal's position in the store."""
        return self._node(index).seq

    def index(self, key: Hashable, near: int) -> int | None:
        """Where a signal stands now: rows shift as answers arrive above it."""
        trace = self._scene.trace
        if trace is None:
            return None
        outline = trace.tree.outline
        for reach in range(64):
            for index in (near + reach, near - reach):
                if 0 <= index < len(outline) and outline.at(index).seq == key:
                    return index
        return next((index for index in range(len(outline)) if outline.at(index).seq == key), None)

    def touched(self, changes: Changes) -> bool:
        """Whether the selected trace changed."""
        return changes.reset or self._scene.trace_id in changes.traces

    def stamp(self) -> Hashable:
        """Bars of what still runs grow, a step at a time."""
        trace = self._scene.trace
        if trace is None or trace.ended_at is not None:
            return self._scene.trace_id
        return self._scene.trace_id, int((self._scene.now - trace.started_at) * 4)

    def marked(self, key: Hashable) -> bool:
        """While other panes show it."""
        return key == self._scene.seq

    def sequence(self, key: Hashable) -> int | None:
        """The signal itself."""
        return key if isinstance(key, int) else None

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One signal."""
        scene = self._scene
        trace = scene.trace
        node = self._node(index)
        seen = scene.observed(node.seq)
        if trace is None or seen is None:
            return []
        parts = _divide(width)
        style = ink.family(node.type)
        drawn = guides(node, max(0, parts.tree - 12))
        strong = style + Style(bold=True) if node.type in _WEIGHTY else style
        line = [
            *place(
                [
                    (drawn, ink.faint),
                    (_PLACED[node.placement], ink.dim),
                    (safe(node.type, 40) or "?", strong),
                ],
                parts.tree,
            ),
            Segment("  "),
            *place([(safe(node.who, 80), ink.plain)], parts.who, middle=True),
            Segment("  "),
            *place([(says(seen.header), ink.plain if node.type in _WEIGHTY else ink.dim)], parts.text),
        ]
        if parts.offset:
            amount, unit = words.duration(node.at - trace.started_at)
            line += [
                Segment("  "),
                *place([(f"+{amount}", ink.plain), (f" {unit}", ink.dim)], parts.offset, right=True),
            ]
        if parts.time:
            span = span_of(node, trace, scene.board, scene.now)
            line += [
                Segment("  "),
                *_bar(span, trace, self._axis(trace, parts.time), parts.time, ink.bar(node.type)),
            ]
        return line

    def _axis(self, trace: Trace, width: int) -> bars.Axis:
        latest = trace.ended_at if trace.ended_at is not None else self._scene.now
        return bars.axis_for(max(latest, trace.last_at) - trace.started_at, width)


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


def _bar(span: Span, trace: Trace, axis: bars.Axis, width: int, style: Style) -> list[Segment]:
    first = (span.start - trace.started_at) / axis.length
    last = (span.end - trace.started_at) / axis.length
    if span.kind == "instant":
        lead = min(max(0, int(first * width)), width - 1)
        return [Segment(" " * lead), Segment("•", style), Segment(" " * (width - lead - 1))]
    bar = bars.span(first, last, width)
    rest = Segment(" " * max(0, width - bar.cells))
    if span.kind == "working":
        return [
            Segment(" " * bar.lead),
            Segment(bar.start, style + Style(reverse=True)),
            Segment(bar.body + bar.end, style),
            rest,
        ]
    cells = max(1, bar.cells - bar.lead)
    glyph = "┈" if span.kind == "waiting" else "▒"
    return [
        Segment(" " * bar.lead),
        Segment(glyph * cells, style),
        Segment(" " * max(0, width - bar.lead - cells)),
    ]
