"""Lines about one object: what each says, and the signal behind it. Shared by all kinds of objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.style import Style

from cosmo_doppler.model.coordination.reading import short_name
from cosmo_doppler.model.coordination.thing import Thing
from cosmo_doppler.model.participant import Liveness
from cosmo_doppler.tui import bars, words
from cosmo_doppler.tui.panes.wrapping import wrapped
from cosmo_doppler.tui.safe import fit, safe
from cosmo_doppler.tui.scene import Scene
from cosmo_doppler.tui.theme import Ink
from cosmo_doppler.tui.widgets.columns import Cell, Span

LABEL = 11
"""Cells of a label."""

BAR = 24
"""Cells of a bar at the most."""

_EVENT, _WHO = 13, 16

_SIGNS: dict[Liveness, str] = {"live": "●", "late": "◐", "stale": "✗", "left": "–", "static": "○"}


class Line(NamedTuple):
    """One line."""

    cell: Cell
    seq: int | None = None
    """The signal behind it, as its position in the store; None when there is none."""


class Paper(NamedTuple):
    """What lines are written on."""

    scene: Scene
    width: int
    ink: Ink

    @property
    def now(self) -> float:
        """The moment that is shown, epoch seconds."""
        return self.scene.now

    def fact(self, label: str, *spans: Span, seq: int | None = None) -> Line:
        """A label and what there is to say."""
        return Line([(label.ljust(LABEL), self.ink.dim), *spans], seq)

    def facts(self, *facts: tuple[str, str]) -> Iterator[Line]:
        """Labels and plain text from a bus; those without text are left out."""
        for label, text in facts:
            if text:
                yield self.fact(label, (safe(text, 300), self.ink.plain))

    def text(self, text: str, style: Style | None = None) -> Iterator[Line]:
        """Prose from a bus, over as many lines as it takes, and an empty one."""
        if not text:
            return
        for part in wrapped(safe(text, 600), max(8, self.width)):
            yield Line([(part, style or self.ink.plain)])
        yield Line([])

    def heading(self, text: str) -> Iterator[Line]:
        """An empty line, and what comes after it."""
        yield Line([])
        yield Line([(text, self.ink.dim)])

    def left(self, label: str, ends: float, whole: float | None, over: str) -> Line:
        """How long something still takes.

        Args:
            label: of what.
            ends: when it ends, epoch seconds.
            whole: how long it takes from the beginning, seconds, for a bar; None draws none.
            over: what to say once it has ended.
        """
        left = ends - self.now
        if left <= 0:
            ago = words.joined(words.age(-left))
            return self.fact(label, (f"{over}, {ago} ago", self.ink.bold))
        number, unit = words.duration(left)
        spans: Cell = []
        if whole:
            width = min(BAR, max(4, self.width - LABEL - 14))
            bar = bars.countdown(min(1.0, left / whole), width)
            spans = [(bar, self.ink.market), ("╌" * (width - len(bar)), self.ink.faint), ("  ", self.ink.dim)]
        return self.fact(label, *spans, (number, self.ink.bold), (f" {unit} left", self.ink.dim))

    def person(self, who: str) -> Cell:
        """A participant, and whether it is heard."""
        if not who:
            return [("nobody", self.ink.dim)]
        sign, word, style = self.liveness(who)
        return [(f"{sign} ", style), (safe(who, 80), self.ink.plain), (f"  {word}", self.ink.dim)]

    def liveness(self, who: str) -> tuple[str, str, Style]:
        """Whether a participant is heard: a sign, a word and how both are written."""
        known = self.scene.board.roster.get(who)
        if known is None:
            return "·", "not in the registry", self.ink.faint
        state = known.liveness(self.now)
        return _SIGNS[state], state, self.ink.failure if state == "stale" else self.ink.plain

    def history(self, thing: Thing) -> Iterator[Line]:
        """What happened to an object, oldest first."""
        yield from self.heading("history")
        earlier = thing.events - len(thing.history)
        if earlier:
            yield Line([(f"{words.count(earlier)} earlier, forgotten", self.ink.dim)])
        elif thing.joined_late:
            yield Line([("what came before is known from a snapshot only", self.ink.dim)])
        for each in thing.history:
            event, who = fit(each.event.replace("_", " "), _EVENT), fit(safe(each.who, 80), _WHO)
            when = words.time_of_day(each.at)[:8]
            yield Line(
                [
                    (f"{when}  ", self.ink.dim),
                    (f"{safe(event, 40)}{' ' * (_EVENT - cell_len(event))}  ", self.ink.plain),
                    (f"{who}{' ' * (_WHO - cell_len(who))}  ", self.ink.plain),
                    (safe(each.note, 200), self.ink.dim),
                ],
                each.seq,
            )


def joined(parts: Iterable[str], most: int = 12) -> str:
    """Names in one line; not yet safe for a terminal."""
    names = list(parts)
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def called(thing: Thing) -> str:
    """What an object is called, safe for a terminal."""
    return safe(short_name(thing.id), 80)
