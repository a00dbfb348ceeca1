"""Everything about one signal: its envelope field by field, then its payload, laid out only when it is looked at."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar

import msgspec
from rich.cells import cell_len, chop_cells
from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.model.observed import Observed
from cosmo_doppler.tui import words
from cosmo_doppler.tui.safe import safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, place
from cosmo_doppler.tui.widgets.source import Source

SHOWN_BYTES = 256 * 1024
"""Most of a payload that is laid out; the whole of it can be copied."""

_LABEL_CELLS = 9
_LONGEST_LINE = 16_384
_Line = tuple[str, str]
"""Kind of line and its text: `field:<label>`, `problem`, `part`, `json`, `more`, or empty."""


class InspectorRows(Source):
    """One row for each line of the selected signal."""

    hints: ClassVar[tuple[str, ...]] = (
        "copy",
        "jump_trace",
        "jump_auction",
        "jump_parent",
        "zoom",
        "back",
        "command_palette",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._lines: list[_Line] = []
        self._laid_out: tuple[int, int] | None = None
        self._width = 0

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
        self._width = width
        return []

    def empty(self, ink: Ink) -> list[Cell]:
        """What to do to see one."""
        return [[("Select a signal to see all of it", ink.dim)]]

    def scope(self) -> Hashable:
        """The signal."""
        return self._scene.seq

    def count(self) -> int:
        """Lines of the selected signal."""
        seq = self._scene.seq
        seen = self._scene.observed(seq)
        if seq is None or seen is None:
            self._laid_out = None
            return 0
        if self._laid_out != (seq, self._width):
            frame = self._scene.session.store.frame(seq)
            self._lines = list(_lay_out(seen, frame, max(16, self._width)))
            self._laid_out = (seq, self._width)
        return len(self._lines)

    def key(self, index: int) -> int:
        """The line's number."""
        return index

    def index(self, key: Hashable, near: int) -> int | None:
        """The number is the place."""
        return key if isinstance(key, int) and key < len(self._lines) else None

    def touched(self, changes: Changes) -> bool:
        """A signal never changes, it can only be forgotten."""
        return changes.reset

    def marked(self, key: Hashable) -> bool:
        """A line of text is nothing one goes back to."""
        return False

    def sequence(self, key: Hashable) -> int | None:
        """The signal shown stays the signal shown."""
        return self._scene.seq

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One line."""
        kind, text = self._lines[index]
        if kind.startswith("field:"):
            return place([(f"{kind[6:]:<{_LABEL_CELLS}}", ink.dim), (text, ink.plain)], width)
        if kind == "problem":
            return place([(text, ink.failure)], width)
        if kind == "json":
            return place(_json_line(text, ink), width)
        return place([(text, ink.dim)], width)


def _lay_out(seen: Observed, frame: bytes, width: int) -> Iterator[_Line]:
    header = seen.header
    if header.problem:
        for line in _broken(f"Not a valid signal: {safe(header.problem, 600)}", width):
            yield "problem", line
        yield "", "agents drop it; it is kept and shown here"
        yield "", ""
    named = header.directed
    can = "can" if header.type == "REGISTER" else "needs"
    yield from _fields(
        ("who", header.who),
        ("role", named.type or "" if named is not None else ""),
        (can, ", ".join(named.capabilities or []) if named is not None else ""),
        ("seen", words.time_of_day(seen.at)),
    )
    if header.problem and not header.type:
        yield from _section("frame", frame, width)
    else:
        yield from _section("payload", bytes(header.payload), width)
        if bytes(header.meta).strip() not in {b"", b"{}", b"null"}:
            yield from _section("meta", bytes(header.meta), width)
    yield "", ""
    yield "part", "envelope"
    yield from _fields(
        ("id", header.id),
        ("parent", header.parent_id or ""),
        ("trace", header.trace_id),
        ("sent", str(header.ts) if header.ts is not None else ""),
        ("subject", seen.subject),
        ("version", header.v),
    )


def _fields(*pairs: tuple[str, str]) -> Iterator[_Line]:
    for label, value in pairs:
        if value:
            yield f"field:{label}", safe(value, 400)


def _section(name: str, raw: bytes, width: int) -> Iterator[_Line]:
    yield "", ""
    yield "part", name
    shown = raw[:SHOWN_BYTES]
    if len(raw) <= SHOWN_BYTES:
        try:
            shown = msgspec.json.format(raw, indent=2)
        except (msgspec.DecodeError, RecursionError):
            shown = raw
    for line in outline(shown.decode("utf-8", "replace").split("\n")):
        for piece in _broken(safe(line, _LONGEST_LINE), width):
            yield "json", piece
    if len(raw) > SHOWN_BYTES:
        yield "more", f"first {words.size(SHOWN_BYTES)} of {words.size(len(raw))}; y copies all of it"


def outline(lines: list[str]) -> Iterator[str]:
    """Indented JSON without the lines that hold only brackets; `-` begins an object or list inside a list."""
    if len(lines) < 3 or lines[0] not in _OPENING:
        yield from lines
        return
    for line in lines[1:-1]:
        text = line.removesuffix(",")
        bare = text.strip()
        if bare in _OPENING:
            yield text[2:-1] + "-"
        elif bare not in _CLOSING:
            yield text[2:-1] if text.endswith(('": {', '": [')) else text[2:]


def _broken(text: str, width: int) -> list[str]:
    """A long line in pieces of `width` cells, continued under its own indent."""
    if len(text) * 2 <= width or cell_len(text) <= width:
        return [text]
    indent = min(len(text) - len(text.lstrip(" ")), width // 2)
    room = width - indent - 2
    pieces: list[str] = []
    line = ""
    for word in text[indent:].split(" "):
        longer = f"{line} {word}" if line else word
        if line and cell_len(longer) > room:
            pieces.append(line)
            longer = word
        *whole, line = chop_cells(longer, room) or [""]
        pieces += whole
    pieces.append(line)
    blank = " " * indent
    return [blank + (piece if number == 0 else "  " + piece) for number, piece in enumerate(pieces)]


def _json_line(text: str, ink: Ink) -> Cell:
    """Keys dim, values plain."""
    stripped = text.lstrip(" ")
    indent = text[: len(text) - len(stripped)]
    key, colon, value = stripped.partition('": ')
    if colon and key.startswith('"'):
        return [(f"{indent}{key[1:]}  ", ink.dim), (value, ink.plain)]
    return [(indent + stripped, ink.plain)]


_OPENING = frozenset("{[")
_CLOSING = frozenset("}]")
