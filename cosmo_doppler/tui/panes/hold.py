"""The selected held signal in full: what it says, who holds it, what waits for it, and what it carries."""

from __future__ import annotations

from collections.abc import Hashable
from typing import ClassVar

from cosmo_doppler.model.interventions import Intervention
from cosmo_doppler.stepping.book import Held, HeldBook
from cosmo_doppler.stepping.editing import laid_out
from cosmo_doppler.tui import words
from cosmo_doppler.tui.held_then import HeldThen
from cosmo_doppler.tui.holding import book_of, offset_of, selected, selected_elsewhere, window_of
from cosmo_doppler.tui.panes.laid_out import LaidOut
from cosmo_doppler.tui.panes.wrapping import wrapped
from cosmo_doppler.tui.safe import safe, short_id
from cosmo_doppler.tui.scene import Scene, says
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell
from cosmo_sdk.header import Header, read_header

_LABEL = 9
_MOST_LINES = 400
"""Lines of a signal that are shown."""

_LONGEST_LAID_OUT = 65_536
"""Bytes of a frame that is laid out here; of a longer one its end is left out."""


class HoldLines(LaidOut):
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
        super().__init__(scene)
        self._then = HeldThen(scene.session.store)
        self._kept: tuple[str, list[str]] = ("", [])

    def title(self, ink: Ink) -> Cell:
        """The pane's name, and what is held."""
        held, other = selected(self._scene), selected_elsewhere(self._scene)
        kind = held.header.type if held is not None else other.type if other is not None else ""
        name: Cell = [("Held signal", ink.bold)]
        return [*name, (f"  {safe(kind, 20)}", ink.family(kind))] if kind else name

    def describe(self, width: int, ink: Ink) -> list[Cell]:
        """What it says, how long it waits for whom, and all of it."""
        held, book, other = selected(self._scene), book_of(self._scene), selected_elsewhere(self._scene)
        if held is not None and book is not None:
            return self._describe(held, book, width, ink)
        return self._describe_then(other, width, ink) if other is not None else []

    def empty(self, ink: Ink) -> list[Cell]:
        """What would be here."""
        return [[("No held signal is selected", ink.dim)]]

    def scope(self) -> Hashable:
        """Another signal starts at the top."""
        held, other = selected(self._scene), selected_elsewhere(self._scene)
        return held.hold_id if held is not None else other.number if other is not None else None

    def stamp(self) -> Hashable:
        """Time goes on while it is held."""
        book = book_of(self._scene)
        if book is None or selected(self._scene) is None:
            return self.scope(), int(self._scene.now)
        return self.scope(), book.revision, int(self._scene.session.wall() * 4) if len(book) else 0

    def _describe(self, held: Held, book: HeldBook, width: int, ink: Ink) -> list[Cell]:
        said, about = _said(held.header, width, ink), _about(self._facts(held, book), width, ink)
        return [*said, [], *about, [], *self._laid_out(held.hold_id, held.shown, ink)]

    def _describe_then(self, held: Intervention, width: int, ink: Ink) -> list[Cell]:
        """What another gate holds; in a recording all that it has of what was held then."""
        scene = self._scene
        frame = self._then.frame(held) if scene.session.kind == "replay" else None
        header = read_header(frame) if frame is not None else None
        age = words.joined(words.age(scene.now - held.at))
        facts = [("held", f"{age} by {safe(held.by, 60)}, {safe(held.rule, 200)}")]
        offset = offset_of(scene, header, held.at) if header is not None else None
        if offset is not None:
            facts.append(("after", f"{words.joined(words.duration(offset))} from its offer"))
        facts.append(("trace", short_id(held.trace_id)))
        about = _about(facts, width, ink)
        if frame is None or header is None:
            return [*about, [], [("The bus says no more of what another gate holds", ink.dim)]]
        return [*_said(header, width, ink), [], *about, [], *self._laid_out(f"#{held.seq}", frame, ink)]

    def _facts(self, held: Held, book: HeldBook) -> list[tuple[str, str]]:
        now = self._scene.session.wall()
        left = max(0.0, book.opens_at(held) - now)
        offset = offset_of(self._scene, held.header, held.since)
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
            facts.append(("window", safe(window.words, 120)))
        if first is not held:
            facts.append(("first", f"a {safe(first.header.type, 20)} of its trace, which was held before it"))
        if waiting:
            facts.append(("behind", f"{len(waiting)} of its trace: {', '.join(waiting[:6])}"))
        facts.append(("trace", short_id(held.header.trace_id)))
        return facts

    def _laid_out(self, key: str, frame: bytes, ink: Ink) -> list[Cell]:
        """The signal as indented JSON; made once for each."""
        if self._kept[0] != key:
            text = (
                laid_out(frame)
                if len(frame) <= _LONGEST_LAID_OUT
                else frame[:2_000].decode("utf-8", "replace")
            )
            self._kept = key, [safe(line, 400) for line in text.split("\n")[:_MOST_LINES]]
        return [[(line, ink.dim)] for line in self._kept[1]]


def _said(header: Header, width: int, ink: Ink) -> list[Cell]:
    who = safe(header.who, 80) or "somebody"
    return [[(line, ink.plain)] for line in wrapped(f"{who}  {says(header)}".rstrip(), width)]


def _about(facts: list[tuple[str, str]], width: int, ink: Ink) -> list[Cell]:
    lines = [line for label, text in facts for line in _labelled(label, text, width - _LABEL)]
    return [[(label.ljust(_LABEL), ink.dim), (line, ink.plain)] for label, line in lines]


def _labelled(label: str, text: str, width: int) -> list[tuple[str, str]]:
    return [(label if place == 0 else "", line) for place, line in enumerate(wrapped(text, max(8, width)))]
