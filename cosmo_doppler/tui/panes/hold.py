"""The selected held signal in full: what it says, who holds it, what waits for it, and what it carries."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from rich.segment import Segment

from cosmo_doppler.model.changes import Changes
from cosmo_doppler.stepping.book import Held, HeldBook
from cosmo_doppler.stepping.editing import laid_out
from cosmo_doppler.tui import words
from cosmo_doppler.tui.holding import book_of, offset_of, selected, window_of
from cosmo_doppler.tui.panes.wrapping import wrapped
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene, says
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_doppler.tui.widgets.source import Source

_LABEL = 9
_MOST_LINES = 400
"""Lines of a signal that are shown."""

_LONGEST_LAID_OUT = 65_536
"""Bytes of a frame that is laid out here; of a longer one its end is left out."""


class HoldLines(Source):
    """Lines about the selected held signal."""

    hints: ClassVar[tuple[str, ...]] = (
        "let_go",
        "change_held",
        "change_whole",
        "drop_held",
        "delay_held",
        "release_all",
        "help",
    )

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._lines: list[Cell] = []
        self._kept: tuple[str, list[str]] = ("", [])

    def title(self, ink: Ink) -> Cell:
        """The pane's name, and what is held."""
        held = selected(self._scene)
        name: Cell = [("Held signal", ink.bold)]
        return (
            [*name, (f"  {safe(held.header.type, 20)}", ink.family(held.header.type))]
            if held is not None
            else name
        )

    def head(self, width: int, ink: Ink) -> list[list[Segment]]:
        """No line of it stands still; here the pane learns how much room there is."""
        held, book = selected(self._scene), book_of(self._scene)
        self._lines = self._describe(held, book, width, ink) if held is not None and book is not None else []
        return []

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [[("No held signal is selected", ink.dim)]]

    def count(self) -> int:
        """Lines."""
        return len(self._lines)

    def key(self, index: int) -> int:
        """Its place."""
        return index

    def index(self, key: Hashable, near: int) -> int | None:
        """The key is the place."""
        return key if isinstance(key, int) and key < len(self._lines) else None

    def scope(self) -> Hashable:
        """Another signal starts at the top."""
        held = selected(self._scene)
        return held.hold_id if held is not None else None

    def touched(self, changes: Changes) -> bool:
        """The stamp tells."""
        return changes.reset

    def stamp(self) -> Hashable:
        """Time goes on while it is held."""
        book = book_of(self._scene)
        if book is None:
            return None
        return self.scope(), book.revision, int(self._scene.session.wall() * 4) if len(book) else 0

    def marked(self, key: Hashable) -> bool:
        """No line is about another pane."""
        return False

    def row(self, index: int, width: int, ink: Ink) -> list[Segment]:
        """One line."""
        return [Segment(text, style) for text, style in self._lines[index]]

    def _describe(self, held: Held, book: HeldBook, width: int, ink: Ink) -> list[Cell]:
        who = safe(held.header.who, 80) or "somebody"
        said: list[Cell] = [
            [(line, ink.plain)] for line in wrapped(f"{who}  {says(held.header)}".rstrip(), width)
        ]
        facts = [
            (label, line)
            for label, text in self._facts(held, book)
            for label, line in _labelled(label, text, width - _LABEL)
        ]
        about: list[Cell] = [[(label.ljust(_LABEL), ink.dim), (line, ink.plain)] for label, line in facts]
        return [*said, [], *about, [], *([(line, ink.dim)] for line in self._laid_out(held))]

    def _facts(self, held: Held, book: HeldBook) -> list[tuple[str, str]]:
        now = self._scene.session.wall()
        left = max(0.0, book.opens_at(held) - now)
        offset = offset_of(self._scene, held)
        window = window_of(self._scene, held)
        behind = [each for each in book if each.by is held.by and each.trace_id == held.trace_id]
        waiting = [
            safe(each.header.type, 20) for each in behind if each.since >= held.since and each is not held
        ]
        first = book.first(held)
        facts = [
            ("held", f"{words.joined(words.age(now - held.since))} by {safe(held.by.text, 200)}"),
            ("opens", f"by itself in {left:.0f} s, then everything of this break goes"),
        ]
        if held.due is not None:
            facts.append(("goes", f"in {max(0.0, held.due - now):.1f} s, as you said"))
        if offset is not None:
            facts.append(("after", f"{words.joined(words.duration(offset))} from its offer"))
        if window is not None:
            facts.append(
                ("window", safe(window.words.removeprefix("window ").removeprefix("the window "), 120))
            )
        if first is not held:
            facts.append(("first", f"a {safe(first.header.type, 20)} of its trace, which was held before it"))
        if waiting:
            facts.append(("behind", f"{len(waiting)} of its trace: {', '.join(waiting[:6])}"))
        facts.append(("trace", short_id(held.header.trace_id)))
        return facts

    def _laid_out(self, held: Held) -> list[str]:
        """The signal as indented JSON; made once for each."""
        if self._kept[0] != held.hold_id:
            frame = held.shown
            text = (
                laid_out(frame)
                if len(frame) <= _LONGEST_LAID_OUT
                else frame[:2_000].decode("utf-8", "replace")
            )
            self._kept = held.hold_id, [safe(line, 400) for line in text.split("\n")[:_MOST_LINES]]
        return self._kept[1]


def _labelled(label: str, text: str, width: int) -> list[tuple[str, str]]:
    return [(label if place == 0 else "", line) for place, line in enumerate(wrapped(text, max(8, width)))]
