"""Everything about one signal: what it means, its envelope, what led to it and came of it, and its payload as a tree."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from typing import Any, ClassVar, Literal, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.document import Line, Part, Path, lines_of, read_part, value_at
from cosmo_doppler.model.explain import explain
from cosmo_doppler.model.node import Node, Portal
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.tui import words
from cosmo_doppler.tui.panes.wrapping import wrapped
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene, says
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_doppler.tui.widgets.source import Source
from cosmo_sdk.dialects import read_timestamp

MOST_REPLIES = 20
"""Signals that follow from this one which are listed, the latest ones."""

_LABEL_CELLS = 9
_Kind = Literal["meaning", "problem", "note", "part", "field", "value", "blank"]


class _Row(NamedTuple):
    """One line."""

    kind: _Kind
    label: str = ""
    """Safe for a terminal, like `text`."""
    text: str = ""
    copied: str = ""
    """What is copied when the cursor is here."""
    path: Path = ()
    """Of a value: `payload` or `meta`, and the way from there."""
    style: str = ""
    """Type of the signal whose family gives the label its colour."""


class InspectorRows(Source):
    """One row for each line of the selected signal."""

    hints: ClassVar[tuple[str, ...]] = (
        "copy",
        "copy_signal",
        "page",
        "jump_trace",
        "jump_auction",
        "jump_participant",
        "zoom",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._width = 0
        self._folded: set[Path] = set()
        self._unfolded: set[Path] = set()
        self._seq: int | None = None
        self._trace_id = ""
        self._announced = ""
        self._parts: dict[str, Part] = {}
        self._sizes: dict[str, int] = {}
        self._values: list[_Row] = []
        self._values_for: tuple[object, ...] = ()
        self._rows: list[_Row] = []
        self._fresh = False
        self._rows_for: Hashable = None

    def title(self, ink: Ink) -> Cell:
        """The type, in its family's colour."""
        seen = self._scene.observed(self._scene.seq)
        title: Cell = [("Signal", ink.bold)]
        if seen is not None:
            title.append((f"  {safe(seen.header.type, 40)}", ink.family(seen.header.type)))
        return title

    def note(self, ink: Ink) -> Cell:
        """Its position in the session and its size."""
        seen = self._scene.observed(self._scene.seq)
        if seen is None:
            return []
        frame = self._scene.session.store.frame(seen.seq)
        return [(f"{words.size(len(frame))}  #{seen.seq:,}", ink.dim)]

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """Nothing stays; but this is where the pane learns its width, by which long lines are broken."""
        if width != self._width:
            self._width, self._fresh = width, False
        return []

    def empty(self, ink: Ink) -> list[Cell]:
        """What to do to see one."""
        return [[("Select a signal to see all of it", ink.dim)]]

    def scope(self) -> Hashable:
        """The signal."""
        return self._scene.seq

    def count(self) -> int:
        """Lines of the selected signal."""
        seen = self._scene.observed(self._scene.seq)
        if seen is None:
            self._seq = None
            return 0
        if self._seq != seen.seq:
            self._take(seen)
        told = self.stamp()
        if not self._fresh or told != self._rows_for:
            self._rows = list(self._lay_out(seen))
            self._fresh, self._rows_for = True, told
        return len(self._rows)

    def key(self, index: int) -> int:
        """The line's number."""
        return index

    def index(self, key: Hashable, near: int) -> int | None:
        """The number is the place."""
        return key if isinstance(key, int) and key < len(self._rows) else None

    def touched(self, changes: Changes) -> bool:
        """A signal never changes, but what is known around it does."""
        if changes.reset or self._trace_id in changes.traces:
            self._fresh = False
            return True
        return False

    def stamp(self) -> Hashable:
        """What is still awaited has been awaited for so many seconds; who announced itself may be gone by now."""
        board = self._scene.board
        trace = board.traces.get(self._trace_id)
        stamp = int(board.now) if trace is not None and trace.ended_at is None else None
        announced = board.roster.get(self._announced) if self._announced else None
        return self._trace_id, stamp, announced.state if announced is not None else ""

    def marked(self, key: Hashable) -> bool:
        """A line of text is nothing one goes back to."""
        return False

    def sequence(self, key: Hashable) -> int | None:
        """The signal shown stays the signal shown."""
        return self._scene.seq

    def value(self, key: Hashable) -> tuple[Path, Any] | None:
        """The value in a line, and its path from `payload` or `meta` on; None for a line without one."""
        row = self._row_of(key)
        if row is None or len(row.path) < 2:
            return None
        return row.path, value_at(self._parts[str(row.path[0])].value, row.path[1:])

    def copied(self, key: Hashable) -> str:
        """The value in a line: a text as it is, anything else as JSON."""
        row = self._row_of(key)
        if row is None:
            return ""
        if not row.path:
            return row.copied
        part = self._parts[str(row.path[0])]
        value = part.text or value_at(part.value, row.path[1:])
        return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)

    def fold(self, key: Hashable) -> Hashable | None:
        """Fold the object or list of a line, or the one it is in."""
        row = self._row_of(key)
        if row is None or (len(row.path) < 2 and row.kind != "value"):
            return None
        path = row.path
        if not self._is_open(path):
            path = path[:-1]
        if len(path) < 2:
            return None
        self._folded.add(path)
        self._unfolded.discard(path)
        self._fresh = False
        self.count()
        return next((index for index, each in enumerate(self._rows) if each.path == path), None)

    def unfold(self, key: Hashable) -> bool:
        """Unfold the object or list of a line."""
        row = self._row_of(key)
        if row is None or len(row.path) < 2 or self._is_open(row.path):
            return False
        value = value_at(self._parts[str(row.path[0])].value, row.path[1:])
        if not isinstance(value, dict | list) or not value:
            return False
        self._folded.discard(row.path)
        self._unfolded.add(row.path)
        self._fresh = False
        return True

    def _row_of(self, key: Hashable) -> _Row | None:
        self.count()
        return self._rows[key] if isinstance(key, int) and key < len(self._rows) else None

    def _is_open(self, path: Path) -> bool:
        """Whether it is an object or a list whose items are on the lines below."""
        return any(row.path[:-1] == path for row in self._values if len(row.path) == len(path) + 1)

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One line."""
        row = self._rows[index]
        if row.kind == "field":
            label = ink.family(row.style) if row.style else ink.dim
            return place([(row.label, label), (row.text, ink.plain)], width)
        if row.kind == "value":
            return place([(row.label, ink.dim), (row.text, ink.plain)], width)
        style = {"problem": ink.failure, "part": ink.dim, "note": ink.dim}.get(row.kind)
        return place([(row.text, style or ink.plain)], width)

    def reach(self, index: int) -> int:
        """How long the line is; texts of a payload are broken into as many as they need, all else is one."""
        row = self._rows[index]
        return cell_len(row.label) + cell_len(row.text)

    # What stands in the lines

    def _take(self, seen: Observed) -> None:
        """Another signal: nothing is folded, and the payload is read anew."""
        header = seen.header
        self._seq, self._trace_id, self._fresh = seen.seq, header.trace_id, False
        self._announced = header.who if header.type == "REGISTER" else ""
        self._folded.clear()
        self._unfolded.clear()
        if header.problem and not header.type:
            raw = {"frame": self._scene.session.store.frame(seen.seq)}
        else:
            raw = {"payload": bytes(header.payload), "meta": bytes(header.meta)}
            if raw["meta"].strip() in {b"", b"{}", b"null"}:
                del raw["meta"]
        self._parts = {name: read_part(each) for name, each in raw.items()}
        self._sizes = {name: len(each) for name, each in raw.items()}

    def _lay_out(self, seen: Observed) -> Iterator[_Row]:
        width = max(16, self._width)
        header = seen.header
        board = self._scene.board
        for line in wrapped(safe(explain(seen, board), 600), width):
            yield _Row("problem" if header.problem else "meaning", text=line, copied=line)
        yield _Row("blank")
        trace = board.traces.get(header.trace_id)
        node = trace.tree.find(seen.seq, header.id) if trace is not None else None
        since = f"  +{words.joined(words.duration(seen.at - trace.started_at))}" if trace is not None else ""
        named = header.directed
        can = "can" if header.type == "REGISTER" else "needs"
        yield from _fields(
            ("who", header.who),
            ("role", named.type or "" if named is not None else ""),
            (can, ", ".join(named.capabilities or []) if named is not None else ""),
            ("seen", words.time_of_day(seen.at) + since),
            ("lag", _lag(seen)),
        )
        if node is not None and node.parent is not None:
            yield _relative("parent", node.parent, f"{_gap(node.at - node.parent.at)} before")
        mark = (seen.seq, width, frozenset(self._folded), frozenset(self._unfolded))
        if mark != self._values_for:
            self._values = [row for name in self._parts for row in self._section(name, width)]
            self._values_for = mark
        yield from self._values
        if node is not None:
            yield from self._replies(node)
        yield _Row("blank")
        yield _Row("part", text="envelope")
        yield from _fields(
            ("id", header.id),
            ("parent", header.parent_id or ""),
            ("trace", header.trace_id),
            ("sent", str(header.ts) if header.ts is not None else ""),
            ("subject", seen.subject),
            ("version", header.v),
        )

    def _section(self, name: str, width: int) -> Iterator[_Row]:
        part, size = self._parts[name], self._sizes[name]
        yield _Row("blank")
        cut = "" if part.whole else f"  {words.size(size)}, its beginning; Y copies, o opens all of it"
        yield _Row("part", text=f"{name}{cut}", path=(name,))
        if part.text:
            for text in wrapped(safe(part.text, len(part.text)), width):
                yield _Row("value", text=text, path=(name,))
            return
        prefix: Path = (name,)
        folded = {path[1:] for path in self._folded if path[0] == name}
        unfolded = {path[1:] for path in self._unfolded if path[0] == name}
        for line in lines_of(part.value, folded, unfolded):
            yield from _value_rows(line, prefix, width)

    def _replies(self, node: Node) -> Iterator[_Row]:
        children = [child for child in node.children[-MOST_REPLIES:] if not isinstance(child, Portal)]
        if not children:
            return
        yield _Row("blank")
        more = len(node.children) - len(children)
        yield _Row("part", text=f"what followed{f', the last {len(children)}' if more > 0 else ''}")
        for child in children:
            seen = self._scene.observed(child.seq)
            said = says(seen.header) if seen is not None else ""
            who = f"{safe(child.who, 40)}  " if child.who else ""
            text = f"+{_gap(child.at - node.at)}  {who}{said}"
            yield _Row("field", f"{safe(child.type, 20)}  ", text, child.id, style=child.type)


def _fields(*pairs: tuple[str, str]) -> Iterator[_Row]:
    for label, value in pairs:
        if value:
            yield _Row("field", f"{label:<{_LABEL_CELLS}}", safe(value, 400), value)


def _relative(label: str, node: Node, when: str) -> _Row:
    who = f"  {safe(node.who, 40)}" if node.who else ""
    text = f"{safe(node.type, 40)}{who}  {short_id(node.id)}  {when}"
    return _Row("field", f"{label:<{_LABEL_CELLS}}", text, node.id)


def _gap(seconds: float) -> str:
    return words.joined(words.duration(seconds))


def _lag(seen: Observed) -> str:
    """How long it was on its way."""
    sent = read_timestamp(seen.header.ts) if seen.header.ts is not None else None
    if sent is None:
        return ""
    lag = seen.at - sent.timestamp()
    sign = "-" if lag < -0.00005 else ""
    return f"{sign}{_gap(abs(lag))} by the sender's clock"


def _value_rows(line: Line, prefix: Path, width: int) -> Iterator[_Row]:
    indent = "  " * line.depth
    label = f"{indent}{safe(line.label, 200)}" if line.label else indent
    path = (*prefix, *line.path)
    if line.folded:
        kind = "keys" if isinstance(line.value, dict) else "items"
        yield _Row("value", f"{indent}▸ {safe(line.label, 200)}", f"  {line.items} {kind}", path=path)
        return
    if line.items:
        yield _Row("value", label, path=path)
        return
    gap = "  " if line.label else ""
    first = True
    for text in _told(line.value):
        room = max(8, width - len(indent) - 4)
        for piece in wrapped(text, room if not first else max(8, width - len(label) - 2)):
            yield _Row("value", f"{label}{gap}" if first else f"{indent}    ", piece, path=path)
            first = False


def _told(value: Any) -> list[str]:
    """A value that holds no others, safe for a terminal; the lines of a text are lines."""
    if isinstance(value, str):
        lines = value.split("\n")
        told = [safe(line, len(line) + 1) for line in lines]
        told[0] = f'"{told[0]}'
        told[-1] = f'{told[-1]}"'
        return told
    return [safe(json.dumps(value), 400)]
