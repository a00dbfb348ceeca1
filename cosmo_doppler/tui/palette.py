"""The command palette: the action table, what has no key, and every trace by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from inspect import unwrap
from typing import TYPE_CHECKING, Any, NamedTuple

from textual import work
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.css.query import NoMatches

from cosmo_doppler.tui.actions import ACTIONS
from cosmo_doppler.tui.look import look_of
from cosmo_doppler.tui.more_commands import more, why_not
from cosmo_doppler.tui.safe import pad, safe, short_id
from cosmo_doppler.tui.synonyms import SYNONYMS

if TYPE_CHECKING:
    from cosmo_doppler.tui.app import DopplerApp

_TRACES_LISTED = 500
"""Traces searched, the newest."""

_KEY_CELLS = 8

_ORDER = 0.001
"""What a place in the table takes away from how well something fits."""


class ObservatoryPalette(CommandPalette):
    """Textual's palette, which may be left at any moment: it is taken apart while its search still goes on."""

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)
    async def _gather_commands(self, search_value: str) -> None:
        try:
            await unwrap(CommandPalette._gather_commands)(self, search_value)
        except NoMatches:
            if self.is_attached and self in self.app.screen_stack:
                raise


class _Entry(NamedTuple):
    keys: str
    name: str
    why_not: str
    run: Callable[[], Any]
    also: str = ""
    """Other words by which one may look for it."""

    def display(self) -> Content:
        """Keys, what it does, and why it cannot be done now."""
        keys = (pad(self.keys, _KEY_CELLS), "$dim")
        if not self.why_not:
            return Content.assemble(keys, self.name)
        below = f"\n{' ' * _KEY_CELLS}not now: {self.why_not}"
        return Content.assemble(keys, (self.name, "$dim"), (below, "$dim"))


class ObservatoryCommands(Provider):
    """What can be done, and where one can go. Names from the bus are content, never markup."""

    async def discover(self) -> Hits:
        """Everything in the table, in its order, and what has no key."""
        for entry in self._entries():
            yield DiscoveryHit(entry.display(), entry.run, entry.name)

    async def search(self, query: str) -> Hits:
        """Commands and traces that say what is looked for, in so many words; where none does, those that hold its letters.

        What cannot be done now comes last.
        """
        entries, traces = list(self._entries()), self._traces()
        rank: Callable[[str, str], float] = partial(_by_words, query.casefold().split())
        if not any(rank(entry.name, entry.also) for entry in entries) and not any(
            rank(name, "") for _, name in traces
        ):
            matcher = self.matcher(query)

            def rank(name: str, also: str) -> float:
                return matcher.match(name)

        for place, entry in enumerate(entries):
            if (score := rank(entry.name, entry.also)) > 0:
                # Of what fits as well the table's order decides.
                score = score * (0.5 if entry.why_not else 1.0) - place * _ORDER
                yield Hit(score, entry.display(), entry.run, entry.name)
        for trace_id, name in traces:
            if (score := rank(name, "")) > 0:
                yield Hit(score * 0.9, Content(name), partial(self._app.go_to_trace, trace_id), name)

    @property
    def _app(self) -> DopplerApp:
        app: DopplerApp = self.app  # type: ignore[assignment]
        return app

    def _entries(self) -> Iterator[_Entry]:
        observatory = self._app.observatory
        keymap = look_of(self.app).keymap
        for entry in ACTIONS:
            if entry.palette:
                reason = safe(why_not(observatory, entry), 80)
                run = partial(observatory.run_listed, entry)
                also = f"{entry.id} {entry.label} {SYNONYMS.get(entry.name, '')}"
                yield _Entry(keymap.shown(entry), entry.help, reason, run, also)
        for each in more(observatory):
            run_or_say = (
                partial(observatory.say, f"{each.name}: {each.why_not}") if each.why_not else each.run
            )
            yield _Entry("", each.name, safe(each.why_not, 100), run_or_say, each.also)

    def _traces(self) -> list[tuple[str, str]]:
        session = self._app.session
        with session.lock:
            board = session.timeline.board
            newest = board.trace_order[: -_TRACES_LISTED - 1 : -1]
            return [(key, f"Trace {short_id(key)}  {safe(board.traces[key].title, 120)}") for key in newest]


def _by_words(wanted: Sequence[str], name: str, also: str) -> float:
    """How well something says all of these words: in its name better than in other words for it, and whole ones, or
    beginnings of such, better than parts; 0 when one of them is missing."""
    said, meant = f" {name.casefold()}", f" {also.casefold()}"
    score = 0.0
    for word in wanted:
        if said.startswith(f" {word}"):
            score += 5
        elif f" {word}" in said:
            score += 4
        elif f" {word}" in meant:
            score += 3
        elif word in said or (len(word) > 2 and word in meant):
            score += 2
        else:
            return 0.0
    return score / max(1, len(wanted))
